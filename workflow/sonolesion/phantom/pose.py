"""Rigid poses and the AC-PC frame, as 4 x 4 matrices on RAS+ points in millimetres."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Points = NDArray[np.floating[Any]]


def rigid(*, angles_deg: Array, shift_mm: Array, centre_mm: Array) -> Array:
    """Rotate about x, then y, then z through a centre, then shift.

    Parameters
    ----------
    angles_deg, shift_mm, centre_mm : ndarray of shape (3,)
        Angles about the axes [deg], shift and centre of rotation [mm].

    Returns
    -------
    ndarray of shape (4, 4)
        Matrix on RAS+ points [mm].
    """
    matrix = np.eye(4)
    for axis, angle in enumerate(np.deg2rad(angles_deg)):
        first, second = (axis + 1) % 3, (axis + 2) % 3
        turn = np.eye(3)
        turn[first, first] = turn[second, second] = np.cos(angle)
        turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
        matrix[:3, :3] = turn @ matrix[:3, :3]
    matrix[:3, 3] = centre_mm + shift_mm - matrix[:3, :3] @ centre_mm
    return matrix


def apply(matrix: Points, points_mm: Points) -> Array:
    """Map points of shape (..., 3) by a 4 x 4 matrix."""
    return np.asarray(points_mm @ matrix[:3, :3].T + matrix[:3, 3], dtype=np.float64)


def acpc_frame(*, ac_mm: Array, pc_mm: Array, midline_mm: Array) -> Array:
    """Place the AC-PC frame: origin AC, y from PC to AC, x to the right of the midplane.

    Parameters
    ----------
    ac_mm, pc_mm : ndarray of shape (3,)
        Anterior and posterior commissure [mm].
    midline_mm : ndarray of shape (N, 3)
        Points of the midsagittal plane [mm].

    Returns
    -------
    ndarray of shape (4, 4)
        Matrix from acpc points to the space of the input.

    Raises
    ------
    ValueError
        If the commissures coincide.
    """
    length = float(np.linalg.norm(ac_mm - pc_mm))
    if length < 1:
        raise ValueError("anterior and posterior commissure coincide")
    forward = (ac_mm - pc_mm) / length
    offsets = midline_mm - midline_mm.mean(axis=0)
    normal = np.linalg.svd(offsets)[2][2]
    normal = normal * np.sign(normal[0])
    right = normal - forward * (normal @ forward)
    right /= np.linalg.norm(right)
    frame = np.eye(4)
    frame[:3, :3] = np.stack([right, forward, np.cross(right, forward)], axis=1)
    frame[:3, 3] = ac_mm
    return frame


def nodes(shape: tuple[int, ...], affine: Array) -> Array:
    """Points of a grid's voxel centres, shape (X, Y, Z, 3) [mm]."""
    return apply(affine, np.moveaxis(np.indices(shape[:3], dtype=np.float64), 0, -1))


def grid_affine(
    *, shape: tuple[int, int, int], voxel_mm: Array, axes: str, centre_mm: Array
) -> Array:
    """Affine of a grid along the axes of space, with its centre at a point.

    Parameters
    ----------
    shape : tuple of int
        Voxels.
    voxel_mm, centre_mm : ndarray of shape (3,)
        Voxel edges and centre of the grid [mm].
    axes : str
        One letter a voxel axis, the direction in which its index grows, as ``"RAS"``.
    """
    signs = np.array([1.0 if letter in "RAS" else -1.0 for letter in axes])
    affine = np.diag([*(signs * voxel_mm), 1.0])
    affine[:3, 3] = centre_mm - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return affine
