"""Effective transverse relaxation of multi-echo gradient-echo magnitudes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault

Volume = NDArray[np.float32]
# The weights follow the fitted signal; the second round of them moves values by under 0.1 %.
N_ROUNDS = 3
# Voxels that are fitted together, so that what is at hand fits the processor's cache.
N_AT_ONCE = 20_000


def late_weighted(echoes: NDArray[Any], echo_times_s: NDArray[np.float64]) -> Volume:
    """Return the mean of the echoes, each weighted with its echo time.

    Parameters
    ----------
    echoes : ndarray of shape (X, Y, Z, N)
        Magnitudes.
    echo_times_s : ndarray of shape (N,)
        Echo times [s].

    Returns
    -------
    ndarray of shape (X, Y, Z)
        Weights that grow with the echo time favour contrast by T2* over signal; one echo is
        returned as it is.
    """
    share = echo_times_s / echo_times_s.sum()
    return np.asarray(echoes @ share.astype(echoes.dtype), dtype=np.float32)


def without_bias(echoes: NDArray[Any], *, noise: float) -> NDArray[np.float64]:
    """Return the signal without what noise adds to a magnitude: ``sqrt(max(M² - 2 sigma², 0))``.

    Notes
    -----
    Second moment of the Rician distribution; Koay & Basser 2006, doi:10.1016/j.jmr.2006.01.016.
    """
    power = np.asarray(echoes, dtype=np.float64) ** 2 - 2.0 * noise**2
    return np.sqrt(np.maximum(power, 0.0))


def r2star(
    echoes: NDArray[Any],
    echo_times_s: NDArray[np.float64],
    *,
    noise: float,
    floor: float,
    ceiling_per_s: float,
) -> Volume:
    """Fit one exponential to each voxel.

    Parameters
    ----------
    echoes : ndarray of shape (X, Y, Z, N)
        Magnitudes, two echoes or more.
    echo_times_s : ndarray of shape (N,)
        Echo times, growing [s].
    noise : float
        Noise of the magnitudes (0 if it is not known): its bias is removed.
    floor : float
        Signal below which an echo is left out of the fit.
    ceiling_per_s : float
        Largest value [1/s]; values lie in 0 to it.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        R2* [1/s]; 0 where even the first echo is below the floor (air). Where only the first
        is above it, the second is held at the floor: the value is then a lower limit, as in a
        fresh haemorrhage.

    Notes
    -----
    Log-linear least squares, weighted by the square of the fitted signal: the maximum-likelihood
    fit at the signal-to-noise ratios above the floor (Salvador et al. 2005,
    doi:10.1002/hbm.20076, there for diffusion; the model is the same).
    """
    flat = echoes.reshape(-1, len(echo_times_s))
    rates = np.zeros(len(flat), dtype=np.float32)
    for start in range(0, len(flat), N_AT_ONCE):
        part = slice(start, start + N_AT_ONCE)
        fitted = _rates(without_bias(flat[part], noise=noise), echo_times_s, floor=floor)
        rates[part] = np.clip(fitted, 0.0, ceiling_per_s)
    return rates.reshape(echoes.shape[:3])


def _rates(
    signal: NDArray[np.float64], times_s: NDArray[np.float64], *, floor: float
) -> NDArray[np.float64]:
    """Return the rate of each row of a signal (M, N) [1/s]; 0 where it starts below the floor."""
    # Only the echoes up to the first that sinks below the floor decay; after it there is noise.
    used = np.logical_and.accumulate(signal > floor, axis=1)
    used[:, 1] |= used[:, 0]
    told = used[:, 0]
    log_signal = np.log(np.maximum(signal[told], max(floor, np.finfo(float).tiny)))
    rates = np.zeros(len(signal))
    rates[told] = -_weighted_slope(log_signal, used[told], times_s)
    return rates


def _weighted_slope(
    log_signal: NDArray[np.float64], used: NDArray[np.bool_], times_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the slope of each row over time [1/s]."""
    weight = np.where(used, np.exp(2.0 * (log_signal - log_signal[:, :1])), 0.0)
    slope = np.zeros(len(log_signal))
    for _ in range(N_ROUNDS):
        total = weight.sum(axis=1)
        mean_t = (weight @ times_s) / total
        mean_y = np.einsum("mn,mn->m", weight, log_signal) / total
        away = times_s[None, :] - mean_t[:, None]
        weighted = weight * away
        spread = np.einsum("mn,mn->m", weighted, away)
        slope = np.einsum("mn,mn->m", weighted, log_signal) / spread
        fitted = mean_y[:, None] + slope[:, None] * away
        relative = np.clip(fitted - fitted.max(axis=1, keepdims=True), -30.0, 0.0)
        weight = np.where(used, np.exp(2.0 * relative), 0.0)
    return slope


def require_plausible(
    rates: NDArray[Any],
    last_echo: NDArray[Any],
    *,
    file: str,
    min_median_per_s: float,
    max_median_per_s: float,
) -> float:
    """Return the median R2* of the brain, nearly [1/s]; raise `InputFault` if none can have it.

    Parameters
    ----------
    rates : ndarray of shape (X, Y, Z)
        R2* [1/s]; 0 in air.
    last_echo : ndarray of shape (X, Y, Z)
        What has over half of its brightness counts: skull and fat have decayed there.
    min_median_per_s, max_median_per_s : float
        Range that is believed [1/s].
    """
    signal = last_echo[last_echo > 0]
    bright = last_echo > (0.5 * np.percentile(signal, 98.0) if signal.size else 0.0)
    median = float(np.median(rates[bright])) if bright.any() else 0.0
    if not min_median_per_s <= median <= max_median_per_s:
        raise InputFault(
            file=file,
            found=f"a median R2* of {median:.1f} /s over the bright part of the head",
            expected=f"{min_median_per_s:g} to {max_median_per_s:g} /s",
            remedy="check order of the echoes and unit of EchoTime in their JSON files",
        )
    return median
