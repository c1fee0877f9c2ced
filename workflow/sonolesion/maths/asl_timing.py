"""Timing of an ASL series: delays and durations of each volume, and the cut of a pulsed bolus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
# The cut that eq. 2 of the consensus stands for; plain QUIPSS cuts no bolus.
CUTS = ("QUIPSSII", "Q2TIPS")


@dataclass(frozen=True)
class Timing:
    """Timing of every volume [s].

    Attributes
    ----------
    delay_s : ndarray of shape (N,)
        Post-labelling delay, or inversion time of pulsed labelling.
    labelling_s : ndarray of shape (N,)
        Duration of labelling; NaN of pulsed labelling.
    """

    delay_s: Array
    labelling_s: Array

    def groups(self, volumes: Indices) -> list[Indices]:
        """Return `volumes` by timing, shortest delay first; each group ascending."""
        keys = np.column_stack(
            [self.delay_s[volumes], np.nan_to_num(self.labelling_s[volumes])]
        ).round(6)
        _, member = np.unique(keys, axis=0, return_inverse=True)
        member = member.ravel()
        return [np.sort(volumes[member == one]) for one in range(member.max(initial=-1) + 1)]


def timing(
    *,
    labelling_type: str | None,
    delay_s: float | Sequence[float] | None,
    labelling_s: float | Sequence[float] | None,
    told: Sequence[str],
    max_s: float,
    file: str,
) -> Timing:
    """Return the timing of every volume.

    Parameters
    ----------
    labelling_type : str or None
        ``ArterialSpinLabelingType``: PCASL, CASL or PASL.
    delay_s, labelling_s : float, sequence of float or None
        ``PostLabelingDelay`` and ``LabelingDuration`` [s]; a list has an entry a volume.
    told : sequence of str
        Roles of the volumes; calibration and finished maps need no timing.
    max_s : float
        Longest believable time [s]; longer ones are in milliseconds.
    file : str
        The sidecar, for the message.

    Raises
    ------
    InputFault
        If a time is missing, has another length, or is no believable number of seconds.
    """
    if labelling_type not in {"PCASL", "CASL", "PASL"}:
        raise InputFault(
            file=file,
            found=f"ArterialSpinLabelingType {labelling_type!r}",
            expected="PCASL, CASL or PASL",
            remedy="add it to the sidecar; it is never guessed",
        )
    needed = np.array([role in {"control", "label", "deltam"} for role in told], dtype=bool)
    read = partial(_per_volume, needed=needed, max_s=max_s, file=file)
    delay = read(delay_s, "PostLabelingDelay", may_be_0=labelling_type != "PASL")
    if labelling_type == "PASL":
        return Timing(delay, np.full(len(told), np.nan))
    return Timing(delay, read(labelling_s, "LabelingDuration", may_be_0=False))


def _per_volume(
    value: float | Sequence[float] | None,
    name: str,
    *,
    needed: NDArray[np.bool_],
    max_s: float,
    may_be_0: bool,
    file: str,
) -> Array:
    """Return a time of every volume [s]; NaN where none is needed."""
    if value is None:
        if not needed.any():
            return np.full(len(needed), np.nan)
        raise InputFault(
            file=file,
            found=f"no {name}",
            expected=f"{name} in seconds",
            remedy="add it from the protocol of the scanner; it is never guessed",
        )
    listed = np.atleast_1d(np.asarray(value, dtype=np.float64))
    if np.ndim(value) and len(listed) != len(needed):
        raise InputFault(
            file=file,
            found=f"{len(listed)} entries of {name} for {len(needed)} volumes",
            expected="one number for all volumes, or an entry a volume (0 of an m0scan)",
            remedy="write a list as long as the aslcontext table",
        )
    times = np.where(needed, np.broadcast_to(listed, len(needed)), np.nan)
    wrong = needed & ~((times > 0) | (may_be_0 & (times == 0)))
    if wrong.any() or (times[needed] > max_s).any():
        bad = times[wrong][0] if wrong.any() else times[needed].max()
        raise InputFault(
            file=file,
            found=f"{name} {bad:g}",
            expected=f"seconds, above 0 and at most {max_s:g}",
            remedy="divide by 1000 if it is in milliseconds",
        )
    return times


def single(values: Array, *, name: str, file: str) -> float:
    """Return the one value of a model for a single delay [s].

    Raises
    ------
    InputFault
        If volumes differ: one equation can't stand for them.
    """
    several = np.unique(values.round(6))
    if len(several) != 1:
        raise InputFault(
            file=file,
            found=f"{len(several)} values of {name} ({', '.join(f'{v:g}' for v in several)} s)",
            expected="one, for a model of a single delay",
            remedy="choose the kinetic model, which fits all delays at once",
        )
    return float(several[0])


def bolus_s(
    *,
    cut_off: bool | None,
    technique: str | None,
    delay_s: float | Sequence[float] | None,
    max_s: float,
    file: str,
) -> float:
    """Return the duration of a pulsed bolus that was cut off (TI1) [s].

    Parameters
    ----------
    cut_off, technique, delay_s
        ``BolusCutOffFlag``, ``BolusCutOffTechnique``, ``BolusCutOffDelayTime`` [s] of the
        sidecar; of a list (Q2TIPS) the first counts, when the cut begins.
    max_s : float
        Longest believable time [s].
    file : str
        The sidecar, for the message.

    Raises
    ------
    InputFault
        If the bolus wasn't cut off or the time isn't told: its duration is then unknown.
    """
    name = str(technique).replace(" ", "").replace("-", "")
    if cut_off is not True or name.upper() not in CUTS:
        raise InputFault(
            file=file,
            found=f"BolusCutOffFlag {cut_off}, BolusCutOffTechnique {technique!r}",
            expected=f"true, and one of {', '.join(CUTS)}",
            remedy="add them if the bolus was cut off; else its duration, and so flow, is unknown",
        )
    first = None if delay_s is None else float(np.atleast_1d(np.asarray(delay_s, float))[0])
    if first is None or not 0 < first <= max_s:
        raise InputFault(
            file=file,
            found=f"BolusCutOffDelayTime {first}",
            expected=f"seconds, above 0 and at most {max_s:g}",
            remedy="add it from the protocol; divide by 1000 if it is in milliseconds",
        )
    return first
