"""Where the head lay in the second of two scans with opposite phase encoding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Volume = NDArray[np.float32]
Matrix = NDArray[np.float64]
N_STEPS = 2


def rotation(vector_rad: NDArray[np.float64]) -> Matrix:
    """Return the rotation about a vector by its length [rad], shape (3, 3).

    Notes
    -----
    Rodrigues' formula.

    Examples
    --------
    >>> rotation(np.array([0, 0, np.pi / 2])).round(6)[1].tolist()
    [1.0, 0.0, 0.0]
    """
    angle = float(np.linalg.norm(vector_rad))
    x, y, z = vector_rad / angle if angle > 0 else vector_rad
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def centred_mm(shape: Sequence[int], voxel_mm: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return the places of a grid's voxels from its centre [mm], one open array an axis."""
    axes = [(np.arange(n) - (n - 1) / 2) * edge for n, edge in zip(shape, voxel_mm, strict=True)]
    return list(np.meshgrid(*axes, indexing="ij", sparse=True))


def pose_step(
    fixed: Volume, moving: Volume, *, voxel_mm: NDArray[np.float64], phase_axis: int
) -> Matrix:
    """Return the small rigid motion that lays one unwarped scan on the other.

    Parameters
    ----------
    fixed, moving : ndarray of shape (X, Y, Z)
        Scans without distortion and with equal intensities.
    voxel_mm : ndarray of shape (3,)
        Edges of a voxel [mm].
    phase_axis : int
        Axis along which nothing is looked at.

    Returns
    -------
    ndarray of shape (4, 4)
        Points [mm from the centre of the grid] of the fixed to points of the moving scan.

    Notes
    -----
    One Gauss-Newton step on the squared difference. Along the phase-encoding axis a shift of the
    head can't be told from a shift of the centre frequency, and the field has taken up whatever
    rotation brings there: only displacements across that axis are used, which all three
    rotations have, and no translation along it is sought.
    """
    columns = np.stack(_derivatives(moving, voxel_mm=voxel_mm, phase_axis=phase_axis))
    difference = (fixed - moving).ravel().astype(np.float64)
    normal = columns @ columns.T
    ridge = 1e-6 * np.trace(normal) / len(normal) + 1e-12
    found = np.linalg.solve(normal + ridge * np.eye(len(normal)), columns @ difference)
    motion = np.eye(4)
    motion[:3, :3] = rotation(found[:3])
    motion[[axis for axis in range(3) if axis != phase_axis], 3] = found[3:]
    return motion


def align(
    fixed: Volume, moving: Volume, *, voxel_mm: NDArray[np.float64], phase_axis: int
) -> Matrix:
    """Return the rigid motion after a few steps; parameters as for `pose_step`."""
    pose = np.eye(4)
    for _ in range(N_STEPS):
        # Linear interpolation blurs more the further it turns, and so turns too little.
        away = moved(moving, pose, voxel_mm=voxel_mm, order=3)
        pose = pose @ pose_step(fixed, away, voxel_mm=voxel_mm, phase_axis=phase_axis)
    return pose


def _derivatives(
    moving: Volume, *, voxel_mm: NDArray[np.float64], phase_axis: int
) -> list[NDArray[np.float64]]:
    """Return the change of the scan by 3 rotations [1/rad] and 2 translations [1/mm]."""
    slopes = [np.gradient(moving.astype(np.float64), axis=a) / voxel_mm[a] for a in range(3)]
    slopes[phase_axis] = np.zeros_like(slopes[phase_axis])
    x, y, z = centred_mm(moving.shape, voxel_mm)
    turned = [
        slopes[2] * y - slopes[1] * z,
        slopes[0] * z - slopes[2] * x,
        slopes[1] * x - slopes[0] * y,
    ]
    shifted = [slope for axis, slope in enumerate(slopes) if axis != phase_axis]
    return [part.ravel() for part in (*turned, *shifted)]


def moved(
    volume: NDArray[Any], pose: Matrix, *, voxel_mm: NDArray[np.float64], order: Literal[1, 3]
) -> Volume:
    """Interpolate a scan where a rigid motion puts the points of the same grid.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Scan.
    pose : ndarray of shape (4, 4)
        Points [mm from the centre of the grid] wanted to points of the scan.
    voxel_mm : ndarray of shape (3,)
        Edges of a voxel [mm].
    order : int
        1 linear, 3 cubic.
    """
    if np.array_equal(pose, np.eye(4)):
        return np.asarray(volume, dtype=np.float32)
    linear = pose[:3, :3] * voxel_mm[None, :] / voxel_mm[:, None]
    centre = (np.array(volume.shape) - 1) / 2
    offset = centre + pose[:3, 3] / voxel_mm - linear @ centre
    signal = np.asarray(volume, dtype=np.float32)
    found = ndimage.affine_transform(signal, linear, offset, order=order, mode="nearest")
    return np.asarray(np.clip(found, signal.min(), signal.max()), dtype=np.float32)


def largest_motion_mm(pose: Matrix, *, radius_mm: float) -> float:
    """Return how far a rigid motion moves points of a ball about the centre, at most [mm]."""
    turn = np.linalg.norm(pose[:3, :3] - np.eye(3), ord=2)
    return float(np.linalg.norm(pose[:3, 3]) + turn * radius_mm)
