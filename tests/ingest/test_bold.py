"""Resting-state runs: what blocks one, and the plan that follows."""

from __future__ import annotations

import json
import re

import nibabel as nib
import numpy as np
import pytest

from sonolesion.core.config import parse
from sonolesion.ingest import study

DAYS = {"pre": -3, "3d": 3}
STEPS = ["preproc", "space", "confounds", "denoise", "activity", "connectivity"]
SHAPE = (8, 9, 10, 160)
SOUND = {"RepetitionTime": 2.0}


def prepared(dataset, choose: object = None, **volumes: object) -> study.Study:
    content = {"bids_dir": str(dataset.folder), "functional": {"volumes": volumes}}
    content |= {} if choose is None else {"ingest": {"choose": choose}}
    settings = parse(content, file="test")
    return study.prepare(settings, dataset.folder.parent / "out", code=lambda step: step)


def row_of(found: study.Study, session: str, modality: str = "bold"):
    (row,) = (r for r in found.rows if (r.session, r.modality) == (session, modality))
    return row


def functional_jobs(dataset) -> list[tuple[str, str]]:
    plan = json.loads((dataset.folder.parent / "out/work/plan.json").read_text())
    names = [(rule, wildcards.get("session", "")) for rule, wildcards, _ in plan["jobs"]]
    return [(rule.removeprefix("functional_"), s) for rule, s in names if "functional_" in rule]


@pytest.fixture
def run(dataset):
    """Write a resting-state run; returns how."""
    dataset.patient("1", DAYS)
    dataset.interventions({"participant_id": "sub-1"})

    def write(
        session: str, *, shape=SHAPE, step=2.0, unit="sec", name="task-rest_bold", **sidecar: object
    ):
        def timed(image: nib.Nifti1Image) -> nib.Nifti1Image:
            image.header.set_zooms((2.0, 2.0, 2.0, step)[: len(shape)])
            image.header.set_xyzt_units("mm", unit)
            return image

        told = {key: value for key, value in (SOUND | sidecar).items() if value is not None}
        return dataset.scan(
            "1", session, name, datatype="func", shape=shape, sidecar=told, change=timed
        )

    return write


TIMES = np.linspace(0.0, 1.8, 10).tolist()


@pytest.mark.parametrize(
    ("how", "found", "remedy"),
    [
        ({"RepetitionTime": None}, "sidecar lacks RepetitionTime", "never guessed"),
        ({"RepetitionTime": "2"}, "RepetitionTime '2'", r"sidecar \[s\]"),
        ({"RepetitionTime": 2000.0}, "2000 s, but 2 s in the NIfTI header", "milliseconds"),
        ({"RepetitionTime": 2000.0, "step": 2000.0}, "2000 s, but 2000 s", "both are in millis"),
        ({"RepetitionTime": 2.5}, "2.5 s, but 2 s in the NIfTI header", "whichever is wrong"),
        ({"step": 0.0}, "0 sec in the NIfTI header", "time step and unit"),
        ({"unit": "unknown"}, "2 unknown in the NIfTI header", "time step and unit"),
        ({"shape": SHAPE[:3]}, "3-D volume", "right file"),
        ({"shape": (*SHAPE[:3], 75)}, r"2\.4 min of clean data", "accept_short"),
        ({"shape": (*SHAPE[:3], 2)}, r"0\.0 min of clean data", "accept_short"),
        ({"SliceTiming": [1e3 * t for t in TIMES]}, "milliseconds|SliceTiming of 1800", "millis"),
        ({"SliceTiming": TIMES[:7]}, "7 times for 10 slices", "SliceTiming"),
        ({"SliceTiming": [-0.1, *TIMES[1:]]}, "below 0", "SliceTiming"),
        ({"SliceTiming": [*TIMES[1:], 2.4]}, "SliceTiming of 2.4", "RepetitionTime"),
        ({"name": "task-motor_bold"}, "task motor", "task-rest if it is one"),
    ],
)
def test_a_bad_run_is_blocked_by_name_and_no_other(dataset, run, how, found, remedy) -> None:
    run("pre")
    name = run("3d", **how).name
    seen = prepared(dataset)
    row = row_of(seen, "3d")
    assert row.state == "blocked"
    assert name in row.file
    assert re.search(found, row.reason), row.reason
    assert re.search(remedy, row.remedy), row.remedy
    assert row_of(seen, "pre").state == row_of(seen, "3d", "T1w").state == "run"
    assert functional_jobs(dataset) == [*((step, "pre") for step in STEPS), ("network", "3d")]


def test_a_run_without_the_baselines_makes_no_lesion_network(dataset, run) -> None:
    run("3d")
    prepared(dataset)
    assert functional_jobs(dataset) == [(step, "3d") for step in STEPS]


def test_no_run_gets_no_job(dataset) -> None:
    dataset.patient("1", DAYS)
    dataset.interventions({"participant_id": "sub-1"})
    assert row_of(prepared(dataset), "3d").state == "absent"
    assert functional_jobs(dataset) == []


def test_a_short_run_goes_on_by_override_and_says_so(dataset, run) -> None:
    run("3d", shape=(*SHAPE[:3], 75))
    row = row_of(prepared(dataset, accept_short=True), "3d")
    assert row.state == "run"
    assert "only 2.4 min of clean data, least 5 min: by override" in row.reason
    assert row.use.params["n_discarded"] == 3


def test_slices_are_told_from_below_or_above_or_not(dataset, run) -> None:
    run("3d", SliceTiming=TIMES, SliceEncodingDirection="k-")
    told = row_of(prepared(dataset), "3d").use.params
    assert told["slice_times_s"] == TIMES[::-1]
    run("3d", SliceTiming=TIMES, SliceEncodingDirection="i")
    row = row_of(prepared(dataset), "3d")
    assert row.use.params["slice_times_s"] is None
    assert "another axis than the third: slice timing not corrected" in row.reason
    run("3d")
    assert "SliceTiming is not told" in row_of(prepared(dataset), "3d").reason


def test_the_run_of_rest_is_taken_where_there_are_others(dataset, run) -> None:
    run("3d")
    run("3d", name="task-motor_bold")
    run("3d", name="task-rest_part-phase_bold")
    row = row_of(prepared(dataset), "3d")
    assert (row.state, row.file.endswith("task-rest_bold.nii.gz")) == ("run", True)


ENCODED = {"PhaseEncodingDirection": "j", "TotalReadoutTime": 0.03}


def test_distortion_is_corrected_by_what_there_is(dataset, run) -> None:
    run("3d", **ENCODED)
    row = row_of(prepared(dataset), "3d")
    assert row.use.params["method"] == "none"
    assert "distortion corrected by none: there is no second phase encoding" in row.reason
    dataset.scan("1", "3d", "fieldmap", datatype="fmap", sidecar={"Units": "Hz"})
    told = row_of(prepared(dataset), "3d").use.params
    assert (told["method"], told["b0_map"] != "") == ("b0_map", True)
    for name, direction in (("dir-AP_epi", "j"), ("dir-PA_epi", "j-")):
        sidecar = ENCODED | {"PhaseEncodingDirection": direction}
        dataset.scan("1", "3d", name, datatype="fmap", shape=SHAPE[:3], sidecar=sidecar)
    after = row_of(prepared(dataset), "3d").use.params
    assert after["method"] == "opposed"
    assert after["partner"].endswith("dir-PA_epi.nii.gz")
    assert after["alike"].endswith("dir-AP_epi.nii.gz")
    assert after["encoding"] != told["encoding"]


@pytest.mark.parametrize("kind", ["sbref", "bold"])
def test_references_and_runs_of_both_polarities_make_a_pair(dataset, run, kind) -> None:
    """Both halves have one contrast: a reference for a reference, else the run's own mean."""
    run("3d", **ENCODED, name="task-rest_dir-AP_bold")
    shape = SHAPE[:3] if kind == "sbref" else SHAPE
    opposite = ENCODED | {"PhaseEncodingDirection": "j-"}
    run("3d", **opposite, name=f"task-rest_dir-PA_{kind}", shape=shape)
    run("3d", **ENCODED, name="task-rest_dir-AP_sbref", shape=SHAPE[:3])
    choose = {"bold": {"dir": "AP"}}
    told = row_of(prepared(dataset, choose), "3d").use.params
    assert told["method"] == "opposed"
    assert told["partner"].endswith(f"dir-PA_{kind}.nii.gz")
    assert told["alike"].endswith("dir-AP_sbref.nii.gz") == (kind == "sbref")
    epi = {"datatype": "fmap", "shape": SHAPE[:3], "sidecar": opposite}
    dataset.scan("1", "3d", "dir-PA_epi", **epi)
    found = row_of(prepared(dataset, choose), "3d")
    assert found.use.params["partner"].endswith("dir-PA_epi.nii.gz")
    assert "by opposite phase encoding (sub-1_ses-3d_dir-PA_epi" in found.reason


def test_a_partner_on_another_grid_is_none(dataset, run) -> None:
    run("3d", **ENCODED)
    opposite = ENCODED | {"PhaseEncodingDirection": "j-"}
    dataset.scan("1", "3d", "dir-PA_epi", datatype="fmap", shape=(12, 9, 10), sidecar=opposite)
    assert row_of(prepared(dataset), "3d").use.params["method"] == "none"


def test_an_axis_without_sign_uses_no_measured_field(dataset, run, scanner) -> None:
    scanner.megre("3d")
    scanner.megre("3d", part="part-phase_")
    run("3d", PhaseEncodingAxis="j", EstimatedTotalReadoutTime=0.03)
    row = row_of(prepared(dataset), "3d")
    assert row.use.params["gre"] == {}
    assert "sign or readout time of the scan is not told" in row.reason
    run("3d", **ENCODED)
    assert row_of(prepared(dataset), "3d").use.params["method"] == "gre_map"
    plan = json.loads((dataset.folder.parent / "out/work/plan.json").read_text())
    assert "susceptibility_field" in [job[0] for job in plan["jobs"]]
