"""Corrected masks: which visit takes each, and which none does."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import pytest

from sonolesion.core.errors import ConfigError
from sonolesion.ingest import corrections

MASK = "sub-01_ses-3d_space-acpc_label-lesion_desc-t1_mask.nii.gz"
ZONES = "sub-01_ses-3d_space-acpc_seg-lesionzones_desc-t1_dseg.nii"


def interventions() -> dict[str, Any]:
    return {"t1": {"follow_ups": {"3d": {"contrasts": ["T1w"]}, "1m": {"contrasts": []}}}}


def write(path: Path, content: bytes = b"a") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


def told(output: Path) -> dict[str, Any]:
    plan = interventions()
    corrections.attach("01", plan, corrections.read(output / "corrections"))
    return plan["t1"]["follow_ups"]["3d"]["correction"]


def test_content_counts_and_time_does_not(tmp_path: Path) -> None:
    assert told(tmp_path) == {"files": [], "fingerprint": ""}
    path = write(tmp_path / "corrections" / MASK)
    first = told(tmp_path)
    assert first["files"] == [MASK]
    os.utime(path, (0, 0))
    assert told(tmp_path) == first
    write(path, b"b")
    assert told(tmp_path)["fingerprint"] != first["fingerprint"]


def test_both_names_and_any_depth(tmp_path: Path) -> None:
    write(tmp_path / "corrections/sub-01" / ZONES)
    write(tmp_path / "corrections" / MASK)
    write(tmp_path / "corrections/.trash" / MASK)
    (tmp_path / "corrections/notes.txt").write_text("by A. B.")
    assert len(told(tmp_path)["files"]) == 2


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("sub-01_ses-3d_mask.nii.gz", "no name of a corrected mask"),
        (MASK.replace("t1", "t2"), "no lesion of t2 is looked for"),
        (MASK.replace("3d", "9d"), "no lesion of t1 is looked for"),
        (MASK.replace("3d", "1m"), "no lesion of t1 is looked for"),
        (MASK.replace("sub-01", "sub-02"), "no lesion of t1 is looked for"),
    ],
)
def test_a_mask_that_no_visit_takes_is_told(tmp_path: Path, name: str, reason: str) -> None:
    write(tmp_path / "corrections" / MASK)
    write(tmp_path / "corrections" / name)
    found = corrections.read(tmp_path / "corrections")
    (stray,) = corrections.strays(found, {"01": interventions()})
    assert reason in stray.reason
    assert name in stray.reason


def test_the_folder_is_not_in_the_raw_data(tmp_path: Path) -> None:
    raw, output = tmp_path / "raw", tmp_path / "out"
    assert corrections.folder("corrections", output, raw) == output / "corrections"
    assert corrections.folder(str(raw / "derivatives/hand"), output, raw).name == "hand"
    with pytest.raises(ConfigError, match=r"lesion\.corrections_dir.*raw data"):
        corrections.folder(str(raw / "corrections"), output, raw)
