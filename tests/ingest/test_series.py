"""Diffusion and multi-echo scans: several files, tables beside them, and what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sonolesion.core.config import parse
from sonolesion.ingest import study

DAYS = {"pre": -3, "3d": 3}


def prepared(dataset, **content: object) -> study.Study:
    settings = parse({"bids_dir": str(dataset.folder), **content}, file="test")
    return study.prepare(settings, dataset.folder.parent / "out", code=lambda step: step)


def row_of(found: study.Study, session: str, modality: str):
    rows = [r for r in found.rows if (r.session, r.modality) == (session, modality)]
    assert len(rows) == 1
    return rows[0]


def plan_of(dataset) -> dict[str, object]:
    return json.loads((dataset.folder.parent / "out/work/plan.json").read_text())


@pytest.fixture
def patient(dataset):
    dataset.patient("1", DAYS)
    dataset.interventions({"participant_id": "sub-1"})
    return dataset


def test_diffusion_scan_gives_trace_and_adc(patient, scanner) -> None:
    for session in DAYS:
        scanner.dwi(session)
    found = prepared(patient)
    row = row_of(found, "3d", "dwi")
    assert (row.state, row.use.contrasts) == ("run", ("trace", "ADC"))
    assert row.reason == "b 0 and 1000 s/mm², 3 volumes"
    follow_up = found.subjects[0].interventions["fus1"]["follow_ups"]["3d"]
    assert follow_up["contrasts"] == ["T1w", "T2w", "trace", "ADC"]
    jobs = [(rule, w) for rule, w, modality in plan_of(patient)["jobs"] if modality == "dwi"]
    assert jobs[:3] == [
        ("diffusion_adc", {"subject": "1", "session": "pre"}),
        ("anatomy_contrast", {"subject": "1", "session": "pre", "contrast": "trace"}),
        ("anatomy_map", {"subject": "1", "session": "pre", "map": "ADC"}),
    ]


@pytest.mark.parametrize(
    ("b_values", "vectors", "told"),
    [
        (None, None, "no .bval file"),
        ("0 1000 1000", "0 1 0\n0 0 1\n0 0 0\n", "found 3 b-values"),
        ("1000 1000 1000 1000", "1 1 0 0\n0 0 1 0\n0 0 0 1\n", "b-values 1000 s/mm²"),
        ("0 1 1 1", "0 1 0 0\n0 0 1 0\n0 0 0 1\n", "b-values up to 1, as if in ms/µm²"),
        ("0 1000 1000 1000", "0 0 0 0\n0 0 0 0\n0 1 1 1\n", "do not cover space"),
        ("0 1000 1000 1000", "0 1 0\n0 0 1\n0 0 0\n", "3 lines of 3 numbers"),
        ("zero", "0 1 0 0\n0 0 1 0\n0 0 0 1\n", "could not convert"),
    ],
    ids=["no table", "count", "no b0", "unit", "one direction", "directions", "words"],
)
def test_unusable_diffusion_scan_blocks_itself_alone(
    patient, scanner, b_values: str | None, vectors: str | None, told: str
) -> None:
    scanner.dwi("pre")
    scanner.dwi("3d", b_values=b_values, vectors=vectors)
    found = prepared(patient)
    row = row_of(found, "3d", "dwi")
    assert row.state == "blocked"
    assert told in row.reason
    assert row.remedy
    assert row_of(found, "3d", "T2w").state == "run"
    follow_up = found.subjects[0].interventions["fus1"]["follow_ups"]["3d"]
    assert follow_up["contrasts"] == ["T1w", "T2w"]
    assert follow_up["left_out"]["ADC"].startswith("blocked at this visit: ")


def test_scanner_made_trace_without_directions_is_used(patient, scanner) -> None:
    scanner.dwi("3d", b_values="0 0 1000 1000", vectors=None)
    assert row_of(prepared(patient), "3d", "dwi").use.params["vectors"] == []


def test_of_several_diffusion_scans_the_first_usable_is_used_and_said(patient, scanner) -> None:
    scanner.dwi("3d", "dir-A_dwi", b_values="0 2000 2000 2000")
    for direction in "PQ":
        scanner.dwi("3d", f"dir-{direction}_dwi")
    row = row_of(prepared(patient), "3d", "dwi")
    assert row.file.endswith("dir-P_dwi.nii.gz")
    assert "dir-P_dwi.nii.gz alone is used, the first usable by name" in row.reason
    assert "not sub-1_ses-3d_dir-Q_dwi.nii.gz" in row.reason
    assert "dir-A_dwi.bval: found no usable shell: b-values 0, 2000" in row.reason
    chosen = prepared(patient, ingest={"choose": {"dwi": {"dir": "Q"}}})
    assert row_of(chosen, "3d", "dwi").file.endswith("dir-Q_dwi.nii.gz")


def test_tables_are_inherited_and_count_as_content(patient, scanner) -> None:
    scan = scanner.dwi("3d", b_values=None, vectors=None)
    (patient.folder / "dwi.bval").write_text("0 1000 1000 1000")
    (patient.folder / "dwi.bvec").write_text("0 1 0 0\n0 0 1 0\n0 0 0 1\n")
    before = row_of(prepared(patient), "3d", "dwi")
    assert before.use.params == {"b_values": "dwi.bval", "vectors": ["dwi.bvec"]}
    own = scan.with_name(scan.name.replace(".nii.gz", ".bval"))
    own.write_text("0 900 900 900")
    after = row_of(prepared(patient), "3d", "dwi")
    assert after.use.params["b_values"] == str(own.relative_to(patient.folder))
    assert after.use.fingerprint != before.use.fingerprint
    assert after.origins["trace"] != before.origins["trace"]


def test_multi_echo_scan_covers_every_file(patient, scanner) -> None:
    files = scanner.megre("3d", (0.005, 0.015, 0.025))
    scanner.megre("3d", (0.005, None, 0.025), part="part-phase_")
    before = row_of(prepared(patient), "3d", "MEGRE")
    assert before.state == "run"
    assert [Path(file).name for file in before.use.files] == [file.name for file in files]
    assert before.use.params == {"echo_times_s": [0.005, 0.015, 0.025]}
    assert before.use.contrasts == ("T2starw", "R2starmap")
    patient.scan("1", "3d", "echo-3_part-mag_MEGRE", sidecar={"EchoTime": 0.025})
    content = row_of(prepared(patient), "3d", "MEGRE")
    assert content.use.fingerprint != before.use.fingerprint
    sidecar = files[2].with_name(files[2].name.replace(".nii.gz", ".json"))
    sidecar.write_text('{"EchoTime": 0.03}')
    assert row_of(prepared(patient), "3d", "MEGRE").use.fingerprint != content.use.fingerprint


def test_ten_echoes_are_in_the_order_of_their_numbers(patient, scanner) -> None:
    times = [round(0.004 * n, 3) for n in range(1, 11)]
    scanner.megre("3d", times, part="")
    row = row_of(prepared(patient), "3d", "MEGRE")
    assert row.use.params["echo_times_s"] == times
    assert row.use.files[-1].endswith("echo-10_MEGRE.nii.gz")


def test_single_echo_gives_t2starw_alone(patient, scanner) -> None:
    for session in DAYS:
        scanner.megre(session, (0.02,))
    found = prepared(patient)
    row = row_of(found, "3d", "MEGRE")
    assert (row.state, row.use.contrasts) == ("run", ("T2starw",))
    assert row.reason == "one echo: T2starw, no R2*"
    rules = [rule for rule, _, modality in plan_of(patient)["jobs"] if modality == "MEGRE"]
    assert rules == ["anatomy_contrast", "anatomy_contrast"]


def test_r2star_at_one_visit_only_is_left_out_with_the_reason(patient, scanner) -> None:
    scanner.megre("pre", (0.02,))
    scanner.megre("3d")
    follow_up = prepared(patient).subjects[0].interventions["fus1"]["follow_ups"]["3d"]
    assert "T2starw" in follow_up["contrasts"]
    expected = "not at the baseline: one echo: T2starw, no R2*"
    assert follow_up["left_out"] == {"R2starmap": expected}


@pytest.mark.parametrize(
    ("times_s", "told"),
    [
        ((0.005, None), "sidecar lacks EchoTime"),
        ((0.015, 0.005), "echo times 0.015, 0.005 s"),
        ((5, 15), "expected seconds"),
        ((0.005, "late"), "EchoTime 'late'"),
        ((0.005, 0.005), "times that grow"),
    ],
)
def test_unusable_echo_times_block_the_scan_alone(patient, scanner, times_s, told: str) -> None:
    scanner.megre("3d", times_s)
    found = prepared(patient)
    row = row_of(found, "3d", "MEGRE")
    assert row.state == "blocked"
    assert told in row.reason
    assert row_of(found, "3d", "lesion").state == "run"


def test_echoes_of_different_grids_are_refused(patient, scanner) -> None:
    scanner.megre("3d")
    patient.scan(
        "1", "3d", "echo-2_part-mag_MEGRE", shape=(16, 18, 22), sidecar={"EchoTime": 0.015}
    )
    row = row_of(prepared(patient), "3d", "MEGRE")
    assert row.state == "blocked"
    assert "grid [16, 18, 22]" in row.reason


def test_phase_alone_is_no_input(patient, scanner) -> None:
    scanner.megre("3d", part="part-phase_")
    row = row_of(prepared(patient), "3d", "MEGRE")
    assert row.state == "blocked"
    assert "no magnitude" in row.reason


@pytest.mark.parametrize(
    ("step", "log", "scan"),
    [
        ("diffusion.adc", "1_3d", "{fingerprint}"),
        ("anatomy.contrast", "1_3d_trace", "{trace} {T1w}"),
        ("anatomy.map", "1_3d_ADC", "{ADC}"),
    ],
)
def test_a_lasting_fault_of_any_step_of_a_contrast_is_remembered(
    patient, scanner, step: str, log: str, scan: str
) -> None:
    output = patient.folder.parent / "out"
    for session in DAYS:
        scanner.dwi(session)
    found = prepared(patient)
    row = row_of(found, "3d", "dwi")
    known = row.origins | row_of(found, "3d", "T1w").origins
    fault = dict.fromkeys(("file", "found", "expected", "remedy"), "x") | {"kind": "InputFault"}
    fault |= {"code": step, "scan": scan.format(fingerprint=row.use.fingerprint, **known)}
    place = output / "logs" / step.replace(".", "/") / f"{log}.error.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(fault | {"params": {}}))
    again = prepared(patient)
    assert row_of(again, "3d", "dwi").state == "failed"
    follow_up = again.subjects[0].interventions["fus1"]["follow_ups"]["3d"]
    assert follow_up["contrasts"] == ["T1w", "T2w"]
    assert set(follow_up["left_out"]) == {"trace", "ADC"}
    scanner.dwi("3d", b_values="0 900 900 900")
    assert row_of(prepared(patient), "3d", "dwi").state == "run"


def test_new_settings_try_a_failed_map_again(patient, scanner) -> None:
    scanner.dwi("3d")
    row = row_of(prepared(patient), "3d", "dwi")
    fault = dict.fromkeys(("file", "found", "expected", "remedy"), "x") | {"kind": "InputFault"}
    fault |= {"code": "diffusion.adc", "scan": row.use.fingerprint}
    place = patient.folder.parent / "out/logs/diffusion/adc/1_3d.error.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(fault | {"params": {"ceiling_mm2_s": 0.005}}))
    assert row_of(prepared(patient), "3d", "dwi").state == "failed"
    wider = prepared(patient, diffusion={"ceiling_mm2_s": 0.006})
    assert row_of(wider, "3d", "dwi").state == "run"
