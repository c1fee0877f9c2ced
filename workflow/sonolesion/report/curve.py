"""Geometry of the curve of lesion volume over days."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sonolesion.report import wording
from sonolesion.report.findings import Finding
from sonolesion.report.records import Range

# Days that get a tick: the visits such studies plan, and zero.
TICKS_D = ((0, "0"), (3, "3 d"), (30, "1 mo"), (90, "3 mo"), (180, "6 mo"), (365, "1 y"))
YEAR_D = 365
ROOM_ABOVE = 1.18


@dataclass(frozen=True)
class Point:
    """A visit on the curve; `y` is None where there is no volume, `bar` without an interval."""

    x: float
    y: float | None
    bar: tuple[float, float] | None
    status: str
    label: str
    title: str


@dataclass(frozen=True)
class Curve:
    """Points, axis ticks and the pieces of line between neighbouring measured points."""

    width: float
    height: float
    left: float
    right: float
    bottom: float
    lane: float
    points: tuple[Point, ...]
    lines: tuple[tuple[Point, Point], ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]


def squeeze(day: float) -> float:
    """Return the logarithm of one plus the days, odd about zero, so that early visits spread."""
    return math.copysign(math.log1p(abs(day)), day)


def lay_out(findings: Sequence[Finding], *, width: float, height: float) -> Curve:
    """Place the findings of one treatment; days are squeezed, volumes are linear from zero.

    A visit without a volume goes to a lane of its own below the axis, so that "not visible",
    "no result" and "zero" can't be mistaken for each other, and the line is broken there.
    """
    left, right, top, bottom = 72.0, width - 20.0, 16.0, height - 84.0
    known = [f for f in findings if f.days is not None]
    last = max([float(f.days or 0) for f in known] + [3.0])
    first = min([float(f.days or 0) for f in known] + [0.0])
    ends = [value or 0.0 for f in known for value in (f.value("volume"), f.value("volume_high"))]
    largest = max([*ends, 1.0])
    y_step = round_step(largest * ROOM_ABOVE)
    y_end = max(largest * ROOM_ABOVE, y_step)

    def place_x(day: float) -> float:
        span = squeeze(last) - squeeze(first)
        return left + 14 + (squeeze(day) - squeeze(first)) / span * (right - left - 40)

    def place_y(value: float) -> float:
        return bottom - value / y_end * (bottom - top)

    points = tuple(_point(f, place_x(float(f.days or 0)), place_y) for f in known)
    return Curve(
        width=width,
        height=height,
        left=left,
        right=right,
        bottom=bottom,
        lane=bottom + 50.0,
        points=points,
        lines=tuple((a, b) for a, b in pairwise(points) if a.y is not None and b.y is not None),
        x_ticks=tuple((place_x(day), text) for day, text in _x_ticks(first, last)),
        y_ticks=tuple(
            (place_y(i * y_step), f"{i * y_step:g}") for i in range(int(y_end / y_step) + 1)
        ),
    )


def round_step(largest: float) -> float:
    """Return a step of 1, 2 or 5 times a power of ten that divides the axis in 2 to 5."""
    power = 10.0 ** math.floor(math.log10(largest))
    return next(s * power for s in (0.2, 0.5, 1.0, 2.0, 5.0) if largest / (s * power) <= 5.0)


def _x_ticks(first: float, last: float) -> list[tuple[float, str]]:
    found = [(float(day), text) for day, text in TICKS_D if first <= day <= last]
    years = range(2, int(last // YEAR_D) + 1)
    return found + [(float(y * YEAR_D), f"{y} y") for y in years]


def _point(finding: Finding, x: float, place_y: Callable[[float], float]) -> Point:
    found = finding.ranged("volume") if finding.status == "measured" else Range()
    label = wording.volume(found.value) if found.value is not None else finding.word
    told = wording.volume_range(found) if found.value is not None else finding.word
    title = f"{finding.session}, {wording.day_label(finding.days)}: {told}"
    bar = None if found.low is None or found.high is None else (found.low, found.high)
    return Point(
        x=x,
        y=None if found.value is None else place_y(found.value),
        bar=None if bar is None else (place_y(bar[0]), place_y(bar[1])),
        status=finding.status,
        label=label,
        title=title,
    )
