from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import numpy as np
import pytest
from campaign import conditions, scores, studies
from campaign.conditions import ALL, REFERENCE, Condition
from campaign.studies import Study

from sonolesion.core import images
from sonolesion.core.tables import read_tsv

NAMES = [condition.name for condition in ALL]
SHORT = Condition("short", "", ("baseline", "3d"), only=("T1w",))
PLAN = {"participant_id": "sub-f01", "intervention_id": "I1", "side": "left"}


def raw(folder: Path) -> None:
    """Make a data set of empty scans."""
    for visit in ("baseline", "3d", "3m"):
        anat = folder / "sub-f01" / f"ses-{visit}" / "anat"
        anat.mkdir(parents=True)
        for kind in ("T1w", "T2w"):
            for end in (".nii.gz", ".json"):
                (anat / f"sub-f01_ses-{visit}_{kind}{end}").write_text(kind)
    rows = "session_id\tdays_from_treatment\nses-baseline\t-7\nses-3d\t3\nses-3m\t91\n"
    (folder / "sub-f01" / "sub-f01_sessions.tsv").write_text(rows)
    (folder / "phenotype").mkdir()
    table = "\t".join(PLAN) + "\n" + "\t".join(PLAN.values()) + "\n"
    (folder / "phenotype" / "interventions.tsv").write_text(table)


def test_parents_come_first_and_once(tmp_path: Path) -> None:
    everyone = conditions.patients(2, 1)
    found = studies.listed(tmp_path, ALL, ["T1w", "noise x2", "T1w+T2w"], everyone)
    assert len({study.folder for study in found}) == len(found)
    parents = [study for study in found if study.condition.name == REFERENCE]
    assert [study.patient.label for study in parents] == ["f01", "f02"]
    for study in found:
        assert study.parent is None or study.parent in {other.folder for other in parents}
    assert found[: len(parents)] == parents


def test_folders_of_conditions_differ() -> None:
    assert len({studies.slug(name) for name in NAMES}) == len(NAMES)


def test_linked_scans_are_those_of_the_condition(tmp_path: Path) -> None:
    raw(tmp_path / "a")
    studies.link_scans(tmp_path / "a", tmp_path / "b", SHORT)
    found = sorted(path.name for path in (tmp_path / "b").rglob("*.nii.gz"))
    assert found == ["sub-f01_ses-3d_T1w.nii.gz", "sub-f01_ses-baseline_T1w.nii.gz"]
    rows = read_tsv(tmp_path / "b" / "sub-f01" / "sub-f01_sessions.tsv")
    assert [row["session_id"] for row in rows] == ["ses-baseline", "ses-3d"]


def test_a_clone_shares_images_and_nothing_else(tmp_path: Path) -> None:
    patient = conditions.patients(1, 0)[0]
    child = Study(tmp_path / "child", SHORT, patient, tmp_path / "parent")
    out = tmp_path / "parent" / "out"
    for name in ("work/plan.json", "sub-f01/a.nii.gz", ".snakemake/metadata/x", "logs/a.log"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("parent")
    (tmp_path / "child").mkdir()
    studies.clone(child)
    made = tmp_path / "child" / "out"
    (made / "work" / "plan.json").write_text("child")
    assert (out / "work" / "plan.json").read_text() == "parent"
    assert (made / "sub-f01" / "a.nii.gz").stat().st_nlink == 2
    assert (made / ".snakemake" / "metadata" / "x").exists()
    assert not (made / "logs").exists()


def test_templates_are_borrowed_with_their_records(tmp_path: Path) -> None:
    own, other = (
        Study(tmp_path / "reference" / label, SHORT, conditions.patients(1, 0)[0], None)
        for label in ("f01", "f02")
    )
    record = b64encode(b"templates/from-a_to-b.nii.gz").decode()
    unlike = b64encode(b"sub-f02/anat/a.nii.gz").decode()
    names = ("templates/from-a_to-b.nii.gz", f".snakemake/metadata/{record}",
             f".snakemake/metadata/{unlike}")  # fmt: skip
    for name in names:
        (other.folder / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (other.folder / "out" / name).write_text("x")
    studies.clone(own)
    assert not (own.folder / "out").exists()
    (other.folder / "done.json").write_text("{}")
    studies.clone(own)
    found = [name for name in names if (own.folder / "out" / name).exists()]
    assert found == list(names[:2])


def finished(folder: Path, *, shift_mm: float = 0.0) -> Study:
    """Write a finished study whose outline is the truth, moved along x."""
    study = Study(folder, SHORT, conditions.patients(1, 0)[0], None)
    stem = "sub-f01_ses-3d"
    out, truth = (folder / p / "sub-f01" / "ses-3d" / "anat" for p in ("out", "truth"))
    zones = np.zeros((20, 20, 20), dtype=np.uint8)
    zones[8:12, 8:12, 8:12] = 1
    found = (zones == 1).astype(np.float32)
    affine = np.eye(4)
    affine[0, 3] = shift_mm
    images.save(truth / f"{stem}_from-T1w_seg-zones_dseg.nii.gz", zones, np.eye(4))
    for label, part in (("lesion", found), ("oedema", 0 * found)):
        images.save(out / f"{stem}_space-acpc_label-{label}_desc-I1_probseg.nii.gz", part, affine)
    images.write_affine(out / f"{stem}_from-T1w_to-acpc_mode-image_xfm.txt", np.eye(4))
    record = {
        "outcome": "measured", "definition": "zones I and II", "statistic": 9.0, "p": 0.01,
        "contrasts_used": ["T1w"], "target_mm": [9.5, 9.5, 9.5],
        "measures": {"lesion": {"volume": 66.0}},
        "volume_samples_mm3": {"lesion": list(range(50, 81))},
    }  # fmt: skip
    images.write_json(out / f"{stem}_space-acpc_desc-I1_lesion.json", record)
    images.write_json(out / f"{stem}_space-acpc_desc-I1auto_lesion.json", record)
    visit = {
        "days_from_treatment": 3.0, "visible": True, "centroid_acpc_mm": [9.5, 9.5, 11.5],
        "zone_mm3": {"core": 30.0, "rim": 34.0, "oedema": 0.0},
    }  # fmt: skip
    images.write_json(
        folder / "truth" / "truth.json", {"subjects": {"sub-f01": {"sessions": {"ses-3d": visit}}}}
    )
    return study


def test_a_right_outline_scores_full(tmp_path: Path) -> None:
    said, outlines = scores.study_rows(finished(tmp_path))
    (row,) = said
    assert (row["found"], row["there"], row["true_mm3"]) == (True, True, 64.0)
    assert (row["low_mm3"], row["high_mm3"]) == pytest.approx((51.5, 78.5))
    assert row["plan_to_lesion_mm"] == pytest.approx(2.0)
    assert [one["region"] for one in outlines] == ["I+II", "I-III"]
    assert [one["dice"] for one in outlines] == [1.0, 1.0]
    assert outlines[0]["truth_mm3"] == pytest.approx(64.0)


def test_a_moved_outline_is_off_by_as_much(tmp_path: Path) -> None:
    _, outlines = scores.study_rows(finished(tmp_path, shift_mm=2.0))
    assert outlines[0]["dice"] == pytest.approx(0.5)
    assert outlines[0]["in_plane_mm"] == pytest.approx(2.0)
    assert outlines[0]["through_plane_mm"] == pytest.approx(0.0)


def test_what_the_parent_left_does_not_count(tmp_path: Path) -> None:
    own = finished(tmp_path)
    shifted = Condition("plan up", "", ("baseline", "3d"), plans="up")
    assert scores.study_rows(Study(own.folder, shifted, own.patient, None)) == ([], [])


def test_done_is_read_back(tmp_path: Path) -> None:
    study = finished(tmp_path)
    assert study.done == {}
    (tmp_path / "done.json").write_text(json.dumps({"seconds": 3.0}))
    assert study.done == {"seconds": 3.0}


def test_a_sound_study_is_not_run_again_and_an_unsound_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study(tmp_path, SHORT, conditions.patients(1, 0)[0], None)
    codes = iter([1, 0])
    monkeypatch.setattr(studies, "make_scans", lambda *_: "scans")
    monkeypatch.setattr(studies, "run_pipeline", lambda _: next(codes))
    said = [studies.run(study, preset=conditions.preset(small=True), code="c") for _ in range(3)]
    assert ["exit code 1" in said[0], "exit code 0" in said[1], "already" in said[2]] == [True] * 3
    with pytest.raises(StopIteration):
        studies.run(study, preset=conditions.preset(small=True), code="changed")
