"""Failure, mending, new code and new visits, on the real rules with stand-in scripts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from standins import contents, set_version

pytestmark = pytest.mark.workflow

PAGES = ["measures_tables", "report_group", "report_subject 1"]


def test_the_run_of_five(study, tmp_path) -> None:
    """Fail, mend, fail with new code, mend, repeat: nothing stale is ever taken for current."""
    study.break_("crash lesion_segment 1 3d fus1")
    assert study.run() == 1
    states = study.states()
    assert states.pop("lesion/segment/1_3d_fus1") == "failed"
    after_it = {states.pop(f"lesion/{step}/1_3d_fus1") for step in ("measure", "overlap")}
    assert after_it == {"not reached"}
    assert {states[step] for step in states if step.startswith(("anatomy", "lesion"))} == {"run"}
    assert (study.output / "sub-1.html").exists()
    study.ran()

    study.mend()
    assert study.run() == 0
    ran = study.ran()
    assert [job for job in ran if job not in PAGES] == [
        f"lesion_{step} 1 3d fus1" for step in ("measure", "overlap", "segment")
    ]
    assert "report_subject 1" in ran

    set_version(study.pipeline, "anatomy.t1w", 2)
    study.break_("crash anatomy_t1w 1 3d")
    assert study.run() == 1
    states = study.states()
    assert states["anatomy/t1w/1_3d"] == "failed"
    assert states["anatomy/t1w/1_pre"] == "run"
    assert states["lesion/segment/1_3d_fus1"] in {"stale", "not reached"}
    page = (study.output / "sub-1.html").read_text()
    study.ran()

    study.mend()
    assert study.run() == 0
    ran = [job for job in study.ran() if job not in PAGES]
    assert "lesion_segment 1 3d fus1" in ran
    assert "anatomy_t1w 1 3d" in ran
    assert "anatomy_t1w 1 pre" not in ran
    assert "anatomy_space 1" not in ran
    assert (study.output / "sub-1.html").read_text() != page

    assert study.run() == 0
    assert study.ran() == []

    fresh = tmp_path / "fresh"
    assert study.run(output=fresh) == 0
    assert contents(fresh) == contents(study.output)


def test_a_new_visit_reruns_only_itself_and_the_tables(study) -> None:
    study.dataset.patient("2", {"pre": -2, "3d": 3})
    study.dataset.interventions({"participant_id": "sub-1"}, {"participant_id": "sub-2"})
    assert study.run() == 0
    before = contents(study.output)
    study.ran()

    study.dataset.sessions("1", {"pre": -3, "3d": 3, "1m": 30})
    for contrast in ("T1w", "T2w"):
        study.dataset.scan("1", "1m", contrast)
    assert study.run() == 0
    ran = study.ran()
    assert set(ran) - set(PAGES) == {
        "anatomy_t1w 1 1m",
        "anatomy_contrast 1 1m T2w",
        *(f"lesion_{step} 1 1m fus1" for step in ("segment", "measure", "offtarget", "overlap")),
        "ingest_validate",
    }
    after = contents(study.output)
    visits = [path for path in before if "/ses-" in path or path.startswith(("sub-1/", "sub-2/"))]
    assert visits
    assert all(after[path] == before[path] for path in visits)


def test_a_faulty_contrast_leaves_its_session_worked_without_it(study) -> None:
    study.break_("anatomy_contrast 1 3d T2w")
    assert study.run() == 1
    failed = study.ledger("failed")
    assert [(row["session_id"], row["modality"]) for row in failed] == [("ses-3d", "T2w")]
    assert failed[0]["remedy"] == "mend it"
    assert study.states()["lesion/segment/1_3d_fus1"] == "run"
    study.ran()

    study.mend()
    study.dataset.scan("1", "3d", "T2w")
    assert study.run() == 0
    ran = study.ran()
    assert {"anatomy_contrast 1 3d T2w", "lesion_segment 1 3d fus1"} <= set(ran)
    assert "anatomy_t1w 1 3d" not in ran


def test_what_is_blocked_is_no_failure_and_the_rest_finishes(study) -> None:
    study.dataset.patient("2", {"3d": 3})
    study.dataset.sessions("3", {})
    study.dataset.scan("3", "pre", "T1w")
    (study.dataset.folder / "sub-x y").mkdir()
    assert study.run() == 0
    blocked = {row["participant_id"]: row["reason"] for row in study.ledger("blocked")}
    assert "no baseline" in blocked["sub-2"]
    assert "no day for ses-pre" in blocked["sub-3"]
    assert "letters and digits" in blocked["sub-x y"]
    assert study.states()["lesion/segment/1_3d_fus1"] == "run"
    assert (study.output / "sub-2.html").exists()


def test_touched_moved_and_replaced_scans(study, tmp_path) -> None:
    assert study.run() == 0
    study.ran()
    scan = study.dataset.folder / "sub-1/ses-3d/anat/sub-1_ses-3d_T2w.nii.gz"
    os.utime(scan)
    assert study.run() == 0
    assert study.ran() == []

    moved = tmp_path / "elsewhere"
    shutil.move(study.dataset.folder, moved)
    study.dataset.folder = moved
    assert study.run() == 0
    assert study.ran() == []

    scan = study.dataset.scan("1", "3d", "T2w")
    os.utime(scan, (1, 1))
    assert study.run() == 0
    ran = study.ran()
    assert {"anatomy_contrast 1 3d T2w", "lesion_segment 1 3d fus1"} <= set(ran)
    assert "anatomy_t1w 1 3d" not in ran


def test_a_selection_works_on_its_part_and_keeps_the_rest(study, capfd) -> None:
    study.dataset.patient("2", {"pre": -2, "3d": 3})
    assert study.run("--participant-label", "sub-1") == 0
    assert not [job for job in study.ran() if job.startswith("anatomy") and " 2" in job]
    assert study.states()["anatomy/space/2"] == "not reached"
    assert study.run("--participant-label", "../1") == 2
    assert "letters and digits" in capfd.readouterr().err


def test_dry_run_changes_nothing(study) -> None:
    assert study.run("--dry-run") == 0
    assert study.ran() == []
    assert not (study.output / "sub-1.html").exists()


def test_a_lost_file_is_made_again(study) -> None:
    assert study.run() == 0
    study.ran()
    for lost in ("sub-1/anat/sub-1_desc-space_qc.png", "sub-1/anat/sub-1_desc-mni_qc.json"):
        (study.output / lost).unlink()
    assert study.run() == 0
    assert {"anatomy_space 1", "anatomy_mni 1"} <= set(study.ran())
    assert (study.output / "sub-1/anat/sub-1_desc-mni_qc.json").exists()


def test_bare_snakemake_makes_the_pages_too(study, root, tmp_path) -> None:
    """`snakemake --configfile study.yaml`, paths relative to where it is called."""
    (tmp_path / "study.yaml").write_text("bids_dir: bids\noutput_dir: out\n")
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "study.yaml"]
    command += ["--snakefile", str(study.pipeline / "Snakefile")]
    search = os.pathsep.join([str(root / "workflow"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": search}, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    ran = study.ran()
    assert {"lesion_segment 1 3d fus1", "anatomy_t1w 1 pre"} <= set(ran)
    assert (study.output / "ledger.tsv").exists()
    assert not (tmp_path / "out" / "out").exists()
