"""A person's mask and a learned model, on the real rules with stand-in scripts."""

from __future__ import annotations

import os

import pytest

pytestmark = pytest.mark.workflow

MASK = "sub-1_ses-3d_space-acpc_label-lesion_desc-fus1_mask.nii.gz"
PAGES = {"measures_tables", "report_group", "report_subject 1"}
# What depends on the lesion of one visit.
DOWNSTREAM = {"lesion_measure 1 3d fus1", "lesion_overlap 1 3d fus1"}


def worked(study) -> set[str]:
    assert study.run() == 0
    return set(study.ran()) - PAGES


def test_a_corrected_mask_reruns_only_what_depends_on_it(study) -> None:
    assert worked(study) > DOWNSTREAM
    folder = study.output / "corrections"
    folder.mkdir()
    mask = folder / MASK
    mask.write_bytes(b"mine, and a trailer of eight bytes")
    assert worked(study) == DOWNSTREAM

    os.utime(mask)
    assert worked(study) == set()

    mask.write_bytes(b"mine, and another trailer of bytes")
    assert worked(study) == DOWNSTREAM

    mask.unlink()
    assert worked(study) == DOWNSTREAM


def test_a_mask_of_no_visit_is_told(study) -> None:
    folder = study.output / "corrections"
    folder.mkdir(parents=True)
    (folder / MASK.replace("3d", "9d")).write_bytes(b"for a visit that there is not")
    (folder / "mine.nii.gz").write_bytes(b"of whom, and when?")
    assert study.run() == 0
    reasons = {row["reason"] for row in study.ledger("blocked")}
    assert any("no lesion of fus1 is looked for at this visit" in reason for reason in reasons)
    assert any("mine.nii.gz is no name of a corrected mask" in reason for reason in reasons)


def test_a_learned_model_takes_the_place_of_the_search(study, tmp_path) -> None:
    model, config = tmp_path / "m.onnx", tmp_path / "study.yaml"
    model.write_bytes(b"a model")
    inputs = "[visit/T1w, visit/T2w, baseline/T1w]"
    config.write_text(f"lesion: {{learned: {{model: {model}, inputs: {inputs}}}}}\n")
    assert study.run("--config", str(config)) == 0
    ran = study.ran()
    assert "lesion_learned 1 3d fus1" in ran
    assert not [job for job in ran if job.startswith("lesion_segment")]

    os.utime(model)
    assert study.run("--config", str(config)) == 0
    assert study.ran() == []
    model.write_bytes(b"another one")
    assert study.run("--config", str(config)) == 0
    assert {"lesion_learned 1 3d fus1", *DOWNSTREAM} == set(study.ran()) - PAGES


def test_foci_are_used_only_where_nobody_is_blind(study, tmp_path) -> None:
    phenotype = study.dataset.folder / "phenotype"
    head = "participant_id\tintervention_id\tsonication_index\tfocus_x_mm\tfocus_y_mm\tfocus_z_mm"
    row = "sub-1\tfus1\t1\t-7.25\t-20.5\t8.5\t14321"
    (phenotype / "sonications.tsv").write_text(f"{head}\tenergy_j\n{row}\n")
    assert study.run() == 0
    told = [p for p in study.output.rglob("*") if p.is_file() and p.suffix in {".json", ".tsv"}]
    assert told
    assert not [path for path in told if "14321" in path.read_text(errors="ignore")]
    study.ran()
    config = tmp_path / "study.yaml"
    config.write_text("lesion: {measure: {sonication_foci: true}}\n")
    assert study.run("--config", str(config)) == 0
    assert {job.split()[0] for job in study.ran()} - {job.split()[0] for job in PAGES} == {
        "lesion_measure",
        "lesion_overlap",
    }
    assert "14321" in (study.output / "work/plan.json").read_text()
