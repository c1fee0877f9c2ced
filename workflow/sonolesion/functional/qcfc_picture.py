"""QC–FC drawn: what motion explains of the edges, against permuted motion and over distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import PIL.Image
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sonolesion.functional.qcfc import MEASURED, QcFc

Array = NDArray[np.float64]
FOUND, CHANCE = "#c0392b", "#b9c4cc"


@dataclass(frozen=True)
class Panel:
    """QC–FC of a set of regions, and the lengths of its edges (E,) [mm]."""

    name: str
    found: QcFc
    length_mm: Array


def draw(panels: Sequence[Panel]) -> PIL.Image.Image:
    """Draw each set of regions as a row: the median against its null, and edges over length."""
    rows = max(len(panels), 1)
    figure = Figure(figsize=(9, 2.6 * rows), dpi=100, layout="constrained")
    axes = np.atleast_2d(figure.subplots(rows, 2))
    for (left, right), panel in zip(axes, panels, strict=False):
        left.set_title(f"{panel.name}, {panel.found.n} participants", fontsize=8, loc="left")
        if panel.found.status == MEASURED:
            _null(left, panel.found)
            _distance(right, panel)
        else:
            right.set_axis_off()
            left.set_axis_off()
            left.text(0.0, 0.5, panel.found.status, fontsize=8, transform=left.transAxes)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    return PIL.Image.fromarray(np.ascontiguousarray(pixels))


def _null(axes: Axes, found: QcFc) -> None:
    axes.hist(found.null_medians, bins=40, color=CHANCE)
    axes.axvline(found.median, color=FOUND)
    axes.axvline(found.null_high, color="black", linewidth=0.8, linestyle="--")
    axes.set_xlabel(f"median |r| with motion (red: found, p {found.p:.3f}; grey: permuted)",
                    fontsize=7)  # fmt: skip
    axes.set_yticks([])
    axes.tick_params(labelsize=7)


def _distance(axes: Axes, panel: Panel) -> None:
    told = np.isfinite(panel.found.correlation)
    length, r = panel.length_mm[told], panel.found.correlation[told]
    axes.hexbin(length, r, gridsize=40, cmap="Greys", bins="log", mincnt=1, linewidths=0.1)
    axes.axhline(0.0, color=CHANCE, linewidth=0.8)
    low, high = panel.found.distance_null_low, panel.found.distance_null_high
    axes.set_xlabel(
        f"length of the edge [mm]; rank correlation {panel.found.distance:.2f} "
        f"(permuted {low:.2f} to {high:.2f})", fontsize=7,
    )  # fmt: skip
    axes.set_ylabel("r with motion", fontsize=7)
    axes.tick_params(labelsize=7)
