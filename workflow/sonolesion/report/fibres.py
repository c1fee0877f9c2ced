"""Diffusion tensor and bundles on the page: pictures, what was corrected, what the lesion cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonolesion.report import panels, wording
from sonolesion.report.records import File, Intervention, Range, Reader, Visit, find, number

METHODS = {
    "opposed": "opposite phase encoding",
    "b0_map": "B0 map",
    "registration": "registration to the T1w along the phase encoding",
    "none": "none",
}
# Pictures of a visit: suffix, entities of the name, title.
PICTURES: tuple[tuple[str, dict[str, str], str], ...] = (
    ("dwimap", {"model": "tensor"}, "Colour FA, FA, MD, free water and residual of the fit"),
    ("dwi", {"desc": "distortion"}, "Unweighted volume before and after distortion correction"),
    ("dwi", {"desc": "motion"}, "Head motion, residual of each volume, lost slices"),
    ("tracts", {"desc": "profiles"}, "FA along the baseline's bundles"),
)
THOUSAND = 1000.0
CHART = {"width": 240.0, "height": 110.0}
# Colours of visits in the order of time, the baseline first.
COLOURS = ("#5b6770", "#1f6f8b", "#d1495b", "#6a994e", "#9467bd", "#bc6c25")


@dataclass(frozen=True)
class Picture:
    """A picture with its title."""

    title: str
    uri: str


@dataclass(frozen=True)
class Session:
    """One visit's diffusion scan: what was done (name, words), FA and MD of regions, pictures."""

    session: str
    days: float | None
    facts: tuple[tuple[str, str], ...]
    regions: tuple[tuple[str, str, str, str], ...]
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Line:
    """One bundle and side: a cell a visit."""

    bundle: str
    side: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Cuts:
    """What the lesion of one treatment cut: a line a bundle, a column a visit."""

    intervention: str
    sessions: tuple[str, ...]
    lines: tuple[Line, ...]
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Curve:
    """FA of one visit along a bundle, as points of an SVG polyline."""

    session: str
    colour: str
    points: str


@dataclass(frozen=True)
class Chart:
    """Profiles of one bundle and side at every visit."""

    title: str
    low: str
    high: str
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class Fibres:
    """Everything the page says of diffusion tensors and bundles."""

    sessions: tuple[Session, ...]
    bundles: str
    cuts: tuple[Cuts, ...]
    charts: tuple[Chart, ...]
    chart_size: tuple[float, float]

    @property
    def there(self) -> bool:
        """Return whether there is anything to show."""
        return bool(self.sessions or self.bundles)


def collect(
    files: Sequence[File],
    reader: Reader,
    measures: Iterable[Mapping[str, str]],
    visits: Sequence[Visit],
    treatments: Sequence[Intervention],
    *,
    width: int,
    quality: int,
) -> Fibres:
    """Read what the steps left."""
    size = {"width": width, "quality": quality}
    rows = [row for row in measures if row["modality"] == "dwi"]
    sessions = [_session(files, reader, rows, visit, size) for visit in visits]
    drawn = find(files, "tractogram", ".png", ses="", desc="bundles")
    cuts = [_cuts(files, reader, rows, item, visits, size) for item in treatments]
    return Fibres(
        sessions=tuple(found for found in sessions if found is not None),
        bundles=panels.shrink(reader.content(drawn.path), **size) if drawn else "",
        cuts=tuple(found for found in cuts if found.lines),
        charts=tuple(charts(_profiles(files, reader, visits))),
        chart_size=(CHART["width"], CHART["height"]),
    )


def _session(
    files: Sequence[File],
    reader: Reader,
    rows: Sequence[Mapping[str, str]],
    visit: Visit,
    size: Mapping[str, int],
) -> Session | None:
    sidecar = find(files, "dwi", ".json", ses=visit.session, desc="preproc")
    if sidecar is None:
        return None
    pictures = []
    for suffix, wanted, title in PICTURES:
        blank = {"desc": "", "model": ""}
        file = find(files, suffix, ".png", ses=visit.session, **{**blank, **wanted})
        if file is not None:
            pictures.append(Picture(title, panels.shrink(reader.content(file.path), **size)))
    return Session(
        visit.session,
        visit.day,
        tuple(facts(reader.json(sidecar.path))),
        tuple(regions(rows, visit.session)),
        tuple(pictures),
    )


def facts(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what was done to a scan, in words."""
    found = [
        ("Noise", str(told["Denoising"])),
        ("Ringing", str(told["Unringing"])),
        (
            "Head motion",
            f"up to {told['LargestTranslation_mm']:.1f} mm and {told['LargestRotation_deg']:.1f}°",
        ),
        (
            "Residual of a volume, median",
            f"{_percent(told['MedianResidualBefore'])} before, "
            f"{_percent(told['MedianResidualAfter'])} after",
        ),
        (
            "Lost signal",
            f"{wording.plural(told['OutlierSlices'], 'slice')}; "
            f"{wording.plural(len(told['VolumesLeftOut']), 'volume')} left out",
        ),
        ("Distortion", METHODS.get(told["DistortionMethod"], str(told["DistortionMethod"]))),
    ]
    verdicts = ("PairVerdict", "MapVerdict", "RegistrationVerdict")
    return [*found, *(("", str(told[name])) for name in verdicts if name in told)]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100.0 * value:.1f} %"


def regions(rows: Iterable[Mapping[str, str]], session: str) -> list[tuple[str, str, str, str]]:
    """Return region, side, FA and MD [10⁻³ mm²/s] of a visit."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        if row["map"] == "tensor" and row["session_id"].removeprefix("ses-") == session:
            side = "" if row["side"] in ("", "n/a") else row["side"]
            cell = found.setdefault((row["region"], side), {})
            value = number(row["value"])
            if row["statistic"] == "fa_median":
                cell["fa"] = wording.number(value, decimals=2)
            if row["statistic"] == "md_median":
                scaled = None if value is None else value * THOUSAND
                cell["md"] = wording.number(scaled, decimals=2)
    return [
        (region.replace("_", " "), side, cell.get("fa", "–"), cell.get("md", "–"))
        for (region, side), cell in found.items()
    ]


def _cuts(
    files: Sequence[File],
    reader: Reader,
    rows: Sequence[Mapping[str, str]],
    item: Intervention,
    visits: Sequence[Visit],
    size: Mapping[str, int],
) -> Cuts:
    own = [r for r in rows if r["map"] == "disconnection" and r["intervention_id"] == item.id]
    there = {row["session_id"].removeprefix("ses-") for row in own}
    sessions = [visit.session for visit in visits if visit.session in there]
    names = dict.fromkeys((row["region"].removeprefix("tract:"), row["side"]) for row in own)
    lines = [
        Line(bundle.replace("_", " "), side, tuple(_cell(own, bundle, side, s) for s in sessions))
        for bundle, side in names
    ]
    pictures = []
    for session in sessions:
        desc = f"{item.id}disconnection"
        file = find(files, "dwimap", ".png", ses=session, desc=desc, space="acpc")
        if file is not None:
            uri = panels.shrink(reader.content(file.path), **size)
            pictures.append(Picture(f"Bundles and the lesion, ses-{session}", uri))
    return Cuts(item.id, tuple(sessions), tuple(lines), tuple(pictures))


def _cell(rows: Iterable[Mapping[str, str]], bundle: str, side: str, session: str) -> str:
    """Write the share of streamlines that a lesion cut, with its interval."""
    found = {
        row["statistic"]: row
        for row in rows
        if (row["region"], row["side"]) == (f"tract:{bundle}", side)
        and row["session_id"].removeprefix("ses-") == session
    }
    first = found.get("cut_streamlines")
    if first is None:
        return "–"
    if first["status"] != "measured":
        return {"not_visible": "no lesion seen", "absent": "bundle too thin"}[first["status"]]
    three = [
        number(found[name]["value"]) if name in found else None
        for name in ("cut_streamlines", "cut_streamlines_low", "cut_streamlines_high")
    ]
    return wording.percent(Range(*three))


def _profiles(
    files: Sequence[File], reader: Reader, visits: Sequence[Visit]
) -> dict[str, Mapping[str, Sequence[float]]]:
    """Return session → bundle_side → FA at its nodes."""
    found = {}
    for visit in visits:
        file = find(files, "tracts", ".json", ses=visit.session, desc="profiles")
        if file is not None:
            found[visit.session] = reader.json(file.path)["fa"]
    return found


def charts(found: Mapping[str, Mapping[str, Sequence[float]]]) -> list[Chart]:
    """Lay out profiles of every visit, a chart a bundle and side; one visit alone needs none.

    Parameters
    ----------
    found : mapping
        Session → bundle_side → FA at its nodes.
    """
    if len(found) < 2:
        return []
    names = dict.fromkeys(name for own in found.values() for name in own)
    return [_chart(name, found) for name in names]


def _chart(name: str, found: Mapping[str, Mapping[str, Sequence[float]]]) -> Chart:
    values = [value for own in found.values() for value in own.get(name, ())]
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    curves = []
    for number_, (session, own) in enumerate(found.items()):
        nodes = own.get(name, ())
        step = CHART["width"] / max(len(nodes) - 1, 1)
        points = " ".join(
            f"{k * step:.1f},{CHART['height'] * (1.0 - (value - low) / span):.1f}"
            for k, value in enumerate(nodes)
        )
        if points:
            curves.append(Curve(session, COLOURS[number_ % len(COLOURS)], points))
    bundle, _, side = name.rpartition("_")
    title = f"{bundle.replace('_', ' ')}, {side}"
    return Chart(title, f"{low:.2f}", f"{high:.2f}", tuple(curves))
