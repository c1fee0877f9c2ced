"""Equilibrium magnetisation for the equations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Volume = NDArray[np.float32]


def relaxed(signal: NDArray[Any], *, recovery_s: float, tissue_t1_s: float) -> Volume:
    """Return the signal that full relaxation would have given.

    Parameters
    ----------
    signal : ndarray
        M0 scan after 90° pulses, or proton-density image after a saturation.
    recovery_s : float
        Repetition time of the scan, or time since its saturation [s].
    tissue_t1_s : float
        T1 of the tissue [s].

    Returns
    -------
    ndarray
        Of the same shape.

    Notes
    -----
    ``M0 / (1 - exp(-TR/T1))``: Alsop et al. 2015, doi:10.1002/mrm.25197, asked for below 5 s.
    It is applied at any repetition time, so that nothing jumps at 5 s (1.02 there, 1.00 later).

    Examples
    --------
    >>> float(relaxed(np.array([81.1124]), recovery_s=2.0, tissue_t1_s=1.2).round(2)[0])
    100.0
    """
    if not (recovery_s > 0 and tissue_t1_s > 0):
        raise ValueError(f"recovery {recovery_s} s and T1 {tissue_t1_s} s must be above 0")
    return np.asarray(signal / -np.expm1(-recovery_s / tissue_t1_s), dtype=np.float32)
