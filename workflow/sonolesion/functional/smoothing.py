"""Smoothing within a mask."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

FWHM_TO_SD = 1.0 / np.sqrt(8.0 * np.log(2.0))


def smoothed(
    series: NDArray[Any],
    inside: NDArray[np.bool_],
    *,
    fwhm_mm: float,
    voxel_mm: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Smooth each frame of series with a Gaussian, voxels outside the mask counting nothing.

    Parameters
    ----------
    series : ndarray of shape (V, N)
        One row a voxel of `inside`, in its order (C).
    inside : ndarray of bool, shape (X, Y, Z)
        Mask.
    fwhm_mm : float
        Width at half the height [mm]; 0 leaves the series.
    voxel_mm : ndarray of shape (3,)
        Edges of a voxel [mm].
    """
    out = np.asarray(series, dtype=np.float32)
    if fwhm_mm == 0:
        return out
    sigma = fwhm_mm * FWHM_TO_SD / voxel_mm
    box = tuple(slice(i.min(), i.max() + 1) for i in np.nonzero(inside))
    own = inside[box]
    weight = ndimage.gaussian_filter(own.astype(np.float32), sigma, mode="constant", truncate=3.0)
    result = np.empty_like(out)
    frame = np.zeros(own.shape, dtype=np.float32)
    for number in range(out.shape[1]):
        frame[own] = out[:, number]
        soft = ndimage.gaussian_filter(frame, sigma, mode="constant", truncate=3.0)
        result[:, number] = soft[own] / weight[own]
    return result
