"""Sections of the T1w that pictures are drawn over, and curves along bundles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import PIL.Image
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sonolesion.maths.points import Matrix

# After Okabe and Ito, on black, without their red, which is the lesion's.
COLOURS = ("#e6a010", "#7ccbff", "#008a64", "#fff08a", "#2f52e0", "#c9539b", "#ffffff", "#854417")
LEFT, RIGHT = "#0072b2", "#d55e00"
# Axis looked along, axis across, axis up; and where the T1w behind is cut [mm].
VIEWS = ((0, 1, 2, 8.0), (1, 0, 2, -18.0), (2, 0, 1, 2.0))
ENDS = {0: ("L", "R"), 1: ("P", "A")}
HALF = 0.5


def rendered(figure: Figure) -> PIL.Image.Image:
    """Return a figure as a picture."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    return PIL.Image.fromarray(np.ascontiguousarray(pixels))


def extent(volume: NDArray[Any], affine: Matrix, view: Any) -> tuple[float, float, float, float]:
    """Return where a volume lies in a view: left, right, bottom, top [mm]."""
    low = affine[:3, 3]
    high = low + np.diag(affine)[:3] * (np.array(volume.shape[:3]) - 1.0)
    return low[view[1]], high[view[1]], low[view[2]], high[view[2]]


def behind(panel: Axes, t1w: NDArray[Any], affine: Matrix, view: Any, top: float) -> None:
    """Show the section of a T1w that a view is drawn over."""
    axis, _, _, level = view
    index = round((level - affine[axis, 3]) / affine[axis, axis])
    plane = np.take(t1w, int(np.clip(index, 0, t1w.shape[axis] - 1)), axis=axis).T
    panel.imshow(
        0.6 * plane, origin="lower", cmap="gray", vmin=0, vmax=top,
        extent=extent(t1w, affine, view),
    )  # fmt: skip


def frame(panel: Axes, brain: NDArray[np.bool_], affine: Matrix, view: Any) -> None:
    """Keep to the brain, and name its sides; front and top in radiological view."""
    inside = np.argwhere(brain) @ affine[:3, :3].T + affine[:3, 3]
    low, high = inside.min(axis=0) - 4.0, inside.max(axis=0) + 4.0
    panel.set_xlim(low[view[1]], high[view[1]])
    panel.set_ylim(low[view[2]], high[view[2]])
    left, right = ENDS[view[1]]
    if view[1] == 0:
        panel.invert_xaxis()
        left, right = right, left
    panel.axis("off")
    style: dict[str, Any] = {"color": "white", "fontsize": 8, "transform": panel.transAxes}
    panel.text(0.02, 0.97, left, va="top", **style)
    panel.text(0.98, 0.97, right, va="top", ha="right", **style)


def profiles(
    rows: Mapping[str, NDArray[np.float64]], *, quantity: str, title: str
) -> PIL.Image.Image:
    """Draw a quantity along each bundle; rows are bundle_side → values at the nodes."""
    names = list(dict.fromkeys(name.rpartition("_")[0] for name in rows))
    columns = 4
    lines = -(-max(len(names), 1) // columns)
    figure = Figure(figsize=(11, 2.3 * lines + 0.4), dpi=100, layout="constrained")
    figure.suptitle(title, fontsize=9)
    panels = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for panel, name in zip(panels, names, strict=False):
        for side, style, colour in (("left", "-", LEFT), ("right", "--", RIGHT)):
            values = rows.get(f"{name}_{side}")
            if values is not None:
                panel.plot(
                    np.linspace(0.0, 1.0, len(values)), values, style, color=colour, label=side
                )
        panel.set_title(name.replace("_", " "), fontsize=8)
        panel.legend(fontsize=7)
        panel.set_ylabel(quantity, fontsize=8)
    for panel in panels[len(names) :]:
        panel.axis("off")
    return rendered(figure)
