"""Trace-weighted image and apparent diffusion coefficient of a clinical diffusion scan."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault

Volume = NDArray[np.float32]


def trace_weighted(volumes: NDArray[Any], weights: NDArray[np.float64]) -> Volume:
    """Return the weighted geometric mean of volumes.

    Parameters
    ----------
    volumes : ndarray of shape (X, Y, Z, N)
        One shell.
    weights : ndarray of shape (N,)
        Weights, sum 1.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        0 where any volume is 0 or less.
    """
    total = np.zeros(volumes.shape[:3], dtype=np.float64)
    sound = np.ones(volumes.shape[:3], dtype=bool)
    for number, weight in enumerate(weights):
        volume = volumes[..., number]
        sound &= volume > 0
        total += weight * np.log(np.where(volume > 0, volume, 1.0))
    return np.where(sound, np.exp(total), 0.0).astype(np.float32)


def apparent_diffusion(
    unweighted: NDArray[Any],
    trace: NDArray[Any],
    *,
    b_difference_s_mm2: float,
    floor: float,
    ceiling_mm2_s: float,
) -> Volume:
    """Return the apparent diffusion coefficient.

    Parameters
    ----------
    unweighted, trace : ndarray of shape (X, Y, Z)
        Mean unweighted image and trace-weighted image, same unit.
    b_difference_s_mm2 : float
        Difference of their b-values [s/mm²].
    floor : float
        Unweighted signal below which nothing is told; also the least trace-weighted signal.
    ceiling_mm2_s : float
        Largest value [mm²/s]; values lie in 0 to it.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        ADC [mm²/s]; 0 where the unweighted signal is below the floor.

    Notes
    -----
    ``ADC = ln(S0 / S) / (b - b0)``: Stejskal & Tanner 1965, doi:10.1063/1.1695690. A
    trace-weighted signal below the floor is held there: the value is then a lower limit.

    Examples
    --------
    >>> before, after = np.array([[[1000.0]]]), np.array([[[1000 * np.exp(-0.8)]]])
    >>> float(apparent_diffusion(before, after, b_difference_s_mm2=1000.0, floor=10.0,
    ...     ceiling_mm2_s=5e-3).round(6)[0, 0, 0])
    0.0007999999797903001
    """
    told = unweighted > floor
    ratio = np.log(np.maximum(unweighted, floor) / np.maximum(trace, floor))
    adc = np.clip(ratio / b_difference_s_mm2, 0.0, ceiling_mm2_s)
    return np.where(told, adc, 0.0).astype(np.float32)


def require_plausible(
    unweighted: NDArray[Any],
    trace: NDArray[Any],
    *,
    file: str,
    b_difference_s_mm2: float,
    floor: float,
    min_median_mm2_s: float,
    max_median_mm2_s: float,
) -> float:
    """Return the median ADC of the head [mm²/s]; raise `InputFault` if no head can have it.

    Parameters
    ----------
    unweighted, trace, b_difference_s_mm2, floor
        As for `apparent_diffusion`; negative values count here.
    min_median_mm2_s, max_median_mm2_s : float
        Range that is believed [mm²/s].
    """
    told = (unweighted > floor) & (trace > 0)
    ratio = np.log(unweighted[told] / trace[told]) if told.any() else np.array([np.nan])
    median = float(np.median(ratio)) / b_difference_s_mm2
    if not min_median_mm2_s <= median <= max_median_mm2_s:
        raise InputFault(
            file=file,
            found=f"a median ADC of {1e3 * median:.2f}e-3 mm²/s over the head",
            expected=f"{1e3 * min_median_mm2_s:.2f}e-3 to {1e3 * max_median_mm2_s:.2f}e-3 mm²/s",
            remedy="check unit and order of the .bval file against the volumes",
        )
    return median
