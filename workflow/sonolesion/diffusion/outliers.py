"""Slices and volumes whose signal dropped out while the head moved."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Of normal noise, standard deviation over median absolute deviation.
MAD_TO_SD = 1.4826
# The spread of a slice is at most so many times the median of that of so many slices.
MOST_BESIDE = 3.0
N_BESIDE = 5


def slice_residuals(
    measured: NDArray[Any],
    predicted: NDArray[Any],
    slices: NDArray[Any],
    *,
    n_slices: int,
    min_points: int,
) -> Array:
    """Return the mean residual of each slice of a volume, as a share of its prediction.

    Parameters
    ----------
    measured, predicted : ndarray of shape (P,)
        Values at points of the brain; points without a finite value or a prediction are left out.
    slices : ndarray of shape (P,)
        Number of the slice in which each point was measured; others than 0 to n_slices - 1 are
        left out.
    n_slices : int
        Slices of the volume.
    min_points : int
        Points below which a slice tells nothing.

    Returns
    -------
    ndarray of shape (n_slices,)
        -0.5 where half of the signal is missing; NaN where nothing is told.

    Examples
    --------
    >>> slice_residuals(np.array([5.0, 9.0]), np.array([10.0, 10.0]), np.array([0, 2]),
    ...     n_slices=3, min_points=1)
    array([-0.5,  nan, -0.1])
    """
    number = np.rint(slices)
    used = np.isfinite(measured) & (predicted > 0) & (number >= 0) & (number < n_slices)
    where = number[used].astype(np.int64)
    count = np.bincount(where, minlength=n_slices)
    got = np.bincount(where, weights=measured[used], minlength=n_slices)
    wanted = np.bincount(where, weights=predicted[used], minlength=n_slices)
    told = (count >= max(min_points, 1)) & (wanted > 0)
    return np.where(told, got / np.where(told, wanted, 1.0) - 1.0, np.nan)


def standardised(residuals: Array) -> Array:
    """Return residuals of slices in robust standard deviations.

    Parameters
    ----------
    residuals : ndarray of shape (Z, N)
        Of one shell, as `slice_residuals` returns them, one column a volume.

    Returns
    -------
    ndarray of shape (Z, N)
        0 where nothing is told.

    Notes
    -----
    Each volume is told against its own median (its gain), and each slice against the larger of
    its own and the whole shell's median absolute deviation: few volumes may agree by chance, and
    the slices at the ends of the head are noisier than others. It is bounded by
    that of the slices around: a lost slice spoils what is predicted of it for all volumes.
    Detection by the mean residual of a slice: Andersson et al. 2016,
    doi:10.1016/j.neuroimage.2016.06.058.
    """
    told = np.isfinite(residuals)
    if not told.any():
        return np.zeros_like(residuals)
    centred = _less_median(_less_median(residuals, axis=0), axis=1)
    whole = MAD_TO_SD * float(np.median(np.abs(centred[told])))
    each = MAD_TO_SD * _median(np.abs(centred), axis=1)
    usual = ndimage.median_filter(each, (N_BESIDE, 1))
    spread = np.maximum(np.minimum(each, MOST_BESIDE * usual), whole)
    return np.where(told & (spread > 0), centred / np.where(spread > 0, spread, 1.0), 0.0)


def _less_median(values: Array, *, axis: int) -> Array:
    return np.asarray(values - _median(values, axis=axis))


def _median(values: Array, *, axis: int) -> Array:
    """Return the median of the finite values along an axis, kept; 0 where there are none."""
    empty = ~np.isfinite(values).any(axis=axis, keepdims=True)
    return np.asarray(np.nanmedian(np.where(empty, 0.0, values), axis=axis, keepdims=True))


def outlier_slices(residuals: Array, *, threshold_sd: float, min_loss: float) -> Flags:
    """Return which slices lost signal.

    Parameters
    ----------
    residuals : ndarray of shape (Z, N)
        As for `standardised`.
    threshold_sd : float
        Robust standard deviations below the others, positive.
    min_loss : float
        Least share of the signal that must be missing: without noise a trifle is far out.
    """
    low = standardised(residuals) <= -threshold_sd
    return np.asarray(low & (np.nan_to_num(residuals) <= -min_loss))


def deepest(candidates: Flags, residuals: Array) -> Flags:
    """Return the candidates that lost no less than any candidate there or beside.

    A lost slice spoils what is predicted of that slice in the other volumes, and an interpolated
    slice takes signal from its neighbours: the deepest is marked first, the rest judged again.

    Parameters
    ----------
    candidates : ndarray of shape (Z, N)
        Slices that seem to have lost signal.
    residuals : ndarray of shape (Z, N)
        As for `standardised`.

    Examples
    --------
    >>> low = np.array([[-0.2, 0.0], [-0.6, -0.2], [-0.3, 0.0], [0.0, -0.4]])
    >>> np.argwhere(deepest(low < -0.1, low)).tolist()
    [[1, 0], [3, 1]]
    """
    depth = np.where(candidates, np.nan_to_num(residuals), np.inf)
    least = ndimage.minimum_filter1d(depth.min(axis=1), 3, mode="constant", cval=np.inf)
    return np.asarray(candidates & (depth <= least[:, None]))


def outlier_volumes(
    slices: Flags,
    residuals: Array,
    gains: Array,
    *,
    max_share: float,
    min_gain: float,
) -> Flags:
    """Return which volumes are lost as a whole.

    Parameters
    ----------
    slices : ndarray of shape (Z, N)
        Outlier slices.
    residuals : ndarray of shape (Z, N)
        Told where they are finite.
    gains : ndarray of shape (N,)
        Median of measured over predicted signal of each volume.
    max_share : float
        Share of the told slices from which on too few are left.
    min_gain : float
        Least gain; below it most of the volume dropped out.
    """
    told = np.isfinite(residuals)
    share = (slices & told).sum(axis=0) / np.maximum(told.sum(axis=0), 1)
    return np.asarray((share >= max_share) | (gains < min_gain))


def filled(volume: NDArray[Any], lost: Flags) -> NDArray[np.float32]:
    """Return a volume whose lost slices are interpolated from their neighbours.

    Only so that they don't ring into the others when the volume is interpolated.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        One volume.
    lost : ndarray of shape (Z,)
        Its outlier slices.
    """
    whole = np.array(volume, dtype=np.float32)
    sound = np.flatnonzero(~lost)
    if not sound.size:
        return whole
    for number in np.flatnonzero(lost):
        after = int(np.searchsorted(sound, number))
        low, high = sound[max(after - 1, 0)], sound[min(after, sound.size - 1)]
        share = (number - low) / (high - low) if high > low else 0.0
        whole[..., number] = (1.0 - share) * whole[..., low] + share * whole[..., high]
    return whole


def touched(slices: NDArray[Any], lost: Flags) -> Flags:
    """Return which points take signal from a lost slice.

    Parameters
    ----------
    slices : ndarray
        Where each point lies among the slices, not rounded; any shape.
    lost : ndarray of shape (Z,)
        Outlier slices.
    """
    hit = np.zeros(slices.shape, dtype=bool)
    for number in np.flatnonzero(lost):
        hit |= np.abs(slices - number) < 1.0
    return hit
