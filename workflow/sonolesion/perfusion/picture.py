"""Picture of a visit's blood flow: slices with grey matter, histogram, equation."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import PIL.Image
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sonolesion.maths.orientation import canonical
from sonolesion.perfusion.appraisal import Appraisal
from sonolesion.perfusion.mapping import Maps, Tissue
from sonolesion.perfusion.record import printed

Volume = NDArray[Any]
Mask = NDArray[np.bool_]
Matrix = NDArray[np.float64]
N_COLUMNS = 5
# Axial slices, as shares of the brain's length; then one of each other plane.
AXIAL = (0.28, 0.38, 0.47, 0.55, 0.62, 0.69, 0.76, 0.84)
OTHERS = ((1, 0.5), (0, 0.46))
TOP = 98.0
COLOURS = {"grey matter": "#c2410c", "white matter": "#1f6f8b"}
WIDTH = 74


def visit(
    maps: Maps, tissue: Tissue, judged: Appraisal, affine: Matrix, *, told: Mapping[str, Any],
    min_probability: float,
) -> PIL.Image.Image:  # fmt: skip
    """Draw the flow of a visit, with what is said of it; as `flow`."""
    title = f"Blood flow, equation {told['equation']}"
    if told["layout"] == "cbf":
        title = "Blood flow: the scanner's own map, as it is"
    if judged.marks:
        title += f"; marked: {'; '.join(judged.marks)}"
    grey, white, _ = tissue.each
    return flow(
        maps.cbf, grey, white, affine, min_probability=min_probability, title=title,
        lines=printed(told),
    )  # fmt: skip


def flow(
    cbf: Volume, grey: Volume, white: Volume, affine: Matrix, *, min_probability: float,
    title: str, lines: Sequence[str],
) -> PIL.Image.Image:  # fmt: skip
    """Draw a map of blood flow.

    Parameters
    ----------
    cbf : ndarray of shape (X, Y, Z)
        [mL/100 g/min], NaN outside.
    grey, white : ndarray of shape (X, Y, Z)
        Shares of both tissues.
    min_probability : float
        Contour of grey matter, and least share of a voxel in the histogram.
    title : str
    lines : sequence of str
        Equation and constants.
    """
    there = np.isfinite(cbf)
    turned, place = canonical(np.where(there, cbf, 0.0), affine)
    contour, _ = canonical(grey, affine)
    inside = np.asarray(canonical(there, affine)[0], dtype=bool)
    box = _around(inside)
    turned, contour, inside = turned[box], contour[box], inside[box]
    top = float(np.percentile(cbf[there], TOP)) if there.any() else 1.0
    figure = Figure(figsize=(10, 8.6), dpi=100, facecolor="black")
    figure.text(0.01, 0.975, title, color="white", fontsize=9)
    planes = [(2, share) for share in AXIAL] + list(OTHERS)
    for number, (axis, share) in enumerate(planes):
        row, column = divmod(number, N_COLUMNS)
        panel = figure.add_axes((column / N_COLUMNS, 0.70 - 0.265 * row, 0.198, 0.26))
        _slice(panel, turned, contour, place, axis, _level(inside, axis, share), top=top,
               min_probability=min_probability)  # fmt: skip
    bar = figure.add_axes((0.01, 0.405, 0.24, 0.012))
    bar.imshow(np.linspace(0, 1, 256)[None], aspect="auto", cmap="inferno", extent=(0, top, 0, 1))
    bar.set_yticks([])
    bar.tick_params(colors="white", labelsize=7)
    figure.text(0.27, 0.402, "mL/100 g/min; contour: grey matter", color="white", fontsize=8)
    values = {
        name: cbf[there & (share > min_probability)]
        for name, share in (("grey matter", grey), ("white matter", white))
    }
    _histogram(figure.add_axes((0.05, 0.055, 0.36, 0.28)), values)
    _text(figure, lines)
    return drawn(figure)


def _slice(
    panel: Axes, volume: Volume, contour: Volume, affine: Matrix, axis: int, level: int, *,
    top: float, min_probability: float,
) -> None:  # fmt: skip
    """Draw one slice in radiological view with its sides."""
    plane, shape = (np.swapaxes(np.take(v, level, axis=axis), 0, 1) for v in (volume, contour))
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    first, second = (a for a in range(3) if a != axis)
    panel.imshow(plane, origin="lower", cmap="inferno", interpolation="nearest", vmin=0, vmax=top,
                 aspect=edges[second] / edges[first])  # fmt: skip
    if shape.min() < min_probability < shape.max():
        panel.contour(shape, [min_probability], colors=["#7dd3fc"], linewidths=0.5)
    if axis != 0:
        panel.invert_xaxis()
    panel.axis("off")
    style: dict[str, Any] = {"color": "white", "fontsize": 7, "transform": panel.transAxes}
    left, right = ("P", "A") if axis == 0 else ("R", "L")
    panel.text(0.02, 0.02, left, **style)
    panel.text(0.98, 0.02, right, ha="right", **style)


def _histogram(panel: Axes, values: Mapping[str, NDArray[Any]]) -> None:
    """Draw how flow is distributed in each tissue, with medians."""
    known = np.concatenate([*values.values(), np.zeros(1)])
    low, high = np.percentile(known, [0.5, 99.5])
    bins = np.linspace(min(low, 0.0), max(high, low + 1.0), 61)
    panel.set_facecolor("black")
    for name, some in values.items():
        if not len(some):
            continue
        median = float(np.median(some))
        label = f"{name}, {len(some)} voxels, median {median:.1f}"
        panel.hist(some, bins=list(bins), density=True, histtype="stepfilled", alpha=0.55,
                   color=COLOURS[name], label=label)  # fmt: skip
        panel.axvline(median, color=COLOURS[name], linewidth=1.2)
    panel.axvline(0.0, color="0.6", linewidth=0.8, linestyle=":")
    panel.set_xlabel("blood flow [mL/100 g/min]", color="white", fontsize=8)
    panel.set_yticks([])
    panel.tick_params(colors="white", labelsize=7)
    for spine in panel.spines.values():
        spine.set_color("0.4")
    panel.legend(fontsize=7, facecolor="black", labelcolor="white", framealpha=0.4)


def _text(figure: Figure, lines: Sequence[str]) -> None:
    """Write equation and constants beside the histogram."""
    wrapped = [
        part for line in lines for part in textwrap.wrap(line, WIDTH, subsequent_indent="  ")
    ]
    figure.text(0.45, 0.375, "\n".join(wrapped), color="white", fontsize=6.8, va="top",
                family="DejaVu Sans", linespacing=1.35)  # fmt: skip


def _level(inside: Mask, axis: int, share: float) -> int:
    """Return the slice at a share of the brain's length."""
    there = np.flatnonzero(inside.any(axis=tuple(a for a in range(3) if a != axis)))
    if not len(there):
        return 0
    return round(float(there[0] + share * (there[-1] - there[0])))


def _around(inside: Mask) -> tuple[slice, ...]:
    """Return the box of a mask with a rim of two voxels."""
    index = np.argwhere(inside)
    if not len(index):
        return (slice(None),) * 3
    low, high = np.maximum(index.min(axis=0) - 2, 0), index.max(axis=0) + 3
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))


def drawn(figure: Figure) -> PIL.Image.Image:
    """Return the pixels of a figure."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    return PIL.Image.fromarray(np.ascontiguousarray(pixels))
