"""Clusters of change away from the plan: axial slices of both visits in every contrast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.lesion.blocks import Volume
from sonolesion.lesion.offtarget_report import OffTarget
from sonolesion.lesion.picture import GREY_PERCENT, SOLID
from sonolesion.lesion.visit import Head

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SAFETY_COLOUR, COLOUR = "#e8372c", "#f5c518"


def draw(
    path: str, late: Mapping[str, Volume], early: Mapping[str, Volume], *, head: Head,
    found: OffTarget, half_mm: float, most: int,
) -> None:  # fmt: skip
    """Write a PNG: a row a cluster, safety first; contrasts, baseline beside follow-up.

    Red contours are flagged for safety, yellow ones are not. Without a cluster the row shows the
    middle of the brain. Radiological view.
    """
    from matplotlib.figure import Figure

    order = sorted(range(len(found.clusters)), key=lambda i: not found.clusters[i]["safety"])
    shown: list[int | None] = [*order[:most]] or [None]
    figure = Figure(
        figsize=(2.0 * 2 * len(late), 2.25 * len(shown) + 0.5), dpi=80, facecolor="black"
    )
    axes = figure.subplots(len(shown), 2 * len(late), squeeze=False)
    for row, number in zip(axes, shown, strict=True):
        for place, name in enumerate(late):
            solid = head.brain & (head.tissue[2] < SOLID)
            low, high = np.percentile(early[name][solid], GREY_PERCENT)
            gain = float(np.median(late[name][solid]) / np.median(early[name][solid]))
            pair = (("baseline", early[name]), ("follow-up", late[name] / gain))
            for part, (when, data) in enumerate(pair):
                axis = row[2 * place + part]
                _slice(axis, data, head, found, number, half_mm, (low, high), outline=part == 1)
                axis.set_title(f"{name} {when}", color="white", fontsize=7)
        row[0].text(
            0.02, 0.02, _told(found, number), color="white", fontsize=6, transform=row[0].transAxes
        )
    # Above the titles of the first row, however many rows there are.
    title_at, top = (1 - inches / figure.get_figheight() for inches in (0.05, 0.55))
    figure.suptitle(_title(found, len(order)), color="white", fontsize=9, y=title_at, va="top")
    figure.subplots_adjust(left=0.005, right=0.995, bottom=0.01, top=top, wspace=0.03)
    figure.savefig(path, facecolor="black", metadata={"Software": None})


def _title(found: OffTarget, count: int) -> str:
    record = found.record
    if record["outcome"] == "not_examined":
        return "away from the plan: not examined"
    flagged = sum(one["safety"] for one in found.clusters)
    p = record["smallest_p"]
    return f"away from the plan: {count} clusters, {flagged} flagged for safety; smallest p {p:.2g}"


def _told(found: OffTarget, number: int | None) -> str:
    if number is None:
        return ""
    one = found.clusters[number]
    kind = one["kind"].replace("_", " ")
    return f"{number + 1}: {kind}, {one['volume_mm3']:.0f} mm³, p {one['p']:.2g}"


def _slice(
    axis: Axes, data: Volume, head: Head, found: OffTarget, number: int | None, half_mm: float,
    limits: tuple[float, float], *, outline: bool,
) -> None:  # fmt: skip
    """Show an axial slice through a cluster's centre."""
    mask = head.brain if number is None else found.labels == number + 1
    places = np.argwhere(mask)
    centre = np.round(places.mean(axis=0)).astype(int)
    # The slice with most of the cluster: its centre may lie outside it.
    height = int(np.bincount(places[:, 2]).argmax())
    half = round((half_mm if number is not None else max(head.brain.shape)) / head.voxel_mm)
    x, y = (slice(max(c - half, 0), c + half + 1) for c in centre[:2])
    index: tuple[Any, ...] = (x, y, height)
    axis.imshow(data[index].T, origin="lower", cmap="gray", vmin=limits[0], vmax=limits[1])
    if outline and number is not None:
        colour = SAFETY_COLOUR if found.clusters[number]["safety"] else COLOUR
        axis.contour(mask[index].T.astype(float), levels=[0.5], colors=[colour], linewidths=0.8)
    axis.invert_xaxis()
    axis.set_axis_off()
