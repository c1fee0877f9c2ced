"""What lesions cut of each bundle over the treatments of the study: median and range a visit."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sonolesion.report import bundle_words, records, wording
from sonolesion.report.records import Intervention, number

Row = Mapping[str, str]
TREATED, OTHER = "treated", "other"


@dataclass
class Tally:
    """Cut shares of one bundle at one visit, and how many treatments have none."""

    values: list[float] = field(default_factory=list)
    unseen: int = 0
    thin: int = 0

    @property
    def text(self) -> str:
        """Median and range; empty without a value."""
        if not self.values:
            return ""
        ends = records.Range(statistics.median(self.values), min(self.values), max(self.values))
        return wording.share(ends)

    @property
    def n(self) -> int:
        """Treatments with a value."""
        return len(self.values)


@dataclass(frozen=True)
class Line:
    """One bundle on the treated or the other side: a cell a visit, None where nothing ran."""

    name: str
    side: str
    cells: tuple[Tally | None, ...]


@dataclass(frozen=True)
class Table:
    """Bundles by visits; `visits` are (session, median day after treatment)."""

    visits: tuple[tuple[str, float | None], ...]
    lines: tuple[Line, ...]


def table(measures: Iterable[Row], plan: Mapping[str, Any]) -> Table:
    """Collect the shares of streamlines that lesions cut.

    Parameters
    ----------
    measures : iterable of mapping
        Rows of all subjects.
    plan : mapping
        ``subjects`` (label → plan); nothing that tells the arm is taken from it.
    """
    treatments = {
        (subject, item.id): item
        for subject, told in plan["subjects"].items()
        for item in records.interventions(told)
    }
    found: dict[tuple[str, str], dict[str, Tally]] = {}
    days: dict[str, list[float]] = {}
    for row in measures:
        if (row["map"], row["statistic"]) != ("disconnection", "cut_streamlines"):
            continue
        key = row["participant_id"].removeprefix("sub-"), row["intervention_id"]
        if key in treatments:
            session = row["session_id"].removeprefix("ses-")
            _count(_cell(found, row, treatments[key], session), row)
            day = number(row["days_from_treatment"])
            days.setdefault(session, []).extend([] if day is None else [day])
    order = sorted(days, key=lambda s: (statistics.median(days[s] or [float("inf")]), s))
    visits = tuple((s, statistics.median(days[s]) if days[s] else None) for s in order)
    return Table(visits, tuple(_lines(found, order)))


def _cell(
    found: dict[tuple[str, str], dict[str, Tally]], row: Row, item: Intervention, session: str
) -> Tally:
    side = TREATED if row["side"] == item.side else OTHER
    name = row["region"].partition(":")[2]
    return found.setdefault((name, side), {}).setdefault(session, Tally())


def _count(cell: Tally, row: Row) -> None:
    value = number(row["value"])
    if row["status"] == "measured" and value is not None:
        cell.values.append(value)
    elif row["status"] == "not_visible":
        cell.unseen += 1
    else:
        cell.thin += 1


def _lines(
    found: Mapping[tuple[str, str], Mapping[str, Tally]], order: Sequence[str]
) -> list[Line]:
    sides = (TREATED, OTHER)
    return [
        Line(bundle_words.bundle(name), side, tuple(own.get(session) for session in order))
        for (name, side), own in sorted(found.items(), key=lambda item: sides.index(item[0][1]))
    ]
