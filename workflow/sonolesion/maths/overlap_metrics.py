"""How well two outlines of one thing agree: overlap, surfaces, volume, centroid.

Both masks lie on one grid whose axes are at right angles. A surface is the set of voxel faces
between inside and outside, each weighing its area, so that thick slices don't count double.
Two empty masks agree in full; where just one is empty, nothing overlaps and no distance exists
(NaN).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
HD_SHARE = 0.95
# Rounding of distances between face centres [mm].
ROUNDING_MM = 1e-6


def dice(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Return the Dice coefficient of two masks of shape (X, Y, Z), 0 to 1.

    Notes
    -----
    Dice 1945, doi:10.2307/1932409.

    Examples
    --------
    >>> dice(np.array([[[1, 1, 0]]]), np.array([[[0, 1, 1]]]))
    0.5
    """
    first, second = _pair(a, b)
    total = int(first.sum()) + int(second.sum())
    return 1.0 if total == 0 else 2.0 * int((first & second).sum()) / total


def surface_dice(
    a: NDArray[Any], b: NDArray[Any], *, voxel_mm: Sequence[float] | Array, tolerance_mm: float
) -> float:
    """Return the share of both surfaces that lies within a tolerance of the other one.

    Parameters
    ----------
    a, b : ndarray of shape (X, Y, Z)
    voxel_mm : sequence of 3 floats
        Edges of a voxel [mm].
    tolerance_mm : float
        Distance that still counts as agreement [mm].

    Notes
    -----
    Nikolov et al. 2021, doi:10.2196/26151, with voxel faces as the elements of the surface.
    """
    first, second = _pair(a, b)
    if not first.any() or not second.any():
        return float(first.any() == second.any())
    ways = _distances(first, second, _edges(voxel_mm))
    near = sum(float(area[away <= tolerance_mm + ROUNDING_MM].sum()) for away, area in ways)
    return near / sum(float(area.sum()) for _, area in ways)


def hd95_mm(a: NDArray[Any], b: NDArray[Any], *, voxel_mm: Sequence[float] | Array) -> float:
    """Return the 95 % Hausdorff distance [mm]: the larger one of the two directions.

    Parameters
    ----------
    a, b : ndarray of shape (X, Y, Z)
    voxel_mm : sequence of 3 floats
        Edges of a voxel [mm].

    Notes
    -----
    Huttenlocher et al. 1993, doi:10.1109/34.232073; 95 % of the area instead of all of it.
    """
    first, second = _pair(a, b)
    if not first.any() or not second.any():
        return float("nan") if first.any() != second.any() else 0.0
    ways = _distances(first, second, _edges(voxel_mm))
    return max(_weighted_quantile(away, area, HD_SHARE) for away, area in ways)


def volume_error(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Return the volume of `a` over that of `b`, less one; NaN if `b` alone is empty."""
    first, second = _pair(a, b)
    if not second.any():
        return float("nan") if first.any() else 0.0
    return float(first.sum()) / float(second.sum()) - 1.0


def centroid_distances_mm(
    a: NDArray[Any], b: NDArray[Any], *, voxel_mm: Sequence[float] | Array, through_axis: int
) -> tuple[float, float]:
    """Return the distance of the centroids in the plane of the slices and through it [mm].

    Parameters
    ----------
    a, b : ndarray of shape (X, Y, Z)
    voxel_mm : sequence of 3 floats
        Edges of a voxel [mm].
    through_axis : int
        Voxel axis across the slices.
    """
    first, second = _pair(a, b)
    if not first.any() or not second.any():
        nothing = float("nan") if first.any() != second.any() else 0.0
        return nothing, nothing
    centres = [np.argwhere(part).mean(axis=0) for part in (first, second)]
    miss = (centres[0] - centres[1]) * _edges(voxel_mm)
    return float(np.linalg.norm(np.delete(miss, through_axis))), float(abs(miss[through_axis]))


def _pair(a: NDArray[Any], b: NDArray[Any]) -> tuple[Mask, Mask]:
    """Return both as masks, cut to the box that holds them."""
    first, second = np.asarray(a).astype(bool), np.asarray(b).astype(bool)
    if first.ndim != 3 or first.shape != second.shape:
        raise ValueError(f"masks of shape {first.shape} and {second.shape} can't be compared")
    box = tuple(_span((first | second).any(axis=others)) for others in ((1, 2), (0, 2), (0, 1)))
    return first[box], second[box]


def _span(held: Mask) -> slice:
    found = np.flatnonzero(held)
    return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 0)


def _edges(voxel_mm: Sequence[float] | Array) -> Array:
    edges = np.asarray(voxel_mm, dtype=float)
    if edges.shape != (3,) or not (edges > 0).all():
        raise ValueError(f"voxel edges of {voxel_mm} mm: three positive lengths are needed")
    return edges


def _faces(mask: Mask, edges_mm: Array) -> tuple[Array, Array]:
    """Return the centres (N, 3) [mm] and areas (N,) [mm²] of the faces round a mask."""
    padded = np.pad(mask, 1)
    centres, areas = [], []
    for axis in range(3):
        found = np.argwhere(np.diff(padded.astype(np.int8), axis=axis)) - 1.0
        found[:, axis] += 0.5
        centres.append(found * edges_mm)
        areas.append(np.full(len(found), np.prod(np.delete(edges_mm, axis))))
    return np.concatenate(centres), np.concatenate(areas)


def _distances(a: Mask, b: Mask, edges_mm: Array) -> list[tuple[Array, Array]]:
    """Return distance to the other surface and area of every face, from `a` and from `b`."""
    # The centre of a large face stands badly for all of it: thick voxels are cut into slices.
    parts = np.maximum(np.round(edges_mm / edges_mm.min()), 1).astype(int)
    for axis, count in enumerate(parts):
        a, b = np.repeat(a, count, axis=axis), np.repeat(b, count, axis=axis)
    edges_mm = edges_mm / parts
    (from_a, area_a), (from_b, area_b) = _faces(a, edges_mm), _faces(b, edges_mm)
    return [
        (np.asarray(cKDTree(from_b).query(from_a)[0]), area_a),
        (np.asarray(cKDTree(from_a).query(from_b)[0]), area_b),
    ]


def _weighted_quantile(values: Array, weights: Array, share: float) -> float:
    """Return the smallest value that at least a share of the weight does not exceed."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(reached, share - 1e-12)), len(order) - 1)])
