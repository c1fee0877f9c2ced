"""Gaussian means of maps that have holes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.float64]
FWHM_PER_SD = 2.0 * np.sqrt(2.0 * np.log(2.0))
# Below this share of a kernel's weight nothing near enough is there.
NEAR = 1e-3


def smoothed(volume: NDArray[Any], fwhm_voxels: NDArray[Any]) -> Array:
    """Return a Gaussian mean over the voxels that are there.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        NaN where nothing is told.
    fwhm_voxels : ndarray of shape (3,)
        Width at half the height along each axis [voxel]; 0 leaves an axis.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        NaN where the volume is.
    """
    mean, _ = _mean(volume, fwhm_voxels)
    return np.where(np.isfinite(volume), mean, np.nan)


def filled(volume: NDArray[Any], fwhm_voxels: NDArray[Any]) -> Array:
    """Return a map with its holes filled from what is near, else by its median.

    Parameters
    ----------
    volume, fwhm_voxels
        As in `smoothed`.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        What was told stays as it is; NaN all over if nothing was.
    """
    there = np.isfinite(volume)
    if not there.any():
        return np.full(volume.shape, np.nan)
    mean, weight = _mean(volume, fwhm_voxels)
    around = np.where(weight > NEAR, mean, np.median(volume[there]))
    return np.where(there, volume, around)


def _mean(volume: NDArray[Any], fwhm_voxels: NDArray[Any]) -> tuple[Array, Array]:
    """Return the mean over what is there, 0 where nothing is, and its weight."""
    sd_voxels = np.asarray(fwhm_voxels, dtype=np.float64) / FWHM_PER_SD
    there = np.isfinite(volume)
    held = np.where(there, volume, 0.0).astype(np.float64)
    weight = ndimage.gaussian_filter(there.astype(np.float64), sd_voxels)
    total = ndimage.gaussian_filter(held, sd_voxels)
    return total / np.where(weight > 0, weight, 1.0), weight
