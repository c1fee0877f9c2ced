"""Haemodynamic lag: by how much a voxel's signal comes later than that of the grey matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Values = NDArray[np.float32]
Flags = NDArray[np.bool_]
# Three working arrays of 400 frames in double precision take 40 MB.
BLOCK = 4096


@dataclass(frozen=True)
class Lag:
    """Lags, one row a voxel.

    Attributes
    ----------
    lag_s : ndarray of float32, shape (V,)
        Positive where the voxel is later [s]; NaN where no peak lies within the limits.
    correlation : ndarray of float32, shape (V,)
        Highest correlation over the lags that were looked at; NaN for constant series.
    """

    lag_s: Values
    correlation: Values


def lag_map(
    series: NDArray[Any],
    reference: Array,
    kept: Flags,
    *,
    tr_s: float,
    limit_s: float,
    min_correlation: float,
) -> Lag:
    """Return the lag of the highest correlation with a reference.

    Parameters
    ----------
    series : ndarray of shape (V, N)
        One row a voxel, every frame; no mean and no component of tissue may have been
        regressed: these hold the wave itself.
    reference : ndarray of shape (N,)
        Mean series of the grey matter, lesion left out, treated as `series` was.
    kept : ndarray of bool, shape (N,)
        False for censored frames; a pair counts where both frames were kept.
    tr_s : float
        Repetition time [s].
    limit_s : float
        Longest lag, earlier or later [s].
    min_correlation : float
        Least correlation of a peak.

    Returns
    -------
    Lag

    Raises
    ------
    ValueError
        If arrays do not fit each other, a lag has fewer than 4 pairs of frames, or fewer than
        one frame of lag is allowed.

    Notes
    -----
    Correlation over the frames that overlap, its peak by a parabola through three lags: Siegel
    et al. 2016, doi:10.1177/0271678X15614846; Mitra et al. 2014, doi:10.1152/jn.00804.2013.
    That such lags follow the arrival of blood: Tong et al. 2015, doi:10.3389/fnhum.2015.00285.
    A highest value at an end of the range is no peak.
    """
    steps = _steps(limit_s, tr_s=tr_s)
    _require_fitting(series, reference, kept, limit_s=limit_s, tr_s=tr_s, n_lags=len(steps))
    waves, pairs = _waves(reference, kept, steps)
    out = Lag(*(np.full(len(series), np.nan, dtype=np.float32) for _ in range(2)))
    for start in range(0, len(series), BLOCK):
        part = slice(start, start + BLOCK)
        found = _correlations(series[part], kept, waves, pairs)
        lag, peak = _peak(found)
        out.correlation[part] = peak
        out.lag_s[part] = np.where(peak >= min_correlation, (lag + steps[0]) * tr_s, np.nan)
    return out


def _steps(limit_s: float, *, tr_s: float) -> NDArray[np.intp]:
    """Return the lags within the limit, in frames."""
    most = int(np.floor(limit_s / tr_s + 1e-9))
    return np.arange(-most, most + 1)


def _waves(reference: Array, kept: Flags, steps: NDArray[np.intp]) -> tuple[Array, Array]:
    """Return, of each lag, the reference where it meets a series, and which frames it meets.

    Both have shape (N, L); the reference less its mean over the pairs, of length 1.
    """
    n_frames = len(kept)
    waves, pairs = np.zeros((n_frames, len(steps))), np.zeros((n_frames, len(steps)))
    for column, step in enumerate(steps):
        later = np.arange(n_frames)[kept]
        later = later[(later - step >= 0) & (later - step < n_frames)]
        later = later[kept[later - step]]
        if len(later) < 4:
            raise ValueError(f"{len(later)} pairs of frames {step} apart; 4 are needed")
        wave = reference[later - step] - reference[later - step].mean()
        waves[later, column] = wave / np.sqrt(wave @ wave)
        pairs[later, column] = 1.0
    return waves, pairs


def _correlations(block: NDArray[Any], kept: Flags, waves: Array, pairs: Array) -> Array:
    """Return the correlation at each lag, shape (v, L); NaN for constant or not finite series."""
    rows = np.where(kept, np.asarray(block, dtype=np.float64), 0.0)
    rows = np.where(kept, rows - rows.sum(axis=1, keepdims=True) / kept.sum(), 0.0)
    sound: Flags = np.asarray(np.isfinite(rows).all(axis=1))
    rows[~sound] = 0.0
    # The reference has mean 0 over each lag's pairs, so the series' own mean drops out.
    product = rows @ waves
    spread = np.square(rows) @ pairs - np.square(rows @ pairs) / pairs.sum(axis=0)
    size = np.square(rows).sum(axis=1, keepdims=True)
    told = (spread > 1e-9 * size) & sound[:, None] & (size > 0)
    return np.where(told, product / np.sqrt(np.where(told, spread, 1.0)), np.nan)


def _peak(found: Array) -> tuple[Array, Array]:
    """Return the place of the highest value in lags (NaN at an end), and the value."""
    whole: Flags = np.asarray(np.isfinite(found).all(axis=1))
    filled = np.where(whole[:, None], found, 0.0)
    top = filled.argmax(axis=1)
    rows = np.arange(len(found))
    inner: Flags = whole & (top > 0) & (top < found.shape[1] - 1)
    centre = np.clip(top, 1, found.shape[1] - 2)
    before, here, after = (filled[rows, centre + step] for step in (-1, 0, 1))
    bend = before - 2 * here + after
    shift = np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, 1.0), 0.0)
    # A parabola through correlations may rise above 1.
    height = np.minimum(here - 0.25 * (before - after) * shift, 1.0)
    place = np.where(inner, centre + shift, np.nan)
    value = np.where(inner, height, filled[rows, top])
    return place, np.where(whole, value, np.nan)


def _require_fitting(
    series: NDArray[Any],
    reference: Array,
    kept: Flags,
    *,
    limit_s: float,
    tr_s: float,
    n_lags: int,
) -> None:
    """Raise `ValueError` for arrays and limits that do not belong together."""
    n_frames = len(kept)
    if series.ndim != 2 or series.shape[1] != n_frames or reference.shape != (n_frames,):
        raise ValueError(
            f"series {series.shape}, reference {reference.shape} and kept {kept.shape} should be "
            "(V, N), (N,) and (N,)"
        )
    if limit_s < tr_s:
        raise ValueError(f"a limit of {limit_s:g} s is shorter than a frame of {tr_s:g} s")
    if n_lags >= n_frames:
        raise ValueError(f"{n_lags} lags of {n_frames} frames")
    told = reference[kept]
    if not np.isfinite(told).all() or np.ptp(told) == 0:
        raise ValueError("the reference is constant or not finite")
