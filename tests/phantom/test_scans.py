"""The coarse study of all scans, other lesions and faults."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonolesion.core import images


@pytest.fixture(scope="module")
def known(rich: Path) -> dict[str, Any]:
    subjects = images.read_json(rich / "truth/truth.json")["subjects"]
    assert isinstance(subjects, dict)
    return subjects


def volumes(rich: Path, contrast: str) -> np.ndarray:
    stem = rich / "bids/sub-01/ses-3d"
    if contrast == "dwi":
        return images.load(stem / "dwi/sub-01_ses-3d_dwi.nii.gz").data
    paths = sorted((stem / "anat").glob("*_echo-*_part-mag_MEGRE.nii.gz"))
    return np.stack([images.load(path).data for path in paths], axis=-1)


def labels(rich: Path, contrast: str) -> np.ndarray:
    stem = f"truth/sub-01/ses-3d/anat/sub-01_ses-3d_from-{contrast}"
    return images.load(rich / f"{stem}_seg-offtarget_dseg.nii.gz").data


def test_more_scans_leave_the_others_as_they_are(rich: Path, made: Path) -> None:
    path = Path("bids/sub-01/ses-baseline/anat")
    before = {file.name: file.read_bytes() for file in (made / path).iterdir()}
    assert len(before) == 6
    assert {name: (rich / path / name).read_bytes() for name in before} == before


def test_restricted_diffusion_is_low_in_adc_and_bright(rich: Path) -> None:
    data, where = volumes(rich, "dwi"), labels(rich, "dwi")
    assert data.shape[3] == 4
    weighted = data[..., 1:].mean(axis=-1)
    head = (weighted > 350) & (where == 0)
    adc = np.log(np.maximum(data[..., 0], 1) / np.maximum(data[..., 1:], 1).mean(axis=-1)) / 1000
    assert np.median(adc[where == 1]) == pytest.approx(0.37e-3, abs=0.08e-3)
    assert np.median(adc[head]) == pytest.approx(0.8e-3, abs=0.2e-3)
    assert np.median(weighted[where == 1]) > 1.5 * np.median(weighted[head])


def test_blood_is_high_in_r2star(rich: Path) -> None:
    data, where = volumes(rich, "MEGRE"), labels(rich, "MEGRE")
    assert data.shape[3] == 5
    rate = np.log(np.maximum(data[..., 0], 1) / np.maximum(data[..., 1], 1)) / 0.007
    assert np.median(rate[where == 2]) > 80.0
    brain = (data[..., 4] > 300) & (where == 0)
    assert np.median(rate[brain]) == pytest.approx(19.0, abs=4.0)


def test_gradients_and_echo_times_are_written(rich: Path) -> None:
    stem = rich / "bids/sub-01/ses-3d"
    table = (stem / "dwi/sub-01_ses-3d_dwi.bvec").read_text(encoding="ascii")
    assert table == "0 1 0 0\n0 0 1 0\n0 0 0 1\n"
    text = (stem / "dwi/sub-01_ses-3d_dwi.bval").read_text(encoding="ascii")
    assert text == "0 1000 1000 1000\n"
    echoes = [
        images.read_json(stem / f"anat/sub-01_ses-3d_echo-{n}_part-mag_MEGRE.json")["EchoTime"]
        for n in range(1, 6)
    ]
    assert echoes == [0.005, 0.012, 0.019, 0.026, 0.033]


def test_interventions_and_their_lesions_are_told_apart(rich: Path, known: dict[str, Any]) -> None:
    with (rich / "bids/phenotype/interventions.tsv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file, delimiter="\t"))
    told = [(r["participant_id"], r["intervention_id"], r["day"], r["side"]) for r in table]
    assert told == [
        ("sub-01", "I1", "0", "left"),
        ("sub-01", "I2", "100", "right"),
        ("sub-03", "I1", "0", "left"),
    ]
    sessions = known["sub-01"]["sessions"]
    assert list(sessions["ses-3d"]["lesions"]) == ["I1", "other1", "other2"]
    assert sorted(sessions["ses-12m"]["lesions"]) == ["I1", "I2", "other1", "other2"]
    scan = sessions["ses-12m"]["scans"]["T1w"]
    assert scan["zone_mm3"]["core"] > 0
    assert scan["I2"]["zone_mm3"]["core"] > 0
    stem = "truth/sub-01/ses-12m/anat/sub-01_ses-12m_from-T1w"
    both = [
        images.load(rich / f"{stem}{name}_label-lesion_probseg.nii.gz").data > 0
        for name in ("", "_desc-I2")
    ]
    assert all(one.any() for one in both)
    assert not (both[0] & both[1]).any()


def test_drift_and_faults_stand_in_the_sidecar_as_a_scanner_would_tell_them(rich: Path) -> None:
    def sidecar(name: str) -> dict[str, Any]:
        subject, session, _ = name.split("_")
        return images.read_json(rich / f"bids/{subject}/{session}/anat/{name}.json")

    assert sidecar("sub-01_ses-12m_T1w")["SoftwareVersions"] == "2"
    assert "SoftwareVersions" not in sidecar("sub-01_ses-3d_T1w")
    assert sidecar("sub-01_ses-3d_FLAIR")["EchoTime"] == 0.1
    assert sidecar("sub-02_ses-b_T1w")["ContrastBolusIngredient"] == "GADOLINIUM"
    assert "ContrastBolusIngredient" not in sidecar("sub-02_ses-baseline_T1w")


def test_swapped_visit_shows_the_other_person(rich: Path, known: dict[str, Any]) -> None:
    pairs = [
        images.load(rich / f"bids/{name}/ses-3d/anat/{name}_ses-3d_T1w.nii.gz").data
        for name in ("sub-01", "sub-03")
    ]
    assert np.array_equal(*pairs)
    session = known["sub-03"]["sessions"]["ses-3d"]
    assert session["scanned"] == "sub-01"
    assert "baseline_T1w_to_scan" not in session["scans"]["T1w"]


def test_the_validator_finds_no_error(rich: Path) -> None:
    tool = Path(sys.executable).with_name("bids-validator-deno")
    assert tool.exists(), "bids-validator-deno belongs to the lock file"
    done = subprocess.run([tool, rich / "bids"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "[ERROR]" not in done.stdout
