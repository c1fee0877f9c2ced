"""Pictures for the eye: slices in AC–PC orientation with contours, sides labelled."""

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

from sonolesion.anatomy.geometry import Matrix, apply

# Slices that show the brain from end to end, the thalamus among them: x, y, z in AC–PC [mm].
SLICES_MM = ((-40.0, -12.0, 0.0, 12.0, 40.0), (-70.0, -30.0, -14.0, 5.0, 40.0),
             (-25.0, 0.0, 8.0, 25.0, 50.0))  # fmt: skip


def slices(
    volume: NDArray[Any],
    affine: Matrix,
    contours: Mapping[str, NDArray[Any]],
    *,
    brain: NDArray[np.bool_],
    title: str,
    marks_mm: Sequence[Sequence[float]] = (),
) -> PIL.Image.Image:
    """Draw five sagittal, coronal and axial slices with contours.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Image on a RAS+ grid without rotation.
    affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm].
    contours : mapping of colour to ndarray of shape (X, Y, Z)
        Maps whose level 0.5 is drawn in that colour.
    brain : ndarray of bool, shape (X, Y, Z)
        Sets the grey scale: fat may saturate.
    title : str
        Title of the picture.
    marks_mm : sequence of points
        Points drawn as crosses on the slices nearest to them [mm].

    Returns
    -------
    PIL.Image.Image
        20 colours; coronal and axial slices in radiological view: the left is on the right.
    """
    figure = Figure(figsize=(10, 6.4), facecolor="black", dpi=100)
    canvas = FigureCanvasAgg(figure)
    top = 1.1 * float(np.percentile(volume[brain], 99.5)) if brain.any() else 1.0
    for axis in range(3):
        for column, level in enumerate(SLICES_MM[axis]):
            panel = figure.add_axes((column / 5, (2 - axis) / 3 * 0.95, 0.198, 0.31))
            _panel(panel, volume, affine, contours, axis, level, top)
            _mark(panel, marks_mm, axis, level)
    figure.text(0.01, 0.965, title, color="white", fontsize=9)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    return PIL.Image.fromarray(np.ascontiguousarray(pixels)).quantize(20)


def _panel(
    panel: Axes,
    volume: NDArray[Any],
    affine: Matrix,
    contours: Mapping[str, NDArray[Any]],
    axis: int,
    level_mm: float,
    top: float,
) -> None:
    """Draw one slice and its contours."""
    point = np.zeros(3)
    point[axis] = level_mm
    index = int(
        np.clip(round(apply(np.linalg.inv(affine), point)[axis]), 0, volume.shape[axis] - 1)
    )
    first, second = (a for a in range(3) if a != axis)
    low, high = affine[:3, 3], apply(affine, np.array(volume.shape) - 1.0)
    extent = (low[first], high[first], low[second], high[second])
    panel.imshow(
        np.take(volume, index, axis).T, origin="lower", cmap="gray", vmin=0, vmax=top, extent=extent
    )
    for colour, shape in contours.items():
        plane = np.take(shape, index, axis).T.astype(float)
        if plane.min() < 0.5 < plane.max():
            panel.contour(plane, [0.5], colors=[colour], linewidths=0.6, extent=extent)
    panel.axis("off")
    style: dict[str, Any] = {
        "color": "white",
        "fontsize": 7,
        "transform": panel.transAxes,
        "va": "top",
    }
    left, right = ("P", "A") if axis == 0 else ("R", "L")
    if axis > 0:
        panel.invert_xaxis()
    panel.text(0.02, 0.98, f"{left}  {'xyz'[axis]} {level_mm:+.0f} mm", **style)
    panel.text(0.98, 0.98, right, ha="right", **style)


def _mark(panel: Axes, marks_mm: Sequence[Sequence[float]], axis: int, level_mm: float) -> None:
    """Draw the points within 3 mm of a slice."""
    first, second = (a for a in range(3) if a != axis)
    for point in marks_mm:
        if abs(point[axis] - level_mm) <= 3:
            panel.plot(point[first], point[second], "r+", markersize=6, markeredgewidth=0.8)


def edges(volume: NDArray[Any], brain: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    """Return contours that show a T1w's anatomy: brain, and white matter's border.

    The border lies midway between the 40 and 85 percentiles of the brain, grey and white.
    """
    middle = float(np.percentile(volume[brain], [40.0, 85.0]).mean())
    smooth = ndimage.gaussian_filter(volume, 0.7)
    return {"red": (smooth > middle) & brain, "cyan": brain}
