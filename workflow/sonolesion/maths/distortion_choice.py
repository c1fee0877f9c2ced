"""Which distortion correction a diffusion scan gets, from what there is, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

Method = Literal["opposed", "b0_map", "gre_map", "registration", "none"]
Map = Literal["b0_map", "gre_map"]
MAPS: dict[Map, str] = {"b0_map": "B0 map", "gre_map": "gradient echo with phase"}
AXES = "ijk"
NO_REFERENCE = "there is no undistorted scan to register to"
# Letters of labels that name the two ends of one line.
ENDS = ("AP", "LR", "SI", "HF")


@dataclass(frozen=True)
class Encoding:
    """How a scan was encoded, as far as its sidecar tells.

    Attributes
    ----------
    direction : str
        BIDS ``PhaseEncodingDirection`` (``"j-"``); or ``PhaseEncodingAxis`` if no sign is told
        (see `signed`); empty if neither is.
    signed : bool
        Whether the sign is told; an axis alone has none.
    readout_s : float or None
        Total readout time [s].
    """

    direction: str
    signed: bool
    readout_s: float | None

    @property
    def axis(self) -> int | None:
        """Return the array axis, if it is told."""
        return AXES.find(self.direction[0]) if self.direction else None

    @property
    def sign(self) -> int | None:
        """Return the sign, if it is told."""
        return (-1 if self.direction.endswith("-") else 1) if self.signed else None


@dataclass(frozen=True)
class Choice:
    """A method and why.

    Attributes
    ----------
    method : str
        ``"opposed"``, ``"b0_map"``, ``"gre_map"``, ``"registration"`` or ``"none"``.
    reference : str
        Contrast that registration goes to; else empty.
    reason : str
        In words: why this one and none of the better ones.
    """

    method: Method
    reference: str
    reason: str


def encoding(*, direction: object, axis: object, readout_s: object) -> Encoding:
    """Read the entries of a sidecar.

    Parameters
    ----------
    direction, axis : object
        ``PhaseEncodingDirection`` and ``PhaseEncodingAxis``, None if absent.
    readout_s : object
        ``TotalReadoutTime`` [s], None if absent.

    Raises
    ------
    ValueError
        If a direction is none of ``i i- j j- k k-`` or a time is no positive number.

    Examples
    --------
    >>> found = encoding(direction="j-", axis=None, readout_s=0.04)
    >>> found.axis, found.sign
    (1, -1)
    """
    signed = direction is not None
    word = direction if signed else axis
    if word is not None and word not in {"i", "j", "k", "i-", "j-", "k-"}:
        raise ValueError(f"a phase encoding direction is one of i i- j j- k k-, not {word!r}")
    if readout_s is not None and (
        isinstance(readout_s, bool) or not isinstance(readout_s, int | float) or readout_s <= 0
    ):
        raise ValueError(f"a total readout time is a positive number of seconds, not {readout_s!r}")
    time = None if readout_s is None else float(readout_s)
    return Encoding("" if word is None else str(word), signed, time)


def choose(
    scan: Encoding, others: list[Encoding], *, maps: Sequence[Map], references: list[str],
    without: str = NO_REFERENCE,
) -> Choice:  # fmt: skip
    """Choose the best correction there is data for.

    Parameters
    ----------
    scan : Encoding
        Of the diffusion scan.
    others : list of Encoding
        Of the other echo-planar spin-echo scans of the session.
    maps : sequence of str
        Measured fields that the session has, the best first: ``"b0_map"`` in Hz, ``"gre_map"``
        from the phase of a multi-echo gradient echo.
    references : list of str
        Undistorted contrasts at hand, the best first.
    without : str
        Why there is none, in words.

    Notes
    -----
    Order: pair, map, registration (Graham et al. 2017, doi:10.1371/journal.pone.0185647).
    """
    if scan.axis is None:
        return Choice("none", "", "the sidecar does not tell the phase-encoding axis")
    refused = []
    fault = _pair_fault(scan, others)
    if not fault:
        return Choice("opposed", "", "there is a scan with the opposite phase encoding")
    refused.append(fault)
    fault = map_fault(scan, maps)
    if not fault:
        refused += ["there is no B0 map in Hz"] * (maps[0] != "b0_map")
        return Choice(maps[0], "", f"there is a {MAPS[maps[0]]}; {'; '.join(refused)}")
    refused.append(fault)
    if references:
        reason = f"registration to the {references[0]} along the phase-encoding axis; "
        return Choice("registration", references[0], reason + "; ".join(refused))
    refused.append(without)
    return Choice("none", "", "; ".join(refused))


def partner(scan: Encoding, others: list[Encoding]) -> int | None:
    """Return the number of the first usable scan with the opposite phase encoding."""
    for number, other in enumerate(others):
        if other.axis == scan.axis and None not in (scan.sign, other.sign):
            told = (scan.readout_s is None) == (other.readout_s is None)
            if other.sign != scan.sign and told:
                return number
    return None


def contradiction(scans: Sequence[tuple[str, Encoding]]) -> tuple[int, int] | None:
    """Return the numbers of the first two scans whose labels and encodings are at odds.

    Parameters
    ----------
    scans : sequence of (str, Encoding)
        ``dir-`` label, empty if there is none, and encoding, of scans on one grid.

    Notes
    -----
    Two scans of one label have one direction, and two of opposite labels (AP and PA, A and P)
    have not. What a single label means is not judged: some name where the trajectory goes, some
    where fat goes.

    Examples
    --------
    >>> up, down = Encoding("j", True, 0.04), Encoding("j-", True, 0.04)
    >>> contradiction([("AP", down), ("PA", up)]) is None
    True
    >>> contradiction([("AP", down), ("AP", up)]), contradiction([("A", up), ("P", up)])
    ((0, 1), (0, 1))
    """
    told = [n for n, (label, own) in enumerate(scans) if label and own.signed]
    for first, second in combinations(told, 2):
        (one, a), (two, b) = scans[first], scans[second]
        alike = a.direction == b.direction
        if (one == two and not alike) or (_opposite(one, two) and alike):
            return first, second
    return None


def _opposite(one: str, two: str) -> bool:
    """Return whether two labels name opposite directions."""
    words = {one.upper(), two.upper()}
    return any(words in ({ends, ends[::-1]}, set(ends)) for ends in ENDS)


def _pair_fault(scan: Encoding, others: list[Encoding]) -> str:
    """Return why there is no pair; empty if there is one."""
    if partner(scan, others) is not None:
        return ""
    if not others:
        return "there is no second phase encoding"
    if scan.sign is None:
        return "the sign of the phase encoding is not told"
    labels = {other.direction or "none" for other in others}
    if any(other.axis == scan.axis and other.sign == -scan.sign for other in others):
        return "the readout time of one scan of the pair is not told"
    return f"no other scan has the opposite of {scan.direction} (found {', '.join(sorted(labels))})"


def map_fault(scan: Encoding, maps: Sequence[Map]) -> str:
    """Return why no measured field can be used; empty if the first of `maps` can."""
    if not maps:
        return "there is no B0 map and no gradient echo with phase"
    if scan.sign is None or scan.readout_s is None:
        return "a measured field can't be used: sign or readout time of the scan is not told"
    return ""
