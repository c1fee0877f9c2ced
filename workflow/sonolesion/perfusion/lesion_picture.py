"""Picture of blood flow about a lesion: slices with its zones and the mirrored place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import PIL.Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sonolesion.maths.orientation import canonical
from sonolesion.perfusion.lesion_zones import Flow, Zones, places
from sonolesion.perfusion.picture import drawn

Mask = NDArray[np.bool_]
COLOURS = {
    "lesion": "#22d3ee", "perilesional": "#a3e635", "mirrored_lesion": "#f8fafc",
}  # fmt: skip
TOP = 98.0
# Half the width of what is shown.
HALF_MM = 50.0
# Slices below and above that with most of the lesion.
STEPS = (-1, 0, 1)


def visit(
    flow: Flow, zones: Zones | None, rows: Sequence[Mapping[str, object]], *,
    labels: Mapping[str, Any], min_share: float,
) -> PIL.Image.Image:  # fmt: skip
    """Draw the flow of a visit with the zones of a lesion, in radiological view.

    Parameters
    ----------
    zones : Zones or None
        None where no lesion is visible.
    rows : sequence of mapping
        Of `lesion_zones.rows`: what is written below.
    min_share : float
        Least share of a voxel that lies in a zone.
    """
    figure = Figure(figsize=(10, 4.4), dpi=100, facecolor="black")
    title = f"Blood flow about {labels['intervention_id']} at {labels['session_id']}"
    figure.text(0.01, 0.95, title, color="white", fontsize=10)
    if zones is None:
        figure.text(0.01, 0.85, "no lesion is visible", color="white", fontsize=9)
        return drawn(figure)
    shown = {
        place.region: canonical(place.chosen.astype(np.float32), flow.affine)[0] > 0.5
        for mirrored in (False, True)
        for place in places(zones, flow, min_share=min_share, mirrored=mirrored)
        if place.region in COLOURS
    }
    there = np.isfinite(flow.cbf)
    volume, affine = canonical(np.where(there, flow.cbf, 0.0), flow.affine)
    top = float(np.percentile(flow.cbf[there], TOP)) if there.any() else 1.0
    centre = _most(shown)
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    near = _near(shown, edges)
    for number, step in enumerate(STEPS):
        level = int(np.clip(centre + step, 0, volume.shape[2] - 1))
        panel = figure.add_axes((number / 3 + 0.003, 0.14, 0.327, 0.78))
        outlines = {name: mask[..., level][near] for name, mask in shown.items()}
        _slice(panel, volume[..., level][near], outlines, top=top, aspect=edges[1] / edges[0])
    legend = "cyan: lesion; green: around it; white: mirrored place"
    figure.text(0.01, 0.075, f"0 to {top:.0f} mL/100 g/min; {legend}", color="white", fontsize=8)
    figure.text(0.01, 0.02, _words(rows), color="white", fontsize=8)
    return drawn(figure)


def _most(shown: Mapping[str, Mask]) -> int:
    """Return the slice with most of the lesion, else of what is around it."""
    for mask in shown.values():
        if mask.any():
            return int(mask.sum(axis=(0, 1)).argmax())
    return 0


def _near(shown: Mapping[str, Mask], edges: NDArray[np.float64]) -> tuple[slice, slice]:
    """Return the part of a slice about the lesion and its mirrored place."""
    index = np.argwhere(np.any(list(shown.values()), axis=0).any(axis=2))
    if not len(index):
        return slice(None), slice(None)
    middle, half = index.mean(axis=0), HALF_MM / edges[:2]
    low = np.maximum(np.round(middle - half), 0).astype(int)
    high = np.round(middle + half).astype(int) + 1
    return slice(low[0], high[0]), slice(low[1], high[1])


def _slice(
    panel: Axes, plane: NDArray[Any], outlines: Mapping[str, Mask], *, top: float, aspect: float
) -> None:
    panel.imshow(plane.T, origin="lower", cmap="inferno", interpolation="nearest", vmin=0,
                 vmax=top, aspect=aspect)  # fmt: skip
    for name, mask in outlines.items():
        if mask.any():
            panel.contour(mask.T.astype(float), [0.5], colors=[COLOURS[name]], linewidths=0.9)
    panel.invert_xaxis()
    panel.axis("off")
    style: dict[str, Any] = {"color": "white", "fontsize": 8, "transform": panel.transAxes}
    panel.text(0.02, 0.02, "R", **style)
    panel.text(0.98, 0.02, "L", ha="right", **style)


def _words(rows: Sequence[Mapping[str, object]]) -> str:
    """Return flow, ratio and size of the lesion in words."""
    told = {(row["map"], row["region"], row["statistic"]): row for row in rows}
    found = []
    for region in ("lesion", "perilesional"):
        flow, ratio = (told.get(("cbf", region, f"cbf_{one}"), {}) for one in ("median", "ratio"))
        value, share = flow.get("value"), ratio.get("value")
        words = "not told" if not isinstance(value, float) else f"{value:.1f}"
        words += f" ({share:.2f} of its mirrored place)" if isinstance(share, float) else ""
        words += ", below resolution" if flow.get("below_resolution") == "true" else ""
        found.append(f"{region}: {words}")
    return "; ".join(found)
