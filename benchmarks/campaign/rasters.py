"""Carry what the pipeline found to the grid of a scan, and compare it with the truth there.

Both are rasterised alike: a voxel belongs to a region if at least half of it does. Ours is the
probability on the acpc grid, interpolated linearly and averaged over points inside each voxel
of the scan; the truth is the share of each voxel, or labels made from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.images import Image
from sonolesion.maths import overlap_metrics

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
HALF = 0.5
# Distance of points inside a voxel; room kept round both regions [mm].
STEP_MM, MARGIN_MM = 0.5, 6.0
SURFACE_TOLERANCE_MM = 1.0
Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Score:
    """How one region compares with the truth; lengths in mm, volumes in mm³."""

    dice: float
    surface_dice: float
    hd95_mm: float
    ours_mm3: float
    truth_mm3: float
    in_plane_mm: float
    through_plane_mm: float

    @property
    def volume_error(self) -> float:
        """Signed error of the volume over the true volume."""
        return self.ours_mm3 / self.truth_mm3 - 1.0 if self.truth_mm3 else float("nan")


def carried(part: Image, grid: Image, acpc_to_scan: Array, box: Box) -> Array:
    """Average an acpc volume over the voxels of a scan, within a box of its voxels."""
    to_part = np.linalg.inv(part.affine) @ np.linalg.inv(acpc_to_scan) @ grid.affine
    counts = np.ceil(grid.voxel_mm / STEP_MM - 1e-9).astype(int)
    offsets = [(np.arange(n) + 0.5) / n - 0.5 for n in counts]
    start = np.array([side.start for side in box])
    shape = tuple(side.stop - side.start for side in box)
    total = np.zeros(shape)
    for offset in np.stack(np.meshgrid(*offsets, indexing="ij"), axis=-1).reshape(-1, 3):
        corner = to_part[:3, :3] @ (start + offset) + to_part[:3, 3]
        total += ndimage.affine_transform(
            part.data, to_part[:3, :3], corner, output_shape=shape, order=1
        )
    return np.asarray(total / counts.prod())


def window(grid: Image, points_mm: Array) -> Box:
    """Return the box of voxels that holds points of the scan's space, with room round them."""
    inverse = np.linalg.inv(grid.affine)
    voxels = points_mm @ inverse[:3, :3].T + inverse[:3, 3]
    room = MARGIN_MM / grid.voxel_mm
    low = np.clip(np.floor(voxels.min(axis=0) - room), 0, None).astype(int)
    high = np.minimum(np.ceil(voxels.max(axis=0) + room).astype(int) + 1, grid.data.shape)
    return (slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2]))


def corners_mm(region: NDArray[np.bool_], affine: Array) -> Array:
    """Return the corners of the box round a region, in the space of `affine` [mm]."""
    found = np.argwhere(region)
    if not len(found):
        return np.zeros((0, 3))
    ends = np.stack([found.min(axis=0), found.max(axis=0)])
    grid = np.stack(np.meshgrid(*ends.T, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(grid @ affine[:3, :3].T + affine[:3, 3])


def moved(points_mm: Array, matrix: Array) -> Array:
    """Apply a 4 x 4 matrix to points, shape (N, 3)."""
    return np.asarray(points_mm @ matrix[:3, :3].T + matrix[:3, 3])


def ball(grid: Image, box: Box, centre_mm: Array, n_voxels: int) -> Mask:
    """Return the voxels nearest to a point, as many as asked for: the baseline at the plan."""
    shape = tuple(side.stop - side.start for side in box)
    index = np.indices(shape).reshape(3, -1) + np.array([[s.start] for s in box])
    place = grid.affine[:3, :3] @ index + grid.affine[:3, 3:]
    away = np.linalg.norm(place - centre_mm[:, None], axis=0)
    inside = np.zeros(away.size, dtype=bool)
    inside[np.argsort(away, kind="stable")[:n_voxels]] = True
    return inside.reshape(shape)


def compared(ours: Mask, truth: Mask, voxel_mm: Array) -> Score:
    """Compare two masks on one grid."""
    edges = np.asarray(voxel_mm, dtype=float)
    cell = float(edges.prod())
    in_plane, through_plane = overlap_metrics.centroid_distances_mm(
        ours, truth, voxel_mm=edges, through_axis=through_axis(edges)
    )
    return Score(
        dice=overlap_metrics.dice(ours, truth),
        surface_dice=overlap_metrics.surface_dice(
            ours, truth, voxel_mm=edges, tolerance_mm=SURFACE_TOLERANCE_MM
        ),
        hd95_mm=overlap_metrics.hd95_mm(ours, truth, voxel_mm=edges),
        ours_mm3=float(ours.sum()) * cell,
        truth_mm3=float(truth.sum()) * cell,
        in_plane_mm=in_plane,
        through_plane_mm=through_plane,
    )


def dice_near(ours: Mask, truth: Mask, voxel_mm: Array, near_mm: float) -> float:
    """Return the Dice within a distance of the true centre [mm]; NaN without a distance."""
    if not np.isfinite(near_mm):
        return float("nan")
    centre = np.argwhere(truth).mean(axis=0)
    away = (np.indices(truth.shape) - centre.reshape(3, 1, 1, 1)) * voxel_mm.reshape(3, 1, 1, 1)
    near = np.linalg.norm(away, axis=0) < near_mm
    return overlap_metrics.dice(ours & near, truth & near)


def through_axis(voxel_mm: Array) -> int:
    """Return the axis across the slices: the longest edge, the last one if all are alike."""
    return 2 - int(np.argmax(np.round(voxel_mm[::-1], 3)))
