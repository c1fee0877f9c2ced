"""Tab-separated tables as BIDS writes them: UTF-8, one header line, ``n/a`` for missing."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sonolesion.core.errors import InputFault

MISSING = "n/a"


def read_tsv(path: str | Path, *, required: Sequence[str] = ()) -> list[dict[str, str]]:
    """Read a table; every cell is text, a missing one is ``"n/a"``.

    Raises
    ------
    InputFault
        If the file can't be read, lacks a required column, or has a row of another length.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise InputFault(
            file=path, found=str(fault), expected="a UTF-8 tab-separated table", remedy="mend it"
        ) from fault
    lines = [line for line in csv.reader(text.splitlines(), delimiter="\t") if line]
    columns = lines[0] if lines else []
    lacking = [name for name in required if name not in columns]
    if lacking:
        raise InputFault(
            file=path,
            found=f"columns {', '.join(columns) or 'none'}",
            expected=f"also {', '.join(lacking)}",
            remedy="add the columns; fields are separated by tabs",
        )
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(columns):
            raise InputFault(
                file=f"{path} line {number}",
                found=f"{len(line)} fields",
                expected=f"{len(columns)}, as in the header",
                remedy="separate fields by one tab and write n/a for a missing value",
            )
    return [
        {name: cell.strip() or MISSING for name, cell in zip(columns, line, strict=True)}
        for line in lines[1:]
    ]


def write_tsv(
    path: str | Path, rows: Iterable[Mapping[str, object]], *, columns: Sequence[str]
) -> None:
    """Write rows in the order given; empty or absent cells become ``n/a``.

    The file appears whole or not at all, and keeps its time stamp if nothing changed.
    """
    lines = ["\t".join(columns)]
    lines += ["\t".join(cell(row.get(name)) for name in columns) for row in rows]
    write_text("\n".join(lines) + "\n", path)


def cell(value: object) -> str:
    """Return a table cell without tabs or line ends."""
    text = "" if value is None else str(value)
    return " ".join(text.split()) or MISSING


def write_text(text: str, path: str | Path) -> None:
    """Write a file whole or not at all; leave it untouched if it holds the same text."""
    target = Path(path)
    if target.exists() and target.read_text(encoding="utf-8") == text:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(target)
