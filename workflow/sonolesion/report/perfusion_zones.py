"""Blood flow of a lesion's zones on the page, with the mirrored place and the baseline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sonolesion.report import panels, wording
from sonolesion.report.records import File, Reader, find, number

MIRRORED = "mirrored_"
ORDER = ("lesion", "core", "rim", "oedema", "perilesional")
WORDS = {"perilesional": "tissue around all zones"}
NOTHING = "–"


@dataclass(frozen=True)
class Zone:
    """A zone's numbers as text; "\u2013" where there is none."""

    zone: str
    side: str
    flow: str
    mirrored: str
    ratio: str
    baseline: str
    baseline_ratio: str
    voxels: str
    coverage: str
    below_resolution: bool


@dataclass(frozen=True)
class Treatment:
    """What is told of the lesion of one treatment at a visit; `visible` if there is one."""

    intervention: str
    visible: bool
    zones: tuple[Zone, ...]
    picture: str


def is_zone(row: Mapping[str, str]) -> bool:
    """Return whether a row is of a lesion: it belongs to a treatment, not to the visit."""
    return row.get("intervention_id", "n/a") not in ("", "n/a")


def collect(
    rows: Iterable[Mapping[str, str]], session: str, files: Sequence[File], reader: Reader, *,
    size: Mapping[str, int],
) -> tuple[Treatment, ...]:  # fmt: skip
    """Return the lesions of a visit, a treatment each."""
    found: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        if is_zone(row) and row["session_id"].removeprefix("ses-") == session:
            found.setdefault(row["intervention_id"], []).append(row)
    return tuple(
        _treatment(name, own, find(files, "cbf", ".png", ses=session, desc=f"{name}zones"),
                   reader, size)
        for name, own in sorted(found.items())
    )  # fmt: skip


def _treatment(
    name: str, rows: Sequence[Mapping[str, str]], drawn: File | None, reader: Reader,
    size: Mapping[str, int],
) -> Treatment:  # fmt: skip
    visible = all(row["status"] != "not_visible" for row in rows)
    told = {(row["map"], row["region"], row["statistic"]): row for row in rows}
    zones = tuple(_zone(zone, told) for zone in ORDER if ("cbf", zone, "cbf_median") in told)
    picture = panels.shrink(reader.content(drawn.path), **size) if drawn and visible else ""
    return Treatment(name, visible, zones if visible else (), picture)


def _zone(zone: str, told: Mapping[tuple[str, str, str], Mapping[str, str]]) -> Zone:
    own = told["cbf", zone, "cbf_median"]

    def text(name: str, region: str, statistic: str, decimals: int) -> str:
        row = told.get((name, region, statistic))
        return NOTHING if row is None else wording.number(number(row["value"]), decimals=decimals)

    return Zone(
        WORDS.get(zone, zone),
        own["side"],
        text("cbf", zone, "cbf_median", 1),
        text("cbf", MIRRORED + zone, "cbf_median", 1),
        text("cbf", zone, "cbf_ratio", 2),
        text("cbf_baseline", zone, "cbf_median", 1),
        text("cbf_baseline", zone, "cbf_ratio", 2),
        own["n_voxels"],
        wording.number(_percent(number(own["coverage"])), decimals=0),
        own["below_resolution"] == "true",
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else 100.0 * share
