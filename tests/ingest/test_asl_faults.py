"""Each fault of an ASL scan is named with file and remedy, and blocks that scan alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sonolesion.core.config import parse
from sonolesion.ingest import study

STEPS = {"perfusion_preproc", "perfusion_space", "perfusion_cbf"}
OF_LESION = "perfusion_lesion"
SIDECAR: dict[str, Any] = {
    "MagneticFieldStrength": 3, "MRAcquisitionType": "3D", "ArterialSpinLabelingType": "PCASL",
    "LabelingDuration": 1.8, "PostLabelingDelay": 2.0, "BackgroundSuppression": True,
    "BackgroundSuppressionNumberPulses": 4, "M0Type": "Included",
    "RepetitionTimePreparation": 4.25,
}  # fmt: skip
ROLES = "m0scan control label control label"
GE = {"perfusion": {"equation": "ge"}}
PASL = {
    "ArterialSpinLabelingType": "PASL", "BolusCutOffFlag": True,
    "BolusCutOffTechnique": "QUIPSSII",
}  # fmt: skip
SINGLE = {"perfusion": {"equation": "consensus"}}


class Case(NamedTuple):
    """What is spoilt, which file is named, what is told of it."""

    change: dict[str, Any]
    file: str
    found: str
    remedy: str
    roles: str = ROLES
    config: dict[str, Any] | None = None
    m0: dict[str, Any] | None = None
    change_image: Any = None


def timed(seconds: float) -> Any:
    """Write the time between volumes into a header."""

    def change(image: Any) -> Any:
        image.header.set_xyzt_units("mm", "sec")
        image.header["pixdim"][4] = seconds
        return image

    return change


LIST = [0.0, 1.5, 1.5, 2.0, 2.0]
CASES = {
    "no delay": Case({"PostLabelingDelay": None}, "asl.json", "no PostLabelingDelay", "guessed"),
    "no label duration": Case(
        {"LabelingDuration": None}, "asl.json", "no LabelingDuration", "guessed"
    ),
    "nothing told": Case(
        {"PostLabelingDelay": None, "LabelingDuration": None, "M0Type": None}, "asl.json",
        "no M0Type, PostLabelingDelay, LabelingDuration", "guessed",
    ),
    "delays for one": Case(
        {"PostLabelingDelay": LIST}, "asl.json", "2 values of PostLabelingDelay (1.5, 2 s)",
        "kinetic", config=SINGLE,
    ),
    "delays of another length": Case(
        {"PostLabelingDelay": [1.5, 2.0]}, "asl.json", "2 entries of PostLabelingDelay for 5",
        "aslcontext",
    ),
    "table too short": Case(
        {}, "aslcontext.tsv", "4 rows for 5 volumes", "protocol", roles="m0scan control label label"
    ),
    "half a pair": Case(
        {}, "aslcontext.tsv", "3 control and 1 label volumes; volume 3 has the role of the one",
        "whole pairs", roles="m0scan control control label control",
    ),
    "unknown role": Case(
        {}, "aslcontext.tsv", "volume_type 'tag' in row 3", "name what",
        roles="m0scan control tag control label",
    ),
    "no M0": Case({"M0Type": "Separate"}, "asl.json", "no _m0scan for this series", "M0Type"),
    "M0 suppressed": Case(
        {"M0Type": "Absent"}, "asl.json", "M0Type Absent and BackgroundSuppression true", "_m0scan"
    ),
    "M0 of another grid": Case(
        {"M0Type": "Separate"}, "m0scan.nii.gz", "grid [14, 18, 20]", "matrix",
        m0={"shape": (14, 18, 20, 1), "sidecar": {"RepetitionTimePreparation": 6}},
    ),
    "M0 without its TR": Case(
        {"M0Type": "Separate"}, "m0scan.json", "RepetitionTimePreparation None", "recovered",
        m0={"shape": (16, 18, 20, 1), "sidecar": {}},
    ),
    "TR missing": Case(
        {"RepetitionTimePreparation": None}, "asl.json", "RepetitionTimePreparation None",
        "recovered",
    ),
    "TR in ms": Case(
        {"RepetitionTimePreparation": 4250}, "asl.json", "RepetitionTimePreparation 4250", "1000"
    ),
    "delay in ms": Case({"PostLabelingDelay": 2000}, "asl.json", "PostLabelingDelay 2000", "1000"),
    "label in ms": Case({"LabelingDuration": 1800}, "asl.json", "LabelingDuration 1800", "1000"),
    "pulses not told": Case(
        {"BackgroundSuppressionNumberPulses": None}, "asl.json",
        "BackgroundSuppressionNumberPulses None", "total_efficiency",
    ),
    "field not told": Case(
        {"MagneticFieldStrength": None}, "asl.json", "no MagneticFieldStrength", "guessed"
    ),
    "slices not told": Case(
        {"MRAcquisitionType": "2D"}, "asl.json", "SliceTiming missing", "different delays"
    ),
    "slices in ms": Case(
        {"MRAcquisitionType": "2D", "SliceTiming": [40.0 * n for n in range(20)]}, "asl.json",
        "20 times up to 760", "1000",
    ),
    "TR at odds with the header": Case(
        {}, "asl.json",
        "RepetitionTimePreparation 4.25 s, but 6 s between volumes in the NIfTI header",
        "whichever is wrong", change_image=timed(6.0),
    ),
    "suppression not told": Case(
        {"BackgroundSuppression": None}, "asl.json", "no BackgroundSuppression", "inversely",
    ),
    "M0 as no number": Case({"M0Type": "Estimate"}, "asl.json", "M0Estimate None", "M0Estimate"),
    "M0 not in the series": Case(
        {}, "asl.json", "M0Type Included, and no m0scan", "calibration volume",
        roles="control label control label cbf",
    ),
    "pairs beside differences": Case(
        {}, "aslcontext.tsv", "2 control and label volumes beside 2 deltam volumes", "split",
        roles="m0scan control label deltam deltam",
    ),
    "bolus not cut": Case(
        {"ArterialSpinLabelingType": "PASL", "BolusCutOffFlag": False}, "asl.json",
        "BolusCutOffFlag False", "unknown",
    ),
    "bolus in ms": Case(
        PASL | {"BolusCutOffDelayTime": 700}, "asl.json", "BolusCutOffDelayTime 700", "1000"
    ),
    "several readouts": Case({"LookLocker": True}, "asl.json", "LookLocker true", "not computed"),
    "acquired voxel": Case(
        {"AcquisitionVoxelSize": [3.0]}, "asl.json", "AcquisitionVoxelSize [3.0]",
        "leave the key out",
    ),
    "NEX not told": Case(
        {}, "asl.json", "no NEX", "n_excitations", roles="m0scan deltam deltam deltam deltam",
        config=GE,
    ),
    "pairs for GE": Case(
        {}, "asl.json", "2 control-label pairs for the equation of GE", "perfusion.equation",
        config=GE,
    ),
    "2D for GE": Case(
        {"MRAcquisitionType": "2D"}, "asl.json", "PCASL, 2D for the equation of GE",
        "perfusion.equation", roles="m0scan deltam deltam deltam deltam", config=GE,
    ),
}  # fmt: skip


def write(
    dataset, session: str, change: dict[str, Any], roles: str = ROLES, n_volumes: int = 5,
    change_image: Any = None,
) -> Path:  # fmt: skip
    told = {name: value for name, value in (SIDECAR | change).items() if value is not None}
    scan = dataset.scan(
        "1", session, "asl", datatype="perf", shape=(16, 18, 20, n_volumes), sidecar=told,
        **({"change": change_image} if change_image else {}),
    )  # fmt: skip
    table = scan.with_name(scan.name.replace("_asl.nii.gz", "_aslcontext.tsv"))
    table.write_text("\n".join(["volume_type", *roles.split()]) + "\n")
    return scan


@pytest.fixture
def patient(dataset):
    dataset.patient("1", {"pre": -3, "3d": 3})
    dataset.interventions({"participant_id": "sub-1"})
    return dataset


def prepared(dataset, config: dict[str, Any] | None = None) -> study.Study:
    settings = parse({"bids_dir": str(dataset.folder), **(config or {})}, file="test")
    return study.prepare(settings, dataset.folder.parent / "out", code=lambda step: step)


def jobs(dataset) -> set[tuple[str, str | None]]:
    plan = json.loads((dataset.folder.parent / "out/work/plan.json").read_text())
    return {(rule, wildcards.get("session")) for rule, wildcards, _ in plan["jobs"]}


def row_of(found: study.Study, session: str) -> Any:
    return next(r for r in found.rows if (r.session, r.modality) == (session, "asl"))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fault_is_named_and_blocks_its_scan_alone(patient, case: Case) -> None:
    write(patient, "pre", {})
    write(patient, "3d", case.change, case.roles, change_image=case.change_image)
    if case.m0 is not None:
        patient.scan("1", "3d", "m0scan", datatype="perf", **case.m0)
    found = prepared(patient, case.config)
    row = row_of(found, "3d")
    assert row.state == "blocked"
    named, _, told = row.reason.partition(": found ")
    assert named.endswith(case.file)
    assert not named.startswith("/")
    assert case.found in told
    assert case.remedy in row.remedy
    steps = jobs(patient)
    assert not {(step, "3d") for step in STEPS | {OF_LESION}} & steps
    assert {"lesion_segment", "anatomy_t1w"} <= {rule for rule, session in steps if session == "3d"}
    # What the configuration demands of every session it refuses at every session.
    sound = case.config != GE
    assert ({(step, "pre") for step in STEPS} <= steps) == sound


def test_a_sound_scan_runs_and_a_session_without_one_gets_nothing(patient) -> None:
    write(patient, "3d", {})
    found = prepared(patient)
    assert row_of(found, "3d").state == "run"
    assert row_of(found, "3d").reason == (
        "2 pairs, label 1.8 s, delay 2 s; M0 within the series; equation pcasl"
    )
    assert {step for step in jobs(patient) if step[0].startswith("perfusion")} == {
        (step, "3d") for step in STEPS | {OF_LESION}
    }
    assert row_of(found, "3d").use.params["asl"]["voxel_ratio"] == 1.0
    told = row_of(found, "3d").use.params["asl"]
    assert told["groups"] == [[0, 1]]
    assert told["constants"]["efficiency"]["value"] == pytest.approx(0.85 * 0.95**4)
    assert told["constants"]["recovery_s"]["source"] == "sidecar, RepetitionTimePreparation"
    assert (patient.folder.parent / "out/inventory.tsv").exists()


def test_several_delays_take_the_kinetic_model(patient) -> None:
    write(patient, "3d", {"PostLabelingDelay": LIST})
    told = row_of(prepared(patient), "3d").use.params["asl"]
    assert told["equation"] == "kinetic"
    assert told["groups"] == [[0], [1]]
    assert told["constants"]["delay_s"]["value"] == [1.5, 2.0]


def test_a_map_that_the_scanner_made_is_used_as_it_is(patient) -> None:
    sidecar = dict.fromkeys(SIDECAR)
    write(patient, "3d", sidecar, roles="cbf", n_volumes=1)
    row = row_of(prepared(patient), "3d")
    assert row.state == "run"
    assert row.reason == "the scanner's own map of blood flow, used as it is"
    assert row.use.params["asl"]["cbf"] == [0]


def test_what_the_study_says_counts_and_says_so(patient) -> None:
    write(patient, "3d", {"BackgroundSuppressionNumberPulses": None})
    config = {"perfusion": {"labelling": {"suppression_pulses": 2}, "constants": {
        "partition_ml_g": 0.98}}}  # fmt: skip
    told = row_of(prepared(patient, config), "3d").use.params["asl"]["constants"]
    assert told["partition_ml_g"]["source"] == "study configuration"
    assert told["efficiency"]["value"] == pytest.approx(0.85 * 0.95**2)
    assert "study configuration" in told["efficiency"]["source"]


def test_an_m0_scan_of_its_own_and_the_scanners_map_are_found(patient) -> None:
    write(patient, "3d", {"M0Type": "Separate"}, roles="control label control label", n_volumes=4)
    m0 = {"RepetitionTimePreparation": 6}
    patient.scan("1", "3d", "m0scan", datatype="perf", shape=(16, 18, 20), sidecar=m0)
    place = patient.folder / "derivatives/scanner/sub-1/ses-3d/perf"
    place.mkdir(parents=True)
    (place / "sub-1_ses-3d_desc-scanner_cbf.nii.gz").write_bytes(b"x")
    told = row_of(prepared(patient), "3d").use.params["asl"]
    assert told["m0_scan"].endswith("_m0scan.nii.gz")
    assert told["scanner_map"].endswith("desc-scanner_cbf.nii.gz")
    assert told["constants"]["recovery_s"]["value"] == 6.0


def test_zones_are_told_after_a_treatment_alone(patient) -> None:
    for session in ("pre", "3d"):
        write(patient, session, {})
    prepared(patient)
    assert (OF_LESION, "3d") in jobs(patient)
    assert (OF_LESION, "pre") not in jobs(patient)
    assert {(step, "pre") for step in STEPS} <= jobs(patient)


def test_a_series_without_its_table_is_blocked(patient) -> None:
    scan = write(patient, "3d", {})
    scan.with_name(scan.name.replace("_asl.nii.gz", "_aslcontext.tsv")).unlink()
    row = row_of(prepared(patient), "3d")
    assert row.state == "blocked"
    assert "asl.nii.gz: found no _aslcontext.tsv" in row.reason
    assert "a row each" in row.remedy


def test_two_m0_scans_are_told_apart_by_what_they_name(patient) -> None:
    write(patient, "3d", {"M0Type": "Separate"}, roles="control label control label", n_volumes=4)
    told = {"RepetitionTimePreparation": 6}
    for run, shape in ((1, (16, 18, 20)), (2, (16, 18, 20))):
        name = f"run-{run}_m0scan"
        patient.scan("1", "3d", name, datatype="perf", shape=shape, sidecar=told)
    row = row_of(prepared(patient), "3d")
    assert "found 2 M0 scans" in row.reason
    assert "IntendedFor" in row.remedy
    named = told | {"IntendedFor": "ses-3d/perf/sub-1_ses-3d_asl.nii.gz"}
    patient.scan("1", "3d", "run-2_m0scan", datatype="perf", shape=(16, 18, 20), sidecar=named)
    use = row_of(prepared(patient), "3d").use
    assert use.params["asl"]["m0_scan"].endswith("run-2_m0scan.nii.gz")
