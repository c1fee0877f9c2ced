"""Changes of the scan protocol since the baseline, a line a visit and modality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sonolesion.report.records import Visit

MAJOR = "major"


@dataclass(frozen=True)
class Change:
    """One entry of the protocol that differs."""

    key: str
    baseline: str
    value: str
    major: bool


@dataclass(frozen=True)
class Line:
    """What differs in one modality of one visit, the gravest first."""

    session: str
    modality: str
    against: str
    changes: tuple[Change, ...]

    @property
    def major(self) -> bool:
        """Whether any change is major."""
        return any(change.major for change in self.changes)


def lines(rows: Sequence[Mapping[str, str]], visits: Sequence[Visit]) -> list[Line]:
    """Return the changes of each visit and modality, in order of visits."""
    order = [visit.session for visit in visits]
    grouped: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in rows:
        session = row["session_id"].removeprefix("ses-")
        grouped.setdefault((session, row["modality"]), []).append(row)

    def rank(key: tuple[str, str]) -> tuple[int, str]:
        return (order.index(key[0]) if key[0] in order else len(order)), key[1]

    return [
        Line(
            session=key[0],
            modality=key[1],
            against=grouped[key][0]["baseline_session_id"].removeprefix("ses-"),
            changes=tuple(sorted(map(_change, grouped[key]), key=lambda c: (not c.major, c.key))),
        )
        for key in sorted(grouped, key=rank)
    ]


def _change(row: Mapping[str, str]) -> Change:
    return Change(row["key"], row["baseline"], row["value"], row["severity"] == MAJOR)
