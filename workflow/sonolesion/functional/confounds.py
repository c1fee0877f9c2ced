"""What of a resting-state series is not the brain's: motion and tissue signals.

FD, DVARS and components are nipype's (`core.nipype_confounds`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.maths.rigid_motion import RIGID

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Columns = dict[str, Array]


def motion_24(parameters: Array) -> Columns:
    """Return motion, motion of the frame before, and the squares of both.

    Parameters
    ----------
    parameters : ndarray of shape (N, 6)
        Translations [mm] and rotations [rad].

    Returns
    -------
    dict
        24 columns of shape (N,): ``trans_x``, ``trans_x_lag1``, ``trans_x_power2``,
        ``trans_x_lag1_power2``, and so on. ASSUME: before the first frame the head lay as in it.

    Raises
    ------
    ValueError
        If there are not six columns of finite numbers.

    Notes
    -----
    Friston et al. 1996, doi:10.1002/mrm.1910350312.
    """
    if parameters.ndim != 2 or parameters.shape[1] != len(RIGID):
        raise ValueError(f"expected six columns of motion, found shape {parameters.shape}")
    columns: Columns = {}
    for name, now in zip(RIGID, parameters.T, strict=True):
        before = np.concatenate([now[:1], now[:-1]])
        columns |= _squared({name: now, f"{name}_lag1": before})
    return columns


def expanded(name: str, signal: Array) -> Columns:
    """Return a signal, its change since the frame before, and the squares of both.

    Parameters
    ----------
    name : str
        Name of the signal.
    signal : ndarray of shape (N,)
        The first change is 0.

    Notes
    -----
    Satterthwaite et al. 2013, doi:10.1016/j.neuroimage.2012.08.052.
    """
    change = np.diff(signal, prepend=signal[:1])
    return _squared({name: np.asarray(signal), f"{name}_derivative1": change})


def _squared(columns: Columns) -> Columns:
    if not all(np.isfinite(column).all() for column in columns.values()):
        raise ValueError(f"not all finite: {', '.join(columns)}")
    return columns | {f"{name}_power2": column**2 for name, column in columns.items()}


def mean_signal(data: NDArray[Any], mask: Flags) -> Array:
    """Return the mean over a mask of each frame of a series (X, Y, Z, N), shape (N,).

    Raises
    ------
    ValueError
        If shapes don't fit, or nothing is in the mask.
    """
    return np.asarray(in_mask(data, mask).mean(axis=0, dtype=np.float64))


def in_mask(data: NDArray[Any], mask: Flags) -> NDArray[Any]:
    """Return the series of the voxels of a mask, (V, N)."""
    if data.ndim != 4 or data.shape[:3] != mask.shape:
        raise ValueError(f"a series of shape {data.shape} does not fit a mask of {mask.shape}")
    if not mask.any():
        raise ValueError("nothing is in the mask")
    series = np.asarray(data[mask])
    if not np.isfinite(series).all():
        raise ValueError("the series holds NaN or infinity within the mask")
    return series
