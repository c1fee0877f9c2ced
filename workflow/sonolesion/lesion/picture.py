"""The same acpc slices at the baseline and at the visit, with contours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.lesion.blocks import Volume
from sonolesion.lesion.final import Result
from sonolesion.lesion.visit import Head

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LESION_COLOUR, OEDEMA_COLOUR, PLAN_COLOUR = "#e8372c", "#f5c518", "#3fd0ff"
GREY_PERCENT = (1.0, 99.5)
# Less fluid than this is tissue.
SOLID = 0.2
# Planes: name, axis that is cut, axes that are shown.
PLANES = (("axial", 2, (0, 1)), ("coronal", 1, (0, 2)), ("sagittal", 0, (1, 2)))


def draw(
    path: str, late: Mapping[str, Volume], early: Mapping[str, Volume], *,
    head: Head, found: Result, half_mm: float,
) -> None:  # fmt: skip
    """Write a PNG: a row a contrast, three planes, baseline beside follow-up.

    Red is the lesion (zones I and II), yellow the outer border of oedema, the cross the plan.
    Radiological view: the patient's left is on the right.
    """
    from matplotlib.figure import Figure

    centre = _centre(head, found)
    figure = Figure(figsize=(12.0, 2.25 * len(late) + 0.5), dpi=90, facecolor="black")
    axes = figure.subplots(len(late), 2 * len(PLANES), squeeze=False)
    for row, name in zip(axes, late, strict=True):
        # Fluid would take the whole range of a T2w.
        solid = head.brain & (head.tissue[2] < SOLID)
        low, high = np.percentile(early[name][solid], GREY_PERCENT)
        gain = float(np.median(late[name][solid]) / np.median(early[name][solid]))
        pair = (("baseline", early[name]), ("follow-up", late[name] / gain))
        for number, plane in enumerate(PLANES):
            for place, (when, data) in enumerate(pair):
                axis = row[2 * number + place]
                _slice(axis, data, plane, centre, head, half_mm, (low, high))
                axis.set_title(f"{name} {plane[0]} {when}", color="white", fontsize=7)
                if place:
                    _contours(axis, found, plane, centre, head, half_mm)
    figure.suptitle(_title(found.record), color="white", fontsize=9)
    figure.subplots_adjust(left=0.005, right=0.995, bottom=0.01, top=0.88, wspace=0.03)
    figure.savefig(path, facecolor="black", metadata={"Software": None})


def _title(record: Mapping[str, Any]) -> str:
    """Say what was found and by whom; a learned model has no test."""
    words = [record["outcome"].replace("_", " ")]
    words += [] if record["source"] == "automatic" else [record["source"]]
    if record.get("p") is not None:
        words += [f"statistic {record['statistic']:.1f}", f"p {record['p']:.3f}"]
    return ", ".join([*words, f"day {record['day_after']:g}"])


def _centre(head: Head, found: Result) -> NDArray[np.intp]:
    """Return the voxel to cut through: the lesion's centre, or the plan."""
    if found.zones.visible:
        return np.asarray(np.round(np.argwhere(found.zones.mask).mean(axis=0)), dtype=np.intp)
    return np.asarray(np.round(head.voxel_of(head.target_mm)), dtype=np.intp)


def _window(
    plane: tuple[str, int, tuple[int, int]], centre: NDArray[np.intp], head: Head, half_mm: float
) -> tuple[tuple[Any, ...], tuple[float, float, float, float]]:
    """Return the index of a plane's window and its extent in acpc [mm]."""
    half = round(half_mm / head.voxel_mm)
    index: list[Any] = [0, 0, 0]
    index[plane[1]] = int(centre[plane[1]])
    extent: list[float] = []
    for axis in plane[2]:
        low = max(int(centre[axis]) - half, 0)
        high = min(int(centre[axis]) + half + 1, head.brain.shape[axis])
        index[axis] = slice(low, high)
        start = head.affine[axis, 3] + (low - 0.5) * head.voxel_mm
        extent += [start, start + (high - low) * head.voxel_mm]
    return tuple(index), (extent[0], extent[1], extent[2], extent[3])


def _slice(
    axis: Axes, data: Volume, plane: tuple[str, int, tuple[int, int]], centre: NDArray[np.intp],
    head: Head, half_mm: float, limits: tuple[float, float],
) -> None:  # fmt: skip
    index, extent = _window(plane, centre, head, half_mm)
    axis.imshow(
        data[index].T, origin="lower", cmap="gray", extent=extent, vmin=limits[0], vmax=limits[1]
    )
    plan = [float(head.target_mm[shown]) for shown in plane[2]]
    axis.plot(*plan, "+", color=PLAN_COLOUR, markersize=5, markeredgewidth=0.7)
    sideways = plane[2][0] == 0
    axis.set_xlim((extent[1], extent[0]) if sideways else extent[:2])
    axis.set_ylim(extent[2:])
    axis.set_axis_off()


def _contours(
    axis: Axes, found: Result, plane: tuple[str, int, tuple[int, int]],
    centre: NDArray[np.intp], head: Head, half_mm: float,
) -> None:  # fmt: skip
    index, extent = _window(plane, centre, head, half_mm)
    zones = found.zones
    parts = [(zones.lesion + zones.oedema, OEDEMA_COLOUR), (zones.lesion, LESION_COLOUR)]
    for part, colour in parts:
        cut = part[index].T
        if cut.max() > 0.5 > cut.min():
            # contour() takes centres where imshow() takes edges.
            x = np.linspace(extent[0], extent[1], 2 * cut.shape[1] + 1)[1::2]
            y = np.linspace(extent[2], extent[3], 2 * cut.shape[0] + 1)[1::2]
            axis.contour(x, y, cut, levels=[0.5], colors=[colour], linewidths=0.8)
