"""Correction of the receive field: smooth, multiplicative intensity changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.anatomy.geometry import to_itk

Volume = NDArray[np.float32]


def foreground(volume: NDArray[Any]) -> NDArray[np.bool_]:
    """Separate head from air by Otsu's threshold, holes filled.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Any magnitude image.

    Returns
    -------
    ndarray of bool, shape (X, Y, Z)
        The head; where the background is exactly zero (a skull-stripped scan), all else.

    Notes
    -----
    Half of Otsu's threshold (1979, doi:10.1109/TSMC.1979.4310076) is used: the full one cuts
    between grey and white matter in scans with bright fat.
    """
    positive = volume > 0
    if np.count_nonzero(positive) < volume.size // 2:
        inside = positive & (volume > 0.5 * _otsu(volume[positive]))
    else:
        inside = volume > 0.5 * _otsu(volume)
    return np.asarray(ndimage.binary_fill_holes(inside), dtype=bool)


def _otsu(values: NDArray[Any]) -> float:
    """Return the threshold that maximises the variance between two classes."""
    top = np.percentile(values, 99.0)
    counts, edges = np.histogram(np.minimum(values, top), bins=256)
    centres = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)
    above = counts.sum() - below
    sum_below = np.cumsum(counts * centres)
    mean_below = sum_below / np.maximum(below, 1)
    mean_above = (sum_below[-1] - sum_below) / np.maximum(above, 1)
    between = below * above * (mean_below - mean_above) ** 2
    # Well parted classes leave a plateau; its middle is meant.
    return float(centres[between >= (1 - 1e-9) * between.max()].mean())


def correct_bias(
    volume: Volume,
    affine: NDArray[np.float64],
    mask: NDArray[np.bool_],
    *,
    grid_mm: float,
    n_iterations: int,
    n_levels: int,
    n_threads: int,
) -> Volume:
    """Divide out the smooth field that N4 estimates inside a mask.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Magnitude image.
    affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm].
    mask : ndarray of bool, shape (X, Y, Z)
        Where the field is estimated; the correction is applied everywhere.
    grid_mm : float
        Spacing of the shrunk grid on which the field is estimated [mm].
    n_iterations, n_levels : int
        Iterations in each of the spline levels.
    n_threads : int
        Threads to use.

    Returns
    -------
    ndarray of float32, shape (X, Y, Z)
        Corrected image; its median inside the mask is that of the input.

    Notes
    -----
    N4, Tustison et al. 2010, doi:10.1109/TMI.2010.2046908.
    """
    image, inside = to_itk(volume, affine), to_itk(mask.astype(np.uint8), affine)
    shrink = [max(1, round(grid_mm / edge)) for edge in image.GetSpacing()]
    n4 = SimpleITK.N4BiasFieldCorrectionImageFilter()
    n4.SetMaximumNumberOfIterations([n_iterations] * n_levels)
    n4.SetNumberOfThreads(n_threads)
    n4.Execute(SimpleITK.Shrink(image, shrink), SimpleITK.Shrink(inside, shrink))
    log_field = SimpleITK.GetArrayFromImage(n4.GetLogBiasFieldAsImage(image)).T
    corrected = volume / np.exp(log_field)
    scale = np.median(volume[mask]) / np.median(corrected[mask])
    return np.asarray(corrected * scale, dtype=np.float32)
