"""Pictures of bundles: three projections over the T1w, with the lesion if there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import PIL.Image
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sonolesion.tracts.geometry import Matrix
from sonolesion.tracts.tractogram import Bundles

# Distinct in print, and apart for those who do not see red and green.
COLOURS = ("#e6ab02", "#1b9e77", "#7570b3", "#66a61e", "#d95f02", "#a6761d", "#1f78b4", "#e7298a")
SHOWN_PER_BUNDLE = 250
# Axis looked along, axis across, axis up; and where the T1w behind is cut [mm].
VIEWS = ((0, 1, 2, 8.0), (1, 0, 2, -18.0), (2, 0, 1, 2.0))
ENDS = {0: ("L", "R"), 1: ("P", "A")}
HALF = 0.5


def projections(
    found: Bundles,
    t1w: NDArray[Any],
    affine: Matrix,
    *,
    brain: NDArray[np.bool_],
    lesion: NDArray[Any] | None,
    title: str,
) -> PIL.Image.Image:
    """Draw every bundle from the side, the front and above; cut ones are not told apart.

    Parameters
    ----------
    found : Bundles
        Streamlines in acpc [mm].
    t1w, affine : ndarray of shape (X, Y, Z) and (4, 4)
        T1w on a RAS+ grid without rotation.
    lesion : ndarray of shape (X, Y, Z), optional
        Probability of lesion, drawn as its outline in projection.
    """
    figure = Figure(figsize=(11, 4.6), dpi=100, facecolor="black")
    top = 1.1 * float(np.percentile(t1w[brain], 99.0))
    names = list(dict.fromkeys(name.rpartition("_")[0] for name in found.groups))
    colour = {name: COLOURS[n % len(COLOURS)] for n, name in enumerate(names)}
    for column, view in enumerate(VIEWS):
        panel = figure.add_axes((column / 3, 0.1, 0.325, 0.84))
        _behind(panel, t1w, affine, view, top)
        for group, numbers in found.groups.items():
            _bundle(panel, found, numbers, view, colour[group.rpartition("_")[0]])
        if lesion is not None and (lesion >= HALF).any():
            shadow = (lesion >= HALF).any(axis=view[0]).T.astype(float)
            panel.contour(shadow, [HALF], colors=["red"], linewidths=1.4,
                          extent=_extent(t1w, affine, view))  # fmt: skip
        _frame(panel, brain, affine, view)
    figure.text(0.01, 0.955, title, color="white", fontsize=9)
    for n, name in enumerate(names):
        across, up = 0.01 + 0.25 * (n % 4), 0.055 - 0.035 * (n // 4)
        figure.text(across, up, name.replace("_", " "), color=colour[name], fontsize=8)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    return PIL.Image.fromarray(np.ascontiguousarray(pixels))


def _extent(volume: NDArray[Any], affine: Matrix, view: Any) -> tuple[float, float, float, float]:
    low = affine[:3, 3]
    high = low + np.diag(affine)[:3] * (np.array(volume.shape[:3]) - 1.0)
    return low[view[1]], high[view[1]], low[view[2]], high[view[2]]


def _behind(panel: Axes, t1w: NDArray[Any], affine: Matrix, view: Any, top: float) -> None:
    axis, _, _, level = view
    index = round((level - affine[axis, 3]) / affine[axis, axis])
    plane = np.take(t1w, int(np.clip(index, 0, t1w.shape[axis] - 1)), axis=axis).T
    panel.imshow(
        0.6 * plane, origin="lower", cmap="gray", vmin=0, vmax=top,
        extent=_extent(t1w, affine, view),
    )  # fmt: skip


def _bundle(
    panel: Axes, found: Bundles, numbers: NDArray[np.int64], view: Any, colour: str
) -> None:
    chosen = numbers[:: max(1, len(numbers) // SHOWN_PER_BUNDLE)]
    lines = [found.points[found.offsets[n] : found.offsets[n + 1]][:, view[1:3]] for n in chosen]
    panel.add_collection(LineCollection(lines, colors=colour, linewidths=0.5, alpha=0.5))


def _frame(panel: Axes, brain: NDArray[np.bool_], affine: Matrix, view: Any) -> None:
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
        for side, style, colour in (("left", "-", COLOURS[6]), ("right", "--", COLOURS[4])):
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
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    return PIL.Image.fromarray(np.ascontiguousarray(pixels))
