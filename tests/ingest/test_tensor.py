"""Diffusion scans with directions enough for a tensor, and the plan that follows."""

from __future__ import annotations

import json

import pytest

from sonolesion.core.config import parse
from sonolesion.ingest import study

DAYS = {"pre": -3, "3d": 3}
STEPS = ["diffusion_gradients", "diffusion_preproc", "diffusion_space", "diffusion_tensor"]


def prepared(dataset) -> study.Study:
    settings = parse({"bids_dir": str(dataset.folder)}, file="test")
    return study.prepare(settings, dataset.folder.parent / "out", code=lambda step: step)


def row_of(found: study.Study, session: str):
    (row,) = (r for r in found.rows if (r.session, r.modality) == (session, "dwi"))
    return row


def jobs_of(dataset) -> list[tuple[str, str]]:
    plan = json.loads((dataset.folder.parent / "out/work/plan.json").read_text())
    return [(rule, wildcards.get("session", "")) for rule, wildcards, _ in plan["jobs"]]


def test_six_directions_make_a_tensor_and_its_steps(dataset, tensor) -> None:
    tensor("pre")
    tensor("3d")
    row = row_of(prepared(dataset), "3d")
    assert row.use.params["tensor"]["n_directions"] == 6
    assert "tensor of 6 directions" in row.reason
    jobs = jobs_of(dataset)
    for session in DAYS:
        assert [rule for rule, s in jobs if s == session and rule in STEPS] == STEPS
    tracts = [job for job in jobs if job[0].startswith("tracts_")]
    assert tracts == [
        ("tracts_track", ""),
        ("tracts_connectome", ""),
        ("tracts_profiles", "pre"),
        ("tracts_profiles", "3d"),
        ("tracts_disconnection", "3d"),
        ("tracts_disconnectome", "3d"),
    ]


def test_three_directions_get_no_new_step(dataset, scanner) -> None:
    dataset.patient("1", DAYS)
    dataset.interventions({"participant_id": "sub-1"})
    for session in DAYS:
        scanner.dwi(session)
    row = row_of(prepared(dataset), "3d")
    assert "tensor" not in row.use.params
    assert not {rule for rule, _ in jobs_of(dataset)} & {*STEPS, "tracts_track"}


def test_bundles_come_from_before_the_treatment_alone(dataset, tensor) -> None:
    tensor("3d")
    prepared(dataset)
    rules = [rule for rule, _ in jobs_of(dataset)]
    assert "diffusion_tensor" in rules
    assert not [rule for rule in rules if rule.startswith("tracts_")]


def told(dataset) -> dict[str, object]:
    return row_of(prepared(dataset), "3d").use.params["tensor"]


def test_partner_is_told_by_its_encoding_not_by_its_label(dataset, tensor) -> None:
    tensor("3d", "dir-A_dwi", PhaseEncodingDirection="j", TotalReadoutTime=0.04)
    tensor("3d", "dir-B_dwi", PhaseEncodingDirection="j", TotalReadoutTime=0.04)
    assert told(dataset)["method"] == "registration"
    assert "no other scan has the opposite" in str(told(dataset)["reason"])
    tensor("3d", "dir-C_dwi", PhaseEncodingDirection="j-", TotalReadoutTime=0.05)
    found = told(dataset)
    assert (found["method"], found["axis"], found["sign"]) == ("opposed", 1, 1)
    assert str(found["partner"]).endswith("dir-C_dwi.nii.gz")
    assert (found["readout_s"], found["partner_readout_s"]) == (0.04, 0.05)


def test_a_field_without_readout_time_is_told_in_voxels(dataset, tensor) -> None:
    tensor("3d", PhaseEncodingDirection="j")
    assert (told(dataset)["readout_s"], told(dataset)["field_unit"]) == (1.0, "voxel")
    tensor("3d", PhaseEncodingDirection="j", TotalReadoutTime=0.04)
    assert (told(dataset)["readout_s"], told(dataset)["field_unit"]) == (0.04, "Hz")


def test_partner_on_another_grid_is_none(dataset, tensor) -> None:
    tensor("3d", "dir-A_dwi", PhaseEncodingDirection="j", TotalReadoutTime=0.04)
    tensor("3d", "dir-P_dwi", shape=(16, 18, 22, 7), PhaseEncodingDirection="j-",
           TotalReadoutTime=0.04)  # fmt: skip
    assert told(dataset)["method"] == "registration"


def test_partner_in_fmap_and_change_of_it_counts(dataset, tensor) -> None:
    tensor("3d", PhaseEncodingDirection="j", TotalReadoutTime=0.04)
    before = told(dataset)
    opposite = {"PhaseEncodingDirection": "j-", "TotalReadoutTime": 0.04}
    scan = dataset.scan("1", "3d", "dir-PA_epi", datatype="fmap", sidecar=opposite)
    after = told(dataset)
    assert after["partner"] == str(scan.relative_to(dataset.folder))
    assert after["partner_b_values"] == ""
    assert before["fingerprint"] != after["fingerprint"]


def test_map_in_hertz_is_taken_where_there_is_no_partner(dataset, tensor) -> None:
    tensor("3d", PhaseEncodingDirection="j", TotalReadoutTime=0.04)
    dataset.scan("1", "3d", "fieldmap", datatype="fmap", sidecar={"Units": "rad/s"})
    assert told(dataset)["method"] == "registration"
    dataset.scan("1", "3d", "fieldmap", datatype="fmap", sidecar={"Units": "Hz"})
    assert told(dataset)["method"] == "b0_map"


@pytest.mark.parametrize("sidecar", [{}, {"PhaseEncodingDirection": "AP"}])
def test_untold_encoding_corrects_no_distortion_and_says_so(dataset, tensor, sidecar) -> None:
    tensor("3d", **sidecar)
    found = prepared(dataset)
    row = row_of(found, "3d")
    assert row.use.params["tensor"]["method"] == "none"
    assert "distortion corrected by none: the sidecar does not tell" in row.reason
    assert row.state == "run"
