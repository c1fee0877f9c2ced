"""Temporal signal-to-noise ratio."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.functional.trends import without_polynomials

Volume = NDArray[np.float32]


def tsnr(data: NDArray[Any], mask: NDArray[np.bool_], *, degree: int) -> Volume:
    """Return mean over standard deviation in time, polynomials taken out.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Realigned series.
    mask : ndarray of shape (X, Y, Z)
        Where it is told.
    degree : int
        Highest power of time that is no noise; 0 for none.

    Returns
    -------
    ndarray of float32, shape (X, Y, Z)
        0 outside the mask and where nothing varies.

    Raises
    ------
    ValueError
        If shapes don't fit, or frames are too few.

    Notes
    -----
    Krüger & Glover 2001, doi:10.1002/mrm.1240; divided by N, as nipype's TSNR does.
    """
    if data.ndim != 4 or data.shape[:3] != mask.shape:
        raise ValueError(f"a series of shape {data.shape} does not fit a mask of {mask.shape}")
    series = np.asarray(data[mask], dtype=np.float64)
    mean = series.mean(axis=1)
    spread = without_polynomials(series, degree=degree).std(axis=1)
    out = np.zeros(mask.shape, dtype=np.float32)
    varies = spread > np.finfo(np.float32).eps * np.abs(mean)
    out[mask] = np.where(varies, mean / np.where(varies, spread, 1.0), 0.0)
    return out
