"""Volumes of one space on the grid of another, by a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Matrix = NDArray[np.float64]


def regridded(
    volume: NDArray[Any],
    volume_affine: Matrix,
    to_scan: Matrix,
    *,
    shape: tuple[int, ...],
    affine: Matrix,
) -> NDArray[np.float32]:
    """Interpolate a volume on the grid of a scan, linearly.

    Parameters
    ----------
    volume : ndarray of shape (A, B, C)
    volume_affine, affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm] of the volume and of the scan.
    to_scan : ndarray of shape (4, 4)
        Points of the volume's space to points of the scan.
    shape : tuple of int
        Grid of the scan (X, Y, Z); axes beyond are passed over.

    Returns
    -------
    ndarray of float32, shape (X, Y, Z)
        Zero outside the volume.
    """
    index = np.linalg.inv(volume_affine) @ np.linalg.inv(to_scan) @ affine
    return np.asarray(
        ndimage.affine_transform(
            np.asarray(volume, np.float32),
            index[:3, :3],
            index[:3, 3],
            output_shape=shape[:3],
            order=1,
        ),
        dtype=np.float32,
    )
