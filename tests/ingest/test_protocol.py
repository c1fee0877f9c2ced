from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core import protocol as table
from sonolesion.core.config import parse
from sonolesion.core.settings.ingest import Protocol
from sonolesion.ingest import protocol, study

SETTINGS = Protocol()
BASE = {"MagneticFieldStrength": 3, "EchoTime": 0.09, "Manufacturer": "GE"}


def found(sidecar: dict[str, object], voxel_mm: tuple[float, ...] = (1, 1, 2), **entities: str):
    return protocol.facts(sidecar, voxel_mm, entities, SETTINGS)


def changes(sidecar: dict[str, object], **change: object) -> list[dict[str, str]]:
    return list(protocol.differences(found(BASE), found(BASE | sidecar, **change), SETTINGS))


def test_same_protocol_has_no_difference() -> None:
    assert changes({}) == []
    assert changes({"Manufacturer": " ge "}) == []


def test_differences_by_hand() -> None:
    assert changes({"EchoTime": 0.12}) == [
        {"key": "EchoTime", "baseline": "0.09", "value": "0.12", "severity": "drift"}
    ]
    assert changes({"MagneticFieldStrength": 1.5})[0]["severity"] == "major"
    assert changes({}, voxel_mm=(1, 1, 3))[0] == {
        "key": "VoxelSize",
        "baseline": "1 x 1 x 2",
        "value": "1 x 1 x 3",
        "severity": "drift",
    }


@given(st.floats(0.01, 0.5), st.floats(-0.1, 0.1))
def test_a_number_is_judged_by_its_tolerance_both_ways(echo_s: float, change: float) -> None:
    one, two = found(BASE | {"EchoTime": echo_s}), found(BASE | {"EchoTime": echo_s * (1 + change)})
    there = list(protocol.differences(one, two, SETTINGS))
    back = list(protocol.differences(two, one, SETTINGS))
    assert bool(there) == bool(back)
    if abs(change) < 0.019:
        assert not there
    if abs(change) > 0.021:
        assert there


def test_what_only_one_visit_tells_is_no_difference() -> None:
    assert changes({"FlipAngle": 9}) == []


def test_number_against_word_differs_and_nothing_breaks() -> None:
    assert changes({"EchoTime": "short"})[0]["value"] == "short"


@pytest.mark.parametrize(
    "told", [({AGENT: "gadolinium"}, {}) for AGENT in (protocol.AGENT,)] + [({}, {"ce": "gad"})]
)
def test_contrast_agent_is_read_from_sidecar_or_name(told) -> None:
    sidecar, entities = told
    visit = found(BASE | sidecar, **entities)
    assert protocol.has_agent(visit)
    assert not protocol.has_agent(found(BASE))
    row = next(protocol.differences(found(BASE), visit, SETTINGS))
    assert (row["key"], row["baseline"], row["severity"]) == (protocol.AGENT, "none", "major")


@pytest.fixture
def patient(dataset):
    dataset.patient("1", {"pre": -3, "3d": 3, "1m": 30})
    dataset.interventions({"participant_id": "sub-1"})
    return dataset


def prepared(dataset, **ingest: object) -> study.Study:
    settings = parse({"bids_dir": str(dataset.folder), "ingest": ingest}, file="test")
    return study.prepare(settings, dataset.folder.parent / "out", code=lambda step: step)


def told(dataset, session: str, modality: str, sidecar: dict[str, object]) -> None:
    name = f"sub-1/ses-{session}/anat/sub-1_ses-{session}_{modality}.json"
    (dataset.folder / name).write_text(json.dumps(sidecar))


def test_changed_visit_stands_in_table_and_inventory(patient) -> None:
    told(patient, "1m", "T2w", {"MagneticFieldStrength": 1.5})
    rows = prepared(patient).rows
    row = next(r for r in rows if (r.session, r.modality) == ("1m", "T2w"))
    assert row.state == "run"
    assert row.reason == "changed since ses-pre: MagneticFieldStrength 3 to 1.5 (major)"
    own = table.subject_rows(patient.folder.parent / "out", "1")
    assert own == [
        {
            "participant_id": "sub-1",
            "session_id": "ses-1m",
            "modality": "T2w",
            "key": "MagneticFieldStrength",
            "baseline": "3",
            "value": "1.5",
            "severity": "major",
            "baseline_session_id": "ses-pre",
        }
    ]
    assert table.subject_rows(patient.folder.parent / "out", "2") == []


def test_each_intervention_has_its_own_baseline(patient) -> None:
    patient.interventions(
        {"participant_id": "sub-1"},
        {"participant_id": "sub-1", "intervention_id": "fus2", "day": 10, "side": "right"},
    )
    told(patient, "3d", "T2w", {"MagneticFieldStrength": 1.5})
    own = [
        (row["session_id"], row["baseline_session_id"])
        for row in prepared(patient).changes
        if row["modality"] == "T2w"
    ]
    assert own == [("ses-3d", "ses-pre"), ("ses-1m", "ses-3d")]


def test_enhanced_t1w_is_left_out_of_the_lesion_and_registered_all_the_same(patient) -> None:
    told(patient, "3d", "T1w", {protocol.AGENT: "gadolinium"})
    study_ = prepared(patient)
    follow_up = study_.subjects[0].interventions["fus1"]["follow_ups"]["3d"]
    assert follow_up["contrasts"] == ["T2w"]
    expected = "contrast agent given at this visit (gadolinium): enhancement is not lesion"
    assert follow_up["left_out"] == {"T1w": expected}
    assert "T1w" in study_.subjects[0].sessions["3d"]["scans"]
    row = next(r for r in study_.rows if (r.session, r.modality) == ("3d", "lesion"))
    assert row.state == "run"
    assert row.reason.startswith("one contrast only (T2w); T1w left out, contrast agent")
    kept = prepared(patient, protocol={"enhanced_left_out": []})
    assert kept.subjects[0].interventions["fus1"]["follow_ups"]["3d"]["left_out"] == {}


def test_enhanced_scan_beside_a_plain_one_is_not_taken(patient) -> None:
    patient.scan("1", "3d", "ce-gadolinium_T1w")
    study_ = prepared(patient)
    assert study_.subjects[0].sessions["3d"]["scans"]["T1w"].endswith("ses-3d_T1w.nii.gz")
    assert study_.changes == []
