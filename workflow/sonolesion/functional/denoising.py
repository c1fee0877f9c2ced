"""Denoise a resting-state series in one joint model, and count what freedom that costs.

Order: dropped frames interpolated, trend and band-pass of series and confounds alike, frames
dropped, confounds regressed (Lindquist et al. 2019, doi:10.1002/hbm.24528).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from sonolesion.core.errors import InputFault

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Voxels that are worked on at once: bounds the memory of the filter.
BLOCK = 20_000
# Frames that a cubic spline needs.
MIN_FRAMES = 4


@dataclass(frozen=True)
class Band:
    """Frequencies that are kept [Hz], None leaves that side open; order of the Butterworth."""

    high_pass_hz: float | None
    low_pass_hz: float | None
    order: int


@dataclass(frozen=True)
class Freedom:
    """Degrees of freedom of white noise, before and after.

    Attributes
    ----------
    n_frames : int
        Frames of the run.
    n_dropped : int
        Lost by dropping frames.
    filtered : float
        Lost by trend and band-pass.
    regressed : float
        Lost by the confounds.
    left : float
        What is left.
    """

    n_frames: int
    n_dropped: int
    filtered: float
    regressed: float
    left: float


def interpolated(series: Array, kept: Flags) -> Array:
    """Return series with the frames that are not kept drawn by a cubic spline through the others.

    Parameters
    ----------
    series : ndarray of shape (N, V)
        Series.
    kept : ndarray of shape (N,)
        The first and the last frame must be kept.
    """
    if kept.all():
        return series
    frames = np.arange(len(series))
    out = series.copy()
    out[~kept] = CubicSpline(frames[kept], series[kept], axis=0)(frames[~kept])
    return out


def cleaned(
    series: NDArray[Any], confounds: Array | None, kept: Flags, *, repetition_s: float, band: Band
) -> Array:
    """Return the kept frames of series without trend, other frequencies and confounds.

    Parameters
    ----------
    series : ndarray of shape (N, V)
        Series of V voxels.
    confounds : ndarray of shape (N, K), or None
        Finite throughout.
    kept : ndarray of shape (N,)
        Frames that are kept.
    repetition_s : float
        Repetition time [s].
    band : Band
        Frequencies that are kept.

    Returns
    -------
    ndarray of shape (M, V)
        The M kept frames; mean 0, unit of the series.

    Raises
    ------
    ValueError
        If shapes don't fit, or frames are fewer than the filter needs.

    Notes
    -----
    Filter and regression are nilearn's `signal.clean`. It interpolates too, but (0.13.1) leaves a
    dropped frame as it is where the frame as far from the other end is dropped as well: frames are
    interpolated, and dropped ones at the ends cut off, before it sees them. For the filter the
    series is continued by its whole mirror image: with nilearn's default, a short point reflection,
    the ends swing out up to nine times (variance) and a run of 94 s keeps 5 of 13 degrees of
    freedom.
    """
    _require_series(series, confounds, kept)
    from nilearn import signal

    ends = np.flatnonzero(kept)[[0, -1]]
    inner = slice(int(ends[0]), int(ends[1]) + 1)
    stays = kept[inner]
    known = None if confounds is None else interpolated(_scaled(confounds[inner]), stays)
    out = np.empty((int(kept.sum()), series.shape[1]))
    for begin in range(0, series.shape[1], BLOCK):
        part = slice(begin, begin + BLOCK)
        whole = interpolated(np.asarray(series[inner, part], dtype=np.float64), stays)
        with warnings.catch_warnings():
            # nilearn tells its developers of a default that is about to change.
            warnings.simplefilter("ignore", DeprecationWarning)
            out[:, part] = signal.clean(
                whole,
                confounds=known,
                sample_mask=np.flatnonzero(stays),
                detrend=True,
                standardize=None,
                standardize_confounds=True,
                filter="butterworth" if band.high_pass_hz or band.low_pass_hz else False,
                high_pass=band.high_pass_hz,
                low_pass=band.low_pass_hz,
                t_r=repetition_s,
                butterworth__order=band.order,
                butterworth__padtype="even",
                butterworth__padlen=len(whole) - 1,
                # All columns at once, not one after the other.
                butterworth__copy=True,
            )
    # The constant belongs to the model: what dropped frames leave of it goes too.
    return np.asarray(out - out.mean(axis=0))


def _require_series(series: NDArray[Any], confounds: Array | None, kept: Flags) -> None:
    if series.ndim != 2 or kept.shape != (len(series),):
        raise ValueError(f"{kept.shape} frames to keep do not fit series of shape {series.shape}")
    if int(kept.sum()) < MIN_FRAMES:
        raise ValueError(f"{int(kept.sum())} frames are too few; {MIN_FRAMES} are needed")
    if confounds is None:
        return
    if confounds.ndim != 2 or len(confounds) != len(series):
        raise ValueError(f"confounds of shape {confounds.shape} do not fit {series.shape}")
    if not np.isfinite(confounds).all():
        raise ValueError("a confound holds NaN or infinity")


def _scaled(confounds: Array) -> Array:
    """Return confounds of one size, those that never vary left out."""
    centred = confounds - confounds.mean(axis=0)
    spread = centred.std(axis=0)
    varies = spread > 1e-12 * np.maximum(np.abs(confounds).max(axis=0), 1e-300)
    return np.asarray(centred[:, varies] / spread[varies])


def freedom(confounds: Array | None, kept: Flags, *, repetition_s: float, band: Band) -> Freedom:
    """Return how many degrees of freedom a denoised series has.

    Parameters
    ----------
    confounds, kept, repetition_s, band
        As for `cleaned`.

    Notes
    -----
    Cleaning is linear: it turns white noise into noise of covariance V, which has
    ``tr(V)² / tr(V²)`` degrees of freedom (Worsley & Friston 1995, doi:10.1006/nimg.1995.1023),
    but never more than ``tr(V)``, the variance it has left of one a frame.
    Every frame in turn as a unit impulse gives V.
    """
    impulses = np.eye(kept.size)
    n_kept = int(kept.sum())
    without = _effective(cleaned(impulses, None, kept, repetition_s=repetition_s, band=band))
    left = without
    if confounds is not None:
        left = _effective(cleaned(impulses, confounds, kept, repetition_s=repetition_s, band=band))
    return Freedom(kept.size, kept.size - n_kept, n_kept - without, without - left, left)


def _effective(response: Array) -> float:
    """Return the degrees of freedom of what impulses became, (M, N)."""
    covariance = response @ response.T
    square = float((covariance**2).sum())
    size = float(np.trace(covariance))
    # The ratio does not see size: what confounds leave of the skirts of a filter is no freedom.
    return min(size**2 / square, size) if square > 0 else 0.0


def require_freedom(found: Freedom, *, least: float, strategy: str, file: object) -> None:
    """Raise `InputFault` if a denoised run has fewer degrees of freedom than `least`."""
    if found.left >= least:
        return
    raise InputFault(
        file=file,
        found=f"{found.left:.1f} of {found.n_frames} degrees of freedom left by {strategy} "
        f"({found.n_dropped} frames dropped, {found.filtered:.1f} filtered, "
        f"{found.regressed:.1f} regressed)",
        expected=f"at least {least:g}",
        remedy="choose a strategy with fewer confounds, a wider band, or leave the run out",
    )
