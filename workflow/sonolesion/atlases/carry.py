"""Carry regions to a box of the subject's acpc grid, as fractions of its voxels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.atlases.loader import Region
from sonolesion.atlases.space import Matrix, Points, apply, carry

Warp = tuple[NDArray[Any], Matrix]
# A voxel that wholly belongs to a region; in eighths and percents the shares stay exact.
WHOLE = 200
# Points of a region that tell where it lies.
N_PLACED = 20_000
# A region reaches at most this far beyond those points [voxels].
MARGIN_VOXELS = 4
SIDE_SIGN = {"left": -1, "right": 1}
# A region's centre this near the midline may lie on either side of it.
MIDLINE_MM = 1.0


@dataclass(frozen=True)
class Box:
    """A box of the acpc grid: its voxels, and where they lie in each template.

    Attributes
    ----------
    shape, affine
        Grid of the box.
    points : dict
        Template → points of each voxel, shape (X, Y, Z, n_points, 3) [mm].
    back : dict
        Template → warps that carry its points to acpc, in order.
    brain, brain_affine
        The subject's brain mask.
    """

    shape: tuple[int, int, int]
    affine: Matrix
    points: Mapping[str, Points]
    back: Mapping[str, Sequence[Warp]]
    brain: NDArray[np.bool_]
    brain_affine: Matrix


@dataclass
class Carried:
    """The regions of one atlas that reach into the box.

    Attributes
    ----------
    fractions : list of ndarray of uint8, shape (X, Y, Z)
        Share of each voxel of the box that belongs to the region, `WHOLE` meaning all of it.
    entries : list of dict
        ``label``, ``region``, ``side``, ``coverage``, ``volume_mm3``, ``centroid_mm`` of each.
    fault : str
        Why none of them can be used, "" if they can.
    """

    fractions: list[NDArray[np.uint8]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    fault: str = ""


def carried(found: Iterable[Region], box: Box, *, space: str, min_inside: float) -> Carried:
    """Carry the regions of an atlas to the box.

    Parameters
    ----------
    found : iterable of Region
        Regions in the millimetres of a template.
    box : Box
        Where they are wanted.
    space : str
        The template.
    min_inside : float
        Least share of the atlas that lies in the subject's brain.

    Returns
    -------
    Carried
        With a fault, and nothing else, if the atlas lies outside the brain, or if what it calls
        left lies on the right.
    """
    result, inside, total, swapped = Carried(), 0.0, 0.0, []
    for region in found:
        points, weights = placed(region, box.back[space])
        size = float(region.volume.sum()) * abs(float(np.linalg.det(region.affine[:3, :3])))
        inside += size * _share_inside(points, weights, box)
        total += size
        centre = (points * weights[:, None]).sum(axis=0) / weights.sum()
        if SIDE_SIGN.get(region.side, 0) * float(centre[0]) < -MIDLINE_MM:
            swapped.append(region.label)
        coverage = _share_in_box(points, weights, box)
        _add(result, region, box, space, points=points, centre=centre, coverage=coverage)
    fault = _fault(inside / total, swapped, min_inside) if total else "no region in it"
    return Carried(fault=fault) if fault else result


def placed(region: Region, back: Sequence[Warp]) -> tuple[Points, NDArray[np.float64]]:
    """Return points of a region in acpc, shape (N, 3) [mm], and their weights."""
    index = np.argwhere(region.volume > 0)
    index = index[:: max(1, len(index) // N_PLACED)]
    weights = region.volume[tuple(index.T)].astype(np.float64)
    points = apply(region.affine, index.astype(np.float32))
    for warp, affine in back:
        points = carry(points, warp, affine)
    return points, weights


def fractions(region: Region, points: Points) -> NDArray[np.float32]:
    """Return the share of each voxel that belongs to a region.

    Parameters
    ----------
    region : Region
        Region in its own space.
    points : ndarray of shape (..., n_points, 3)
        Points of each voxel, in the region's space [mm].

    Returns
    -------
    ndarray of shape (...)
    """
    index = apply(np.linalg.inv(region.affine), points.reshape(-1, 3))
    near = ((index > -1) & (index < np.array(region.volume.shape))).all(axis=1)
    values = np.zeros(len(index), dtype=np.float32)
    values[near] = ndimage.map_coordinates(
        region.volume, index[near].T, order=region.order, mode="grid-constant", output=np.float32
    )
    return np.asarray(values.reshape(points.shape[:-1]).mean(axis=-1), dtype=np.float32)


def reached(points: Points, box: Box) -> tuple[slice, slice, slice]:
    """Return the part of the box that points (N, 3) [mm] lie in, with a margin."""
    index = apply(np.linalg.inv(box.affine), points)
    low = np.clip(np.floor(index.min(axis=0)) - MARGIN_VOXELS, 0, box.shape).astype(int)
    high = np.clip(np.ceil(index.max(axis=0)) + MARGIN_VOXELS + 1, 0, box.shape).astype(int)
    x, y, z = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return x, y, z


def _add(
    result: Carried, region: Region, box: Box, space: str, *, points: Points,
    centre: Points, coverage: float,
) -> None:  # fmt: skip
    if coverage <= 0:
        return
    share = np.zeros(box.shape, dtype=np.float32)
    part = reached(points, box)
    share[part] = fractions(region, box.points[space][part])
    voxel_mm3 = abs(float(np.linalg.det(box.affine[:3, :3])))
    in_box_mm3 = float(share.sum(dtype=np.float64)) * voxel_mm3
    if in_box_mm3 <= 0:
        return
    result.fractions.append(np.round(share * WHOLE).astype(np.uint8))
    result.entries.append(
        {
            "label": region.label,
            "region": region.name,
            "side": region.side,
            "coverage": round(coverage, 4),
            "volume_mm3": round(in_box_mm3 / coverage, 2),
            "centroid_mm": [round(float(c), 3) for c in centre],
        }
    )


def _share_in_box(points: Points, weights: NDArray[np.float64], box: Box) -> float:
    index = np.round(apply(np.linalg.inv(box.affine), points))
    inside = ((index >= 0) & (index < np.array(box.shape))).all(axis=1)
    return float(weights[inside].sum() / weights.sum())


def _share_inside(points: Points, weights: NDArray[np.float64], box: Box) -> float:
    """Return the share of a region that lies in the subject's brain."""
    index = apply(np.linalg.inv(box.brain_affine), points).T
    brain = ndimage.map_coordinates(box.brain.view(np.uint8), index, order=0, mode="constant")
    return float(weights[brain > 0].sum() / weights.sum())


def _fault(inside: float, swapped: Sequence[str], min_inside: float) -> str:
    if inside < min_inside:
        return (
            f"only {inside:.0%} of it lies in the subject's brain (at least {min_inside:.0%} "
            "expected): it is of another space than stated, or on a wrong grid"
        )
    if swapped:
        named = ", ".join(swapped[:3])
        return f"what it calls one side lies on the other ({named}): sides are swapped"
    return ""
