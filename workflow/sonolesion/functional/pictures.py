"""Maps of a run over the T1w, matrices before and after denoising, distortion before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import PIL.Image
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.maths.orientation import canonical
from sonolesion.maths.points import Matrix, moved

Volume = NDArray[Any]
# Window of each plane, acpc [mm]: low and high end of x, y, z; and the edge of a pixel.
WINDOW_MM = ((-78.0, 78.0), (-112.0, 80.0), (-62.0, 88.0))
PIXEL_MM = 1.5
PANEL_INCHES = 1.5
# Axis across and up the picture of a cut through x, y, z.
ACROSS_UP = {0: (1, 2), 1: (0, 2), 2: (0, 1)}
SHARES = (0.35, 0.5, 0.65)


@dataclass(frozen=True)
class Layer:
    """A map over the T1w.

    Attributes
    ----------
    label : str
        At the left of its row.
    volume : ndarray of shape (X, Y, Z)
        On the scan's grid; NaN is not drawn.
    low, high : float
        Smallest value that is drawn, and the end of the colours.
    signed : bool
        Negative values are drawn too, in blue.
    """

    label: str
    volume: Volume
    low: float
    high: float
    signed: bool


def overlays(
    layers: Sequence[Layer],
    affine: Matrix,
    to_scan: Matrix,
    t1w: Volume,
    t1w_affine: Matrix,
    *,
    planes: Sequence[tuple[int, float]],
    title: str,
) -> PIL.Image.Image:
    """Draw maps, one a row, in planes of the acpc space; the patient's left is on the left.

    Parameters
    ----------
    layers : sequence of Layer
        Maps on one grid.
    affine : ndarray of shape (4, 4)
        Their voxels to RAS+ [mm].
    to_scan : ndarray of shape (4, 4)
        Points of the acpc space to points of the scan.
    t1w, t1w_affine : ndarray
        T1w in acpc.
    planes : sequence of (axis, mm)
        Where is cut.
    title : str
        Above it all.
    """
    n_rows, n_columns = len(layers), len(planes)
    size = (PANEL_INCHES * n_columns + 0.9, PANEL_INCHES * n_rows + 0.3)
    figure = Figure(figsize=size, dpi=100, facecolor="black")
    figure.text(0.01, 1 - 0.2 / size[1], title, color="white", fontsize=8)
    grey = [_sampled(t1w, t1w_affine, _points(axis, mm)) for axis, mm in planes]
    top = float(np.percentile(t1w[t1w > 0], 99.0)) if (t1w > 0).any() else 1.0
    for row, layer in enumerate(layers):
        bottom = 1 - (0.3 + PANEL_INCHES * (row + 1)) / size[1]
        shown: Any = None
        for column, (axis, mm) in enumerate(planes):
            place = (PANEL_INCHES * column / size[0], bottom, PANEL_INCHES / size[0],
                     PANEL_INCHES / size[1])  # fmt: skip
            panel = figure.add_axes(place)
            panel.imshow(grey[column], cmap="gray", vmin=0.0, vmax=1.3 * top)
            there = moved(_points(axis, mm).reshape(-1, 3), to_scan)
            cut = _sampled(layer.volume, affine, there.reshape(*grey[column].shape, 3))
            shown = _coloured(panel, cut, layer)
            panel.text(0.02, 0.02, f"{'xyz'[axis]} {mm:.0f}", color="#9fb3bd", fontsize=6,
                       transform=panel.transAxes)  # fmt: skip
            if column == 0:
                panel.text(0.02, 0.9, layer.label, color="white", fontsize=7,
                           transform=panel.transAxes)  # fmt: skip
        bar = figure.add_axes((1 - 0.75 / size[0], bottom + 0.1 * PANEL_INCHES / size[1],
                               0.12 / size[0], 0.8 * PANEL_INCHES / size[1]))  # fmt: skip
        drawn = figure.colorbar(shown, cax=bar)
        drawn.ax.tick_params(labelsize=6, colors="white")
    return _drawn(figure)


def _coloured(panel: Axes, cut: Volume, layer: Layer) -> Any:
    size = np.abs(cut) if layer.signed else cut
    hidden = ~np.isfinite(cut) | (size < layer.low)
    scale = Normalize(-layer.high if layer.signed else layer.low, layer.high)
    colours = "RdYlBu_r" if layer.signed else "inferno"
    panel.set_axis_off()
    return panel.imshow(np.ma.array(cut, mask=hidden), cmap=colours, norm=scale)


def _points(axis: int, mm: float) -> NDArray[np.float32]:
    """Return the acpc points of a plane's pixels, (rows, columns, 3), top row first."""
    across, up = ACROSS_UP[axis]
    right = np.arange(*WINDOW_MM[across], PIXEL_MM)
    top = np.arange(*WINDOW_MM[up], PIXEL_MM)[::-1]
    points = np.full((len(top), len(right), 3), mm, dtype=np.float32)
    points[..., across] = right[None, :]
    points[..., up] = top[:, None]
    return points


def _sampled(volume: Volume, affine: Matrix, points: NDArray[np.float32]) -> Volume:
    """Read a volume at points, linearly; NaN where the nearest voxel is NaN or there is none."""
    index = moved(points.reshape(-1, 3), np.linalg.inv(affine)).T
    known = np.isfinite(volume)
    filled = np.where(known, volume, 0.0).astype(np.float32)
    found = ndimage.map_coordinates(filled, index, order=1)
    seen = ndimage.map_coordinates(known.astype(np.float32), index, order=0)
    return np.where(seen > 0, found, np.nan).reshape(points.shape[:2])


def matrices(
    found: Sequence[tuple[str, NDArray[Any]]], *, groups: Sequence[str], title: str
) -> PIL.Image.Image:
    """Draw matrices of correlation side by side.

    Parameters
    ----------
    found : sequence of (str, ndarray of shape (P, P))
        Title and matrix; NaN is grey.
    groups : sequence of str
        Group of each region, in blocks; lines are drawn between them. Empty: none.
    title : str
        Above it all.
    """
    figure = Figure(figsize=(4.2 * len(found) + 0.6, 4.6), dpi=100, layout="constrained")
    figure.suptitle(title, fontsize=9)
    panels = np.atleast_1d(figure.subplots(1, len(found)))
    ends = [n for n in range(1, len(groups)) if groups[n] != groups[n - 1]]
    image: Any = None
    for panel, (name, matrix) in zip(panels, found, strict=True):
        panel.set_facecolor("#c8c8c8")
        image = panel.imshow(matrix, cmap="RdBu_r", vmin=-1.0, vmax=1.0, interpolation="nearest")
        for end in ends:
            panel.axhline(end - 0.5, color="black", linewidth=0.4)
            panel.axvline(end - 0.5, color="black", linewidth=0.4)
        panel.set_title(name, fontsize=8)
        panel.set_xticks([])
        panel.set_yticks([])
    bounds = [0, *ends, len(groups)]
    if groups:
        middles = [(a + b - 1) / 2 for a, b in pairwise(bounds)]
        panels[0].set_yticks(middles, [groups[a] for a in bounds[:-1]], fontsize=6)
    figure.colorbar(image, ax=panels.tolist(), shrink=0.8).ax.tick_params(labelsize=7)
    return _drawn(figure)


def distortion(
    before: Volume, after: Volume, t1w: Volume, mask: NDArray[np.bool_], affine: Matrix, *,
    title: str,
) -> PIL.Image.Image:  # fmt: skip
    """Draw the mean before and after correction, with the borders of the T1w's tissue."""
    turned = [canonical(volume, affine)[0] for volume in (before, after, t1w, mask)]
    inside = np.asarray(turned[3], dtype=bool)
    smooth = ndimage.gaussian_filter(np.asarray(turned[2], np.float32), 0.5)
    bright = smooth > float(np.percentile(turned[2][inside], [40.0, 85.0]).mean())
    top = 1.1 * float(np.percentile(turned[0][inside], 99.0))
    box = np.argwhere(inside)
    low, high = box.min(axis=0), box.max(axis=0)
    planes = [(2, share) for share in SHARES] + [(0, 0.56), (1, 0.5)]
    figure = Figure(figsize=(10, 4.4), dpi=100, facecolor="black")
    figure.text(0.01, 0.965, title, color="white", fontsize=8)
    for row, (name, volume) in enumerate((("before", turned[0]), ("after", turned[1]))):
        for column, (axis, share) in enumerate(planes):
            level = round(low[axis] + share * (high[axis] - low[axis]))
            panel = figure.add_axes((column / 5, 0.475 - 0.475 * row, 0.198, 0.465))
            panel.imshow(np.rot90(volume.take(level, axis)), cmap="gray", vmin=0.0, vmax=top)
            edge = np.rot90((bright & inside).take(level, axis)).astype(float)
            if edge.min() < edge.max():
                panel.contour(edge, [0.5], colors=["red"], linewidths=0.5)
            panel.set_axis_off()
            if column == 0:
                panel.text(0.02, 0.92, name, color="white", fontsize=8, transform=panel.transAxes)
    return _drawn(figure)


def _drawn(figure: Figure) -> PIL.Image.Image:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    return PIL.Image.fromarray(np.ascontiguousarray(pixels))
