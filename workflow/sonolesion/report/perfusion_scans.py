"""Blood flow on the page: medians, picture, equation with each constant, what was left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonolesion.report import panels, perfusion_zones, wording
from sonolesion.report.records import STATES, File, LedgerRow, Reader, Visit, find, number

# Columns of the table: map, statistic.
CELLS = {
    ("cbf", "cbf_median"): "flow",
    ("cbf_pvc_grey", "cbf_median"): "grey",
    ("cbf_pvc_white", "cbf_median"): "white",
    ("att", "att_median"): "transit",
    ("cbf_scanner", "cbf_median"): "scanner",
}
M0 = {
    "scan": "a scan of its own",
    "volumes": "volumes of the series",
    "estimate": "one number",
    "controls": "the mean control",
    "none": "none needed",
}


@dataclass(frozen=True)
class Region:
    """Medians of a region as text; "\u2013" where there is none."""

    region: str
    side: str
    flow: str
    pure: str
    transit: str
    scanner: str
    voxels: str


@dataclass(frozen=True)
class Constant:
    """A constant of the equation as text."""

    symbol: str
    words: str
    value: str
    source: str


@dataclass(frozen=True)
class Bias:
    """What the equation reads of a true flow of one tissue, a transit time each, as text."""

    tissue: str
    t1: str
    flow: str
    transit: tuple[str, ...]
    read: tuple[str, ...]


@dataclass(frozen=True)
class Session:
    """One visit's blood flow; `given` if it is the scanner's own map."""

    session: str
    days: float | None
    given: bool
    equation: str
    constants: tuple[Constant, ...]
    biases: tuple[Bias, ...]
    marks: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    compared: str
    transit: bool
    tissues: tuple[Region, ...]
    regions: tuple[Region, ...]
    lesions: tuple[perfusion_zones.Treatment, ...]
    picture: str


@dataclass(frozen=True)
class Flow:
    """All visits with a map, and (session, why) of those with a scan and none."""

    visits: tuple[Session, ...]
    missing: tuple[tuple[str, str], ...]


def collect(
    files: Sequence[File],
    reader: Reader,
    measures: Iterable[Mapping[str, str]],
    ledger: Sequence[LedgerRow],
    visits: Sequence[Visit],
    *,
    size: Mapping[str, int],
) -> Flow:
    """Read what the steps left of every visit."""
    rows = [row for row in measures if row["modality"] == "perf"]
    found, missing = [], []
    for visit in visits:
        sidecar = find(files, "cbf", ".json", ses=visit.session, desc="")
        if sidecar is not None:
            found.append(_session(files, reader, rows, visit, reader.json(sidecar.path), size))
        else:
            missing += [(visit.session, words) for words in _missing(ledger, visit.session)]
    return Flow(tuple(found), tuple(missing))


def _missing(ledger: Sequence[LedgerRow], session: str) -> list[str]:
    """Return why a visit has no map; nothing if it has no scan either."""
    own = [row for row in ledger if row.session == session and row.state not in {"ran", "absent"}]
    told = [row for row in own if row.stage == "perfusion" or row.modality == "asl"]
    reasons = [row for row in told if row.reason]
    return [f"{STATES[row.state].label}: {row.reason}" for row in reasons[:1]]


def _session(
    files: Sequence[File], reader: Reader, rows: Sequence[Mapping[str, str]], visit: Visit,
    told: Mapping[str, Any], size: Mapping[str, int],
) -> Session:  # fmt: skip
    drawn = find(files, "qc", ".png", ses=visit.session, desc="cbf")
    all_regions = regions(rows, visit.session)
    shown = [
        one for one in all_regions if ":" not in one.region or "thalamus" in one.region.lower()
    ]
    return Session(
        session=visit.session,
        days=visit.day,
        given=bool(told["Given"]),
        equation=str(told["Equation"]),
        constants=tuple(constants(told)),
        biases=tuple(biases(told)),
        marks=(*told["Marks"], *(f"check: {one}" for one in told["AgainstScannerExplainedBy"])),
        facts=tuple(facts(told)),
        compared=_compared(told["Quality"]),
        transit=any(one.transit != "–" for one in all_regions),
        tissues=tuple(shown),
        regions=tuple(one for one in all_regions if one not in shown and one.flow != "–"),
        lesions=perfusion_zones.collect(rows, visit.session, files, reader, size=size),
        picture=panels.shrink(reader.content(drawn.path), **size) if drawn else "",
    )


def constants(told: Mapping[str, Any]) -> list[Constant]:
    """Return every constant of a map, with its unit and source."""
    found = []
    for entry in told["Constants"].values():
        value = entry["value"]
        several = value if isinstance(value, list) else [value]
        unit = "" if entry["unit"] in {"", "1"} else f" {entry['unit']}"
        text = ", ".join(f"{one:.4g}" for one in several) + unit
        found.append(Constant(entry["symbol"], entry["words"], text, entry["source"]))
    return found


def biases(told: Mapping[str, Any]) -> list[Bias]:
    """Return what the equation reads of a true flow, by tissue and transit time."""
    return [
        Bias(
            f"{one['Tissue']} matter",
            f"{one['T1_s']:g}",
            f"{one['Flow']:g}",
            tuple(f"{time:g} s" for time in one["TransitTime_s"]),
            tuple(f"{share:.2f}" for share in one["ReadOverTrue"]),
        )
        for one in told["PredictedBias"]
    ]


def facts(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what was done to a series and how good its map is, in words."""
    quality, motion = told["Quality"], told["Motion"]
    left_out = told["DifferencesLeftOut"]
    reasons = ", ".join(dict.fromkeys(one["Reason"] for one in left_out))
    used = told["NumberOfDifferences"] - len(left_out)
    moved = motion.get("MeanFramewiseDisplacement_mm")
    return [
        ("M0", M0.get(str(told["M0Source"]), str(told["M0Source"]))),
        (
            "Differences",
            f"{used} used" + (f"; {len(left_out)} left out ({reasons})" if left_out else ""),
        ),
        (
            "Head motion from volume to volume",
            "not told" if moved is None else f"{moved:.2f} mm on average, at most "
            f"{motion['LargestFramewiseDisplacement_mm']:.2f} mm",
        ),
        ("Quality evaluation index", _plain(quality["quality_index"])),
        ("Spatial variation of grey matter", _plain(quality["spatial_cov"])),
        ("Label left in arteries", _transit(told)),
        ("Grey over white matter", _plain(quality["tissue_ratio"])),
        ("Grey matter below 0", wording.number(_percent(quality["negative_share"]), decimals=1)
         + " %"),
    ]  # fmt: skip


def _transit(told: Mapping[str, Any]) -> str:
    """Return whether an arterial transit artefact is suspected, and why."""
    suspected = any(str(mark).startswith("spot share") for mark in told["Marks"])
    share = _percent(told["Quality"]["spot_share"])
    words = "suspected: flow reads low where it comes late" if suspected else "not suspected"
    return f"{words}; {wording.number(share, decimals=1)} % of the brain in bright spots"


def _compared(quality: Mapping[str, Any]) -> str:
    if quality.get("scanner_correlation") is None:
        return ""
    return (
        f"r {quality['scanner_correlation']:.2f}, ratio of medians "
        f"{quality['scanner_ratio']:.2f}, slope {quality['scanner_slope']:.2f}"
    )


def _plain(value: float | None) -> str:
    return wording.number(value, decimals=2)


def _percent(value: float | None) -> float | None:
    return None if value is None else 100.0 * value


def regions(rows: Iterable[Mapping[str, str]], session: str) -> list[Region]:
    """Return the medians of a visit, tissue first."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        column = CELLS.get((row["map"], row["statistic"]))
        if column is None or perfusion_zones.is_zone(row):
            continue
        if row["session_id"].removeprefix("ses-") != session:
            continue
        side = "" if row["side"] in ("", "n/a") else row["side"]
        cell = found.setdefault((row["region"], side), {})
        cell[column] = wording.number(number(row["value"]), decimals=1 + (column == "transit"))
        if column == "flow":
            cell["voxels"] = row["n_voxels"]
    return [_region(region, side, cell) for (region, side), cell in found.items()]


def _region(region: str, side: str, cell: Mapping[str, str]) -> Region:
    pure = {"white_matter": "white"}.get(region, "grey")
    return Region(
        region.replace("_", " "),
        side,
        *(cell.get(name, "–") for name in ("flow", pure, "transit", "scanner", "voxels")),
    )
