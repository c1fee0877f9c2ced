"""The volumes of the atlases in use, one region at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault
from sonolesion.maths.points import Matrix

CODINGS = ("labels", "probabilistic")
PERCENT = 100.0


class Opened:
    """An atlas that was read: number of a region → its volume."""

    def __init__(self, row: Mapping[str, Any], data: NDArray[Any], affine: Matrix) -> None:
        if row["coding"] not in CODINGS:
            raise InputFault(
                file=row["file"],
                found=f"an atlas of coding {row['coding']}",
                expected=" or ".join(CODINGS),
                remedy="name the regions of the bundles from another atlas",
            )
        self.labels = row["coding"] == "labels"
        self.data, self.affine = data, affine
        self.whole = 1.0 if self.labels else PERCENT

    def __call__(self, number: int) -> tuple[NDArray[Any], Matrix]:
        """Return the share of each voxel in a region, in units of `whole`."""
        if self.labels:
            return (self.data == number).astype(np.float32), self.affine
        return self.data[..., number], self.affine
