"""Amplitude of low-frequency fluctuations (ALFF) and its share of all fluctuations (fALFF)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sonolesion.core.errors import InputFault

Values = NDArray[np.float32]
Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Gaps = Literal["interpolate", "lomb_scargle"]
# A block of 400 frames and its spectrum take 10 MB.
BLOCK = 4096
# Frequencies come from a division; a bin on the edge of a band belongs to it.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Activity:
    """Amplitudes, one row a voxel; NaN where the series is constant or not finite.

    Attributes
    ----------
    alff : ndarray of float32, shape (V,)
        Mean amplitude of the band, in the unit of the series.
    falff : ndarray of float32, shape (V,)
        Sum of the amplitudes in the band over that of all frequencies, 0 to 1.
    """

    alff: Values
    falff: Values


def frequencies(n_frames: int, *, tr_s: float) -> Array:
    """Return the frequencies of a scan above 0 [Hz], shape (n_frames // 2,)."""
    return np.arange(1, n_frames // 2 + 1) / (n_frames * tr_s)


def amplitude(
    series: NDArray[Any],
    kept: Flags,
    *,
    tr_s: float,
    low_hz: float,
    high_hz: float,
    highest_hz: float | None,
    gaps: Gaps,
) -> Activity:
    """Return ALFF and fALFF of series that were not band-passed.

    Parameters
    ----------
    series : ndarray of shape (V, N)
        One row a voxel, every frame, censored ones too.
    kept : ndarray of bool, shape (N,)
        False for censored frames, whose values are not looked at.
    tr_s : float
        Repetition time [s].
    low_hz, high_hz : float
        The band, its ends included [Hz].
    highest_hz : float or None
        Highest frequency that fALFF counts [Hz]; None for half the sampling rate.
    gaps : {"interpolate", "lomb_scargle"}
        Censored frames are filled by straight lines in time (at an end by the nearest frame),
        or the amplitudes are fitted to the frames that were kept.

    Returns
    -------
    Activity

    Raises
    ------
    ValueError
        If arrays or limits are impossible, or fewer than 4 frames were kept.
    InputFault
        If the scan has no frequency in the band.

    Notes
    -----
    After removal of a straight line, the amplitude of a frequency is the square root of its
    power, and the powers of all frequencies sum to the variance. ALFF: Zang et al. 2007,
    doi:10.1016/j.braindev.2006.07.002; fALFF: Zou et al. 2008,
    doi:10.1016/j.jneumeth.2008.04.012; periodogram of uneven frames: Lomb 1976,
    doi:10.1007/BF00648343. Of broad-band fluctuations the amplitude of one frequency falls
    with the root of the number of frames, so ALFF compares scans of equal length only;
    `over_mean` and fALFF are free of that.

    Examples
    --------
    >>> time_s = 2.0 * np.arange(100)
    >>> wave = 3 * np.sqrt(2) * np.sin(2 * np.pi * 0.05 * time_s)[None]
    >>> found = amplitude(wave, np.ones(100, bool), tr_s=2.0, low_hz=0.05, high_hz=0.05,
    ...                   highest_hz=None, gaps="lomb_scargle")
    >>> bool(abs(found.alff[0] - 3) < 0.1)
    True
    """
    _require_fitting(series, kept, gaps=gaps)
    hz = frequencies(len(kept), tr_s=tr_s)
    counted = hz <= (np.inf if highest_hz is None else highest_hz) + ROUNDING
    band = (hz >= low_hz - ROUNDING) & (hz <= high_hz + ROUNDING)
    _require_band(band & counted, hz, low_hz=low_hz, high_hz=high_hz)
    power = _power(kept, gaps=gaps)
    alff, falff = (np.full(len(series), np.nan, dtype=np.float32) for _ in range(2))
    for start in range(0, len(series), BLOCK):
        part = slice(start, start + BLOCK)
        rows, sound = _straightened(series[part], kept)
        with np.errstate(invalid="ignore", divide="ignore"):
            spectrum = np.sqrt(power(rows))
            alff[part] = np.where(sound, spectrum[:, band].mean(axis=1), np.nan)
            ratio = spectrum[:, band].sum(axis=1) / spectrum[:, counted].sum(axis=1)
            falff[part] = np.where(sound, ratio, np.nan)
    return Activity(alff, falff)


def over_mean(values: NDArray[Any], counted: Flags) -> Values:
    """Return values over the mean of those that count, both of shape (V,); NaN is left out."""
    return np.asarray(values / _finite(values, counted).mean(), dtype=np.float32)


def z_scores(values: NDArray[Any], counted: Flags) -> Values:
    """Return values less the mean of those that count, over their standard deviation."""
    inside = _finite(values, counted)
    return np.asarray((values - inside.mean()) / inside.std(ddof=1), dtype=np.float32)


def require_whole_spectrum(
    falff: NDArray[Any], *, file: str, max_median: float, n_band: int, n_counted: int
) -> float:
    """Return the median fALFF; raise `InputFault` if series were band-passed before.

    Parameters
    ----------
    falff : ndarray of shape (V,)
        NaN is left out.
    file : str
        Where the series came from.
    max_median : float
        Largest median that unfiltered series have.
    n_band, n_counted : int
        Number of frequencies in the band and of all that count; a scan with nothing outside
        the band is not judged.
    """
    median = float(np.median(falff[np.isfinite(falff)]))
    if n_band < n_counted and not median <= max_median:
        raise InputFault(
            file=file,
            found=f"a median fALFF of {median:.2f}: nothing is left outside the band",
            expected=f"at most {max_median:g}",
            remedy="give the series before the band-pass filter",
        )
    return median


def _finite(values: NDArray[Any], counted: Flags) -> Array:
    inside = np.asarray(values[counted & np.isfinite(values)], dtype=np.float64)
    if inside.size < 2:
        raise ValueError("fewer than two voxels count")
    return inside


def _require_fitting(series: NDArray[Any], kept: Flags, *, gaps: str) -> None:
    """Raise `ValueError` for arrays that do not belong together."""
    if series.ndim != 2 or kept.shape != series.shape[1:] or kept.dtype != bool:
        raise ValueError(
            f"series {series.shape} and kept {kept.shape} ({kept.dtype}) should be (V, N) and "
            "(N,) of bool"
        )
    if np.count_nonzero(kept) < 4:
        raise ValueError(f"{np.count_nonzero(kept)} frames were kept; a spectrum needs 4")
    if gaps not in {"interpolate", "lomb_scargle"}:
        raise ValueError(f"gaps {gaps!r} is neither interpolate nor lomb_scargle")


def _require_band(band: Flags, hz: Array, *, low_hz: float, high_hz: float) -> None:
    """Raise `InputFault` if no frequency of the scan lies in the band."""
    if not band.any():
        raise InputFault(
            file="low_hz, high_hz",
            found=f"frequencies from {hz[0]:.4f} to {hz[-1]:.4f} Hz in the scan",
            expected=f"at least one from {low_hz:g} to {high_hz:g} Hz",
            remedy="check the repetition time and the number of frames, or move the band",
        )


def _straightened(block: NDArray[Any], kept: Flags) -> tuple[Values, Flags]:
    """Return the kept frames less their straight line, and where a series tells something."""
    time = np.flatnonzero(kept).astype(np.float64)
    time -= time.mean()
    rows = np.asarray(block[:, kept], dtype=np.float64)
    sound = np.isfinite(rows).all(axis=1)
    rows[~sound] = 0.0
    sound &= np.ptp(rows, axis=1) > 0
    rows -= rows.mean(axis=1, keepdims=True)
    rows -= np.outer(rows @ time / (time @ time), time)
    return rows.astype(np.float32), sound


def _power(kept: Flags, *, gaps: Gaps) -> Callable[[Values], Values]:
    """Return the function of kept frames, shape (v, K), that gives their power, shape (v, F)."""
    if gaps == "lomb_scargle" and not kept.all():
        waves = _lomb_waves(kept)
        return lambda rows: np.square(rows @ waves[0]) + np.square(rows @ waves[1])
    before, after, share = _neighbours(kept)

    def of_rows(rows: Values) -> Values:
        filled = rows
        if not kept.all():
            filled = rows[:, before] * (1 - share) + rows[:, after] * share
            filled, _ = _straightened(filled, np.ones(len(kept), dtype=bool))
        return _one_sided(filled)

    return of_rows


def _one_sided(rows: Values) -> Values:
    """Return the power of every frequency above 0 of whole series, shape (v, N // 2)."""
    n_frames = rows.shape[1]
    spectrum = fft.rfft(rows, axis=1)[:, 1:]
    power: Values = np.square(spectrum.real) + np.square(spectrum.imag)
    power *= np.float32(2.0 / n_frames**2)
    if n_frames % 2 == 0:
        power[:, -1] /= 2
    return power


def _neighbours(kept: Flags) -> tuple[NDArray[np.intp], NDArray[np.intp], Values]:
    """Return, for every frame, the kept ones around it (in their own count) and the way between."""
    frames, places = np.arange(len(kept)), np.flatnonzero(kept)
    after = np.minimum(np.searchsorted(places, frames), len(places) - 1)
    before = np.where(places[after] > frames, np.maximum(after - 1, 0), after)
    width = np.maximum(places[after] - places[before], 1)
    share = np.clip((frames - places[before]) / width, 0.0, 1.0)
    return before, after, share.astype(np.float32)


def _lomb_waves(kept: Flags) -> tuple[Values, Values]:
    """Return cosines and sines whose products with series are the roots of the two powers.

    Each has shape (K, F). At half the sampling rate there is no sine.
    """
    time, n_frames = np.flatnonzero(kept)[:, None], len(kept)
    turn = 2 * np.pi * np.arange(1, n_frames // 2 + 1) / n_frames
    delay = np.arctan2(np.sin(2 * turn * time).sum(0), np.cos(2 * turn * time).sum(0)) / (2 * turn)
    waves = []
    for wave in (np.cos(turn * (time - delay)), np.sin(turn * (time - delay))):
        size = np.square(wave).sum(axis=0)
        told = size > ROUNDING * len(time)
        scaled = np.where(told, wave / np.sqrt(np.where(told, size, 1.0) * len(time)), 0.0)
        waves.append(scaled.astype(np.float32))
    return waves[0], waves[1]
