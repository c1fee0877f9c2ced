"""When each slice of a volume was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault

Array = NDArray[np.float64]

# Rounding of times in sidecars, as a share of the repetition time.
ROUNDING = 1e-3


def slice_times(
    given: object, *, n_slices: int, repetition_s: float, reverse: bool, file: object
) -> Array | None:
    """Return the time of each slice after the start of its volume [s]; None if not given.

    Parameters
    ----------
    given : object
        ``SliceTiming`` of the sidecar, or None. Slices measured together share a time.
    n_slices : int
        Slices of the series.
    repetition_s : float
        Repetition time [s].
    reverse : bool
        Whether ``SliceEncodingDirection`` ends in a minus: the list begins with the last slice.
    file : object
        Named in a fault.

    Raises
    ------
    InputFault
        If it is no list of a number a slice, a time is negative, in milliseconds, or not within
        the repetition time.

    Examples
    --------
    >>> slice_times([0.0, 1.0, 0.5], n_slices=3, repetition_s=1.5, reverse=True, file="a.json")
    array([0.5, 1. , 0. ])
    """
    if given is None:
        return None
    times = _numbers(given, n_slices, file)
    longest = float(times.max())
    if longest > repetition_s * (1.0 + ROUNDING):
        milliseconds = longest <= 1e3 * repetition_s * (1.0 + ROUNDING) and longest > 10.0
        unit = "SliceTiming in milliseconds; BIDS wants seconds" if milliseconds else ""
        raise _wrong_times(
            file,
            f"a SliceTiming of {longest:g} at a RepetitionTime of {repetition_s:g} s",
            unit or "correct SliceTiming or RepetitionTime",
        )
    return times[::-1].copy() if reverse else times


def _numbers(given: object, n_slices: int, file: object) -> Array:
    numbers = isinstance(given, Sequence) and all(
        isinstance(time, int | float) and not isinstance(time, bool) for time in given
    )
    if not numbers or not isinstance(given, Sequence):
        raise _wrong_times(file, f"SliceTiming {given!r}", "correct or remove SliceTiming")
    times = np.array(given, dtype=np.float64)
    if times.size != n_slices:
        raise _wrong_times(
            file, f"{times.size} times for {n_slices} slices", "correct or remove SliceTiming"
        )
    if not np.isfinite(times).all() or (times < 0).any():
        raise _wrong_times(file, "a SliceTiming below 0", "correct or remove SliceTiming")
    return times


def _wrong_times(file: object, found: str, remedy: str) -> InputFault:
    return InputFault(
        file=file,
        found=found,
        expected="one time a slice in seconds, from 0 to the repetition time",
        remedy=remedy,
    )
