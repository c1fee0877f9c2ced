"""What a sidecar must tell of calibration and labelling before flow can be computed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault
from sonolesion.maths.volumes import SECONDS_OF

# Scanners of 3 T are between 2.89 and 3.0 T.
FIELD_TOLERANCE = 0.1
# Time between volumes of a header that nobody set.
FILLED_IN = 1.0


@dataclass(frozen=True)
class Efficiency:
    """Share of the magnetisation that is inverted, and of what it was made."""

    value: float
    words: str


def recovery_s(
    value: float | list[float] | None,
    volumes: NDArray[np.intp],
    *,
    n_volumes: int,
    max_s: float,
    file: str,
) -> float:
    """Return the repetition time of calibration volumes [s].

    Parameters
    ----------
    value : float, list of float or None
        ``RepetitionTimePreparation`` [s]: one, or one a volume.
    volumes : ndarray of int
        Calibration volumes.
    n_volumes : int
        Volumes of the file.
    max_s : float
        Longest believable time [s].
    file : str
        The sidecar, for the message.

    Raises
    ------
    InputFault
        If it is missing, of another length, differs among `volumes`, or is no seconds.
    """
    listed = np.atleast_1d(np.asarray([] if value is None else value, dtype=np.float64))
    fits = len(listed) in {1, n_volumes}
    times = np.unique(np.broadcast_to(listed, n_volumes)[volumes]) if fits else listed[:0]
    if len(times) != 1 or not 0 < times[0] <= max_s:
        raise InputFault(
            file=file,
            found=f"RepetitionTimePreparation {value}",
            expected=f"one time of the {len(volumes)} calibration volumes, in seconds, at most "
            f"{max_s:g}",
            remedy="add it from the protocol, for it tells how far M0 had recovered; divide by "
            "1000 if it is in milliseconds",
        )
    return float(times[0])


def require_header(
    step: float, unit: str, recovery_s: float, *, tolerance: float, file: str
) -> None:
    """Raise `InputFault` where the time between volumes can't be of such a repetition time.

    Parameters
    ----------
    step, unit : float, str
        Fourth zoom of the NIfTI header and its unit; it says nothing if it is 0, or no time, or
        the 1 that libraries fill in: labelling alone takes longer.
    recovery_s : float
        ``RepetitionTimePreparation`` of all volumes [s].
    tolerance : float
        Largest relative difference from a whole number of repetitions: a segmented readout
        takes several for one volume.
    file : str
        The sidecar, for the message.
    """
    if unit not in SECONDS_OF or not step > 0 or step == FILLED_IN:
        return
    header_s = step * SECONDS_OF[unit]
    n_shots = max(1, round(header_s / recovery_s))
    if abs(header_s / recovery_s - n_shots) > tolerance * n_shots:
        raise InputFault(
            file=file,
            found=f"RepetitionTimePreparation {recovery_s:g} s, but {header_s:g} s between volumes "
            "in the NIfTI header",
            expected="the same, or whole repetitions for each volume",
            remedy="correct whichever is wrong; M0 depends on it",
        )


def labelling_efficiency(
    labelling_type: str,
    *,
    measured: float | None,
    usual: Mapping[str, float],
    background_suppression: bool | None,
    n_pulses: int | None,
    pulse_efficiency: float,
    total: float | None,
    file: str,
) -> Efficiency:
    """Return the share of the magnetisation that labelling and suppression leave inverted.

    Parameters
    ----------
    labelling_type : str
        PCASL, CASL or PASL.
    measured : float or None
        ``LabelingEfficiency`` of the sidecar: of the labelling alone.
    usual : mapping
        Labelling type → efficiency where none was measured.
    background_suppression, n_pulses : bool or None, int or None
        ``BackgroundSuppression``, ``BackgroundSuppressionNumberPulses``, or what the
        configuration says of them.
    pulse_efficiency : float
        What each suppression pulse leaves.
    total : float or None
        Of both together, from the protocol; counts before all else.
    file : str
        The sidecar, for the message.

    Raises
    ------
    InputFault
        If a number that is needed isn't told.

    Notes
    -----
    ``α = α_label · α_pulse^n``: Alsop et al. 2015, doi:10.1002/mrm.25197; Garcia et al. 2005,
    doi:10.1002/mrm.20556.
    """
    if total is not None:
        return Efficiency(total, f"{total:g} for labelling and background suppression together")
    alone = usual.get(labelling_type) if measured is None else measured
    if alone is None or not 0 < alone <= 1:
        raise _unknown(
            file, f"LabelingEfficiency {alone} of {labelling_type}", "LabelingEfficiency"
        )
    origin = "consensus" if measured is None else "measured"
    if background_suppression is None:
        raise _unknown(file, "no BackgroundSuppression", "BackgroundSuppression, true or false")
    if not background_suppression:
        return Efficiency(alone, f"{alone:g} ({origin}), no background suppression")
    if n_pulses is None or n_pulses < 0:
        raise _unknown(
            file, f"BackgroundSuppressionNumberPulses {n_pulses} with BackgroundSuppression true",
            "BackgroundSuppressionNumberPulses",
        )  # fmt: skip
    left = alone * pulse_efficiency**n_pulses
    words = f"{alone:g} ({origin}) x {pulse_efficiency:g}^{n_pulses} suppression pulses"
    return Efficiency(left, words)


def _unknown(file: str, found: str, expected: str) -> InputFault:
    return InputFault(
        file=file,
        found=found,
        expected=f"{expected} in the sidecar or the configuration",
        remedy="add it from the protocol, or give perfusion.labelling.total_efficiency; it is "
        "never guessed, for flow is inversely proportional to it",
    )


def blood_t1(field_tesla: float | None, *, known: Mapping[str, float], file: str) -> float:
    """Return T1 of blood at the field of the scan [s].

    Parameters
    ----------
    field_tesla : float or None
        ``MagneticFieldStrength`` [T].
    known : mapping
        Field [T], as text → T1 [s]; a field within a tenth of one is that.
    file : str
        The sidecar, for the message.

    Raises
    ------
    InputFault
        If the field isn't told, or no T1 is known at it.
    """
    for field, t1_s in known.items():
        if field_tesla is not None and abs(field_tesla / float(field) - 1.0) <= FIELD_TOLERANCE:
            return t1_s
    raise InputFault(
        file=file,
        found=f"MagneticFieldStrength {field_tesla}",
        expected=f"tesla, one of {', '.join(known)}",
        remedy="add it to the sidecar, or T1 of blood at this field to perfusion.constants",
    )


def voxel_ratio(
    acquired_mm: Sequence[float] | None, grid_mm: Sequence[float], *, file: str
) -> float:
    """Return the volume of a voxel as acquired over one of the grid, at least 1.

    Parameters
    ----------
    acquired_mm : sequence of float or None
        ``AcquisitionVoxelSize`` [mm]; None where it isn't told: the grid is taken for it.
    grid_mm : sequence of float
        Edges of a voxel of the file [mm].
    file : str
        The sidecar, for the message.

    Raises
    ------
    InputFault
        If it is no three lengths.

    Examples
    --------
    >>> voxel_ratio([3.75, 3.75, 4.0], [1.875, 1.875, 4.0], file="a_asl.json")
    4.0
    """
    if acquired_mm is None:
        return 1.0
    edges = np.atleast_1d(np.asarray(acquired_mm, dtype=np.float64))
    if edges.shape != (3,) or not ((edges > 0) & np.isfinite(edges)).all():
        raise InputFault(
            file=file,
            found=f"AcquisitionVoxelSize {acquired_mm}",
            expected="three lengths in millimetres",
            remedy="write the size of a voxel before interpolation, or leave the key out",
        )
    return max(1.0, float(edges.prod()) / math.prod(grid_mm[:3]))
