"""Profiles of FA and MD along the bundles, visit by visit, with the place of the lesion."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonolesion.report import bundle_words, wording
from sonolesion.report.curve import round_step
from sonolesion.report.records import File, Intervention, Reader, Visit, find

# After Okabe and Ito; dashes tell visits apart in print and for those who do not see colours.
STYLES = (
    ("#16202a", ""),
    ("#0072b2", "7 3"),
    ("#d55e00", "2 2"),
    ("#009e73", "9 3 2 3"),
    ("#cc79a7", "4 4"),
    ("#8a5a00", "1 3"),
)
SIDES = ("left", "right")
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 400.0, 170.0, 44.0, 20.0, 8.0
QUANTITIES = {"fa": ("FA", 1.0, 2), "md_mm2_s": ("MD", 1000.0, 2)}
UNITS = {"fa": "", "md_mm2_s": " × 10⁻³ mm²/s"}
# Bundle and side → quantity → values at its nodes, NaN where unknown.
Profiles = dict[tuple[str, str], dict[str, list[float]]]


@dataclass(frozen=True)
class Curve:
    """One visit along a bundle: points of SVG polylines, broken where nothing is known."""

    session: str
    colour: str
    dash: str
    pieces: tuple[str, ...]


@dataclass(frozen=True)
class Chart:
    """One quantity of one bundle and side at every visit.

    Attributes
    ----------
    shade : tuple of float or None
        Left end and width of the place of the lesion on the picture.
    ticks : tuple of (y, text)
    told : str
        Means inside and outside of the place of the lesion, in words.
    """

    side: str
    quantity: str
    curves: tuple[Curve, ...]
    shade: tuple[float, float] | None
    ticks: tuple[tuple[float, str], ...]
    told: str


@dataclass(frozen=True)
class Card:
    """One bundle: a chart a side and quantity, where it begins and ends, sides without a curve."""

    title: str
    start: str
    end: str
    charts: Mapping[str, tuple[Chart, ...]]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Along:
    """Profiles of a subject.

    Attributes
    ----------
    legend : tuple of (session, days, colour, dash)
        Visits with a curve.
    missing : tuple of str
        Visits without one.
    lesion : str
        Which visit's lesion is shaded; "" if none.
    """

    cards: tuple[Card, ...]
    legend: tuple[tuple[str, float | None, str, str], ...]
    missing: tuple[str, ...]
    lesion: str
    size: tuple[float, float, float, float, float] = (WIDTH, HEIGHT, LEFT, BOTTOM, TOP)


def collect(
    files: Sequence[File],
    reader: Reader,
    visits: Sequence[Visit],
    treatments: Sequence[Intervention],
) -> Along:
    """Read the profiles of every visit."""
    found: dict[str, Profiles] = {}
    for visit in visits:
        file = find(files, "tracts", ".tsv", ses=visit.session, desc="profiles")
        if file is not None:
            found[visit.session] = read(reader.content(file.path).decode("utf-8"))
    places, lesion = reached(files, reader, visits, treatments)
    sidecar = find(files, "tractogram", ".json", ses="", desc="bundles")
    bundles = reader.json(sidecar.path)["Bundles"] if sidecar else {}
    style = {session: STYLES[n % len(STYLES)] for n, session in enumerate(found)}
    days = {visit.session: visit.day for visit in visits}
    return Along(
        cards=tuple(cards(found, bundles, places, style)),
        legend=tuple((s, days[s], *style[s]) for s in found),
        missing=tuple(v.session for v in visits if v.session not in found),
        lesion=lesion,
    )


def read(text: str) -> Profiles:
    """Read a table of nodes."""
    found: Profiles = {}
    for row in csv.DictReader(io.StringIO(text), delimiter="\t"):
        own = found.setdefault((row["bundle"], row["side"]), {name: [] for name in QUANTITIES})
        for name in QUANTITIES:
            own[name].append(float(row[name]) if row[name] not in ("", "n/a") else math.nan)
    return found


def reached(
    files: Sequence[File],
    reader: Reader,
    visits: Sequence[Visit],
    treatments: Sequence[Intervention],
) -> tuple[dict[str, tuple[int, int]], str]:
    """Return bundle_side → nodes in the lesion of the first visit that shows one, and which."""
    places: dict[str, tuple[int, int]] = {}
    told = []
    for item in treatments:
        for visit in visits:
            name = f"{item.id}disconnection"
            file = find(files, "dwimap", ".json", ses=visit.session, desc=name, space="acpc")
            record = reader.json(file.path) if file else {}
            if record.get("outcome") != "measured":
                continue
            told.append(f"{item.id} at ses-{visit.session}")
            for bundle, own in record["bundles"].items():
                if own.get("lesion_nodes"):
                    first, last = own["lesion_nodes"]
                    known = places.get(bundle, (first, last))
                    places[bundle] = min(first, known[0]), max(last, known[1])
            break
    return places, " and ".join(told)


def cards(
    found: Mapping[str, Profiles],
    bundles: Mapping[str, Any],
    places: Mapping[str, tuple[int, int]],
    style: Mapping[str, tuple[str, str]],
) -> list[Card]:
    """Lay out the profiles, a card a bundle; both sides keep one scale."""
    keys = dict.fromkeys(key for own in found.values() for key in own)
    made = []
    for name in dict.fromkeys(bundle for bundle, _ in keys):
        sides = [side for bundle, side in keys if bundle == name]
        charts = {}
        for quantity in QUANTITIES:
            drawn = {
                side: {s: own[name, side][quantity] for s, own in found.items()
                       if (name, side) in own}
                for side in sides
            }  # fmt: skip
            scale = _scale([v for own in drawn.values() for line in own.values() for v in line],
                           QUANTITIES[quantity][1])  # fmt: skip
            charts[quantity] = tuple(
                _chart(quantity, side, drawn[side], places.get(f"{name}_{side}"), style, scale)
                for side in sides
            )
        ways = next((b.get("waypoints") for b in bundles.values() if b["bundle"] == name), None)
        ends = [bundle_words.region(way) for way in ways] if ways else ["first node", "last node"]
        missing = tuple(side for side in SIDES if side not in sides)
        made.append(Card(bundle_words.bundle(name), ends[0], ends[-1], charts, missing))
    return made


def _scale(values: Sequence[float], factor: float) -> tuple[float, float, float]:
    """Return lower end, upper end and step of an axis that holds the known values."""
    known = [factor * value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    step = round_step(max(high - low, 0.05))
    return math.floor(low / step) * step, math.ceil(high / step) * step or step, step


def _chart(
    quantity: str,
    side: str,
    lines: Mapping[str, Sequence[float]],
    place: tuple[int, int] | None,
    style: Mapping[str, tuple[str, str]],
    scale: tuple[float, float, float],
) -> Chart:
    low, high, step = scale
    _, factor, decimals = QUANTITIES[quantity]
    nodes = max(len(values) for values in lines.values())
    across = (WIDTH - LEFT - 4.0) / max(nodes - 1, 1)

    def up(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - (value - low) / max(high - low, step))

    curves = [
        Curve(session, *style[session], tuple(_pieces(values, factor, across, up)))
        for session, values in lines.items()
    ]
    ticks = [low + n * step for n in range(round((high - low) / step) + 1)]
    shade = None
    if place is not None:
        # A single node has a width too: half the way to its neighbours.
        first, last = max(place[0] - 0.5, 0.0), min(place[1] + 0.5, nodes - 1.0)
        shade = LEFT + first * across, (last - first) * across
    return Chart(
        side=side,
        quantity=quantity,
        curves=tuple(curves),
        shade=shade,
        ticks=tuple((up(t), wording.number(t, decimals=decimals)) for t in ticks),
        told=means(lines, place, factor=factor, decimals=decimals),
    )


def _pieces(values: Sequence[float], factor: float, across: float, up: Any) -> list[str]:
    pieces: list[list[str]] = [[]]
    for k, value in enumerate(values):
        if math.isfinite(value):
            pieces[-1].append(f"{LEFT + k * across:.1f},{up(factor * value):.1f}")
        elif pieces[-1]:
            pieces.append([])
    return [" ".join(piece) for piece in pieces if len(piece) > 1]


def means(
    lines: Mapping[str, Sequence[float]],
    place: tuple[int, int] | None,
    *,
    factor: float,
    decimals: int,
) -> str:
    """Tell the mean of each visit, inside and outside of the place of the lesion."""

    def told(inside: bool) -> str:
        found: dict[str, float | None] = {}
        for session, values in lines.items():
            own = [
                value
                for k, value in enumerate(values)
                if math.isfinite(value)
                and (place is not None and place[0] <= k <= place[1]) == inside
            ]
            found[session] = factor * sum(own) / len(own) if own else None
        first = next(iter(found.values()), None)
        return ", ".join(
            f"{session} {wording.number(mean, decimals=decimals)}{_change(mean, first)}"
            for session, mean in found.items()
        )

    if place is None:
        return f"Mean {told(inside=False)}"
    return f"Mean in the lesion {told(inside=True)}; elsewhere {told(inside=False)}"


def _change(mean: float | None, first: float | None) -> str:
    """Return the change since the first visit in per cent; "" where there is none."""
    if not mean or not first or mean == first:
        return ""
    change = wording.number(100.0 * (mean / first - 1.0), decimals=0, signed=True)
    return f" ({change} %)"
