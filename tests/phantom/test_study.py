from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonolesion.core import images
from sonolesion.core.settings.phantom import Phantom
from sonolesion.phantom import deformation, patient, plan, pose, study, template


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(path: Path) -> list[dict[str, str]]:
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    return [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]


def test_same_settings_same_bytes_whoever_else_is_in_the_study(
    small: Phantom, made: Path, tmp_path: Path
) -> None:
    visits = {**small.visits, "1m": 30.0}
    other = small.model_copy(update={"visits": visits, "patients": small.patients[:1]})
    study.make(other, tmp_path, threads=1)
    for place in ("bids/sub-01", "truth/sub-01"):
        before, after = digests(made / place), digests(tmp_path / place)
        old = {name: digest for name, digest in before.items() if "sessions.tsv" not in name}
        assert len(old) > 9
        assert {name: after[name] for name in old} == old
    for table in ("interventions.tsv", "sonications.tsv"):
        text = (made / "bids/phenotype" / table).read_text(encoding="utf-8")
        assert text.startswith((tmp_path / "bids/phenotype" / table).read_text(encoding="utf-8"))


def test_another_seed_is_another_study(small: Phantom) -> None:
    other = small.model_copy(update={"seed": small.seed + 1})
    fields = [patient.own_shape(s, small.patients[0])[0] for s in (small, other)]
    assert np.abs(fields[0] - fields[1]).max() > 1.0


def test_bids_validator_finds_no_error(made: Path) -> None:
    tool = Path(sys.executable).with_name("bids-validator-deno")
    if not tool.exists():
        pytest.skip("bids-validator-deno is not installed beside python")
    done = subprocess.run([tool, made / "bids"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "[ERROR]" not in done.stdout


def test_what_was_not_acquired_is_not_there(made: Path) -> None:
    scans = {path.name for path in (made / "bids").rglob("*.nii.gz")}
    assert len(scans) == 9 + 5 + 9
    assert "sub-02_ses-3d_FLAIR.nii.gz" not in scans
    days = {
        row["session_id"]: row["days_from_treatment"]
        for row in rows(made / "bids/sub-02/sub-02_sessions.tsv")
    }
    assert days == {"ses-baseline": "-7", "ses-3d": "3"}


def test_lesion_volume_is_the_stated_one(subjects: dict[str, Any]) -> None:
    for name in ("sub-01", "sub-02"):
        visit = subjects[name]["sessions"]["ses-3d"]
        assert visit["visible"] is True
        assert 30 < visit["zone_mm3"]["core"] + visit["zone_mm3"]["rim"] < 150
        for scan in visit["scans"].values():
            for zone, volume in visit["zone_mm3"].items():
                assert scan["zone_mm3"][zone] == pytest.approx(volume, rel=0.03, abs=0.3)


def test_centroid_on_the_scan_is_that_in_acpc(subjects: dict[str, Any]) -> None:
    subject = subjects["sub-01"]
    visit = subject["sessions"]["ses-3d"]
    for scan in visit["scans"].values():
        to_scan = np.array(scan["baseline_T1w_to_scan"]) @ np.array(subject["acpc_to_T1w_scanner"])
        expected = pose.apply(to_scan, np.array(visit["centroid_acpc_mm"]))
        assert scan["centroid_scanner_mm"] == pytest.approx(expected, abs=0.15)


def test_sham_and_healed_and_untreated_have_no_lesion(made: Path, subjects: dict[str, Any]) -> None:
    cases = [("03", "3d"), ("03", "12m"), ("01", "12m"), ("01", "baseline")]
    for label, session in cases:
        visit = subjects[f"sub-{label}"]["sessions"][f"ses-{session}"]
        assert visit["visible"] is False
        assert set(visit["zone_mm3"].values()) == {0.0}
        stem = f"truth/sub-{label}/ses-{session}/anat/sub-{label}_ses-{session}_from-T1w"
        assert not images.load(made / f"{stem}_seg-zones_dseg.nii.gz").data.any()


def test_every_plan_leads_to_the_true_target(made: Path, subjects: dict[str, Any]) -> None:
    found = {row["participant_id"]: row for row in rows(made / "bids/phenotype/interventions.tsv")}
    stated = {n: np.array([float(r[f"target_{a}_mm"]) for a in "xyz"]) for n, r in found.items()}
    scanner_ras = plan.along(stated["sub-01"], axes=found["sub-01"]["target_axes"])
    assert scanner_ras == pytest.approx(subjects["sub-01"]["target_scanner_mm"], abs=1e-3)
    image = images.load(made / "bids" / found["sub-01"]["target_image"])
    voxel = pose.apply(np.linalg.inv(image.affine), scanner_ras)
    assert np.all((voxel > 0) & (voxel < np.array(image.data.shape)))
    length = subjects["sub-02"]["ac_pc_mm"]
    from_pc = plan.along(stated["sub-02"], axes="LAS") - np.array([0, length, 0])
    assert from_pc == pytest.approx(subjects["sub-02"]["target_acpc_mm"], abs=1e-3)
    assert stated["sub-03"] == pytest.approx(subjects["sub-03"]["target_template_mm"], abs=1e-3)


def test_true_frame_puts_ac_at_the_origin_and_pc_behind_it(subjects: dict[str, Any]) -> None:
    for subject in subjects.values():
        to_acpc = np.linalg.inv(np.array(subject["acpc_to_T1w_scanner"]))
        ac, pc = (pose.apply(to_acpc, np.array(subject[f"{c}_scanner_mm"])) for c in ("ac", "pc"))
        assert ac == pytest.approx(np.zeros(3), abs=1e-3)
        assert pc == pytest.approx([0.0, -subject["ac_pc_mm"], 0.0], abs=1e-3)
        assert 21 < subject["ac_pc_mm"] < 30


def test_deformation_is_invertible_and_saved_as_used(
    small: Phantom, made: Path, subjects: dict[str, Any]
) -> None:
    subject = subjects["sub-01"]
    assert subject["jacobian_min_max"][0] > 0
    warp = images.load_warp(
        made / "truth/sub-01/anat/sub-01_from-template_to-T1w_mode-image_xfm.nii.gz"
    )
    ac = np.array([subject["ac_scanner_mm"]])
    moved = ac + deformation.displacement_at(
        ac, field_mm=warp.data.astype(np.float64), affine=warp.affine
    )
    assert moved[0] == pytest.approx(small.ac_template_mm, abs=2e-3)


def test_halves_differ_as_imposed(subjects: dict[str, Any]) -> None:
    for subject in subjects.values():
        ventricle = subject["left_right_cm3"]["lateral_ventricle"]
        assert ventricle["left"] > 1.05 * ventricle["right"]
        frontal = subject["left_right_cm3"]["frontal"]
        assert frontal["right"] > 1.02 * frontal["left"]


def test_no_brain_voxel_is_lost(small: Phantom) -> None:
    loaded = template.load()
    field, _ = patient.own_shape(small, small.patients[0])
    points = patient.template_points(field, small.anatomy_mm)
    tissues, brain = patient.tissue_maps(small, loaded, points)
    total = sum(tissues.values())
    assert total.max() < 1.01
    inside = brain >= 0.5
    soft = tissues["grey"] + tissues["white"] + tissues["fluid"]
    assert soft[inside].min() > 0.99
