"""Brain and other volumes of the acpc space on the grid of a scan."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.maths.regrid import regridded

Matrix = NDArray[np.float64]
HALF = 0.5


def carried(
    volume: NDArray[Any],
    volume_affine: Matrix,
    to_scan: Matrix,
    *,
    shape: tuple[int, ...],
    affine: Matrix,
) -> NDArray[np.float32]:
    """Interpolate a volume of the acpc space on the grid of a scan, linearly.

    Parameters
    ----------
    volume : ndarray of shape (A, B, C)
        Finer than the scan: it is smoothed to the scan's voxels first.
    volume_affine, affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm] of the volume and of the scan.
    to_scan : ndarray of shape (4, 4)
        Points of the acpc space to points of the scan.
    shape : tuple of int
        Grid of the scan (X, Y, Z).

    Returns
    -------
    ndarray of float32, shape (X, Y, Z)
        Zero outside the volume.
    """
    edge_mm = np.linalg.norm(volume_affine[:3, :3], axis=0)
    scan_mm = np.linalg.norm(affine[:3, :3], axis=0).mean()
    # A voxel sees a mean over its box, whose standard deviation is its edge over the root of 12.
    spread_mm = np.sqrt(np.maximum(scan_mm**2 - edge_mm**2, 0.0) / 12.0)
    smooth = ndimage.gaussian_filter(np.asarray(volume, np.float32), spread_mm / edge_mm)
    return regridded(smooth, volume_affine, to_scan, shape=shape, affine=affine)


def mask(
    brain: NDArray[Any],
    volume: NDArray[Any],
    *,
    voxel_mm: NDArray[np.float64],
    margin_mm: float,
    bright_share: float,
) -> NDArray[np.bool_]:
    """Return the brain of a scan: the carried one with a margin, where there is signal.

    Parameters
    ----------
    brain : ndarray of shape (X, Y, Z)
        Share of each voxel in the carried brain.
    volume : ndarray of shape (X, Y, Z)
        Volume of the scan, fluid not dark.
    voxel_mm : ndarray of shape (3,)
        Edges of a voxel [mm].
    margin_mm : float
        Margin about the carried brain [mm].
    bright_share : float
        Least signal, as a share of the bright tissue (98th percentile of the carried brain).
    """
    inside = brain > HALF
    if not inside.any():
        return np.zeros(brain.shape, dtype=bool)
    near = ndimage.distance_transform_edt(~inside, sampling=voxel_mm) <= margin_mm
    bright = volume > bright_share * np.percentile(volume[inside], 98.0)
    whole = ndimage.binary_fill_holes(ndimage.binary_opening(near & bright))
    labels, _ = ndimage.label(whole)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray((labels == sizes.argmax()) & whole)
