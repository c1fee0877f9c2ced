"""When each session took place, in days from treatment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sonolesion.core.errors import InputFault
from sonolesion.core.tables import MISSING, read_tsv

SECONDS_PER_DAY = 86_400.0
REMEDY = (
    "add days_from_treatment to {table}, or acq_time there and a date in the table of "
    "interventions, or ingest.session_days in the configuration"
)


def session_rows(table: Path) -> dict[str, dict[str, str]]:
    """Return the rows of ``sub-X_sessions.tsv`` by session label; empty if there is no table."""
    if not table.exists():
        return {}
    rows = read_tsv(table, required=["session_id"])
    return {row["session_id"].removeprefix("ses-"): row for row in rows}


def day_of(
    row: Mapping[str, str],
    session: str,
    *,
    table: str,
    treatment: datetime | None,
    fallback_days: Mapping[str, float],
) -> float:
    """Return the day of a session [d]; negative before treatment.

    Raises
    ------
    InputFault
        If the table, the treatment date and the configuration all fail to tell.
    """
    stated = row.get("days_from_treatment", MISSING)
    if stated != MISSING:
        return number(stated, file=f"{table} {session}", what="days_from_treatment")
    acquired = row.get("acq_time", MISSING)
    if acquired != MISSING and treatment is not None:
        taken = moment(acquired, file=f"{table} {session}")
        return round((taken - treatment).total_seconds() / SECONDS_PER_DAY, 2)
    if session in fallback_days:
        return float(fallback_days[session])
    raise InputFault(
        file=table,
        found=f"no day for ses-{session}",
        expected="days from treatment",
        remedy=REMEDY.format(table=table),
    )


def number(text: str, *, file: object, what: str) -> float:
    """Return a finite number, or raise `InputFault`."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputFault(
            file=file, found=f"{what} {text!r}", expected="a number", remedy="mend the table"
        )
    return value


def moment(text: str, *, file: object) -> datetime:
    """Return a date (and time) written as ISO 8601, or raise `InputFault`."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise InputFault(
            file=file,
            found=f"time {text!r}",
            expected="ISO 8601, such as 2024-05-03T10:15:00",
            remedy="mend the table",
        ) from None
