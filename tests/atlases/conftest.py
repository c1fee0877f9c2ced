"""A small template space, an atlas in it, and a subject whose acpc is shifted against it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

SPACE, OTHER = "MNI152NLin2009cAsym", "MNI152NLin6Asym"
SHIFT_MM = np.array([1.0, -2.0, 3.0])
Writer = Callable[..., dict[str, Any]]


def grid(shape: tuple[int, ...], edge_mm: float = 1.0) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return an affine whose middle voxel lies at zero."""
    affine = np.diag([edge_mm] * 3 + [1.0])
    affine[:3, 3] = -edge_mm * (np.array(shape) - 1) / 2
    return affine


@pytest.fixture
def atlas(tmp_path: Path) -> Writer:
    """Write an atlas of two cubes, left and right of the midline, in any coding."""

    def write(coding: str = "labels", *, name: str = "a.nii.gz", **given: Any) -> dict[str, Any]:
        shape = (41, 41, 41)
        volume = np.zeros(shape, dtype=np.uint8)
        volume[8:14, 18:24, 20:26] = 1
        volume[27:33, 18:24, 20:26] = 2
        names = ["Background", "L Cube", "R Cube"]
        if coding == "packed":
            kind = np.dtype([(part, np.uint8) for part in "RGBA"])
            data = np.zeros(shape, dtype=kind)
            data["R"], data["B"] = volume, np.where(volume > 0, 255, 0)
        elif coding == "probabilistic":
            data = np.stack([100 * (volume == k) for k in range(3)], axis=-1).astype(np.uint8)
        else:
            data = volume
        path = tmp_path / name
        image = nib.Nifti1Image(data, grid(shape))
        image.set_sform(image.affine, 4)
        nib.save(image, path)
        labels = tmp_path / "labels.csv"
        labels.write_text("index,name\n" + "".join(f"{i},{n}\n" for i, n in enumerate(names)))
        row = {"name": "cubes", "kind": "atlas", "file": str(path), "labels": str(labels),
               "space": SPACE, "carried_as": SPACE, "coding": coding, "structures": {},
               "extra_sd_mm": 0.0, "fault": "", "licence": "free", "citation": "none"}  # fmt: skip
        return row | given

    return write
