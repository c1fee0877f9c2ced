"""The wall of the third ventricle, from which the surgeon plans sideways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.lesion.blocks import Volume

Point = NDArray[np.float64]


@dataclass(frozen=True)
class Wall:
    """Where the wall is looked for.

    Attributes
    ----------
    slab_mm : float
        Half the depth and height of the rows of voxels looked at [mm].
    reach_mm : float
        Largest distance of the ventricle's fluid from the midline [mm].
    drop_mm : float
        How far below a level without ventricle the wall is still looked for [mm].
    min_fluid : float
        Least fluid at the middle of a row that goes through the ventricle.
    edge_fluid : float
        Fluid below which a row has left the ventricle.
    min_rows : int
        Least number of rows that show the ventricle.
    """

    slab_mm: float
    reach_mm: float
    drop_mm: float
    min_fluid: float
    edge_fluid: float
    min_rows: int


def wall_mm(
    fluid: Volume, affine: NDArray[np.float64], point_mm: Point, *, side: str, plan: Wall
) -> tuple[float, float] | None:
    """Find the wall of the third ventricle beside a point.

    Parameters
    ----------
    fluid : ndarray of shape (X, Y, Z)
        Fraction of fluid at the baseline, on a grid along the axes of acpc.
    affine : ndarray of shape (4, 4)
        Voxels to acpc [mm].
    point_mm : ndarray of shape (3,)
        Where the distance is asked for, acpc [mm].
    side : str
        ``left`` or ``right``: whose wall.

    Returns
    -------
    tuple of float, or None
        Position of the wall along acpc x, and the level z at which it was found [mm]; None if
        there is no ventricle beside the point nor below it.

    Notes
    -----
    The ventricle can be thinner than a voxel, so that its border has no threshold: the wall
    lies as far from the middle as the fluid of that half, laid side by side, reaches.
    """
    sign = 1.0 if side == "right" else -1.0
    step = float(affine[2, 2])
    for drop in np.arange(0.0, plan.drop_mm + 1e-9, step):
        level = float(point_mm[2]) - drop
        found = _rows(fluid, affine, np.array([0.0, point_mm[1], level]), plan)
        walls = [wall for row in found if (wall := _wall(*row, sign, plan)) is not None]
        if len(walls) >= plan.min_rows:
            return float(np.median(walls)), level
    return None


def _rows(
    fluid: Volume, affine: NDArray[np.float64], centre_mm: Point, plan: Wall
) -> list[tuple[Volume, NDArray[Any]]]:
    """Return the rows across the midline near a place: fluid and x [mm]."""
    room = np.array([2.0 * plan.reach_mm, plan.slab_mm, plan.slab_mm])
    ends = [(centre_mm + way * room - affine[:3, 3]) / np.diag(affine)[:3] for way in (-1, 1)]
    low = np.clip(np.ceil(ends[0] - 1e-9).astype(int), 0, None)
    high = np.minimum(np.floor(ends[1] + 1e-9).astype(int) + 1, fluid.shape)
    part = fluid[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    x = affine[0, 3] + affine[0, 0] * np.arange(low[0], high[0])
    return [(row, x) for row in part.reshape(len(x), -1).T]


def _wall(row: Volume, x: NDArray[Any], sign: float, plan: Wall) -> float | None:
    """Return where the ventricle ends along one row, or None if the row misses it."""
    near = np.abs(x) <= plan.reach_mm / 2
    if not near.any() or row[near].max() < plan.min_fluid:
        return None
    middle = int(np.flatnonzero(near)[np.argmax(row[near])])
    first = last = middle
    while first > 0 and row[first - 1] > plan.edge_fluid:
        first -= 1
    while last < len(row) - 1 and row[last + 1] > plan.edge_fluid:
        last += 1
    run, place = row[first : last + 1], x[first : last + 1]
    if max(abs(place[0]), abs(place[-1])) > plan.reach_mm:
        return None
    centre = float((run * place).sum() / run.sum())
    return centre + sign * 0.5 * float(run.sum()) * float(x[1] - x[0])
