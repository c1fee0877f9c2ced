"""Picture of a measured field."""

from __future__ import annotations

from typing import Any

import numpy as np
import PIL.Image
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

# Where slices lie between the lowest and the highest of the head, as shares.
SHARES = (0.15, 0.3, 0.45, 0.6, 0.75)


def drawn(
    magnitude: NDArray[Any],
    hz: NDArray[Any],
    inside: NDArray[np.bool_],
    *,
    range_hz: float,
    title: str,
) -> PIL.Image.Image:
    """Draw magnitude and field in slices from below upwards.

    Parameters
    ----------
    magnitude, hz, inside : ndarray of shape (X, Y, Z)
        In the order of RAS+ axes; field [Hz] where `inside`.
    range_hz : float
        Field of the ends of the colours [Hz].
    title : str
        What there is to see.
    """
    figure = Figure(figsize=(2.0 * len(SHARES), 4.6), dpi=100, layout="constrained")
    axes = figure.subplots(2, len(SHARES))
    there = np.flatnonzero(inside.any(axis=(0, 1)))
    low, high = (there[0], there[-1]) if there.size else (0, inside.shape[2] - 1)
    bright = float(np.percentile(magnitude, 99.0))
    for column, share in enumerate(SHARES):
        z = round(low + share * (high - low))
        axes[0, column].imshow(magnitude[:, :, z].T, cmap="gray", origin="lower", vmax=bright)
        field = np.where(inside[:, :, z], hz[:, :, z], np.nan).T
        axes[1, column].imshow(field, cmap="RdBu_r", origin="lower", vmin=-range_hz, vmax=range_hz)
    for axis in axes.flat:
        axis.set_axis_off()
    figure.colorbar(axes[1, 0].images[0], ax=axes[1, :], label="field [Hz]", shrink=0.8)
    figure.suptitle(title, fontsize=9)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    return PIL.Image.fromarray(np.ascontiguousarray(pixels))
