"""Pictures of the tensor's steps: gradients, motion, distortion, maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import PIL.Image
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.maths.orientation import canonical

Matrix = NDArray[np.float64]
Volume = NDArray[Any]
# Where slices lie along an axis of the brain's box, as shares of its length.
SHARES = (0.25, 0.4, 0.55, 0.7)
# After Okabe and Ito, told apart by dashes too.
AXES: dict[str, dict[str, Any]] = {
    "x (right)": {"color": "#d55e00"},
    "y (front)": {"color": "#009e73", "linestyle": "--"},
    "z (up)": {"color": "#0072b2", "linestyle": ":"},
}
RESIDUALS = ("#8a8a8a", "#0072b2")


def drawn(figure: Figure) -> PIL.Image.Image:
    """Return a figure as a picture."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    return PIL.Image.fromarray(np.ascontiguousarray(pixels))


def candidates(
    names: Sequence[str], coherence: NDArray[Any], errors: NDArray[Any], *, title: str
) -> PIL.Image.Image:
    """Draw the coherence of every reading of the gradient table, the one as given first."""
    figure = Figure(figsize=(9, 3.6), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    known = np.nan_to_num(coherence)
    colours = ["#1f6f8b" if n == 0 else "#b9c4cc" for n in range(len(names))]
    axes.bar(range(len(names)), known, yerr=2.0 * np.nan_to_num(errors), color=colours)
    axes.set_xticks(range(len(names)), list(names), rotation=90, fontsize=7)
    axes.set_ylabel("coherence of fibres")
    axes.set_title(title, fontsize=9)
    return drawn(figure)


def motion(
    parameters: NDArray[Any],
    residuals: Mapping[str, NDArray[Any]],
    outlier: NDArray[np.bool_],
    *,
    title: str,
) -> PIL.Image.Image:
    """Draw head motion, residual of each volume before and after, and slices that lost signal.

    Parameters
    ----------
    parameters : ndarray of shape (N, 6 or more)
        Translations [mm] and rotations [rad] first.
    residuals : mapping
        Name → residual of each volume, shape (N,).
    outlier : ndarray of shape (Z, N)
        Slices that lost signal.
    """
    figure = Figure(figsize=(9, 7.4), dpi=100, layout="constrained")
    figure.suptitle(title, fontsize=9)
    moved, turned, left, lost = figure.subplots(4, 1, sharex=True)
    # RAS+ axes: x to the right, y to the front, z up.
    for column, (name, style) in enumerate(AXES.items()):
        moved.plot(parameters[:, column], **style, label=name)
        turned.plot(np.rad2deg(parameters[:, 3 + column]), **style, label=f"about {name}")
    moved.set_ylabel("shift [mm]")
    turned.set_ylabel("turn [°]")
    for (name, values), colour in zip(residuals.items(), RESIDUALS, strict=False):
        left.plot(100.0 * values, "o-", markersize=3, color=colour, label=name)
    left.set_ylabel("residual [% of signal]")
    left.set_ylim(bottom=0.0)
    for panel in (moved, turned, left):
        # Room for the legend, which else would hide the first volumes.
        low, high = panel.get_ylim()
        panel.set_ylim(low, high + 0.25 * (high - low))
        panel.legend(fontsize=7, ncols=3, loc="upper left")
        panel.grid(color="0.9")
    lost.imshow(
        outlier, aspect="auto", origin="lower", cmap="Greys", vmin=0, vmax=1,
        interpolation="nearest",
    )  # fmt: skip
    if not outlier.any():
        lost.text(0.5, 0.5, "no slice lost signal", ha="center", va="center", fontsize=9,
                  transform=lost.transAxes)  # fmt: skip
    lost.set_ylabel("slice (black: lost)")
    lost.set_xlabel("volume")
    return drawn(figure)


def distortion(
    before: Volume, after: Volume, reference: Volume, brain: NDArray[np.bool_], affine: Matrix,
    *, title: str,
) -> PIL.Image.Image:  # fmt: skip
    """Draw the unweighted volume before and after correction, with the T1w's edges."""
    edges = borders(reference, brain)
    figure = Figure(figsize=(10, 5.4), dpi=100, facecolor="black")
    figure.text(0.01, 0.965, title, color="white", fontsize=9)
    top = 1.1 * float(np.percentile(before[brain], 99.0))
    planes = [(2, share) for share in SHARES] + [(0, 0.5 + 0.12)]
    for row, (name, volume) in enumerate((("before", before), ("after", after))):
        for column, (axis, share) in enumerate(planes):
            panel = figure.add_axes((column / 5, 0.47 - 0.47 * row, 0.198, 0.46))
            label = name if column == 0 else ""
            level = _level(brain, axis, share)
            _slice(panel, volume, affine, axis, level, vmax=top, cmap="gray", label=label)
            for colour, shape in edges.items():
                plane = _plane(shape.astype(float), axis, level)
                if plane.min() < 0.5 < plane.max():
                    panel.contour(plane, [0.5], colors=[colour], linewidths=0.6)
    return drawn(figure)


def borders(reference: Volume, brain: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
    """Return what shows a T1w's anatomy: its white matter, and the brain."""
    middle = float(np.percentile(reference[brain], [40.0, 85.0]).mean())
    smooth = ndimage.gaussian_filter(np.asarray(reference, np.float32), 0.5)
    return {"red": (smooth > middle) & brain, "cyan": brain}


def colours(fa: Volume, v1: Volume) -> NDArray[np.float32]:
    """Return FA in the colours of the fibres: red across, green along, blue up; (X, Y, Z, 3).

    `v1` are unit vectors of shape (X, Y, Z, 3) in RAS+ world axes.
    """
    shown = np.clip(np.nan_to_num(fa), 0.0, 1.0)[..., None] * np.abs(np.nan_to_num(v1))
    return np.asarray(np.clip(1.4 * shown, 0.0, 1.0), dtype=np.float32)


def maps(
    colour: NDArray[Any],
    volumes: Sequence[tuple[str, Volume, float]],
    brain: NDArray[np.bool_],
    affine: Matrix,
    *,
    title: str,
) -> PIL.Image.Image:
    """Draw colour FA and maps, one a row: name, volume, value that is white."""
    figure = Figure(figsize=(10, 2.05 * (len(volumes) + 1) + 0.3), dpi=100, facecolor="black")
    figure.text(0.01, 1.0 - 0.018, title, color="white", fontsize=9)
    rows: list[tuple[str, Volume, float]] = [("colour FA", colour, 1.0), *volumes]
    height = 0.965 / len(rows)
    planes = [(2, share) for share in SHARES] + [(1, 0.52), (0, 0.5)]
    for row, (name, volume, top) in enumerate(rows):
        for column, (axis, share) in enumerate(planes):
            place = (column / 6, 0.965 - height * (row + 1), 0.164, height * 0.98)
            panel = figure.add_axes(place)
            level = _level(brain, axis, share)
            label = f"{name}" if column == 0 else ""
            _slice(panel, volume, affine, axis, level, vmax=top, cmap="gray", label=label)
    return drawn(figure)


def _level(brain: NDArray[np.bool_], axis: int, share: float) -> float:
    """Return a share of the brain's length along a world axis, as a share of the array's.

    ASSUME: the scan's axes lie near those of the world, in any order and sign.
    """
    there = np.flatnonzero(brain.any(axis=tuple(a for a in range(3) if a != axis)))
    return float(there[0] + share * (there[-1] - there[0]))


def _plane(volume: Volume, axis: int, level: float) -> NDArray[Any]:
    """Return a slice as rows and columns, the patient's head up and right on the left."""
    return np.swapaxes(np.take(volume, round(level), axis=axis), 0, 1)


def _slice(
    panel: Axes, volume: Volume, affine: Matrix, axis: int, level: float, *, vmax: float,
    cmap: str, label: str,
) -> None:  # fmt: skip
    """Draw one slice with its sides."""
    plane = np.nan_to_num(_plane(volume, axis, level))
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    first, second = (a for a in range(3) if a != axis)
    panel.imshow(
        plane, origin="lower", cmap=cmap, vmin=0, vmax=vmax, aspect=edges[second] / edges[first]
    )
    # Radiological view: the patient's right on the left, whatever the order of the voxels.
    if axis != 0 and affine[0, 0] > 0:
        panel.invert_xaxis()
    panel.axis("off")
    style: dict[str, Any] = {"color": "white", "fontsize": 7, "transform": panel.transAxes}
    panel.text(0.02, 0.97, label, va="top", **style)
    left, right = ("P", "A") if axis == 0 else ("R", "L")
    panel.text(0.02, 0.02, left, **style)
    panel.text(0.98, 0.02, right, ha="right", **style)


def tensor_maps(
    found: Mapping[str, Volume],
    fractions: Volume,
    brain: NDArray[np.bool_],
    affine: Matrix,
) -> PIL.Image.Image:
    """Draw colour FA, FA, MD, free water and the residual of the fit."""
    colour, place = canonical(colours(found["fa"], found["v1"]), affine)
    inside = np.asarray(canonical(brain, affine)[0], dtype=bool)
    top = float(np.nanpercentile(found["residual"][brain], 98.0))
    volumes = [
        ("FA", found["fa"], 1.0),
        ("MD, white 3 × 10⁻³ mm²/s", found["md"], 3e-3),
        ("free water (exploratory)", fractions, 1.0),
        (f"residual, white {100.0 * top:.1f} % of S0", found["residual"], top),
    ]
    box = around(inside)
    shown = [(name, canonical(volume, affine)[0][box], limit) for name, volume, limit in volumes]
    title = "Tensor; colour FA: red left–right, green front–back, blue up–down"
    return maps(np.asarray(colour)[box], shown, inside[box], place, title=title)


def around(brain: NDArray[np.bool_]) -> tuple[slice, ...]:
    """Return the box of a mask with a rim of two voxels."""
    index = np.argwhere(brain)
    low, high = np.maximum(index.min(axis=0) - 2, 0), index.max(axis=0) + 3
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
