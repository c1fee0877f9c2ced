"""What a page is made from: files, ledger rows, visits and treatments."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

MISSING = "n/a"


class Volume(Protocol):
    """A volume with the matrix that places its voxels in RAS+ millimetres."""

    @property
    def data(self) -> NDArray[Any]:
        """Voxels, shape (X, Y, Z)."""

    @property
    def affine(self) -> NDArray[np.float64]:
        """Voxel indices to millimetres, shape (4, 4)."""


@dataclass(frozen=True)
class Reader:
    """How a page reads files; the script supplies it, so that these modules do no I/O."""

    volume: Callable[[str], Volume]
    json: Callable[[str], Mapping[str, Any]]
    content: Callable[[str], bytes]


@dataclass(frozen=True)
class File:
    """A current output: its path, and what its BIDS name says."""

    path: str
    entities: Mapping[str, str]
    suffix: str

    @property
    def name(self) -> str:
        """Name without folders."""
        return self.path.rpartition("/")[2]


def find(files: Iterable[File], suffix: str, ending: str, **wanted: str) -> File | None:
    """Return the file with this suffix, ending and entities (`ses=""`: none), or None."""
    for file in files:
        same = all(file.entities.get(entity, "") == value for entity, value in wanted.items())
        if same and file.suffix == suffix and file.path.endswith(ending):
            return file
    return None


@dataclass(frozen=True)
class State:
    """A word of the ledger, with a sign that survives black-and-white print."""

    label: str
    sign: str
    meaning: str


# In order of weight: the first that applies to a visit speaks for it.
STATES = {
    "failed": State("failed", "✕", "The step ran into an error, or its quality gate refused it."),
    "blocked": State("blocked", "▲", "Acquired but unusable as it is; nothing was run on it."),
    "stale": State("stale", "↻", "There is a result, but code, settings or scan have changed."),
    "not_reached": State("not reached", "…", "An earlier step it needs did not succeed."),
    "absent": State("absent", "–", "Not acquired."),
    "unused": State("unused", "·", "Acquired; no stage of this version reads it."),
    "ran": State("ran", "✓", "There is a current result."),
}


@dataclass(frozen=True)
class Range:
    """A number and the ends of its interval; None where there is none."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class LedgerRow:
    """One line of the ledger."""

    session: str
    modality: str
    stage: str
    step: str
    state: str
    reason: str
    remedy: str
    log: str
    output: str


@dataclass(frozen=True)
class Intervention:
    """A treatment as pages may show it: never its kind.

    Visits count for it from `day` until the same side is treated again on day `until`; they are
    compared with the session `baseline`.
    """

    id: str
    day: float
    side: str
    baseline: str = ""
    until: float = math.inf

    def covers(self, day: float | None) -> bool:
        """Return whether a visit of that day follows this treatment and no later one."""
        return day is not None and self.day <= day < self.until


@dataclass(frozen=True)
class Visit:
    """A session and its day on the subject's axis [d]; None if unknown."""

    session: str
    day: float | None
    baseline: bool


def state_of(word: str) -> str:
    """Return the key of `STATES` for a word of the ledger or inventory."""
    plain = word.strip().lower().replace(" ", "_").replace("-", "_")
    return "ran" if plain == "run" else plain


def ledger_rows(rows: Iterable[Mapping[str, str]]) -> list[LedgerRow]:
    """Read rows of `ledger.tsv`; cells that are missing become empty."""
    return [
        LedgerRow(
            session=_text(row, "session_id").removeprefix("ses-"),
            modality=_text(row, "modality"),
            stage=_text(row, "stage"),
            step=_text(row, "step"),
            state=state_of(row["state"]),
            reason=_text(row, "reason"),
            remedy=_text(row, "remedy"),
            log=_text(row, "log"),
            output=_text(row, "output"),
        )
        for row in rows
    ]


def interventions(plan: Mapping[str, Any]) -> list[Intervention]:
    """Read a subject's treatments from its plan, by day; nothing that tells the arm is taken."""
    found = [
        Intervention(
            id=name,
            day=float(item["day"]),
            side=str(item.get("side") or ""),
            baseline=_text(item, "baseline"),
        )
        for name, item in plan.get("interventions", {}).items()
    ]
    return [_until_the_next(item, found) for item in sorted(found, key=lambda i: (i.day, i.id))]


def _until_the_next(item: Intervention, others: Iterable[Intervention]) -> Intervention:
    again = [other.day for other in others if other.side == item.side and other.day > item.day]
    return replace(item, until=min(again, default=math.inf))


def visits(inventory: Iterable[Mapping[str, str]], plan: Mapping[str, Any]) -> list[Visit]:
    """Return the sessions in order of time, those of unknown day last."""
    days: dict[str, float | None] = {}
    for row in inventory:
        session = _text(row, "session_id").removeprefix("ses-")
        if session:
            known = number(row.get("days_from_treatment"))
            days[session] = known if known is not None else days.get(session)
    ordered = sorted(days, key=lambda s: (days[s] is None, days[s] or 0.0, s))
    return [Visit(session, days[session], session == plan.get("baseline")) for session in ordered]


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None or value == MISSING else str(value)


def number(value: object) -> float | None:
    """Read a cell of a table; None if it is missing."""
    return None if value in (None, "", MISSING) else float(str(value))
