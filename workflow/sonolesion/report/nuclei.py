"""Overlap of the lesion with the target nucleus and its neighbours, as a table of visits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sonolesion.core import citations
from sonolesion.core.citations import Citation
from sonolesion.report import findings, panels, wording
from sonolesion.report.findings import Finding
from sonolesion.report.records import (
    STATES,
    File,
    Intervention,
    LedgerRow,
    Range,
    Reader,
    find,
    number,
)

Row = Mapping[str, str]
MAP, STEP, WHOLE = "overlap", "overlap", "all"
# A region is shown at once if the interval of its overlap reaches this share of the lesion.
TOUCHED = 0.05


@dataclass(frozen=True)
class Cell:
    """One region at one visit; `word` says why there are no numbers."""

    of_lesion: Range = field(default_factory=Range)
    of_region: Range = field(default_factory=Range)
    distance: Range = field(default_factory=Range)
    word: str = ""


@dataclass(frozen=True)
class Region:
    """A region of an atlas, what it is to the plan, and its overlap at each visit."""

    atlas: str
    name: str
    role: str
    position: str
    volume_mm3: float | None
    small: bool
    coverage: float | None
    cells: tuple[Cell, ...]

    @property
    def is_target(self) -> bool:
        """Whether it is, holds or stands for the target nucleus."""
        return "target" in self.role

    @property
    def stands_in(self) -> bool:
        """Whether it is an ellipsoid, not an outline of anatomy."""
        return self.role.startswith("ellipsoid")

    @property
    def touched(self) -> bool:
        """Whether the lesion may hold more than a trace of it at any visit."""
        return any((cell.of_lesion.high or 0.0) >= TOUCHED for cell in self.cells)


@dataclass(frozen=True)
class Overlap:
    """The table of one treatment."""

    visits: tuple[Finding, ...]
    first: tuple[Region, ...]
    others: tuple[Region, ...]
    refused: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]
    sources: tuple[Citation, ...]
    picture: str


def collect(
    measures: Iterable[Row],
    ledger: Sequence[LedgerRow],
    found: Sequence[Finding],
    treatment: Intervention,
    files: Sequence[File],
    reader: Reader,
    *,
    width: int,
    quality: int,
) -> Overlap:
    """Return the overlap table of a treatment, from the rows of measures."""
    rows = [r for r in measures if r["map"] == MAP and r["intervention_id"] == treatment.id]
    told = {row["session_id"].removeprefix("ses-") for row in rows}
    visits = tuple(finding for finding in found if finding.session in told)
    regions = sorted(_regions(rows, visits), key=_rank)
    shown = [region for region in regions if region.is_target or region.touched]
    absent = [finding.session for finding in found if finding.session not in told]
    record = _record(files, reader)
    return Overlap(
        visits=visits,
        first=tuple(shown),
        others=tuple(region for region in regions if region not in shown),
        refused=_refused(record, rows),
        missing=tuple((session, _why(ledger, session, treatment)) for session in absent),
        sources=tuple(citations.of_atlases(record)) if record else (),
        picture=_picture(files, reader, width, quality) if rows else "",
    )


def in_target(measures: Iterable[Row], finding: Finding) -> list[str]:
    """Return how much of a visit's lesion lies in the target nucleus, a text an atlas."""
    rows = [
        row
        for row in measures
        if row["map"] == MAP
        and row["intervention_id"] == finding.intervention
        and row["session_id"].removeprefix("ses-") == finding.session
        and not _is_refusal(row)
    ]
    regions = (r for r in _regions(rows, [finding]) if r.is_target and not r.cells[0].word)
    return [
        f"in {region.name} ({'ellipsoid' if region.stands_in else region.atlas}): "
        f"{wording.percent(region.cells[0].of_lesion)}"
        for region in sorted(regions, key=_rank)
    ]


def _regions(rows: Sequence[Row], visits: Sequence[Finding]) -> Iterable[Region]:
    keys = dict.fromkeys((r["region"], r["side"]) for r in rows if not _is_refusal(r))
    for region, side in keys:
        own = [row for row in rows if (row["region"], row["side"]) == (region, side)]
        atlas, _, name = region.partition(":")
        role, _, position = own[0]["method"].partition("; ")
        size = next((r["value"] for r in own if r["statistic"] == "region_volume"), None)
        yield Region(
            atlas=atlas,
            name=name.replace("_", " "),
            role=role,
            position=position,
            volume_mm3=number(size),
            small=any(row["below_resolution"] == "true" for row in own),
            coverage=number(own[0]["coverage"]),
            cells=tuple(_cell(own, finding.session) for finding in visits),
        )


def _cell(rows: Sequence[Row], session: str) -> Cell:
    own = [row for row in rows if row["session_id"].removeprefix("ses-") == session]
    if not own:
        return Cell(word="–")
    if any(row["status"] == "not_visible" for row in own):
        return Cell(word="not visible")
    numbers = {row["statistic"]: number(row["value"]) for row in own}

    def ranged(name: str) -> Range:
        return Range(*(numbers.get(f"{name}{end}") for end in ("", "_low", "_high")))

    return Cell(
        ranged("overlap_of_lesion"), ranged("overlap_of_region"), ranged("centroid_distance")
    )


def _rank(region: Region) -> tuple[bool, float, str, str]:
    most = max((cell.of_lesion.value or 0.0 for cell in region.cells), default=0.0)
    return not region.is_target, -most, region.atlas, region.name


def _is_refusal(row: Row) -> bool:
    return row["status"] == "absent"


def _refused(record: Mapping[str, Any], rows: Sequence[Row]) -> tuple[tuple[str, str], ...]:
    """Return (atlas, reason) of those not used, from the record or else the rows."""
    told = {
        name: str(atlas["reason"])
        for name, atlas in record.get("atlases", {}).items()
        if atlas["status"] == "refused"
    }
    rest = {r["region"].removesuffix(f":{WHOLE}"): r["method"] for r in rows if _is_refusal(r)}
    return tuple(sorted((rest | told).items()))


def _record(files: Sequence[File], reader: Reader) -> Mapping[str, Any]:
    file = find(files, "probseg", ".json", ses="", desc="atlases")
    return {} if file is None else reader.json(file.path)


def _picture(files: Sequence[File], reader: Reader, width: int, quality: int) -> str:
    file = find(files, "probseg", ".png", ses="", desc="atlases")
    if file is None:
        return ""
    return panels.shrink(reader.content(file.path), width=width, quality=quality)


def _why(ledger: Sequence[LedgerRow], session: str, treatment: Intervention) -> str:
    state, reason, remedy = findings.why_no(ledger, STEP, session, treatment.id)
    mend = f" To mend: {remedy}." if remedy else ""
    return f"{STATES[state].label}: {reason}.{mend}"
