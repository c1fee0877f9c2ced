"""The inventory and the plan of whole data sets, sound and faulty."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import nibabel as nib
import pytest

from sonolesion.core.config import Settings, parse
from sonolesion.core.errors import ConfigError
from sonolesion.core.tables import read_tsv
from sonolesion.ingest import study

DAYS = {"pre": -3, "3d": 3, "12m": 360, "1m": 30}


def settings(dataset, **ingest: object) -> Settings:
    content = {"bids_dir": str(dataset.folder), "ingest": ingest}
    return parse(content, file="test")


def prepared(dataset, **ingest: object) -> study.Study:
    output = dataset.folder.parent / "out"
    return study.prepare(settings(dataset, **ingest), output, code=lambda step: step)


def state(found: study.Study, session: str, modality: str, subject: str = "1") -> str:
    row = row_of(found, session, modality, subject)
    return row.state


def row_of(found: study.Study, session: str, modality: str, subject: str = "1"):
    rows = [
        row
        for row in found.rows
        if (row.subject, row.session) == (subject, session) and row.modality in {modality, "n/a"}
    ]
    assert len(rows) == 1, rows
    return rows[0]


@pytest.fixture
def patient(dataset):
    dataset.patient("1", DAYS)
    dataset.interventions({"participant_id": "sub-1"})
    return dataset


def test_time_is_days_never_labels(patient) -> None:
    found = prepared(patient)
    rows = [row.session for row in found.rows if row.modality == "T1w"]
    assert rows == ["pre", "3d", "1m", "12m"]
    planned = found.subjects[0].interventions["fus1"]
    assert found.subjects[0].baseline == planned["baseline"] == "pre"
    told = planned["follow_ups"]["1m"]
    assert (told["day_after"], told["contrasts"]) == (30, ["T1w", "T2w"])
    assert (told["left_out"], told["earlier"]) == ({}, ["3d"])


def test_states_of_a_sound_patient(patient) -> None:
    found = prepared(patient)
    assert state(found, "3d", "T2w") == "run"
    assert state(found, "3d", "FLAIR") == "absent"
    assert state(found, "3d", "lesion") == "run"


def test_known_modality_without_a_stage_is_unused(patient) -> None:
    told = {"EchoTime": 0.03, "SpectrometerFrequency": [127.7], "ResonantNucleus": ["1H"]}
    patient.scan("1", "pre", "svs", datatype="mrs", sidecar=told, shape=(1, 1, 1, 64))
    patient.scan("1", "3d", "svs", datatype="mrs", sidecar={}, shape=(1, 1, 1, 64))
    found = prepared(patient)
    assert state(found, "pre", "svs") == "unused"
    row = row_of(found, "3d", "svs")
    assert row.state == "blocked"
    assert "sidecar lacks EchoTime" in row.reason


def test_the_arm_is_in_no_file_that_pages_read(patient) -> None:
    prepared(patient)
    text = (patient.folder.parent / "out/work/plan.json").read_text()
    assert "kind" not in text
    assert '"fus"' not in text


def test_jobs_of_a_sound_patient(patient) -> None:
    prepared(patient)
    plan = json.loads((patient.folder.parent / "out/work/plan.json").read_text())
    rules = [rule for rule, _, _ in plan["jobs"]]
    assert rules.count("anatomy_t1w") == 4
    assert rules.count("anatomy_contrast") == 4
    assert rules.count("lesion_segment") == 3
    assert rules.count("lesion_target") == 1


def test_missing_baseline_blocks_that_subject_alone(patient) -> None:
    patient.patient("2", {"3d": 3})
    patient.interventions({"participant_id": "sub-1"}, {"participant_id": "sub-2"})
    found = prepared(patient)
    row = row_of(found, "3d", "T1w", subject="2")
    assert row.state == "blocked"
    assert "no baseline" in row.reason
    assert "before the first treatment" in row.remedy
    assert state(found, "3d", "lesion", subject="2") == "blocked"
    assert state(found, "3d", "lesion") == "run"


def test_session_without_days_is_refused_by_name(patient) -> None:
    patient.sessions("1", {"pre": -3, "3d": 3, "1m": 30})
    row = row_of(prepared(patient), "12m", "T1w")
    assert row.state == "blocked"
    assert "no day for ses-12m" in row.reason
    assert state(prepared(patient, session_days={"12m": 360}), "12m", "T1w") == "run"


def test_days_from_acquisition_times(dataset) -> None:
    dataset.patient("1", DAYS)
    dataset.sessions("1", {"pre": "2024-05-01", "3d": "2024-05-06T12:00:00"}, "acq_time")
    table = dataset.interventions({"participant_id": "sub-1", "day": "n/a"})
    lines = table.read_text().splitlines()
    table.write_text(f"{lines[0]}\tdate\n{lines[1]}\t2024-05-03\n")
    row = row_of(prepared(dataset), "3d", "T1w")
    assert (row.state, row.day) == ("run", 3.5)


def test_target_without_frame_is_refused(patient) -> None:
    patient.interventions({"participant_id": "sub-1", "target_frame": "n/a"})
    found = prepared(patient)
    row = row_of(found, "", "lesion")
    assert row.state == "blocked"
    assert "no target_frame" in row.reason
    assert state(found, "3d", "T1w") == "run"


def test_target_in_millimetres_of_an_unusable_scan_is_refused(patient) -> None:
    frame = {"target_frame": "scanner", "target_axes": "LPS", "target_space": "n/a"}
    image = "sub-1/ses-pre/anat/sub-1_ses-pre_{}.nii.gz"
    for contrast, expected in (("T2w", "run"), ("FLAIR", "blocked")):
        named = frame | {"target_image": image.format(contrast)}
        patient.interventions({"participant_id": "sub-1"} | named)
        rows = [row for row in prepared(patient).rows if row.modality == "lesion"]
        assert rows[0].state == expected
    assert "no usable T1w, T2w or FLAIR" in rows[0].reason


def test_no_follow_up_says_so(dataset) -> None:
    dataset.patient("1", {"pre": -3}, contrasts="T1w")
    row = row_of(prepared(dataset), "", "lesion")
    assert row.state == "absent"
    assert row.reason == "no session after treatment; no T2w or FLAIR was acquired either"


def test_two_scans_where_one_is_used(patient) -> None:
    patient.scan("1", "3d", "acq-fast_T2w")
    row = row_of(prepared(patient), "3d", "T2w")
    assert row.state == "blocked"
    assert "2 scans where one is used" in row.reason
    chosen = row_of(prepared(patient, choose={"T2w": {"acq": "fast"}}), "3d", "T2w")
    assert chosen.state == "run"
    assert chosen.file.endswith("acq-fast_T2w.nii.gz")


def test_copy_of_the_baseline_in_a_follow_up_is_found(patient) -> None:
    folder = patient.folder / "sub-1"
    name = "anat/sub-1_ses-{}_T2w.nii.gz"
    shutil.copy(folder / "ses-pre" / name.format("pre"), folder / "ses-3d" / name.format("3d"))
    row = row_of(prepared(patient), "3d", "T2w")
    assert row.state == "blocked"
    assert "byte for byte" in row.reason


def test_session_without_t1w_has_nothing_to_register_through(patient) -> None:
    (patient.folder / "sub-1/ses-3d/anat/sub-1_ses-3d_T1w.nii.gz").unlink()
    found = prepared(patient)
    assert state(found, "3d", "T2w") == "blocked"
    assert state(found, "3d", "lesion") == "blocked"
    assert state(found, "1m", "lesion") == "run"


def test_exclusion_is_shown_with_its_reason(patient) -> None:
    rule = {"subject": "sub-1", "session": "3d", "modality": "T2w", "reason": "motion"}
    row = row_of(prepared(patient, exclude=[rule]), "3d", "T2w")
    assert row.state == "blocked"
    assert "motion" in row.reason


def test_orientation_fault_blocks_that_contrast_alone(patient) -> None:
    def unset(image: nib.Nifti1Image) -> nib.Nifti1Image:
        image.set_qform(None, 0)
        image.set_sform(None, 0)
        return image

    patient.scan("1", "3d", "T2w", change=unset)
    found = prepared(patient)
    assert state(found, "3d", "T2w") == "blocked"
    assert state(found, "3d", "T1w") == "run"
    assert found.subjects[0].interventions["fus1"]["follow_ups"]["3d"]["contrasts"] == ["T1w"]


@pytest.mark.parametrize("name", ["sub-a b", "sub-1_copy", "sub-"])
def test_subject_folder_with_an_unsafe_name(patient, name: str) -> None:
    (patient.folder / name / "ses-pre").mkdir(parents=True)
    found = prepared(patient)
    row = next(row for row in found.rows if row.subject == name.removeprefix("sub-"))
    assert row.state == "blocked"
    assert "letters and digits" in row.reason
    assert state(found, "3d", "lesion") == "run"
    plan = json.loads((patient.folder.parent / "out/work/plan.json").read_text())
    assert plan["folders"] == ["1"]


def test_session_folder_with_a_space(patient) -> None:
    (patient.folder / "sub-1/ses-6 m/anat").mkdir(parents=True)
    row = row_of(prepared(patient), "6 m", "T1w")
    assert row.state == "blocked"


def test_same_day_as_treatment_is_not_guessed(patient) -> None:
    patient.patient("2", {"pre": -3, "op": 0})
    patient.interventions({"participant_id": "sub-1"}, {"participant_id": "sub-2"})
    row = row_of(prepared(patient), "op", "lesion", subject="2")
    assert row.state == "blocked"
    assert "before or after is not told" in row.reason


def test_sham_then_open_label_have_their_own_baselines(dataset) -> None:
    dataset.patient("1", {"pre": -3, "3m": 90, "6m": 200})
    dataset.interventions(
        {"participant_id": "sub-1", "intervention_id": "first", "kind": "sham"},
        {"participant_id": "sub-1", "intervention_id": "second", "day": 100},
    )
    planned = prepared(dataset).subjects[0].interventions
    assert list(planned["first"]["follow_ups"]) == ["3m"]
    assert planned["second"]["baseline"] == "3m"
    assert planned["second"]["follow_ups"]["6m"]["day_after"] == 100


def test_two_sides_on_two_days_are_both_followed(dataset) -> None:
    dataset.patient("1", {"pre": -3, "3m": 90, "6m": 200})
    dataset.interventions(
        {"participant_id": "sub-1", "intervention_id": "left1"},
        {"participant_id": "sub-1", "intervention_id": "right1", "day": 100, "side": "right"},
    )
    planned = prepared(dataset).subjects[0].interventions
    assert list(planned["left1"]["follow_ups"]) == ["3m", "6m"]
    assert list(planned["right1"]["follow_ups"]) == ["6m"]


def test_treated_patient_without_scans_is_listed(patient) -> None:
    patient.interventions({"participant_id": "sub-1"}, {"participant_id": "sub-9"})
    assert row_of(prepared(patient), "", "lesion", subject="9").state == "absent"


def test_lasting_fault_of_a_contrast_is_remembered_until_something_changes(patient) -> None:
    output = patient.folder.parent / "out"
    prepared(patient)
    known = json.loads((output / "work/scans.json").read_text())
    files = [f"sub-1/ses-3d/anat/sub-1_ses-3d_{c}.nii.gz" for c in ("T2w", "T1w")]
    record = {
        "kind": "InputFault",
        "file": "a.nii.gz",
        "found": "NaN",
        "expected": "numbers",
        "remedy": "convert",
        "code": "anatomy.contrast",
        "scan": " ".join(known[file]["fingerprint"] for file in files),
        "params": {},
    }
    place = output / "logs/anatomy/contrast/1_3d_T2w.error.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(record))
    found = prepared(patient)
    assert row_of(found, "3d", "T2w").state == "failed"
    assert found.subjects[0].interventions["fus1"]["follow_ups"]["3d"]["contrasts"] == ["T1w"]
    patient.scan("1", "3d", "T2w")
    assert row_of(prepared(patient), "3d", "T2w").state == "run"
    place.write_text(json.dumps(record | {"kind": "Killed"}))
    assert row_of(prepared(patient), "3d", "T2w").state == "run"


def test_output_inside_the_raw_data_is_refused(patient) -> None:
    with pytest.raises(ConfigError, match="inside the raw data"):
        study.prepare(settings(patient), patient.folder / "out", code=str)
    study.prepare(settings(patient), patient.folder / "derivatives" / "out", code=str)


def test_unwritable_output_is_told(patient, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match="can't be written"):
        study.prepare(settings(patient), tmp_path / "file" / "out", code=str)


def test_folder_that_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="dataset_description"):
        study.require_dataset(tmp_path)


def test_raw_link_is_relative_and_follows_a_move(patient) -> None:
    prepared(patient)
    link = patient.folder.parent / "out/sourcedata/raw"
    assert os.readlink(link) == "../../bids"
    assert (link / "dataset_description.json").exists()


def test_faulty_sonication_is_listed_and_blocks_nothing(patient) -> None:
    table = patient.folder / "phenotype" / "sonications.tsv"
    table.write_text(
        "participant_id\tintervention_id\tsonication_index\tenergy_j\nsub-1\tfus1\t1\tlots\n"
    )
    found = prepared(patient)
    assert row_of(found, "", "sonications").state == "blocked"
    assert state(found, "3d", "lesion") == "run"


def test_inventory_table_is_written(patient) -> None:
    prepared(patient)
    rows = read_tsv(patient.folder.parent / "out/inventory.tsv")
    first = rows[0]
    assert (first["participant_id"], first["session_id"]) == ("sub-1", "ses-pre")
    assert (first["modality"], first["state"], first["days_from_treatment"]) == ("T1w", "run", "-3")


def test_contrast_that_the_baseline_lacks_is_left_out_with_the_reason(patient) -> None:
    patient.scan("1", "3d", "FLAIR")
    found = prepared(patient)
    follow_up = found.subjects[0].interventions["fus1"]["follow_ups"]["3d"]
    assert follow_up["contrasts"] == ["T1w", "T2w"]
    assert follow_up["left_out"] == {"FLAIR": "not at the baseline"}
    row = row_of(found, "3d", "lesion")
    assert (row.state, row.reason) == ("run", "FLAIR left out, not at the baseline")


def test_visit_without_a_contrast_to_compare_is_blocked_and_gives_no_job(patient) -> None:
    agent = {"ContrastBolusIngredient": "GADOLINIUM"}
    patient.scan("1", "3d", "T1w", sidecar=agent)
    (patient.folder / "sub-1/ses-3d/anat/sub-1_ses-3d_T2w.nii.gz").unlink()
    found = prepared(patient)
    row = row_of(found, "3d", "lesion")
    assert row.state == "blocked"
    assert row.reason.startswith("no contrast to compare; T1w left out, contrast agent given")
    assert "T2w left out, not at this visit" in row.reason
    plan = json.loads((patient.folder.parent / "out/work/plan.json").read_text())
    looked = [w["session"] for rule, w, _ in plan["jobs"] if rule == "lesion_segment"]
    assert looked == ["1m", "12m"]
    follow_ups = found.subjects[0].interventions["fus1"]["follow_ups"]
    assert follow_ups["12m"]["earlier"] == ["1m"]
