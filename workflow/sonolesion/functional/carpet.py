"""Carpet plot: every voxel of a run in grey, ordered by tissue, with motion above."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import PIL.Image
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sonolesion.functional.confounds import Array, Flags, in_mask
from sonolesion.functional.trends import without_polynomials

COLOURS = {"GM": "#1f6f8b", "WM": "#d98c2b", "CSF": "#7a4b94"}
# Of a picture 9 inches wide at 100 dots an inch.
MAX_ROWS = 600
# Line of the framewise displacement [mm] where the strategy drops no frame.
DRAWN_MM = 0.5


def rows(
    data: NDArray[Any], tissues: Mapping[str, Flags], *, n_rows: int, degree: int
) -> tuple[Array, list[int]]:
    """Return the rows of a carpet, each the mean of neighbouring voxels of a tissue.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Series.
    tissues : mapping
        Name → mask (X, Y, Z), from top to bottom; each voxel counts for the first it is in.
    n_rows : int
        Most rows.
    degree : int
        Polynomials of time up to this degree are taken out.

    Returns
    -------
    carpet : ndarray of shape (R, N)
        Standard scores.
    ends : list of int
        Row after the last of each tissue.

    Notes
    -----
    Power 2017, doi:10.1016/j.neuroimage.2016.08.009.
    """
    taken = np.zeros(data.shape[:3], dtype=bool)
    blocks: list[Array] = []
    total = sum(int(mask.sum()) for mask in tissues.values())
    for mask in tissues.values():
        own = mask & ~taken
        taken |= mask
        if own.any():
            share = max(1, round(n_rows * own.sum() / max(total, 1)))
            blocks.append(_block(in_mask(data, own), min(share, int(own.sum())), degree))
        else:
            blocks.append(np.empty((0, data.shape[3])))
    return np.concatenate(blocks), [int(n) for n in np.cumsum([len(block) for block in blocks])]


def _block(series: Array, n_rows: int, degree: int) -> Array:
    """Return standard scores of voxels (V, N), thinned to so many rows."""
    left = without_polynomials(series, degree=degree)
    spread = left.std(axis=1, keepdims=True)
    varies = spread > np.finfo(np.float32).eps * np.abs(series).mean(axis=1, keepdims=True)
    scores = np.where(varies, left / np.where(varies, spread, 1.0), 0.0)
    parts = np.array_split(scores, n_rows)
    means = np.array([part.mean(axis=0) for part in parts])
    # Means of many voxels vary less: the grey of each row spans the same range again.
    size = means.std(axis=1, keepdims=True)
    return np.asarray(np.where(size > 0, means / np.where(size > 0, size, 1.0), 0.0))


def draw(
    data: NDArray[Any],
    tissues: Mapping[str, Flags],
    displacement_mm: Array,
    dvars: Array,
    *,
    repetition_s: float,
    max_displacement_mm: float,
    dropped: Flags,
    degree: int,
    title: str,
) -> PIL.Image.Image:
    """Draw framewise displacement, DVARS and the carpet of a run.

    Parameters
    ----------
    data, tissues, degree
        As for `rows`.
    displacement_mm, dvars : ndarray of shape (N,)
        Framewise displacement [mm]; standardised DVARS, with a line at the 1 of mere noise.
    repetition_s : float
        Repetition time [s].
    max_displacement_mm : float
        Threshold that is drawn [mm].
    dropped : ndarray of shape (N,)
        Frames that are left out, drawn red.
    title : str
        Above it all.
    """
    carpet, ends = rows(data, tissues, n_rows=MAX_ROWS, degree=degree)
    time_s = repetition_s * np.arange(data.shape[3])
    figure = Figure(figsize=(9, 6.4), dpi=100, layout="constrained")
    figure.suptitle(title, fontsize=9)
    motion, change, grey = figure.subplots(3, 1, sharex=True, height_ratios=[1, 1, 4])
    _line(motion, time_s, displacement_mm, "FD [mm]", max_displacement_mm, dropped)
    _line(change, time_s, dvars, "DVARS (std)", 1.0, dropped)
    extent = (-0.5 * repetition_s, time_s[-1] + 0.5 * repetition_s, len(carpet), 0)
    grey.imshow(carpet, aspect="auto", cmap="gray", vmin=-2, vmax=2, extent=extent)
    begin = 0
    for (name, _), end in zip(tissues.items(), ends, strict=True):
        if end > begin:
            grey.axhline(end, color="white", linewidth=0.8)
            colour = COLOURS.get(name, "black")
            place = grey.get_yaxis_transform()
            style: dict[str, Any] = {"rotation": 90, "ha": "right", "va": "center", "color": colour}
            grey.text(-0.01, (begin + end) / 2, name, transform=place, fontsize=8, **style)
            grey.plot([0, 0], [begin, end], color=colour, linewidth=5, transform=place)
        begin = end
    grey.set_yticks([])
    grey.set_xlabel("time [s]")
    return _drawn(figure)


def _line(
    axes: Axes, time_s: NDArray[Any], values: Array, name: str, limit: float, dropped: Flags
) -> None:
    axes.plot(time_s, values, color="#1f6f8b", linewidth=1)
    axes.axhline(limit, color="#b9c4cc", linewidth=0.8, linestyle="--")
    axes.plot(time_s[dropped], values[dropped], "o", color="#c0392b", markersize=3)
    axes.set_ylabel(name, fontsize=8)
    axes.set_ylim(bottom=0.0)
    axes.tick_params(labelsize=7)


def _drawn(figure: Figure) -> PIL.Image.Image:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    return PIL.Image.fromarray(np.ascontiguousarray(pixels))
