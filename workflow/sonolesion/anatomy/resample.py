"""Each scan is interpolated once, through the composed transform."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import SimpleITK
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.anatomy.geometry import (
    LPS_FROM_RAS,
    Matrix,
    apply,
    grid_points,
    to_itk,
    voxel_edges,
)

Volume = NDArray[np.float32]
Order = Literal[0, 1, 3]


def spline_order(affine: Matrix, *, cubic_limit_mm: float) -> Order:
    """Choose cubic interpolation for thin voxels and linear for thick ones.

    Cubic splines keep small structures but ring at edges sampled as coarsely as thick
    slices; linear interpolation stays between its neighbours.

    Parameters
    ----------
    affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm].
    cubic_limit_mm : float
        Longest voxel edge that is still interpolated cubically [mm].
    """
    return 3 if voxel_edges(affine).max() <= cubic_limit_mm else 1


def resample(
    moving: NDArray[Any],
    moving_affine: Matrix,
    fixed_to_moving: Matrix,
    *,
    shape: Sequence[int],
    affine: Matrix,
    order: Order,
) -> Volume:
    """Interpolate a volume on another grid through a linear transform.

    Parameters
    ----------
    moving : ndarray of shape (A, B, C)
        Volume to interpolate.
    moving_affine, affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm] of the volume and of the wanted grid.
    fixed_to_moving : ndarray of shape (4, 4)
        RAS+ points of the wanted grid to points of the moving volume.
    shape : sequence of int
        Wanted shape (X, Y, Z).
    order : int
        0 nearest, 1 linear, 3 cubic B-spline.

    Returns
    -------
    ndarray of float32, shape (X, Y, Z)
        Zero outside the moving volume; inside its range of values.
    """
    kinds = {0: SimpleITK.sitkNearestNeighbor, 1: SimpleITK.sitkLinear, 3: SimpleITK.sitkBSpline}
    lps = LPS_FROM_RAS @ fixed_to_moving @ LPS_FROM_RAS
    transform = SimpleITK.AffineTransform(3)
    transform.SetMatrix(lps[:3, :3].ravel().tolist())
    transform.SetTranslation(lps[:3, 3].tolist())
    filt = SimpleITK.ResampleImageFilter()
    reference = LPS_FROM_RAS @ affine
    edges = voxel_edges(affine)
    filt.SetSize([int(n) for n in shape[:3]])
    filt.SetOutputOrigin(reference[:3, 3].tolist())
    filt.SetOutputSpacing(edges.tolist())
    filt.SetOutputDirection((reference[:3, :3] / edges).ravel().tolist())
    filt.SetTransform(transform)
    filt.SetInterpolator(kinds[order])
    out = filt.Execute(to_itk(moving.astype(np.float32), moving_affine))
    values = np.ascontiguousarray(SimpleITK.GetArrayFromImage(out).T)
    # A spline over- and undershoots at edges: a magnitude must not turn negative.
    return np.asarray(
        np.clip(values, min(0.0, float(moving.min())), moving.max()), dtype=np.float32
    )


def sample(volume: NDArray[Any], affine: Matrix, points: NDArray[Any], *, order: Order) -> Volume:
    """Interpolate a volume at points.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Volume to interpolate.
    affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm].
    points : ndarray of shape (..., 3)
        Positions in RAS+ [mm].
    order : int
        Order of the spline, 0 to 3.

    Returns
    -------
    ndarray of float32, shape (...)
        Zero outside the volume.
    """
    index = np.moveaxis(apply(np.linalg.inv(affine), points), -1, 0)
    return np.asarray(
        ndimage.map_coordinates(volume, index, order=order, output=np.float32), dtype=np.float32
    )


def sample_field(field: NDArray[Any], affine: Matrix, points: NDArray[Any]) -> Volume:
    """Interpolate a displacement field (X, Y, Z, 3) linearly at points (..., 3)."""
    index = apply(np.linalg.inv(affine), points).reshape(-1, 3).T
    parts = [
        ndimage.map_coordinates(field[..., k], index, order=1, output=np.float32, mode="nearest")
        for k in range(3)
    ]
    return np.stack(parts, axis=-1).reshape(points.shape)


def warp(
    volume: NDArray[Any],
    affine: Matrix,
    field: NDArray[Any],
    field_affine: Matrix,
    *,
    order: Order,
) -> Volume:
    """Interpolate a volume on the grid of a displacement field.

    Parameters
    ----------
    volume : ndarray of shape (A, B, C)
        Moving volume, with its own ``affine`` (4, 4).
    field : ndarray of shape (X, Y, Z, 3)
        Displacement from each point of the field's grid to the moving space, RAS+ [mm].
    field_affine : ndarray of shape (4, 4)
        Voxel indices of the field to RAS+ [mm].
    order : int
        Order of the spline, 0 to 3.

    Returns
    -------
    ndarray of float32, shape (X, Y, Z)
    """
    return sample(volume, affine, grid_points(field.shape, field_affine) + field, order=order)
