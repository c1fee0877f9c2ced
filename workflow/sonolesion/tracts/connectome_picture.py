"""Pictures of the connectome: matrices, streamlines by direction, cut shares on the brain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import PIL.Image
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sonolesion.maths.parcels import Nodes
from sonolesion.maths.points import Matrix, Points
from sonolesion.tracts.disconnectome import Lesion, Lost
from sonolesion.tracts.geometry import Offsets
from sonolesion.tracts.picture import HALF, VIEWS, behind, extent, frame, rendered

SHOWN_LINES = 1500
NAMED = 8
# A scale that ended lower would show a share of a hundredth as if it were much.
LEAST_TOP = 0.05
GREY = "0.25"


def before(
    matrix: NDArray[np.int64],
    sides: Sequence[str],
    lines: tuple[Points, Offsets],
    t1w: NDArray[Any],
    affine: Matrix,
    *,
    brain: NDArray[np.bool_],
    title: str,
) -> PIL.Image.Image:
    """Draw the matrix of the baseline, and streamlines coloured by their direction.

    Parameters
    ----------
    matrix : ndarray of int64, shape (n, n)
    sides : sequence of str
        Side of each parcel, in the order of the matrix.
    lines : points and offsets
        In acpc [mm].
    t1w, affine, brain : ndarray of shape (X, Y, Z), (4, 4), (X, Y, Z)
        T1w on a RAS+ grid without rotation, and its brain.
    """
    figure = Figure(figsize=(13, 4.4), dpi=100, facecolor="black")
    top = 1.1 * float(np.percentile(t1w[brain], 99.0))
    panel = figure.add_axes((0.045, 0.06, 0.27, 0.8))
    shown = _counts(panel, matrix, sides, top=max(int(matrix.max()), 10))
    _bar(figure, shown, (0.32, 0.1, 0.008, 0.7), "streamlines")
    for column, view in enumerate(VIEWS):
        side = figure.add_axes((0.37 + 0.21 * column, 0.06, 0.205, 0.84))
        behind(side, t1w, affine, view, top)
        _coloured(side, *lines, view)
        frame(side, brain, affine, view)
    figure.text(0.01, 0.945, title, color="white", fontsize=9)
    return rendered(figure)


def after(
    found: Lost,
    names: Sequence[str],
    sides: Sequence[str],
    nodes: Nodes,
    lesion: Lesion,
    background: NDArray[Any],
    *,
    brain: NDArray[np.bool_],
    affine: Matrix,
    title: str,
) -> PIL.Image.Image:
    """Draw the matrix before, with the lesion, what is missing, and what each parcel lost.

    Parameters
    ----------
    found : Lost
    names, sides : sequence of str
        Of the parcels.
    nodes, lesion
        As they were cut.
    background : ndarray of shape (X, Y, Z)
        Drawn behind the parcels, on a RAS+ grid without rotation.
    brain, affine : ndarray of shape (X, Y, Z) and (4, 4)
        Brain on that grid.
    """
    figure = Figure(figsize=(12, 8), dpi=100, facecolor="black")
    most = max(int(found.before.max()), 10)
    for column, (matrix, name) in enumerate(((found.before, "before"), (found.after, "with"))):
        panel = figure.add_axes((0.04 + 0.31 * column, 0.5, 0.26, 0.39))
        shown = _counts(panel, matrix, sides, top=most)
        panel.set_title(f"{name} the lesion" if column else name, color="white", fontsize=8)
    _bar(figure, shown, (0.615, 0.52, 0.008, 0.35), "streamlines")
    gone = found.before - found.after
    panel = figure.add_axes((0.69, 0.5, 0.26, 0.39))
    lost = _counts(panel, gone, sides, top=max(int(gone.max()), 10))
    panel.set_title("missing", color="white", fontsize=8)
    _bar(figure, lost, (0.955, 0.52, 0.008, 0.35), "streamlines")
    _on_brain(figure, found, nodes, lesion, background, brain, affine)
    figure.text(0.01, 0.965, title, color="white", fontsize=9)
    figure.text(0.01, 0.93, _worst(found, names), color="white", fontsize=8)
    return rendered(figure)


def _on_brain(
    figure: Figure, found: Lost, nodes: Nodes, lesion: Lesion, background: NDArray[Any],
    brain: NDArray[np.bool_], affine: Matrix,
) -> None:  # fmt: skip
    value = np.array([one.value for one in found.parcels.kinds["streamlines"]])
    top = max(LEAST_TOP, float(np.nanmax(np.append(value, 0.0))))
    share = np.append(0.0, np.nan_to_num(value))[nodes.labels]
    bright = 1.1 * float(np.percentile(background[brain], 99.0))
    for column, view in enumerate(VIEWS):
        panel = figure.add_axes((0.01 + 0.31 * column, 0.03, 0.3, 0.42))
        behind(panel, background, affine, view, bright)
        plane = share.max(axis=view[0]).T
        # Small shares are faint: they shall not look like large ones.
        panel.imshow(
            plane, origin="lower", cmap="plasma", vmin=0.0, vmax=top,
            alpha=np.where(plane > 0, 0.3 + 0.5 * np.minimum(plane / top, 1.0), 0.0),
            extent=extent(nodes.labels, nodes.affine, view),
        )  # fmt: skip
        if (lesion.probability >= HALF).any():
            shadow = (lesion.probability >= HALF).any(axis=view[0]).T.astype(float)
            panel.contour(shadow, [HALF], colors=["cyan"], linewidths=1.2,
                          extent=extent(lesion.probability, lesion.affine, view))  # fmt: skip
        frame(panel, brain, affine, view)
    scale = ScalarMappable(Normalize(0.0, top), colormaps["plasma"])
    _bar(figure, scale, (0.945, 0.06, 0.008, 0.35), "largest cut share in line of sight")


def _counts(panel: Axes, matrix: NDArray[np.int64], sides: Sequence[str], *, top: int) -> Any:
    """Draw a matrix of counts on a logarithmic scale, empty cells dark, and name its blocks."""
    colours = colormaps["viridis"].with_extremes(bad="black")
    shown = panel.imshow(
        np.ma.masked_less(matrix, 1), norm=LogNorm(1, top), cmap=colours, interpolation="nearest"
    )
    starts = [k for k in range(1, len(sides)) if sides[k] != sides[k - 1]]
    for start in starts:
        panel.axhline(start - 0.5, color=GREY, linewidth=0.6)
        panel.axvline(start - 0.5, color=GREY, linewidth=0.6)
    middles = {side: np.flatnonzero(np.array(sides) == side).mean() for side in ("left", "right")
               if side in sides}  # fmt: skip
    panel.set_xticks(list(middles.values()), list(middles), color="white", fontsize=7)
    panel.set_yticks(list(middles.values()), list(middles), color="white", fontsize=7,
                     rotation=90, va="center")  # fmt: skip
    panel.tick_params(length=0)
    return shown


def _bar(figure: Figure, shown: Any, place: tuple[float, float, float, float], label: str) -> None:
    axes = figure.add_axes(place)
    bar = figure.colorbar(shown, cax=axes)
    bar.set_label(label, color="white", fontsize=7)
    axes.tick_params(colors="white", labelsize=7)


def _coloured(panel: Axes, points: Points, offsets: Offsets, view: Any) -> None:
    """Draw some streamlines, red across, green along, blue up, by their mean direction."""
    every = max(1, (len(offsets) - 1) // SHOWN_LINES)
    lines, colours = [], []
    for n in range(0, len(offsets) - 1, every):
        line = points[offsets[n] : offsets[n + 1]]
        way = np.abs(np.diff(line, axis=0)).sum(axis=0)
        colours.append(tuple(way / max(float(way.max()), 1e-6)))
        lines.append(line[::2, view[1:3]])
    panel.add_collection(LineCollection(lines, colors=colours, linewidths=0.35, alpha=0.55))


def _worst(found: Lost, names: Sequence[str]) -> str:
    value = np.nan_to_num([one.value for one in found.parcels.kinds["streamlines"]])
    order = [k for k in np.argsort(-value)[:NAMED] if value[k] > 0]
    if not order:
        return "no streamline to any parcel is cut"
    told = [f"{names[k].replace('_', ' ')[:34]} {100 * value[k]:.1f} %" for k in order]
    return "cut most: " + ", ".join(told[:4]) + ("\n" + ", ".join(told[4:]) if told[4:] else "")
