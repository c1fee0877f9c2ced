"""Bundles with the lesion in three views with depth, and close by on slices of the T1w."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sonolesion.maths.points import Matrix
from sonolesion.tracts import rendering
from sonolesion.tracts.geometry import subset
from sonolesion.tracts.picture import COLOURS, HALF, rendered
from sonolesion.tracts.rendering import Array, Camera
from sonolesion.tracts.tractogram import Bundles

SHOWN_PER_BUNDLE = 150
LESION = (1.0, 0.16, 0.1)
# How much of a lesion is seen that bundles hide.
THROUGH = 0.75
SPARED, FAINT = (0.5, 0.5, 0.5), 0.3
# Names, azimuth and elevation [°]; the first from the side of the lesion.
VIEWS = (("from the {}", 62.0, 14.0), ("from the front", 0.0, 0.0), ("from below", 0.0, -90.0))
CLOSE = (("sagittal", 90.0, 0.0), ("coronal", 0.0, 0.0), ("axial", 0.0, -90.0))
PIXEL_MM, CLOSE_PIXEL_MM = 0.5, 0.16
# The picture's width over the brain's longest edge.
ROOM = 1.08
# A direction is named where no more than so much of it points to the viewer.
SHOWN = 0.6
CLOSE_HALF_MM = 28.0
# Streamlines this near to the plane of a close view are shown on it.
SLAB_MM = 5.0
TRIAD = (("L", (-1.0, 0.0, 0.0)), ("A", (0.0, 1.0, 0.0)), ("S", (0.0, 0.0, 1.0)))


@dataclass(frozen=True)
class Lit:
    """What is drawn: streamlines with their colours, brain and lesion."""

    points: NDArray[np.float32]
    offsets: NDArray[np.int64]
    colours: Array
    brain: tuple[NDArray[Any], Matrix]
    lesion: tuple[NDArray[Any], Matrix]


def views(
    found: Bundles,
    t1w: NDArray[Any],
    affine: Matrix,
    *,
    brain: NDArray[np.bool_],
    lesion: NDArray[Any] | None,
    cut: NDArray[np.bool_] | None,
    title: str,
) -> PIL.Image.Image:
    """Draw every bundle from three sides, and those that are cut close by.

    Parameters
    ----------
    found : Bundles
        Streamlines in acpc [mm].
    t1w, affine : ndarray of shape (X, Y, Z) and (4, 4)
        T1w on a RAS+ grid without rotation.
    brain : ndarray of bool, shape (X, Y, Z)
    lesion : ndarray of shape (X, Y, Z), optional
        Probability of lesion; its surface is where it is a half.
    cut : ndarray of bool, shape (S,), optional
        Streamlines that the lesion cuts.
    title : str
    """
    seen = lesion is not None and bool((lesion >= HALF).any())
    names = list(dict.fromkeys(name.rpartition("_")[0] for name in found.groups))
    colour = {name: COLOURS[n % len(COLOURS)] for n, name in enumerate(names)}
    height = 8.3 if seen else 4.9
    figure = Figure(figsize=(12, height), dpi=100, facecolor="black")
    figure.text(0.012, 1.0 - 0.27 / height, title, color="white", fontsize=10)
    lit = _lit(found, colour, brain, lesion if seen else None, affine)
    for column in range(len(VIEWS)):
        panel = figure.add_axes((column / 3, 1.0 - 4.3 / height, 0.33, 3.85 / height))
        _whole(panel, lit, brain, affine, column)
    if seen and lesion is not None:
        for column in range(len(CLOSE)):
            panel = figure.add_axes((column / 3, 0.6 / height, 0.33, 3.2 / height))
            _close(panel, found, colour, t1w, affine, brain, lesion, cut, column)
    _legend(figure, colour, height, closed=seen)
    return rendered(figure)


def _lit(
    found: Bundles, colour: dict[str, str], brain: NDArray[Any], lesion: Any, affine: Matrix
) -> Lit:
    chosen, colours = [np.zeros(0, np.int64)], []
    for group, numbers in found.groups.items():
        some = numbers[:: max(1, len(numbers) // SHOWN_PER_BUNDLE)]
        chosen.append(some)
        colours += [_rgb(colour[group.rpartition("_")[0]])] * len(some)
    points, offsets = subset(found.points, found.offsets, np.concatenate(chosen))
    place = rendering.smoothed(brain, affine, every=2)
    volume = np.zeros(brain.shape, np.float32) if lesion is None else lesion
    return Lit(points, offsets, np.array(colours).reshape(-1, 3), place, (volume, affine))


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[k : k + 2], 16) / 255.0 for k in (1, 3, 5))


def _whole(panel: Axes, lit: Lit, brain: NDArray[np.bool_], affine: Matrix, column: int) -> None:
    """Draw the brain as glass, the bundles, and the lesion, which shines through them."""
    name, azimuth, elevation = VIEWS[column]
    inside = np.argwhere(brain) @ affine[:3, :3].T + affine[:3, 3]
    low, high = inside.min(axis=0), inside.max(axis=0)
    half = ROOM * float((high - low).max()) / 2.0
    volume, place = lit.lesion
    side = -1.0 if _middle(volume, place)[0] > 0 else 1.0
    axes = rendering.axes_of(azimuth * side, elevation)
    camera = Camera(axes, (low + high) / 2.0, (1.03 * half, half), PIXEL_MM)
    _, facing = rendering.surface(camera, *lit.brain, level=HALF, step_mm=1.0)
    glass = np.where(facing > 0, 0.05 + 0.4 * (1.0 - facing) ** 2, 0.0)[..., None] * np.ones(3)
    drawn, depth = rendering.lines(camera, lit.points, lit.offsets, lit.colours, thick_px=2)
    shown = np.where(np.isfinite(depth)[..., None], drawn, glass)
    at, faces = rendering.surface(camera, volume, place, level=HALF, step_mm=0.25)
    there = np.isfinite(at)
    solid = np.where(at >= depth, 1.0, THROUGH)[there][:, None]
    red = (0.45 + 0.55 * faces[there])[:, None] * np.array(LESION)
    shown[there] = solid * red + (1.0 - solid) * shown[there]
    panel.imshow(np.clip(shown, 0.0, 1.0), interpolation="nearest")
    if there.any():
        panel.contour(there.astype(float), [HALF], colors=["white"], linewidths=1.3)
    _named(panel, camera, name.format("left" if side > 0 else "right"))


def _middle(volume: NDArray[Any], affine: Matrix) -> Array:
    """Return the centroid of a lesion, or 0 0 0 where there is none."""
    there = np.argwhere(volume >= HALF)
    return there.mean(axis=0) @ affine[:3, :3].T + affine[:3, 3] if len(there) else np.zeros(3)


def _close(
    panel: Axes, found: Bundles, colour: dict[str, str], t1w: NDArray[Any], affine: Matrix,
    brain: NDArray[np.bool_], lesion: NDArray[Any], cut: NDArray[np.bool_] | None, column: int,
) -> None:  # fmt: skip
    """Draw a slice through the lesion with the streamlines near it; the cut ones coloured."""
    name, azimuth, elevation = CLOSE[column]
    half = (CLOSE_HALF_MM * 1.23, CLOSE_HALF_MM)
    middle = _middle(lesion, affine)
    camera = Camera(rendering.axes_of(azimuth, elevation), middle, half, CLOSE_PIXEL_MM)
    top = 1.1 * float(np.percentile(t1w[brain], 99.0))
    shown = np.clip(0.6 * rendering.section(camera, t1w, affine) / top, 0, 1)[..., None].repeat(
        3, axis=2
    )
    for is_cut, thick in ((False, 1), (True, 2)):
        chosen, colours = _members(found, colour, cut, is_cut=is_cut)
        part, offsets, owner = _slab(*subset(found.points, found.offsets, chosen), camera)
        drawn, depth = rendering.lines(camera, part, offsets, colours[owner], thick_px=thick)
        share = 1.0 if is_cut else FAINT
        there = np.isfinite(depth)
        shown[there] = share * drawn[there] + (1.0 - share) * shown[there]
    panel.imshow(shown, interpolation="nearest")
    outline = rendering.section(camera, lesion, affine)
    if outline.min() < HALF <= outline.max():
        panel.contour(outline, [HALF], colors=["white"], linewidths=2.6)
        panel.contour(outline, [HALF], colors=[LESION], linewidths=1.5)
    place = f"{middle[column]:.0f}".replace("-", "\u2212")
    _named(panel, camera, f"{name}, {'xyz'[column]} = {place} mm")


def _members(
    found: Bundles, colour: dict[str, str], cut: NDArray[np.bool_] | None, *, is_cut: bool
) -> tuple[NDArray[np.int64], Array]:
    """Return the numbers of cut (or spared) streamlines of all bundles, and their colours."""
    chosen, colours = [np.zeros(0, np.int64)], []
    for group, numbers in found.groups.items():
        hit = np.zeros(len(numbers), bool) if cut is None else cut[numbers]
        own = numbers[hit == is_cut]
        chosen.append(own)
        colours += [_rgb(colour[group.rpartition("_")[0]]) if is_cut else SPARED] * len(own)
    return np.concatenate(chosen), np.array(colours).reshape(-1, 3)


def _slab(
    points: NDArray[np.float32], offsets: NDArray[np.int64], camera: Camera
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Return the pieces of streamlines near a plane: points, offsets, whose piece each is."""
    near = np.abs(camera.project(points)[2]) <= SLAB_MM
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    before = np.concatenate([[False], near[:-1] & (owner[1:] == owner[:-1])])[: len(near)]
    piece = np.cumsum(near & ~before) * near
    numbers, counts = np.unique(piece[near], return_counts=True)
    long = numbers[counts > 1]
    kept = near & np.isin(piece, long)
    whose = owner[kept][np.unique(piece[kept], return_index=True)[1]]
    ends = np.concatenate([[0], np.cumsum(counts[counts > 1])]).astype(np.int64)
    return points[kept], ends, whose


def _named(panel: Axes, camera: Camera, name: str) -> None:
    """Name a view, its directions, and draw a ruler."""
    rows, columns = camera.shape
    panel.axis("off")
    panel.text(0.02 * columns, 0.06 * rows, name, color="white", fontsize=9)
    middle = np.array([columns - 1, rows - 1]) / 2.0
    for letter, way in TRIAD:
        for sign, shown in ((1.0, letter), (-1.0, {"L": "R", "A": "P", "S": "I"}[letter])):
            across, up = (camera.axes @ (sign * np.array(way)))[:2]
            size = float(np.hypot(across, up))
            if size < SHOWN:
                continue
            way_px = np.array([across, -up]) / max(abs(across), abs(up))
            x, y = (float(v) for v in middle * (1.0 + 0.93 * way_px))
            panel.text(
                x, y, shown, color="white", fontsize=11, ha="center", va="center",
                fontweight="bold",
            )  # fmt: skip
    mm = 10.0 if camera.pixel_mm < PIXEL_MM else 50.0
    left, down = 0.03 * columns, 0.955 * rows
    panel.plot([left, left + mm / camera.pixel_mm], [down, down], color="white", linewidth=2)
    panel.text(left, down - 0.02 * rows, f"{mm:.0f} mm", color="white", fontsize=8)
    panel.set_xlim(-0.5, columns - 0.5)
    panel.set_ylim(rows - 0.5, -0.5)


def _legend(figure: Figure, colour: dict[str, str], height: float, *, closed: bool) -> None:
    """Name the colours; below, what the close views show."""
    for n, (name, shown) in enumerate(colour.items()):
        across, up = 0.012 + 0.205 * (n % 4), (0.36 - 0.22 * (n // 4)) / height
        figure.text(across, up, "■", color=shown, fontsize=11)
        figure.text(across + 0.014, up, name.replace("_", " "), color="white", fontsize=9)
    if closed:
        text = f"below: cut in colour, spared grey;\nstreamlines up to {SLAB_MM:g} mm off the slice"
        figure.text(0.83, 0.14 / height, "■", color=LESION, fontsize=11)
        figure.text(0.844, 0.14 / height, "lesion", color="white", fontsize=9)
        figure.text(0.83, 0.3 / height, text, color="white", fontsize=7.5)
