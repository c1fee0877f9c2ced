"""The treatments: when, on which side, and where the plan said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sonolesion.core.bids import INTERVENTION, RESERVED, require_label
from sonolesion.core.errors import InputFault
from sonolesion.core.tables import MISSING, read_tsv
from sonolesion.ingest.timeline import moment, number

REQUIRED = ("participant_id", "intervention_id", "kind", "side")
KINDS, SIDES = ("fus", "sham"), ("left", "right")
TELLING = ("sham", "placebo", "active", "verum")
AXIS_LETTERS = ({"L", "R"}, {"P", "A"}, {"I", "S"})
TEMPLATES = ("MNI152NLin2009cAsym", "MNI152NLin6Asym")
# What each frame needs besides the three coordinates.
FRAME_COLUMNS = {
    "acpc": ("target_origin", "target_axes"),
    "scanner": ("target_image", "target_axes"),
    "mni": ("target_space",),
}


@dataclass(frozen=True)
class Intervention:
    """One treatment of one patient; `kind` stays here, so that no page can show it.

    Attributes
    ----------
    day : float or None
        Day on the axis of ``days_from_treatment`` [d]; None until the date tells.
    target : dict
        Planned target: ``frame``, its columns, and ``stated_mm``.
    fault : str
        Why the row can't be used; empty if it can.
    """

    subject: str
    intervention: str
    day: float | None
    date: datetime | None
    kind: str
    side: str
    target: dict[str, Any]
    fault: str = ""
    remedy: str = ""


def read(table: Path) -> list[Intervention]:
    """Read the table of interventions; a row with a fault is kept, with the fault.

    Raises
    ------
    InputFault
        If the table itself can't be read or an id is used twice.
    """
    rows = read_tsv(table, required=REQUIRED)
    found = [_checked(row, file=f"{table} line {n}") for n, row in enumerate(rows, start=2)]
    seen = set()
    for item in found:
        if (item.subject, item.intervention) in seen:
            raise InputFault(
                file=table,
                found=f"sub-{item.subject} {item.intervention} twice",
                expected="one row an intervention",
                remedy="give each its own intervention_id",
            )
        seen.add((item.subject, item.intervention))
    return found


def _checked(row: Mapping[str, str], *, file: str) -> Intervention:
    subject = row["participant_id"].removeprefix("sub-")
    try:
        return _parsed(row, subject, file=file)
    except InputFault as fault:
        reason = f"{fault.file}: found {fault.found}; expected {fault.expected}"
        name = row["intervention_id"]
        return Intervention(subject, name, None, None, "", "", {}, reason, fault.remedy)


def _parsed(row: Mapping[str, str], subject: str, *, file: str) -> Intervention:
    require_label(subject, file=file, what="participant_id")
    name = require_label(row["intervention_id"], file=file, what="intervention_id")
    _require_blind(name, file=file)
    if not INTERVENTION.fullmatch(name):
        raise InputFault(
            file=file,
            found=f"intervention_id {name!r}",
            expected=f"an id that does not end in {', '.join(RESERVED)}",
            remedy="use another one, such as t1",
        )
    date = row.get("date", MISSING)
    day = row.get("day", MISSING)
    if (day, date) == (MISSING, MISSING):
        raise InputFault(
            file=file, found="neither day nor date", expected="one of them", remedy="add it"
        )
    return Intervention(
        subject=subject,
        intervention=name,
        day=None if day == MISSING else number(day, file=file, what="day"),
        date=None if date == MISSING else moment(date, file=file),
        kind=_one_of(row, "kind", KINDS, file=file),
        side=_one_of(row, "side", SIDES, file=file),
        target=target_of(row, file=file),
    )


def _require_blind(name: str, *, file: str) -> None:
    """Refuse an id that tells the arm: it stands in every table and on every page."""
    if any(word in name.lower() for word in TELLING):
        raise InputFault(
            file=file,
            found=f"intervention_id {name!r}",
            expected="an id that does not tell the arm",
            remedy="use a neutral one, such as t1",
        )


def target_of(row: Mapping[str, str], *, file: str) -> dict[str, Any]:
    """Return the planned target with its frame; raise `InputFault` if the frame is not told."""
    frame = _one_of(row, "target_frame", tuple(FRAME_COLUMNS), file=file)
    target: dict[str, Any] = {"frame": frame}
    for column in FRAME_COLUMNS[frame]:
        target[column.removeprefix("target_")] = _present(row, column, file=file)
    if "axes" in target:
        _check_axes(target["axes"], file=file)
    if frame == "acpc":
        _one_of(row, "target_origin", ("ac", "mc", "pc"), file=file)
    if frame == "mni":
        _one_of(row, "target_space", TEMPLATES, file=file)
    names = [f"target_{axis}_mm" for axis in "xyz"]
    cells = [_present(row, name, file=file) for name in names]
    target["stated_mm"] = [
        number(cell, file=file, what=name) for cell, name in zip(cells, names, strict=True)
    ]
    return target


def _present(row: Mapping[str, str], column: str, *, file: str) -> str:
    value = row.get(column, MISSING)
    if value == MISSING:
        raise InputFault(
            file=file,
            found=f"no {column}",
            expected="a target with its frame (a wrong origin is a 12 mm error)",
            remedy=f"fill in {column}; docs/ingest.md lists what each frame needs",
        )
    return value


def _one_of(row: Mapping[str, str], column: str, levels: tuple[str, ...], *, file: str) -> str:
    value = _present(row, column, file=file) if column.startswith("target") else row[column]
    if value not in levels:
        raise InputFault(
            file=file,
            found=f"{column} {value!r}",
            expected=" or ".join(levels),
            remedy="mend the table",
        )
    return value


def _check_axes(axes: str, *, file: str) -> None:
    good = len(axes) == len(AXIS_LETTERS) and all(
        letter in letters for letter, letters in zip(axes, AXIS_LETTERS, strict=True)
    )
    if not good:
        raise InputFault(
            file=file,
            found=f"target_axes {axes!r}",
            expected="three letters such as RAS or LPS: where each number grows",
            remedy="mend the table",
        )
