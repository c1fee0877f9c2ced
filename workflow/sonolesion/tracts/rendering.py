"""A camera, and what it sees of streamlines and surfaces: pictures with depth, without a library.

Pictures are arrays of rows and columns, the top row first; depth grows towards the viewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.maths.points import Matrix, Points
from sonolesion.tracts.geometry import Offsets, densified, sampled

Array = NDArray[np.float64]
# Light of a streamline across to the light, and along it; depth dims to this share.
BRIGHT, DARK, FAR = 1.0, 0.45, 0.65
# Steps of depth told apart: far below a pixel.
LEVELS = 1 << 20


@dataclass(frozen=True)
class Camera:
    """An orthographic camera.

    Attributes
    ----------
    axes : ndarray of shape (3, 3)
        Unit vectors to the right of the picture, up, and towards the viewer, in RAS+.
    centre_mm : ndarray of shape (3,)
        Point in the middle of the picture [mm].
    half_mm : tuple of float
        Half the width and half the height [mm].
    pixel_mm : float
        Edge of a pixel [mm].
    """

    axes: Array
    centre_mm: Array
    half_mm: tuple[float, float]
    pixel_mm: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        width, height = self.half_mm
        return round(2 * height / self.pixel_mm), round(2 * width / self.pixel_mm)

    def project(self, points: NDArray[Any]) -> tuple[Array, Array, Array]:
        """Return row, column and depth [mm] of points of shape (P, 3); pixels at whole numbers."""
        across, up, depth = self.axes @ (np.asarray(points, dtype=float) - self.centre_mm).T
        rows = (self.half_mm[1] - up) / self.pixel_mm - 0.5
        return rows, (self.half_mm[0] + across) / self.pixel_mm - 0.5, depth

    def points_mm(self, rows: NDArray[Any], columns: NDArray[Any], depth: NDArray[Any]) -> Array:
        """Return the points [mm] that `project` leads to row, column and depth; (..., 3)."""
        across = (columns + 0.5) * self.pixel_mm - self.half_mm[0]
        up = self.half_mm[1] - (rows + 0.5) * self.pixel_mm
        place = np.stack(np.broadcast_arrays(across, up, depth), -1) @ self.axes
        return np.asarray(self.centre_mm + place, dtype=np.float64)


def axes_of(azimuth_deg: float, elevation_deg: float) -> Array:
    """Return the axes of a camera.

    Azimuth 0 looks from the front, 90 from the patient's left; elevation -90 from the feet, as
    axial slices are read: then the front is up.

    Examples
    --------
    >>> (axes_of(0.0, 0.0) + 0.0).round(6).tolist()
    [[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    turn, rise = np.deg2rad([azimuth_deg, elevation_deg])
    towards = np.array(
        [-np.sin(turn) * np.cos(rise), np.cos(turn) * np.cos(rise), np.sin(rise)]
    )  # fmt: skip
    right = np.array([-np.cos(turn), -np.sin(turn), 0.0])
    return np.stack([right, np.cross(towards, right), towards])


def lines(
    camera: Camera, points: Points, offsets: Offsets, colours: NDArray[Any], *, thick_px: int
) -> tuple[NDArray[np.float32], Array]:
    """Draw streamlines; nearer ones hide others, and are brighter.

    Parameters
    ----------
    points, offsets
        Streamlines [mm].
    colours : ndarray of shape (S, 3)
        0 to 1.
    thick_px : int
        Width of a line.

    Returns
    -------
    picture : ndarray of shape (rows, columns, 3)
        Black where there is none.
    depth : ndarray of shape (rows, columns)
        -inf where there is none [mm].
    """
    height, width = camera.shape
    if len(offsets) < 2:
        return np.zeros((height, width, 3), np.float32), np.full((height, width), -np.inf)
    fine, ends = densified(points, offsets, step_mm=0.7 * camera.pixel_mm)
    owner = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    light = _lit(fine, ends, camera)
    rows, columns, depth = camera.project(fine)
    near, far = float(depth.max()), float(depth.min())
    share = (depth - far) / max(near - far, 1e-6)
    shown = colours[owner] * (light * (FAR + (1.0 - FAR) * share))[:, None]
    # One number a pixel, so that its largest is the nearest point whatever the order.
    key = (share * LEVELS).astype(np.int64) * len(fine) + np.arange(len(fine))
    buffer = np.full(height * width, -1, dtype=np.int64)
    for down, along in np.ndindex(thick_px, thick_px):
        row = np.rint(rows - (thick_px - 1) / 2 + down).astype(np.int64)
        column = np.rint(columns - (thick_px - 1) / 2 + along).astype(np.int64)
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        np.maximum.at(buffer, (row * width + column)[inside], key[inside])
    seen = buffer >= 0
    index = buffer[seen] % len(fine)
    picture = np.zeros((height * width, 3), np.float32)
    picture[seen] = shown[index]
    at = np.full(height * width, -np.inf)
    at[seen] = depth[index]
    return picture.reshape(height, width, 3), at.reshape(height, width)


def _lit(points: Points, offsets: Offsets, camera: Camera) -> Array:
    """Return the light of each point: full where the line runs across to it."""
    along = np.gradient(points.astype(np.float64), axis=0)
    along[offsets[:-1]] = points[offsets[:-1] + 1] - points[offsets[:-1]]
    along[offsets[1:] - 1] = points[offsets[1:] - 1] - points[offsets[1:] - 2]
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    lamp = np.array([-0.3, 0.5, 0.8]) @ camera.axes
    cosine = along @ (lamp / np.linalg.norm(lamp))
    return np.asarray(DARK + (BRIGHT - DARK) * np.sqrt(np.maximum(1.0 - cosine**2, 0.0)))


def surface(
    camera: Camera, volume: NDArray[Any], affine: Matrix, *, level: float, step_mm: float
) -> tuple[Array, Array]:
    """Find where rays first meet a surface, and how much it faces the viewer.

    Parameters
    ----------
    volume, affine : ndarray of shape (X, Y, Z) and (4, 4)
        Smooth enough that its gradient is the surface's normal.
    level : float
        Value at the surface.
    step_mm : float
        Along the rays.

    Returns
    -------
    depth, facing : ndarray of shape (rows, columns)
        Depth [mm], -inf where nothing is met; cosine between normal and ray, 0 to 1.
    """
    depth, facing = np.full(camera.shape, -np.inf), np.zeros(camera.shape)
    there = np.argwhere(volume >= level)
    if not len(there):
        return depth, facing
    low, high = there.min(axis=0) - 1.0, there.max(axis=0) + 1.0
    corners = np.array(list(np.ndindex(2, 2, 2))) * (high - low) + low
    rows, columns, reach = camera.project(corners @ affine[:3, :3].T + affine[:3, 3])
    grid = np.meshgrid(*(
        np.arange(max(int(np.floor(p.min())), 0), min(int(np.ceil(p.max())) + 1, n))
        for p, n in zip((rows, columns), camera.shape, strict=True)
    ), indexing="ij")  # fmt: skip
    row, column = (np.asarray(g.ravel(), dtype=np.int64) for g in grid)
    if not len(row):
        return depth, facing
    hit = np.full(len(row), -np.inf)
    for level_mm in np.arange(reach.max(), reach.min(), -step_mm):
        left = np.flatnonzero(np.isneginf(hit))
        points = camera.points_mm(row[left], column[left], np.array(level_mm))
        hit[left[sampled(points.astype(np.float32), volume, affine, outside=0.0) >= level]] = (
            level_mm
        )
    met = np.isfinite(hit)
    points = camera.points_mm(row[met], column[met], hit[met])
    depth[row[met], column[met]] = hit[met]
    facing[row[met], column[met]] = _facing(points, volume, affine, camera, step_mm)
    return depth, facing


def _facing(
    points: Array, volume: NDArray[Any], affine: Matrix, camera: Camera, step_mm: float
) -> Array:
    slopes = [
        sampled((points - step_mm * axis).astype(np.float32), volume, affine, outside=0.0)
        - sampled((points + step_mm * axis).astype(np.float32), volume, affine, outside=0.0)
        for axis in camera.axes
    ]
    size = np.sqrt(sum(slope.astype(np.float64) ** 2 for slope in slopes))
    return np.asarray(np.clip(slopes[2] / np.maximum(size, 1e-9), 0.0, 1.0), dtype=np.float64)


def section(camera: Camera, volume: NDArray[Any], affine: Matrix) -> NDArray[np.float32]:
    """Return a volume on the plane through the camera's centre, shape (rows, columns)."""
    rows, columns = np.indices(camera.shape).astype(np.float64)
    points = camera.points_mm(rows, columns, np.zeros(camera.shape)).reshape(-1, 3)
    return sampled(points.astype(np.float32), volume, affine, outside=0.0).reshape(camera.shape)


def smoothed(mask: NDArray[Any], affine: Matrix, *, every: int) -> tuple[NDArray[Any], Matrix]:
    """Return a mask on every so many voxels, smoothed by as much, and its affine."""
    soft = ndimage.gaussian_filter(np.asarray(mask, np.float32), every)
    out = affine.copy()
    out[:3, :3] = affine[:3, :3] * every
    return soft[::every, ::every, ::every], out
