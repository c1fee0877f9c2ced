"""Template spaces: which grid belongs to which, and points carried from one to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Matrix = NDArray[np.float64]
Points = NDArray[np.float32]
# Grids that one family of templates alone is distributed on: shape, lowest voxel centre [mm].
GRIDS = (
    ((182, 218, 182), (-91.0, -126.0, -72.0), "MNI152NLin6Asym"),
    ((260, 311, 260), (-91.3, -126.0, -72.0), "MNI152NLin6Asym"),
    ((193, 229, 193), (-96.0, -132.0, -78.0), "MNI152NLin2009cAsym"),
    ((97, 115, 97), (-96.5, -132.5, -78.5), "MNI152NLin2009cAsym"),
    ((394, 466, 378), (-98.0, -134.0, -72.0), "MNI152NLin2009cAsym"),
)
GRID_TOLERANCE_MM = 0.05


def space_of_grid(shape: Sequence[int], affine: Matrix) -> str:
    """Return the template whose own grid this is, "" if it is nobody's.

    Templates on the same side of the alternative (2009b and 2009c) count as one.
    """
    corners = apply(affine, np.array(list(np.ndindex(2, 2, 2))) * (np.array(shape[:3]) - 1.0))
    lowest = corners.min(axis=0)
    for grid, corner, space in GRIDS:
        near = np.abs(lowest - np.array(corner)).max() <= GRID_TOLERANCE_MM
        if tuple(shape[:3]) == grid and near:
            return space
    return ""


def apply(matrix: NDArray[Any], points: NDArray[Any]) -> NDArray[Any]:
    """Map points of shape (..., 3) with a matrix of shape (4, 4); single precision stays."""
    kind = points.dtype if points.dtype.kind == "f" else np.dtype(np.float64)
    return np.asarray(points @ matrix[:3, :3].T.astype(kind) + matrix[:3, 3].astype(kind))


def carry(points: Points, field: NDArray[Any], affine: Matrix) -> Points:
    """Move points (..., 3) [mm] by a displacement field (X, Y, Z, 3) [mm], RAS+.

    Beyond the field's grid the displacement of its border holds.
    """
    index = apply(np.linalg.inv(affine), points.reshape(-1, 3)).T
    shift = [
        ndimage.map_coordinates(field[..., axis], index, order=1, output=np.float32, mode="nearest")
        for axis in range(3)
    ]
    return np.asarray(points + np.stack(shift, axis=-1).reshape(points.shape), dtype=np.float32)


def box_grid(
    low_mm: Sequence[float], high_mm: Sequence[float], *, grid_affine: Matrix, shape: Sequence[int]
) -> tuple[tuple[slice, slice, slice], Matrix]:
    """Return the part of a grid between two corners [mm], and that part's affine (4, 4).

    The grid's axes are those of the space (a diagonal, positive affine).
    """
    inverse = np.linalg.inv(grid_affine)
    first = np.floor(apply(inverse, np.array(low_mm, dtype=float))).astype(int)
    last = np.ceil(apply(inverse, np.array(high_mm, dtype=float))).astype(int) + 1
    first, last = np.maximum(first, 0), np.minimum(last, np.array(shape[:3]))
    part = tuple(slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
    affine = grid_affine.copy()
    affine[:3, 3] = apply(grid_affine, first.astype(float))
    return (part[0], part[1], part[2]), affine


def subpoints(shape: Sequence[int], affine: Matrix, *, per_edge: int) -> Points:
    """Return points inside each voxel [mm], shape (n_voxels, per_edge³, 3)."""
    centres = np.indices(tuple(shape[:3])).reshape(3, -1).T.astype(np.float32)
    steps = ((np.arange(per_edge) + 0.5) / per_edge - 0.5).astype(np.float32)
    inside = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(apply(affine, centres[:, None] + inside[None]), dtype=np.float32)
