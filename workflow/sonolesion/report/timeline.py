"""Geometry of the timeline: visits and treatments on one axis of days, to scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sonolesion.report import wording
from sonolesion.report.records import Intervention, Visit


@dataclass(frozen=True)
class Mark:
    """A point on the axis, with its label set apart so that labels don't overlap."""

    x: float
    label_x: float
    title: str
    note: str
    treatment: bool


@dataclass(frozen=True)
class Timeline:
    """Marks above (treatments) and below (visits) an axis, in pixels of the drawing."""

    width: float
    start: float
    end: float
    visits: tuple[Mark, ...]
    treatments: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]


def lay_out(
    visits: Sequence[Visit],
    treatments: Sequence[Intervention],
    *,
    width: float,
    margin: float,
    label_width: float,
) -> Timeline:
    """Place visits and treatments of known day on an axis, to scale.

    Parameters
    ----------
    width, margin, label_width : float
        Size of the drawing, space kept free at both ends, and smallest distance between
        two labels, in pixels of the drawing.
    """
    points = [v.day for v in visits if v.day is not None]
    points += [t.day for t in treatments]
    first, last = (min(points), max(points)) if points else (0.0, 0.0)
    span = max(last - first, 1.0)

    def place(day: float) -> float:
        return margin + (day - first) / span * (width - 2 * margin)

    below = [(place(v.day), v) for v in visits if v.day is not None]
    above = [(place(t.day), t) for t in treatments]
    room = {"gap": label_width, "low": label_width / 2, "high": width - label_width / 2}
    below_x = spread([x for x, _ in below], **room)
    above_x = spread([x for x, _ in above], **room)
    return Timeline(
        width=width,
        start=margin,
        end=width - margin,
        visits=tuple(
            Mark(x, lx, v.session, wording.day_label(v.day), treatment=False)
            for (x, v), lx in zip(below, below_x, strict=True)
        ),
        treatments=tuple(
            Mark(x, lx, t.id, _treatment_note(t), treatment=True)
            for (x, t), lx in zip(above, above_x, strict=True)
        ),
        ticks=tuple((place(day), wording.number(day, decimals=0)) for day in ticks(first, last)),
    )


def spread(positions: Sequence[float], *, gap: float, low: float, high: float) -> list[float]:
    """Move ascending positions apart until neighbours keep `gap`.

    Returns
    -------
    list of float
        Ascending positions. They stay within `low` and `high` if there is room for all; if
        not, they are set evenly from `low` to `high`.
    """
    count = len(positions)
    if count > 1 and (count - 1) * gap > high - low:
        return [low + i * (high - low) / (count - 1) for i in range(count)]
    moved = list(positions)
    for i in range(count):
        moved[i] = max(moved[i], moved[i - 1] + gap if i else low)
    for i in reversed(range(count)):
        moved[i] = min(moved[i], moved[i + 1] - gap if i + 1 < count else high)
    return moved


def ticks(first_d: float, last_d: float) -> list[int]:
    """Return days for the axis: multiples of a round step, at most eight."""
    span = last_d - first_d
    step = next((s for s in (1, 2, 5, 10, 30, 60, 90, 180, 360, 720) if span / s <= 7), 1440)
    return [day for day in range(-step * 50, int(last_d) + 1, step) if first_d <= day]


def _treatment_note(treatment: Intervention) -> str:
    side = f", {treatment.side}" if treatment.side else ""
    return f"{wording.day_label(treatment.day)}{side}"
