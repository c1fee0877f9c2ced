"""Shift each slice's series to one time of acquisition."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

Array = NDArray[np.float64]
Series = NDArray[np.float32]
Method = Literal["linear", "cubic", "fourier"]


def shifted(
    data: NDArray[Any],
    times_s: Array,
    *,
    repetition_s: float,
    reference_s: float,
    method: Method,
) -> Series:
    """Return the series as if every slice were measured at one time.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Series as measured, before realignment. ASSUME: slices lie along the third axis.
    times_s : ndarray of shape (Z,)
        Time of each slice after the start of its volume [s].
    repetition_s : float
        Repetition time [s].
    reference_s : float
        Time of the result after the start of each volume [s].
    method : str
        ``linear`` or ``cubic`` interpolation, or ``fourier`` shift of the phases.

    Returns
    -------
    ndarray of float32, shape (X, Y, Z, N)
        Beyond the first and last frame of a slice its value there is held.

    Raises
    ------
    ValueError
        If the times don't fit the series, or the reference lies outside the volume.

    Notes
    -----
    Sladky et al. 2011, doi:10.1016/j.neuroimage.2011.06.078. The phase shift works on a series
    continued by its mirror image, so that its ends don't meet in a step.
    """
    if data.ndim != 4 or times_s.shape != (data.shape[2],):
        raise ValueError(f"{times_s.shape} times do not fit a series of shape {data.shape}")
    if not 0 <= reference_s <= repetition_s:
        raise ValueError(f"a reference of {reference_s} s lies outside of {repetition_s} s")
    out = np.empty(data.shape, dtype=np.float32)
    shift = {"linear": _linear, "cubic": _cubic, "fourier": _fourier}[method]
    for number, time in enumerate(times_s):
        frames = (reference_s - float(time)) / repetition_s
        plane = np.asarray(data[:, :, number], dtype=np.float32)
        out[:, :, number] = shift(plane, frames) if frames else plane
    return out


def _held(n_frames: int, frames: float) -> Array:
    return np.clip(np.arange(n_frames) + frames, 0.0, n_frames - 1.0)


def _linear(plane: Series, frames: float) -> Series:
    """Return values (..., N) at times that many frames later."""
    at = _held(plane.shape[-1], frames)
    below = np.minimum(at.astype(int), max(plane.shape[-1] - 2, 0))
    share = (at - below).astype(np.float32)
    above = np.minimum(below + 1, plane.shape[-1] - 1)
    return np.asarray((1 - share) * plane[..., below] + share * plane[..., above])


def _cubic(plane: Series, frames: float) -> Series:
    if plane.shape[-1] < 2:
        return plane
    curve = CubicSpline(np.arange(plane.shape[-1]), plane, axis=-1)
    return np.asarray(curve(_held(plane.shape[-1], frames)), dtype=np.float32)


def _fourier(plane: Series, frames: float) -> Series:
    n_frames = plane.shape[-1]
    mirrored = np.concatenate([plane, plane[..., ::-1]], axis=-1)
    turn = np.exp(2j * np.pi * np.fft.rfftfreq(2 * n_frames) * frames)
    # The highest frequency has no partner: its phase can't be turned, only its size.
    turn[-1] = turn[-1].real
    found = np.fft.irfft(np.fft.rfft(mirrored, axis=-1) * turn, n=2 * n_frames, axis=-1)
    return np.asarray(found[..., :n_frames], dtype=np.float32)
