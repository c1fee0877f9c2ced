"""Join the tables of all visits, check every cell, and write them the same way every time."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from sonolesion.core.errors import InputFault
from sonolesion.measures.vocabulary import (
    COLUMN_NAMES,
    COLUMNS,
    FORMS,
    KEY,
    LEVELS,
    MISSING,
    STATISTICS,
    WIDE,
    Column,
)

Cell = str | float | bool | None
Row = dict[str, Cell]

FLAGS = {"true": True, "false": False}
ARROW_TYPES = {
    "label": pa.string(),
    "level": pa.string(),
    "number": pa.float64(),
    "flag": pa.bool_(),
}
VISIT = (
    "participant_id",
    "session_id",
    "intervention_id",
    "days_from_treatment",
    "modality",
    "side",
)


def combine(tables: Mapping[str, str], *, digits: int) -> list[Row]:
    """Parse, check and sort the rows of all tables.

    Parameters
    ----------
    tables : mapping of str to str
        Text of each tab-separated table, by its file name (used in messages).
    digits : int
        Significant digits kept of every number.

    Returns
    -------
    list of dict
        Rows sorted by `KEY`; the order of `tables` doesn't matter.

    Raises
    ------
    InputFault
        On an unknown or missing column or level, a malformed cell, a value that its status
        forbids, or two rows with the same key.
    """
    rows: dict[tuple[tuple[bool, str | float], ...], Row] = {}
    origin: dict[tuple[tuple[bool, str | float], ...], str] = {}
    for source in sorted(tables):
        for line, row in enumerate(parse(tables[source], source=source, digits=digits), start=2):
            key = sort_key(row)
            if key in rows:
                _refuse(
                    f"{source} line {line}",
                    f"a second row for {' '.join(str(row[name]) for name in KEY)}",
                    f"one row for each {', '.join(KEY)} (the first is in {origin[key]})",
                    "remove the table that does not belong to this study, or name the method",
                )
            rows[key], origin[key] = row, source
    return [rows[key] for key in sorted(rows)]


def parse(text: str, *, source: str, digits: int) -> list[Row]:
    """Read one tab-separated table into typed, checked rows; see `combine`."""
    lines = text.splitlines()
    header = tuple(lines[0].split("\t")) if lines else ()
    if set(header) != set(COLUMN_NAMES) or len(header) != len(COLUMN_NAMES):
        _refuse(
            source,
            f"columns {', '.join(header) or '(none)'}",
            f"columns {', '.join(COLUMN_NAMES)}",
            "write the table with the columns of docs/measures.md",
        )
    return [
        _row(dict(zip(header, _cells(line, header, where), strict=True)), where, digits)
        for where, line in ((f"{source} line {n}", line) for n, line in enumerate(lines[1:], 2))
    ]


def sort_key(row: Row) -> tuple[tuple[bool, str | float], ...]:
    """Return the cells of `KEY` in a form that sorts: missing first, numbers by size."""
    cells = (row[name] for name in KEY)
    return tuple((cell is not None, "" if cell is None else cell) for cell in cells)


def to_tsv(rows: Iterable[Row], *, digits: int, names: Sequence[str] = COLUMN_NAMES) -> str:
    """Write rows as tab-separated text with a header and a final newline."""
    lines = ["\t".join(names)]
    lines += ["\t".join(format_cell(row[name], digits=digits) for name in names) for row in rows]
    return "\n".join(lines) + "\n"


def format_cell(cell: Cell, *, digits: int) -> str:
    """Write one cell: `n/a`, `true`/`false`, text, or a number with `digits` digits.

    Examples
    --------
    >>> format_cell(68.5000001, digits=6), format_cell(None, digits=6)
    ('68.5', 'n/a')
    """
    if cell is None:
        return MISSING
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return f"{cell:.{digits}g}" if isinstance(cell, float) else cell


def to_parquet(rows: Sequence[Row]) -> bytes:
    """Write rows as Parquet; equal rows give equal bytes under one pyarrow version."""
    schema = pa.schema([(column.name, ARROW_TYPES[column.kind]) for column in COLUMNS])
    sink = io.BytesIO()
    table = pa.Table.from_pylist(list(rows), schema=schema)
    pq.write_table(table, sink, version="2.6", compression="zstd", store_schema=False)
    return sink.getvalue()


def dictionary() -> dict[str, object]:
    """Describe every column and every level, as a BIDS sidecar does."""
    return {column.name: _describe(column) for column in COLUMNS} | {
        "UnitsOfStatistics": {name: unit for name, (unit, _) in STATISTICS.items()},
        "SortedBy": list(KEY),
        "MissingValue": MISSING,
    }


def lesion_wide(rows: Iterable[Row], *, digits: int) -> str:
    """Spread the lesion's rows, one line a visit and treatment, for spreadsheets.

    The columns come from the vocabulary, never from the data, so a new visit adds a line
    and leaves the others as they are. `status` is that of the lesion volume.
    """
    names = [f"{region}_{statistic}" for region, statistic in WIDE]
    wide: dict[tuple[Cell, ...], Row] = {}
    for row in rows:
        if row["map"] != "lesion":
            continue
        visit = tuple(row[name] for name in VISIT)
        blank: Row = dict.fromkeys(["status", *names])
        line = wide.setdefault(visit, dict(zip(VISIT, visit, strict=True)) | blank)
        if (row["region"], row["statistic"]) in WIDE:
            line[f"{row['region']}_{row['statistic']}"] = row["value"]
        if (row["region"], row["statistic"]) == ("lesion", "volume"):
            line["status"] = row["status"]
    return to_tsv(wide.values(), digits=digits, names=[*VISIT, "status", *names])


def _cells(line: str, header: Sequence[str], where: str) -> list[str]:
    cells = line.split("\t")
    if len(cells) != len(header):
        _refuse(where, f"{len(cells)} cells", f"{len(header)} cells", "write the table again")
    return cells


def _row(cells: Mapping[str, str], where: str, digits: int) -> Row:
    row = {column.name: _typed(cells[column.name], column, where, digits) for column in COLUMNS}
    statistic, unit = str(row["statistic"]), STATISTICS[str(row["statistic"])][0]
    if row["unit"] != unit:
        _refuse(where, f"unit {row['unit']}", f"{unit} for {statistic}", "convert the value")
    has_value, status = row["value"] is not None, str(row["status"])
    # A lesion that is not visible has no volume, but its test has a result.
    free = status == "not_visible" and statistic.startswith("detection")
    if has_value != (status == "measured") and not free:
        _refuse(
            where,
            f"value {cells['value']} with status {status}",
            "a value where the status is measured, and n/a elsewhere",
            "correct the step that wrote the table",
        )
    return row


def _typed(text: str, column: Column, where: str, digits: int) -> Cell:
    if text in {"", MISSING}:
        if column.required:
            _refuse(where, f"no {column.name}", column.description, "fill the cell")
        return None
    if column.kind == "number":
        return _number(text, f"{where}, {column.name}", digits)
    if column.kind == "label":
        return text
    known: Iterable[str] = FLAGS if column.kind == "flag" else LEVELS[column.name]
    if text not in known and not _has_form(text, column.name):
        _refuse(
            where,
            f"{column.name} {text!r}",
            f"one of {', '.join(known)}",
            "correct the word, or describe it in measures/vocabulary.py",
        )
    return FLAGS[text] if column.kind == "flag" else text


def _has_form(text: str, column: str) -> bool:
    """Return whether a word is one of the levels that only their form describes."""
    form, _ = FORMS.get(column, ("", ""))
    return bool(form) and re.fullmatch(form, text) is not None


def _number(text: str, where: str, digits: int) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        _refuse(where, repr(text), "a finite number or n/a", "correct the step that wrote it")
    return float(f"{number:.{digits}g}") + 0.0  # + 0.0 turns -0.0 into 0.0


def _describe(column: Column) -> dict[str, object]:
    entry: dict[str, object] = {"Description": column.description}
    if column.kind == "level":
        entry["Levels"] = LEVELS[column.name]
        if column.name in FORMS:
            entry["Forms"] = dict([FORMS[column.name]])
    if column.kind == "flag":
        entry["Levels"] = {"true": "Yes.", "false": "No."}
    if column.unit:
        entry["Units"] = column.unit
    return entry


def _refuse(file: str, found: str, expected: str, remedy: str) -> NoReturn:
    raise InputFault(file=file, found=found, expected=expected, remedy=remedy)
