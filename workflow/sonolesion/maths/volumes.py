"""Which volumes of a run count: the first ones, repetition time, minutes of clean data."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault

# Of normal data, standard deviation over median absolute deviation, as Iglewicz & Hoaglin round it.
MODIFIED_Z = 0.6745
SECONDS_A_MINUTE = 60.0
SECONDS_OF = {"sec": 1.0, "msec": 1e-3, "usec": 1e-6}


def to_discard(repetition_s: float, *, steady_s: float) -> int:
    """Return the number of first volumes that began before the steady state.

    Parameters
    ----------
    repetition_s : float
        Repetition time [s].
    steady_s : float
        Time after which the magnetisation is steady [s].

    Examples
    --------
    >>> to_discard(2.0, steady_s=5.0)
    3
    """
    return math.ceil(round(steady_s / repetition_s, 6))


def non_steady(global_signal: NDArray[np.float64], *, max_z: float, n_looked_at: int) -> int:
    """Return the number of volumes at the beginning whose mean intensity stands out.

    Parameters
    ----------
    global_signal : ndarray of shape (N,)
        Mean intensity of each volume.
    max_z : float
        Largest modified z of a steady volume [robust standard deviations].
    n_looked_at : int
        First volumes that are compared with each other.

    Notes
    -----
    ``z = 0.6745 |x - median| / MAD`` (Iglewicz & Hoaglin 1993); the volumes before the first one
    within the limit, as nipype's NonSteadyStateDetector counts them.

    Examples
    --------
    >>> non_steady(np.array([200.0, 120, 100, 101, 99, 100, 102]), max_z=3.5, n_looked_at=50)
    2
    """
    signal = np.asarray(global_signal, dtype=np.float64)[:n_looked_at]
    distance = np.abs(signal - np.median(signal))
    spread = float(np.median(distance))
    steady = MODIFIED_Z * distance <= max_z * spread
    return int(np.argmax(steady))


def repetition_time(
    header_time: float,
    header_unit: str,
    sidecar_s: object,
    *,
    tolerance: float,
    max_s: float,
    file: object,
) -> float:
    """Return the repetition time [s] that header and sidecar agree on.

    Parameters
    ----------
    header_time : float
        Fourth zoom of the NIfTI header.
    header_unit : str
        Its unit: ``sec``, ``msec``, ``usec``; another one is read as ``unknown``.
    sidecar_s : object
        ``RepetitionTime`` of the sidecar [s]; None where it is missing.
    tolerance : float
        Largest relative difference.
    max_s : float
        Longest believable repetition time [s]; a longer one is in milliseconds.
    file : object
        Named in a fault.

    Raises
    ------
    InputFault
        If RepetitionTime is missing, no positive number, in milliseconds, or not the header's.

    Examples
    --------
    >>> repetition_time(2000.0, "msec", 2.0, tolerance=0.001, max_s=30.0, file="a.json")
    2.0
    """
    if isinstance(sidecar_s, bool) or not isinstance(sidecar_s, int | float):
        raise _wrong_time(file, f"RepetitionTime {sidecar_s!r}", "add it to the sidecar [s]")
    sidecar = float(sidecar_s)
    if not 0 < sidecar < math.inf:
        raise _wrong_time(file, f"RepetitionTime {sidecar:g} s", "correct it in the sidecar [s]")
    if header_unit not in SECONDS_OF or not header_time > 0:
        raise _wrong_time(
            file,
            f"a repetition time of {header_time:g} {header_unit or 'unknown'} in the NIfTI header",
            "correct time step and unit of the header",
        )
    header_s = float(header_time) * SECONDS_OF[header_unit]
    agree = abs(header_s - sidecar) <= tolerance * sidecar
    if agree and sidecar <= max_s:
        return sidecar
    hint = "both are in milliseconds" if agree else "correct whichever is wrong"
    if abs(1e3 * header_s - sidecar) <= tolerance * sidecar:
        hint = "RepetitionTime is in milliseconds; BIDS wants seconds"
    raise _wrong_time(
        file, f"RepetitionTime {sidecar:g} s, but {header_s:g} s in the NIfTI header", hint
    )


def _wrong_time(file: object, found: str, remedy: str) -> InputFault:
    return InputFault(
        file=file,
        found=found,
        expected="one repetition time in seconds, the same in sidecar and header",
        remedy=remedy,
    )


def clean_minutes(n_volumes: int, repetition_s: float) -> float:
    """Return how long so many volumes take [min].

    Examples
    --------
    >>> clean_minutes(150, 2.0)
    5.0
    """
    return n_volumes * repetition_s / SECONDS_A_MINUTE


def require_minutes(
    n_volumes: int,
    repetition_s: float,
    *,
    min_minutes: float,
    accept_short: bool,
    file: object,
) -> str:
    """Return the mark of a run: "" if it is long enough, else that it is too short.

    Parameters
    ----------
    n_volumes : int
        Volumes that are left.
    repetition_s : float
        Repetition time [s].
    min_minutes : float
        Least minutes of clean data [min].
    accept_short : bool
        Go on with less, marked.
    file : object
        Named in a fault.

    Raises
    ------
    InputFault
        If there is less and that is not accepted.
    """
    minutes = clean_minutes(n_volumes, repetition_s)
    if minutes >= min_minutes:
        return ""
    if accept_short:
        return f"only {minutes:.1f} min of clean data, least {min_minutes:g} min: by override"
    raise InputFault(
        file=file,
        found=f"{minutes:.1f} min of clean data ({n_volumes} volumes of {repetition_s:g} s)",
        expected=f"at least {min_minutes:g} min",
        remedy="leave the run out, or set functional.volumes.accept_short: true "
        "(the tables say so then)",
    )
