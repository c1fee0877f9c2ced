"""Noise of magnitude images, read from the air around the head."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Median of a Rayleigh distribution over its parameter: sqrt(2 ln 2).
RAYLEIGH_MEDIAN = float(np.sqrt(2.0 * np.log(2.0)))
# Beyond four times its parameter lies 0.03 % of a Rayleigh distribution.
RAYLEIGH_END = 4.0
N_ROUNDS = 50


def air_noise(volume: NDArray[Any], *, max_zero_share: float) -> float:
    """Estimate the noise of a magnitude image from its air.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Magnitude.
    max_zero_share : float
        Largest share of voxels that are exactly zero; beyond it the scanner has cut the air
        away, and what is left of it tells nothing.

    Returns
    -------
    float
        Standard deviation of the noise of the real and the imaginary part, in the unit of the
        image; 0 where the air was cut away, so that it can't be known.

    Notes
    -----
    Air follows a Rayleigh distribution (Gudbjartsson & Patz 1995, doi:10.1002/mrm.1910340618),
    whose median is 1.177 sigma. Voxels beyond 4 sigma are left out in turn until nothing changes.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> air = np.hypot(rng.normal(0, 5, (20, 20, 20)), rng.normal(0, 5, (20, 20, 20)))
    >>> air[:5] += 500
    >>> round(air_noise(air, max_zero_share=0.1), 1)
    5.0
    """
    if np.count_nonzero(volume == 0) > max_zero_share * volume.size:
        return 0.0
    values = np.sort(volume, axis=None)
    end = len(values)
    sigma = 0.0
    for _ in range(N_ROUNDS):
        sigma = float(values[end // 2]) / RAYLEIGH_MEDIAN
        kept = int(np.searchsorted(values, RAYLEIGH_END * sigma, side="right"))
        if kept == end:
            break
        end = max(kept, 1)
    return sigma


def signal_floor(
    volume: NDArray[Any], *, noise: float, noise_multiple: float, bright_share: float
) -> float:
    """Return the signal below which a voxel tells nothing.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Magnitude.
    noise : float
        Standard deviation of the noise; 0 if it can't be known.
    noise_multiple : float
        Signal-to-noise ratio at the floor.
    bright_share : float
        Share of the bright tissue (98th percentile of the positive voxels) that the floor is at
        least, which holds alone where the noise can't be known.
    """
    positive = volume[volume > 0]
    bright = float(np.percentile(positive, 98.0)) if positive.size else 0.0
    return max(noise_multiple * noise, bright_share * bright)
