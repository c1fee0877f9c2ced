"""The ledger as a reader wants it: a grid of steps and visits, and what needs attention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sonolesion.core.status import NOT_SELECTED
from sonolesion.report.records import STATES, LedgerRow, Visit, state_of

NEEDS_ATTENTION = ("failed", "blocked", "stale", "not_reached")
INVENTORY = "ingest"


@dataclass(frozen=True)
class Line:
    """One step (or modality): the state at the subject and at each visit; "" for none."""

    stage: str
    step: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Concern:
    """Rows of the ledger that share state, reason and remedy."""

    state: str
    where: tuple[str, ...]
    reason: str
    remedy: str
    logs: tuple[str, ...]


def grid(rows: Iterable[LedgerRow], visits: Sequence[Visit]) -> list[Line]:
    """Return one line a step; where rows meet in a cell, the gravest state stands in it.

    Rows of the inventory are no steps: `acquired` shows them.
    """
    order = list(STATES)
    columns = ["", *(visit.session for visit in visits)]
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        if row.stage == INVENTORY:
            continue
        line = cells.setdefault((row.stage, _step(row)), {})
        line[row.session] = min(line.get(row.session, row.state), row.state, key=order.index)
    return [
        Line(stage, step, tuple(found.get(column, "") for column in columns))
        for (stage, step), found in cells.items()
    ]


def acquired(inventory: Iterable[Mapping[str, str]], visits: Sequence[Visit]) -> list[Line]:
    """Return one line a modality of the inventory that any visit has or was refused."""
    columns = [visit.session for visit in visits]
    cells: dict[str, dict[str, str]] = {}
    for row in inventory:
        session = row["session_id"].removeprefix("ses-")
        cells.setdefault(row["modality"], {})[session] = state_of(row["state"])
    return [
        Line("", modality, tuple(found.get(column, "") for column in columns))
        for modality, found in cells.items()
        if modality != "lesion" and set(found.values()) != {"absent"} and set(found) & set(columns)
    ]


def why_no_lesion(rows: Iterable[LedgerRow]) -> str:
    """Return why the lesion stage had nothing to do; "" if no row tells."""
    told = (row.reason for row in rows if row.modality == "lesion" and row.reason)
    return next(told, "")


def concerns(rows: Iterable[LedgerRow]) -> list[Concern]:
    """Return what failed, is blocked, stale or was not reached, gravest first."""
    grouped: dict[tuple[str, str, str], list[LedgerRow]] = {}
    for row in rows:
        if row.state in NEEDS_ATTENTION and row.reason != NOT_SELECTED:
            grouped.setdefault((row.state, row.reason, row.remedy), []).append(row)
    ordered = sorted(grouped.items(), key=lambda item: NEEDS_ATTENTION.index(item[0][0]))
    return [
        Concern(
            state=state,
            where=tuple(dict.fromkeys(_where(row) for row in found)),
            reason=reason or STATES[state].meaning,
            remedy=remedy,
            logs=tuple(dict.fromkeys(row.log for row in found if row.log)),
        )
        for (state, reason, remedy), found in ordered
    ]


def counts(rows: Iterable[LedgerRow]) -> list[tuple[str, int]]:
    """Return (state, number of rows) in the order of `STATES`, the successes first."""
    found = Counter(row.state for row in rows)
    return [(state, found[state]) for state in dict.fromkeys(["ran", *STATES]) if found[state]]


def _step(row: LedgerRow) -> str:
    if row.stage == INVENTORY:
        return row.modality
    return f"{row.step} {row.modality}" if row.step == "contrast" else row.step


def _where(row: LedgerRow) -> str:
    visit = f"ses-{row.session}" if row.session else "all visits"
    what = _step(row) if row.stage == INVENTORY else f"{row.stage} {_step(row)}"
    return f"{visit}: {what}" if what else visit
