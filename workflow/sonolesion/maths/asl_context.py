"""Roles of the volumes of an ASL series: pairs, differences, calibration, a map already made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault
from sonolesion.maths.asl_timing import Timing

Indices = NDArray[np.intp]
Layout = Literal["pairs", "deltam", "cbf"]
M0Source = Literal["scan", "volumes", "estimate", "controls", "none"]
ROLES = ("control", "label", "deltam", "m0scan", "cbf")
M0_TYPES = ("Separate", "Included", "Estimate", "Absent")


@dataclass(frozen=True)
class Series:
    """Which volume is what; indices count from 0.

    Attributes
    ----------
    layout : {"pairs", "deltam", "cbf"}
        What blood flow is made of; ``cbf`` only where there is nothing else.
    controls, labels : ndarray of shape (P,)
        Pairs, in the order of their controls; empty unless the layout is ``pairs``.
    differences : ndarray of shape (D,)
        Differences that the scanner took; empty unless the layout is ``deltam``.
    m0, cbf : ndarray
        Calibration volumes; maps that the scanner made (a cross-check beside raw volumes).
    """

    layout: Layout
    controls: Indices
    labels: Indices
    differences: Indices
    m0: Indices
    cbf: Indices

    @property
    def weighted(self) -> Indices:
        """First volume of every difference: the one whose timing counts."""
        return {"pairs": self.controls, "deltam": self.differences, "cbf": self.cbf}[self.layout]


def roles(volume_types: Sequence[str], *, n_volumes: int, file: str) -> tuple[str, ...]:
    """Return the role of every volume.

    Parameters
    ----------
    volume_types : sequence of str
        Column ``volume_type`` of the aslcontext table.
    n_volumes : int
        Volumes of the series.
    file : str
        The table, for the message.

    Raises
    ------
    InputFault
        If the table has another length, or an entry is no role.
    """
    if len(volume_types) != n_volumes:
        raise InputFault(
            file=file,
            found=f"{len(volume_types)} rows for {n_volumes} volumes",
            expected="one row a volume, in their order",
            remedy="write the table anew from the protocol; rows are never left out or repeated",
        )
    told = tuple(str(entry).strip() for entry in volume_types)
    for row, entry in enumerate(told):
        if entry not in ROLES:
            raise InputFault(
                file=file,
                found=f"volume_type {entry!r} in row {row + 1}",
                expected=", ".join(ROLES),
                remedy="name what the volume is",
            )
    return told


def series(told: Sequence[str], timing: Timing, *, file: str) -> Series:
    """Return pairs, differences and calibration volumes.

    The n-th control of a timing belongs to the n-th label of the same timing, so that series
    alternating in either order and blocks of controls and labels are paired alike.

    Parameters
    ----------
    told : sequence of str
        Of `roles`.
    timing : Timing
        Delays of the volumes: only volumes of one timing are subtracted.
    file : str
        The table, for the message.

    Raises
    ------
    InputFault
        If controls and labels don't pair, if both pairs and differences are there, or neither.
    """
    entries = np.array(told, dtype=str)
    found = {role: np.flatnonzero(entries == role) for role in ROLES}
    raw = len(found["control"]) + len(found["label"])
    if raw and len(found["deltam"]):
        raise InputFault(
            file=file,
            found=f"{raw} control and label volumes beside {len(found['deltam'])} deltam volumes",
            expected="pairs, or differences that the scanner took",
            remedy="split the series: one of both is made of the other",
        )
    controls, labels = _pairs(found["control"], found["label"], timing, file=file)
    layout: Layout = "pairs" if raw else "deltam" if len(found["deltam"]) else "cbf"
    if layout == "cbf" and not len(found["cbf"]):
        raise InputFault(
            file=file,
            found=f"{len(found['m0scan'])} m0scan volumes and nothing else",
            expected="control and label, deltam, or cbf volumes",
            remedy="name the volumes as the protocol has them",
        )
    return Series(layout, controls, labels, found["deltam"], found["m0scan"], found["cbf"])


def _pairs(
    controls: Indices, labels: Indices, timing: Timing, *, file: str
) -> tuple[Indices, Indices]:
    """Return controls and their labels, in the order of the controls."""
    pairs: list[tuple[int, int]] = []
    for group in timing.groups(np.concatenate([controls, labels])):
        own = [np.intersect1d(group, some) for some in (controls, labels)]
        if len(own[0]) != len(own[1]):
            _refuse_odd(own[0], own[1], timing, several=len(group) < len(controls) + len(labels),
                        file=file)  # fmt: skip
        pairs += zip(own[0].tolist(), own[1].tolist(), strict=True)
    paired = np.array(sorted(pairs), np.intp).reshape(-1, 2)
    return paired[:, 0], paired[:, 1]


def _refuse_odd(
    controls: Indices, labels: Indices, timing: Timing, *, several: bool, file: str
) -> None:
    """Raise the fault of a pair that lacks a half, with the volume where it breaks."""
    order = sorted([(int(i), "control") for i in controls] + [(int(i), "label") for i in labels])
    twice = next((b[0] for a, b in pairwise(order) if a[1] == b[1]), None)
    place = f"; volume {twice + 1} has the role of the one before" if twice is not None else ""
    at = f" at a delay of {timing.delay_s[order[0][0]]:g} s" if several else ""
    raise InputFault(
        file=file,
        found=f"{len(controls)} control and {len(labels)} label volumes{at}{place}",
        expected="as many controls as labels",
        remedy="cut the series to whole pairs, with its table; a half pair tells nothing",
    )


def m0_source(
    m0_type: str | None,
    found: Series,
    *,
    has_scan: bool,
    estimate: float | None,
    background_suppression: bool | None,
    file: str,
) -> M0Source:
    """Return where the calibration comes from.

    Parameters
    ----------
    m0_type : str or None
        ``M0Type`` of the sidecar.
    found : Series
        Of `series`.
    has_scan : bool
        Whether a separate ``_m0scan`` belongs to the series.
    estimate : float or None
        ``M0Estimate`` of the sidecar, in the unit of the series.
    background_suppression : bool or None
        ``BackgroundSuppression`` of the sidecar.
    file : str
        The sidecar, for the message.

    Returns
    -------
    {"scan", "volumes", "estimate", "controls", "none"}
        ``controls``: their mean, where nothing was suppressed; ``none`` for a map that is
        passed through.

    Raises
    ------
    InputFault
        If what the sidecar tells isn't there, or nothing can calibrate.
    """
    if found.layout == "cbf":
        return "none"
    if m0_type not in M0_TYPES:
        raise _no_m0(file, f"M0Type {m0_type!r}", ", ".join(M0_TYPES), "add M0Type to the sidecar")
    if m0_type == "Absent":
        return _controls(found, background_suppression, file=file)
    if m0_type == "Estimate" and not (estimate is not None and 0 < estimate < np.inf):
        raise _no_m0(
            file, f"M0Estimate {estimate}", "a number above 0, in the unit of the series",
            "add M0Estimate to the sidecar",
        )  # fmt: skip
    if m0_type == "Included" and not len(found.m0):
        raise _no_m0(
            file, "M0Type Included, and no m0scan in the aslcontext table",
            "a volume of that role", "name the calibration volume in the table",
        )  # fmt: skip
    if m0_type == "Separate" and not has_scan:
        raise _no_m0(
            file, "M0Type Separate, and no _m0scan for this series", "a _m0scan on its grid",
            "add the scan, or say in M0Type where M0 is",
        )  # fmt: skip
    sources: dict[str, M0Source] = {
        "Separate": "scan", "Included": "volumes", "Estimate": "estimate",
    }  # fmt: skip
    return sources[m0_type]


def _controls(found: Series, background_suppression: bool | None, *, file: str) -> M0Source:
    """Return ``controls``, or raise where they can't stand for M0."""
    if found.layout != "pairs":
        raise _no_m0(
            file, "M0Type Absent and no control volumes", "an M0 scan, or control volumes",
            "add an _m0scan, or M0Estimate with M0Type Estimate",
        )  # fmt: skip
    if background_suppression is not False:
        told = "not told" if background_suppression is None else "true"
        raise _no_m0(
            file, f"M0Type Absent and BackgroundSuppression {told}",
            "controls whose signal was not suppressed, and BackgroundSuppression false to say so",
            "add an _m0scan; suppressed controls are no calibration",
        )  # fmt: skip
    return "controls"


def _no_m0(file: str, found: str, expected: str, remedy: str) -> InputFault:
    return InputFault(file=file, found=found, expected=expected, remedy=remedy)


def differences(data: NDArray[Any], found: Series) -> NDArray[np.float32]:
    """Return every control minus its label, or the scanner's differences as they are.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Series, realigned.
    found : Series
        Its layout ``pairs`` or ``deltam``.

    Returns
    -------
    ndarray of shape (X, Y, Z, P)
    """
    if found.layout == "cbf":
        raise ValueError("a map of blood flow has no difference")
    if found.layout == "deltam":
        return np.asarray(data[..., found.differences], dtype=np.float32)
    taken = data[..., found.controls].astype(np.float32) - data[..., found.labels]
    return np.asarray(taken, dtype=np.float32)


def mean_by_timing(
    taken: NDArray[Any], groups: Sequence[Indices], kept: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the mean difference of each timing, and of how many it is made.

    Parameters
    ----------
    taken : ndarray of shape (X, Y, Z, P)
        Of `differences`.
    groups : sequence of ndarray
        Positions along P of each timing.
    kept : ndarray of shape (P,), bool
        Differences that are used.

    Returns
    -------
    mean : ndarray of shape (X, Y, Z, D)
        NaN where a timing has no difference left.
    count : ndarray of shape (D,)
    """
    mean = np.full((*taken.shape[:3], len(groups)), np.nan, dtype=np.float32)
    count = np.array([int(kept[group].sum()) for group in groups])
    for number, group in enumerate(groups):
        if count[number]:
            mean[..., number] = taken[..., group[kept[group]]].mean(axis=3, dtype=np.float64)
    return mean, count
