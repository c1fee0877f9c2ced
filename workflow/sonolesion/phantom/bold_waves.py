"""Signals that are known at every time: band-limited waves, heart, breath and drift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Waves repeat after this many times the scan, so that it holds no whole number of their periods.
PERIODS = 2.0
DRIFT_ORDER = 3


@dataclass(frozen=True)
class Waves:
    """Sums of cosines and sines: `hz` (K,), `cosines` and `sines` (K, P)."""

    hz: Array
    cosines: Array
    sines: Array

    def at(self, times_s: Array) -> Array:
        """Return the signals at times of shape (...,), shape (..., P)."""
        phase = 2 * np.pi * times_s[..., None] * self.hz
        # einsum adds up in one order, whatever the number of threads.
        return np.asarray(
            np.einsum("...k,kp->...p", np.cos(phase), self.cosines)
            + np.einsum("...k,kp->...p", np.sin(phase), self.sines)
        )


def draw(
    matrix: Array, *, low_hz: float, high_hz: float, duration_s: float, rng: np.random.Generator
) -> Waves:
    """Draw stationary normal signals of unit variance with a flat spectrum in a band.

    Parameters
    ----------
    matrix : ndarray of shape (P, P)
        Their correlations.
    low_hz, high_hz : float
        Band [Hz].
    duration_s : float
        Of the scan [s].
    rng : Generator
        Source of randomness.

    Raises
    ------
    ValueError
        If the band holds no frequency of that duration.
    """
    step = 1.0 / (PERIODS * duration_s)
    hz = np.arange(np.ceil(low_hz / step), np.floor(high_hz / step) + 1) * step
    if not len(hz):
        raise ValueError(f"no frequency between {low_hz} and {high_hz} Hz in {duration_s} s")
    root = np.linalg.cholesky(matrix)
    drawn = rng.standard_normal((2, len(hz), len(matrix))) / np.sqrt(len(hz))
    cosines, sines = (np.einsum("kp,qp->kq", part, root) for part in drawn)
    return Waves(hz, cosines, sines)


def pulse(
    times_s: Array, *, rate_hz: float, spread: float, harmonic: float, rng: np.random.Generator
) -> Array:
    """Draw a heart beat or breath of unit variance at times of shape (...).

    Its rate wanders slowly by `spread` of itself; `harmonic` is the size of the first overtone.
    """
    duration_s = float(times_s.max()) + 1.0
    slow = draw(np.eye(1), low_hz=0.005, high_hz=0.05, duration_s=duration_s + 200.0, rng=rng)
    fine_s = np.arange(0.0, duration_s, 0.1)
    rate = rate_hz * (1 + spread * slow.at(fine_s)[:, 0])
    turns = np.concatenate([[0.0], np.cumsum(rate[:-1] * 0.1)]) + rng.uniform()
    phase = 2 * np.pi * np.interp(times_s, fine_s, turns)
    wave = np.sin(phase) + harmonic * np.sin(2 * phase + 1.0)
    return np.asarray(wave * np.sqrt(2 / (1 + harmonic**2)))


def drift(n: int, rng: np.random.Generator) -> Array:
    """Draw a slow drift of `n` volumes: a polynomial without mean, one from end to end."""
    place = np.linspace(-1, 1, n)
    weights = np.concatenate(
        [[0.0], rng.standard_normal(DRIFT_ORDER) / (1 + np.arange(DRIFT_ORDER))]
    )
    found = np.polynomial.legendre.legval(place, weights)
    return np.asarray((found - found.mean()) / max(float(np.ptp(found)), 1e-9))
