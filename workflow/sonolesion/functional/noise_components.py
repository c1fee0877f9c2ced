"""Components of the noise: where white matter and fluid vary together, and where most varies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.errors import InputFault
from sonolesion.functional.confounds import in_mask
from sonolesion.functional.trends import cosines, without, without_polynomials

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Least standard deviation of a voxel that varies, as a share of its mean: that of float32.
RESOLUTION = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Components:
    """Principal components of a mask.

    Attributes
    ----------
    series : ndarray of shape (N, K)
        Orthonormal, the strongest first.
    explained : ndarray of shape (K,)
        Share of the variance of each.
    n_voxels : int
        Voxels of the mask that vary.
    """

    series: Array
    explained: Array
    n_voxels: int


def noise_mask(
    probability: NDArray[Any],
    brain: Flags,
    exclusion: Flags,
    *,
    min_probability: float,
    n_erosions: int,
    min_voxels: int,
    file: object,
) -> tuple[Flags, int]:
    """Return where a tissue is pure, and how often its mask was eroded.

    Parameters
    ----------
    probability : ndarray of shape (X, Y, Z)
        Of the tissue.
    brain, exclusion : ndarray of shape (X, Y, Z)
        Brain; and where a lesion is or will be, which no mask of any visit may touch.
    min_probability : float
        Least probability.
    n_erosions : int
        Voxels taken off its surface, as long as `min_voxels` are left.
    min_voxels : int
        Least size.
    file : object
        Named in a fault.

    Raises
    ------
    InputFault
        If even the mask before erosion is smaller.

    Notes
    -----
    The exclusion is taken out after the erosion: it is no surface of the tissue.
    """
    if not probability.shape == brain.shape == exclusion.shape:
        raise ValueError(f"shapes differ: {probability.shape}, {brain.shape}, {exclusion.shape}")
    tissue = (probability >= min_probability) & brain
    depth = ndimage.distance_transform_cdt(np.pad(tissue, 1), metric="taxicab")[1:-1, 1:-1, 1:-1]
    for times in range(n_erosions, -1, -1):
        pure = (depth > times) & ~exclusion
        if pure.sum() >= min_voxels:
            return np.asarray(pure), times
    raise InputFault(
        file=file,
        found=f"{int((tissue & ~exclusion).sum())} voxels of a tissue for its components",
        expected=f"at least {min_voxels}",
        remedy="check the registration to the T1w, or choose a strategy without these components",
    )


def acompcor(
    data: NDArray[Any], mask: Flags, *, n_components: int, repetition_s: float, period_s: float
) -> Components:
    """Return the strongest components of a tissue without neurones.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Realigned series.
    mask : ndarray of shape (X, Y, Z)
        Of `noise_mask`.
    n_components : int
        Components K; fewer if the frames have no more.
    repetition_s : float
        Repetition time [s].
    period_s : float
        Trends slower than this are taken out before [s].

    Raises
    ------
    ValueError
        If shapes don't fit, or nothing in the mask varies.

    Notes
    -----
    Behzadi et al. 2007, doi:10.1016/j.neuroimage.2007.04.042: each voxel's series is divided by
    its standard deviation, then decomposed, as in nipype's ACompCor with its cosine filter.
    """
    series = in_mask(data, mask)
    basis = cosines(series.shape[1], repetition_s=repetition_s, period_s=period_s)
    # What is left of a voxel that never varies is rounding.
    series = series[series.std(axis=1) > RESOLUTION * np.abs(series.mean(axis=1))]
    return _principal(without(series, basis), n_components, series.shape[1] - basis.shape[1])


def tcompcor(
    data: NDArray[Any],
    mask: Flags,
    *,
    share: float,
    n_components: int,
    repetition_s: float,
    period_s: float,
) -> tuple[Components, Flags]:
    """Return the strongest components of the voxels that vary most, and these voxels.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Realigned series.
    mask : ndarray of shape (X, Y, Z)
        Brain without the exclusion mask.
    share : float
        Share of the mask's voxels that vary most.
    n_components, repetition_s, period_s
        As for `acompcor`.

    Notes
    -----
    Behzadi et al. 2007, doi:10.1016/j.neuroimage.2007.04.042; a trend of second degree does not
    count as variation, as in nipype's TCompCor.
    """
    spread = without_polynomials(in_mask(data, mask), degree=2).std(axis=1)
    chosen = np.zeros(mask.shape, dtype=bool)
    chosen[mask] = spread >= np.percentile(spread, 100.0 * (1.0 - share))
    found = acompcor(
        data, chosen, n_components=n_components, repetition_s=repetition_s, period_s=period_s
    )
    return found, chosen


def _principal(series: Array, n_components: int, n_free: int) -> Components:
    """Return the components of series (V, N) that have `n_free` degrees of freedom."""
    if not len(series):
        raise ValueError("nothing in the mask varies")
    scaled = series / series.std(axis=1, keepdims=True)
    # The frames are fewer than the voxels: their covariance is the smaller one.
    sizes, axes = np.linalg.eigh(scaled.T @ scaled)
    n_kept = min(n_components, n_free, len(series))
    strongest = np.argsort(sizes)[::-1][:n_kept]
    explained = sizes[strongest] / sizes.clip(0.0).sum()
    # A component's sign is free; told so that its largest value is positive.
    found = axes[:, strongest]
    signs = np.sign(found[np.abs(found).argmax(axis=0), np.arange(n_kept)])
    return Components(found * signs, explained, len(series))
