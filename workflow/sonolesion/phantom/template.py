"""Read the symmetric brain template that comes with nilearn, and put a head around it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonolesion.core import images
from sonolesion.core.errors import InputFault
from sonolesion.phantom import head

NAME = "mni_icbm152_{}_tal_nlin_sym_09a_converted.nii.gz"
PAD = ((20, 20), (20, 20), (30, 20))
# Pure tissue of the template: mean T1 intensity where one map is above 0.95, the other below 0.05.
PURE_GREY, PURE_WHITE = 165.0, 223.0
PURE_FRACTION = 254.0
HULL_STEP = 2
HULL_CLOSING_MM = 12.0


@dataclass(frozen=True)
class Template:
    """Maps on one padded 1 mm grid; the lowest slice is repeated downwards as a neck.

    `grey`, `white` and `t1` are in the template's own units (0–255), `hull_mm` is the signed
    distance from the brain's hull, `brain` the brain mask.
    """

    grey: NDArray[np.uint8]
    white: NDArray[np.uint8]
    t1: NDArray[np.uint8]
    brain: NDArray[np.bool_]
    hull_mm: head.Volume
    affine: NDArray[np.float64]


def path_of(kind: str) -> Path:
    """Locate a template file (`t1`, `gm` or `wm`) without importing nilearn, which is slow."""
    spec = find_spec("nilearn")
    if spec is None or spec.origin is None:
        raise InputFault(
            file=NAME.format(kind),
            found="no package nilearn",
            expected="its template",
            remedy="install the packages of the lock file",
        )
    return Path(spec.origin).parent / "datasets" / "data" / NAME.format(kind)


@lru_cache(maxsize=1)
def load() -> Template:
    """Load the template and work out the hull of its brain."""
    t1 = images.load(path_of("t1"), dtype=np.uint8)
    grey, white = (images.load(path_of(k), like=t1, dtype=np.uint8).data for k in ("gm", "wm"))
    affine = t1.affine.copy()
    affine[:3, 3] -= [before for before, _ in PAD]
    padded = [_pad(data) for data in (grey, white, t1.data)]
    brain = padded[2] > 0
    hull_mm = head.hull_distance(brain, step=HULL_STEP, closing_mm=HULL_CLOSING_MM)
    brain[:, :, : PAD[2][0]] = False
    return Template(padded[0], padded[1], padded[2], brain, hull_mm, affine)


def _pad(data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pad with air, downwards with the lowest slice."""
    below = np.pad(data, ((0, 0), (0, 0), (PAD[2][0], 0)), mode="edge")
    return np.pad(below, (PAD[0], PAD[1], (0, PAD[2][1])))
