"""Connectivity against head motion over the study, on the page of the study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sonolesion.report import panels, wording
from sonolesion.report.records import number

MEASURED = "measured"
WIDTH, QUALITY = 900, 90
NUMBERS = (
    "median_abs_r", "null_median", "null_high", "distance_rho", "distance_null_low",
    "distance_null_high",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """QC–FC of a set of regions in words; `status` says why where there is none."""

    atlas: str
    people: str
    median: str
    null: str
    p: str
    distance: str
    status: str


@dataclass(frozen=True)
class Motion:
    """Lines of the table, and the picture as data URI."""

    lines: tuple[Line, ...]
    picture: str


def collect(rows: Sequence[Mapping[str, str]], picture: bytes) -> Motion:
    """Read ``group/qcfc.tsv`` and its picture, which is left out where nothing was judged."""
    judged = picture and any(row["status"] == MEASURED for row in rows)
    shown = panels.shrink(picture, width=WIDTH, quality=QUALITY) if judged else ""
    return Motion(tuple(map(_line, rows)), shown)


def _line(row: Mapping[str, str]) -> Line:
    people = f"{row['participants']} ({wording.plural(int(row['scans']), 'scan')})"
    if row["status"] != MEASURED:
        return Line(row["atlas"], people, "–", "–", "–", "–", row["status"])
    told = {name: wording.number(number(row[name]), decimals=2) for name in NUMBERS}
    low, high = told["distance_null_low"], told["distance_null_high"]
    return Line(
        row["atlas"],
        people,
        told["median_abs_r"],
        f"{told['null_median']}, limit {told['null_high']}",
        wording.number(number(row["p"]), decimals=3),
        f"{told['distance_rho']} ({low} to {high})",
        "",
    )
