"""Grids, points and matrices: RAS+ millimetres throughout, ITK's LPS+ only at the border."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def to_itk(volume: NDArray[Any], affine: Matrix) -> SimpleITK.Image:
    """Wrap a volume of shape (X, Y, Z) as an ITK image in LPS+ [mm]."""
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(volume.T))
    lps = LPS_FROM_RAS @ affine
    edges = voxel_edges(affine)
    image.SetSpacing(edges.tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    image.SetDirection((lps[:3, :3] / edges).ravel().tolist())
    return image


def voxel_edges(affine: Matrix) -> Matrix:
    """Return the edge lengths of a voxel [mm], shape (3,)."""
    return np.asarray(np.sqrt((affine[:3, :3] ** 2).sum(axis=0)), dtype=np.float64)


def apply(matrix: NDArray[Any], points: NDArray[Any]) -> NDArray[Any]:
    """Map points of shape (..., 3) with a matrix of shape (4, 4); the precision stays."""
    kind = points.dtype if points.dtype.kind == "f" else np.dtype(np.float64)
    turn, shift = matrix[:3, :3].T.astype(kind), matrix[:3, 3].astype(kind)
    return np.asarray(points @ turn + shift)


def grid_points(shape: Sequence[int], affine: Matrix) -> NDArray[np.float32]:
    """Return the position of every voxel centre [mm], shape (X, Y, Z, 3)."""
    index = [np.arange(n, dtype=np.float32) for n in shape[:3]]
    out = np.empty((*shape[:3], 3), dtype=np.float32)
    for row in range(3):
        x, y, z = (affine[row, axis] * index[axis] for axis in range(3))
        out[..., row] = x[:, None, None] + y[None, :, None] + z[None, None, :] + affine[row, 3]
    return out


def rotation(axis: Sequence[float] | Matrix, degrees: float) -> Matrix:
    """Return the rotation of shape (3, 3) about an axis through the origin (Rodrigues)."""
    x, y, z = np.asarray(axis, dtype=np.float64) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.deg2rad(degrees)
    out: Matrix = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return out


def about(centre: NDArray[Any], turn: Matrix, shift_mm: NDArray[Any] | None = None) -> Matrix:
    """Return the matrix (4, 4) that turns about a point, then shifts [mm]."""
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = centre - turn @ centre + (0 if shift_mm is None else shift_mm)
    return matrix


def crop_box(mask: NDArray[np.bool_], margin_voxels: int) -> tuple[slice, slice, slice]:
    """Return the slices that hold every voxel of a mask, and a margin [voxels]."""
    out = []
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        found = np.flatnonzero(mask.any(axis=others))
        low, high = found[0] - margin_voxels, found[-1] + 1 + margin_voxels
        out.append(slice(max(0, int(low)), min(mask.shape[axis], int(high))))
    return out[0], out[1], out[2]


def cropped_affine(affine: Matrix, box: tuple[slice, slice, slice]) -> Matrix:
    """Return the affine of a volume cropped to a box."""
    out = affine.copy()
    out[:3, 3] = apply(affine, np.array([part.start for part in box], dtype=np.float64))
    return out
