"""One page that shows how raters agree: tables, and Bland–Altman plots as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sonolesion.lesion import agreement
from sonolesion.lesion.agreement import Compared
from sonolesion.lesion.agreement_statistics import BlandAltman, Estimate

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 460.0, 280.0, 64.0, 16.0, 14.0, 44.0
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Agreement of raters</title><style>
body { font: 15px/1.45 system-ui, sans-serif; color: #1c2430; max-width: 1000px; margin: 2em auto;
  padding: 0 1em }
table { border-collapse: collapse; margin: .5em 0 1.5em; font-size: 13px }
th, td { padding: .25em .6em; border-bottom: 1px solid #d5dae1; text-align: right }
th:first-child, td:first-child { text-align: left }
figure { display: inline-block; margin: 0 1em 1em 0 } figcaption { font-size: 13px }
svg { background: #fbfcfd; border: 1px solid #d5dae1 } svg text { font: 11px system-ui, sans-serif }
.wide { overflow-x: auto }
</style></head><body>
<h1>Agreement of raters on the lesion</h1>
<p>{{ raters|join(", ") }}; {{ n_cases }} cases that two of them or more outlined. The lesion is
zones I and II. {% if alone %}{{ alone }} masks have no counterpart and are left out.{% endif %}</p>
<h2>Pairs of raters</h2>
<p>Overlap (median) is of cases that both outlined. Two empty masks agree that nothing is visible:
they are counted, and take no part in overlap, limits or correlations.</p>
<div class="wide"><table><tr><th>raters</th><th>cases</th><th>both see it</th><th>both do not</th>
<th>only one does</th><th>Dice</th><th>surface Dice ({{ tolerance_mm }} mm)</th><th>HD95 [mm]</th>
<th>bias of volume [mm³]</th><th>limits of agreement [mm³]</th></tr>
{% for row in summary %}<tr><td>{{ row.rater_a }} – {{ row.rater_b }}</td><td>{{ row.n_cases }}</td>
<td>{{ row.n_both_visible }}</td><td>{{ row.n_both_empty }}</td><td>{{ row.n_one_empty }}</td>
<td>{{ row.dice_median }}</td><td>{{ row.surface_dice_median }}</td>
<td>{{ row.hd95_median_mm }}</td>
<td>{{ row.bias_mm3 }} ({{ row.bias_low_mm3 }} to {{ row.bias_high_mm3 }})</td>
<td>{{ row.limit_low_mm3 }} to {{ row.limit_high_mm3 }}</td></tr>{% endfor %}</table></div>
<h2>Intraclass correlation of the volumes</h2>
<table><tr><th>raters</th><th>kind</th><th>cases</th><th>value</th><th>{{ percent }} % interval</th>
<th>meaning</th></tr>{% for row in icc %}<tr><td>{{ row.raters }}</td><td>{{ row.icc }}</td>
<td>{{ row.n_cases }}</td><td>{{ row.value }}</td><td>{{ row.low }} to {{ row.high }}</td>
<td>{{ row.meaning }}</td></tr>{% endfor %}</table>
<h2>Differences of volume against their mean</h2>
{% for plot in plots %}<figure>
<svg viewBox="0 0 {{ width }} {{ height }}" width="{{ width }}" height="{{ height }}" role="img"
 aria-label="Bland-Altman plot of {{ plot.title }}">
{% for band in plot.bands %}<rect x="{{ left }}" width="{{ width - left - right }}"
 y="{{ band.y }}" height="{{ band.height }}" fill="#2f6fb5" opacity="0.12"/>{% endfor %}
{% for line in plot.lines %}<line x1="{{ left }}" x2="{{ width - right }}" y1="{{ line.y }}"
 y2="{{ line.y }}" stroke="#2f6fb5" {% if line.dashed %}stroke-dasharray="5 4"{% endif %}/>
<text x="{{ width - right - 3 }}" y="{{ line.y - 4 }}" text-anchor="end">{{ line.text }}</text>
{% endfor %}<line x1="{{ left }}" x2="{{ width - right }}" y1="{{ plot.zero }}"
 y2="{{ plot.zero }}" stroke="#8a94a3"/>
{% for tick in plot.x_ticks %}<text x="{{ tick.place }}" y="{{ height - 26 }}"
 text-anchor="middle">{{ tick.text }}</text>{% endfor %}
{% for tick in plot.y_ticks %}<text x="{{ left - 6 }}" y="{{ tick.place + 4 }}"
 text-anchor="end">{{ tick.text }}</text>{% endfor %}
{% for dot in plot.dots %}<circle cx="{{ dot.x }}" cy="{{ dot.y }}" r="4" fill="#c8442e"
 fill-opacity="0.75"><title>{{ dot.title }}</title></circle>{% endfor %}
<text x="{{ width / 2 }}" y="{{ height - 8 }}" text-anchor="middle">mean volume [mm³]</text>
<text transform="translate(14 {{ height / 2 }}) rotate(-90)" text-anchor="middle">difference
 [mm³]</text></svg><figcaption>{{ plot.title }}: {{ plot.caption }}</figcaption></figure>
{% else %}<p>No pair of raters outlined a lesion.</p>{% endfor %}
<h2>Cases</h2><div class="wide"><table><tr>{% for name in columns %}<th>{{ name }}</th>{% endfor %}
</tr>{% for row in pairs %}<tr>{% for name in columns %}<td>{{ row[name] }}</td>{% endfor %}</tr>
{% endfor %}</table></div>
<p>Dice 1945, doi:10.2307/1932409; surface Dice, Nikolov 2021, doi:10.2196/26151; Bland &amp; Altman
1999, doi:10.1177/096228029900800204; Shrout &amp; Fleiss 1979, doi:10.1037/0033-2909.86.2.420;
McGraw &amp; Wong 1996, doi:10.1037/1082-989X.1.1.30.</p></body></html>
"""


@dataclass(frozen=True)
class Axis:
    """A linear axis: numbers `low` to `high` on places `start` to `end` of the picture."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Return the place of a number."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)

    def ticks(self) -> list[dict[str, object]]:
        """Return five places with their numbers."""
        values = np.linspace(self.low, self.high, 5)
        return [{"place": self.place(float(v)), "text": f"{v:.3g}"} for v in values]


def page(
    compared: Sequence[Compared], tables: Mapping[str, Sequence[Mapping[str, object]]], *,
    raters: Sequence[str], n_cases: int, alone: int, tolerance_mm: float, confidence: float,
) -> str:  # fmt: skip
    """Return the page as HTML that needs no other file.

    Parameters
    ----------
    tables : mapping
        Rows of ``pairs``, ``summary`` and ``icc``.
    alone : int
        Masks without a counterpart.
    """
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    plots = [
        plot(pair, own, agreement.limits(own, confidence=confidence))
        for pair, own in agreement.by_pair(compared).items()
        if any(one.outcome != "both not visible" for one in own)
    ]
    rounded = {name: [_short(row) for row in rows] for name, rows in tables.items()}
    return environment.from_string(PAGE).render(
        raters=raters, n_cases=n_cases, alone=alone, plots=plots, width=WIDTH, height=HEIGHT,
        left=LEFT, right=RIGHT, columns=agreement.PAIR_COLUMNS, tolerance_mm=f"{tolerance_mm:g}",
        percent=f"{100 * confidence:g}", **rounded,
    )  # fmt: skip


def _short(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row whose numbers have three digits, as a reader wants them."""
    return {name: _digits(value) for name, value in row.items()}


def _digits(value: object) -> object:
    text = str(value)
    is_number = text.replace(".", "", 1).lstrip("-").isdigit() and "." in text
    return f"{float(text):.3g}" if is_number else value


def plot(pair: tuple[str, str], own: Sequence[Compared], found: BlandAltman) -> dict[str, Any]:
    """Lay out the Bland–Altman plot of one pair of raters."""
    seen = [one for one in own if one.outcome != "both not visible"]
    mean = [(one.volume_a_mm3 + one.volume_b_mm3) / 2 for one in seen]
    away = [one.volume_a_mm3 - one.volume_b_mm3 for one in seen]
    ends = [*away, 0.0, *_known(found.lower), *_known(found.upper)]
    room = 0.08 * (max(ends) - min(ends)) or 1.0
    x = Axis(0.0, max(mean) * 1.1, LEFT, WIDTH - RIGHT)
    y = Axis(min(ends) - room, max(ends) + room, HEIGHT - BOTTOM, TOP)
    known = [found.bias, found.lower, found.upper]
    names = ("bias", "lower limit", "upper limit")
    return {
        "title": f"{pair[0]} minus {pair[1]}",
        "caption": f"{len(seen)} cases; bands are the intervals of bias and limits",
        "zero": y.place(0.0),
        "x_ticks": x.ticks(),
        "y_ticks": y.ticks(),
        "bands": [
            {"y": y.place(one.high), "height": round(y.place(one.low) - y.place(one.high), 2)}
            for one in known
            if len(_known(one)) == len(one)
        ],
        "lines": [
            {"y": y.place(one.value), "dashed": name != "bias",
             "text": f"{name} {one.value:.3g}"}
            for name, one in zip(names, known, strict=True)
            if np.isfinite(one.value)
        ],
        "dots": [
            {"x": x.place(m), "y": y.place(d), "title": " ".join(one.case)}
            for one, m, d in zip(seen, mean, away, strict=True)
        ],
    }  # fmt: skip


def _known(estimate: Estimate) -> list[float]:
    return [value for value in estimate if np.isfinite(value)]
