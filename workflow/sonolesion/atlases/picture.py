"""A picture of the carried regions over the subject's T1w, to judge anatomy and side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
import PIL.Image
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sonolesion.atlases.space import Matrix, apply

# Levels shown, acpc [mm]: axial through the thalamus and below it, and one coronal.
LEVELS = ((2, -6.0), (2, 4.0), (2, 10.0), (1, -20.0))
COLOURS = 10


def drawn(
    t1w: NDArray[Any],
    affine: Matrix,
    stack: NDArray[Any],
    entries: Sequence[Mapping[str, Any]],
    *,
    whole: int,
) -> PIL.Image.Image:
    """Draw the outlines of each atlas' regions, a row an atlas.

    Parameters
    ----------
    t1w : ndarray of shape (X, Y, Z)
        T1-weighted image on the grid of the box.
    affine : ndarray of shape (4, 4)
        Voxel indices to acpc [mm].
    stack : ndarray of shape (X, Y, Z, n_regions)
        Share of each voxel, in units of `whole`.
    entries : sequence of mapping
        ``atlas`` of each region.
    whole : int
        A voxel that wholly belongs to a region.
    """
    names = list(dict.fromkeys(entry["atlas"] for entry in entries)) or ["no atlas"]
    figure = Figure(figsize=(2.4 * len(LEVELS), 2.4 * len(names)), facecolor="black", dpi=110)
    canvas = FigureCanvasAgg(figure)
    top = float(np.percentile(t1w, 99.5)) or 1.0
    for row, name in enumerate(names):
        chosen = [k for k, entry in enumerate(entries) if entry["atlas"] == name]
        for column, (axis, level) in enumerate(LEVELS):
            place = (
                column / len(LEVELS),
                1 - (row + 1) / len(names),
                1 / len(LEVELS),
                1 / len(names),
            )
            panel = figure.add_axes(place)
            _panel(panel, t1w / top, affine, stack[..., chosen] / whole, axis, level)
            title = f"{name}  {'xyz'[axis]} {level:+.0f} mm"
            panel.text(0.02, 0.02, title, color="white", fontsize=6, transform=panel.transAxes)
    canvas.draw()
    return PIL.Image.fromarray(np.ascontiguousarray(canvas.buffer_rgba())[..., :3])


def _panel(
    panel: Any, t1w: NDArray[Any], affine: Matrix, stack: NDArray[Any], axis: int, level_mm: float
) -> None:
    """Draw one slice; the patient's left is on the right."""
    point = np.zeros(3)
    point[axis] = level_mm
    index = int(np.clip(round(apply(np.linalg.inv(affine), point)[axis]), 0, t1w.shape[axis] - 1))
    panel.imshow(np.take(t1w, index, axis).T, origin="lower", cmap="gray", vmin=0, vmax=1)
    colours = matplotlib.colormaps["tab10"]
    for k in range(stack.shape[-1]):
        plane = np.take(stack[..., k], index, axis).T
        if plane.max() > 0.5:
            panel.contour(plane, [0.5], colors=[colours(k % COLOURS)], linewidths=0.8)
    panel.axis("off")
    panel.invert_xaxis()
    panel.text(0.02, 0.98, "R", color="white", fontsize=6, transform=panel.transAxes, va="top")
    panel.text(0.95, 0.98, "L", color="white", fontsize=6, transform=panel.transAxes, va="top")
