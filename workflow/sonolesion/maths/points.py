"""Points in millimetres: carried by matrices and warps, and the voxels that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Points = NDArray[np.float32]
Matrix = NDArray[np.float64]


def moved(points: Points, matrix: NDArray[Any]) -> Points:
    """Map points with a matrix of shape (4, 4)."""
    turned = points @ matrix[:3, :3].T.astype(np.float32) + matrix[:3, 3].astype(np.float32)
    return np.asarray(turned, dtype=np.float32)


def voxel_numbers(points: Points, affine: Matrix, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the number of the voxel that holds each point, in C order; -1 outside the grid."""
    index = np.rint(moved(points, np.linalg.inv(affine))).astype(np.int32)
    inside = ((index >= 0) & (index < np.array(shape[:3], dtype=np.int32))).all(axis=1)
    number = (index[:, 0].astype(np.int64) * shape[1] + index[:, 1]) * shape[2] + index[:, 2]
    return np.where(inside, number, -1)


def points_in(
    shape: Sequence[int], affine: Matrix, warps: Sequence[tuple[NDArray[Any], Matrix]]
) -> NDArray[np.float32]:
    """Return where each voxel lies after a chain of warps, shape (X, Y, Z, 3) [mm].

    Parameters
    ----------
    shape : sequence of int
        Grid (X, Y, Z).
    affine : ndarray of shape (4, 4)
        Voxel indices to points of the first warp's space [mm].
    warps : sequence of (ndarray of shape (A, B, C, 3), ndarray of shape (4, 4))
        Displacements [mm] from each point of a grid to the next space, and that grid.
    """
    index = np.indices(tuple(shape[:3]), dtype=np.float32).reshape(3, -1).T
    return through(moved(index, affine), warps).reshape(*shape[:3], 3)


def through(points: Points, warps: Sequence[tuple[NDArray[Any], Matrix]]) -> Points:
    """Carry points (P, 3) through a chain of warps, as `points_in` is told them [mm]."""
    for field, place in warps:
        there = moved(points, np.linalg.inv(place)).T
        step = [
            ndimage.map_coordinates(
                field[..., k], there, order=1, mode="nearest", output=np.float32
            )
            for k in range(3)
        ]
        points = points + np.stack(step, axis=1)
    return np.asarray(points, dtype=np.float32)
