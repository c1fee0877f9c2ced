"""What a lesion cuts: of each streamline, of bundles and parcels, and as a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.errors import InputFault
from sonolesion.maths.points import Matrix, Points, voxel_numbers
from sonolesion.tracts.geometry import Offsets, line_lengths, sampled, segment_lengths


@dataclass(frozen=True)
class Contact:
    """Points of streamlines near a lesion.

    Attributes
    ----------
    number : ndarray of int64, shape (C,)
        Numbers of the points, ascending.
    line : ndarray of int64, shape (C,)
        Streamline of each.
    probability : ndarray of float32, shape (C,)
        Lesion probability there.
    """

    number: NDArray[np.int64]
    line: NDArray[np.int64]
    probability: NDArray[np.float32]


@dataclass(frozen=True)
class Cut:
    """What a lesion does to each of S streamlines.

    Attributes
    ----------
    peak : ndarray of float32, shape (S,)
        Highest lesion probability along it.
    is_cut : ndarray of bool, shape (S,)
        Whether the peak reaches the threshold.
    length_mm, before_mm, within_mm, after_mm : ndarray of float64, shape (S,)
        Length of the whole, up to the first cut point, between the first and the last, and from
        there to the end. The last three are 0 where nothing is cut.
    """

    peak: NDArray[np.float32]
    is_cut: NDArray[np.bool_]
    length_mm: NDArray[np.float64]
    before_mm: NDArray[np.float64]
    within_mm: NDArray[np.float64]
    after_mm: NDArray[np.float64]


def contacts(
    points: Points, offsets: Offsets, lesion: NDArray[Any], affine: Matrix, *, floor: float
) -> Contact:
    """Find the points near a lesion and read its probability there.

    Parameters
    ----------
    points : ndarray of float32, shape (P, 3)
        Points of all streamlines [mm].
    offsets : ndarray of int64, shape (S + 1,)
        First point of each streamline, and P.
    lesion : ndarray of shape (X, Y, Z)
        Probability of lesion, 0 to 1.
    affine : ndarray of shape (4, 4)
        Voxel indices of the lesion to the millimetres of the points.
    floor : float
        Probabilities up to this count as 0.

    Notes
    -----
    Only points in the box round the voxels above the floor are interpolated: of millions of points
    some thousand, which is why this is fast.
    """
    box = _box(lesion > floor)
    if box is None:
        none = np.zeros(0, dtype=np.int64)
        return Contact(none, none, np.zeros(0, dtype=np.float32))
    part = lesion[box].astype(np.float32)
    part_affine = affine.copy()
    part_affine[:3, 3] += affine[:3, :3] @ np.array([s.start for s in box], dtype=float)
    # Trilinear interpolation reaches one voxel beyond the last one above 0.
    corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(part.shape) + 1.0) - 1.0
    places = corners @ part_affine[:3, :3].T + part_affine[:3, 3]
    number = _inside(points, places.min(axis=0), places.max(axis=0))
    probability = sampled(points[number], np.pad(part, 1), _padded(part_affine), outside=0.0)
    seen = probability > floor
    line = np.searchsorted(offsets, number[seen], side="right") - 1
    return Contact(number[seen], line.astype(np.int64), probability[seen])


def cut(
    points: Points,
    offsets: Offsets,
    lesion: NDArray[Any],
    affine: Matrix,
    *,
    threshold: float,
    floor: float,
) -> Cut:
    """Tell which streamlines a lesion cuts, and where.

    Parameters
    ----------
    points, offsets, lesion, affine, floor
        As for `contacts`.
    threshold : float
        A streamline is cut where the lesion probability reaches this.

    Raises
    ------
    InputFault
        If neighbouring points lie further apart than an edge of the lesion's voxels: a
        streamline could step over the lesion.

    Notes
    -----
    The *highest* probability along the streamline counts, not ``1 - prod(1 - p)``: the voxels of
    a lesion are not independent (their errors are one shift of its outline), and a product would
    grow with the number of points, so that a finer step would cut more.
    """
    segments = segment_lengths(points, offsets)
    edge_mm = float(np.sqrt((affine[:3, :3] ** 2).sum(axis=0)).min())
    if segments.size and segments.max() > edge_mm * 1.01:
        raise InputFault(
            file="streamlines",
            found=f"points up to {segments.max():.2f} mm apart",
            expected=f"at most {edge_mm:.2f} mm, an edge of the lesion's voxels",
            remedy="lay points more densely (geometry.densified) or track with a smaller step",
        )
    found = contacts(points, offsets, lesion, affine, floor=floor)
    lengths = line_lengths(segments, offsets)
    return _located(found, segments, offsets, lengths, threshold)


def fractions(result: Cut, members: NDArray[np.bool_]) -> dict[str, float]:
    """Return the cut fractions of one bundle.

    Parameters
    ----------
    result : Cut
        Of all streamlines.
    members : ndarray of bool, shape (S,)
        The bundle.

    Returns
    -------
    dict
        ``streamlines``: share of its streamlines that are cut. ``expected``: mean of their highest
        lesion probabilities. ``length``: share of its length that belongs to cut streamlines.
        ``beyond``: share of its length that lies beyond the cut, counted from the first point.
        NaN without streamlines.
    """
    total_mm = float(result.length_mm[members].sum())
    hit = members & result.is_cut
    if total_mm <= 0:
        return dict.fromkeys(("streamlines", "expected", "length", "beyond"), float("nan"))
    return {
        "streamlines": float(hit.sum() / members.sum()),
        "expected": float(result.peak[members].mean()),
        "length": float(result.length_mm[hit].sum() / total_mm),
        "beyond": float(result.after_mm[hit].sum() / total_mm),
    }


def visits(
    points: Points, offsets: Offsets, *, affine: Matrix, shape: tuple[int, int, int]
) -> NDArray[np.int32]:
    """Count the streamlines that pass each voxel of a grid; each counts once a voxel."""
    number = voxel_numbers(points, affine, shape)
    line = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    size = int(np.prod(shape))
    pair = line * size + number
    # Neighbours in the same voxel first: that leaves far less to sort.
    new = np.concatenate([[True], pair[1:] != pair[:-1]]) if pair.size else np.zeros(0, bool)
    pairs = np.unique(pair[new & (number >= 0)])
    count = np.bincount(pairs % size, minlength=size)
    return count.reshape(shape).astype(np.int32)


def disconnection_map(
    all_visits: NDArray[np.int32], cut_visits: NDArray[np.int32], *, min_visits: int
) -> NDArray[np.float32]:
    """Return the share of a voxel's streamlines that are cut.

    Parameters
    ----------
    all_visits, cut_visits : ndarray of int32, shape (X, Y, Z)
        `visits` of all streamlines and of the cut ones.
    min_visits : int
        Below this a share tells nothing: NaN.
    """
    share = cut_visits / np.maximum(all_visits, 1)
    return np.where(all_visits >= min_visits, share, np.nan).astype(np.float32)


def _located(
    found: Contact,
    segments: NDArray[np.float32],
    offsets: Offsets,
    lengths: NDArray[np.float64],
    threshold: float,
) -> Cut:
    n_lines = len(lengths)
    peak = np.zeros(n_lines, dtype=np.float32)
    line, first = np.unique(found.line, return_index=True)
    if line.size:
        peak[line] = np.maximum.reduceat(found.probability, first)
    inside = found.probability >= threshold
    line, first = np.unique(found.line[inside], return_index=True)
    number = found.number[inside]
    last = np.append(first[1:], len(number)) - 1
    before, after = np.zeros(n_lines), np.zeros(n_lines)
    for k, hit in enumerate(line):
        start, end = offsets[hit], offsets[hit + 1]
        before[hit] = segments[start : number[first[k]]].sum(dtype=np.float64)
        after[hit] = segments[number[last[k]] : end].sum(dtype=np.float64)
    is_cut = np.zeros(n_lines, dtype=bool)
    is_cut[line] = True
    within = np.where(is_cut, lengths - before - after, 0.0)
    return Cut(peak, is_cut, lengths, before, np.maximum(within, 0.0), after)


def _box(mask: NDArray[np.bool_]) -> tuple[slice, slice, slice] | None:
    found = ndimage.find_objects(mask.view(np.uint8))
    if not found or found[0] is None:
        return None
    x, y, z = found[0]
    return x, y, z


def _padded(affine: Matrix) -> Matrix:
    out = affine.copy()
    out[:3, 3] -= affine[:3, :3].sum(axis=1)
    return out


def _inside(points: Points, low_mm: NDArray[Any], high_mm: NDArray[Any]) -> NDArray[np.int64]:
    """Return the numbers of the points in a box, an axis at a time: each leaves fewer."""
    column = points[:, 0]
    number = np.flatnonzero((column >= low_mm[0]) & (column <= high_mm[0]))
    for axis in (1, 2):
        column = points[number, axis]
        number = number[(column >= low_mm[axis]) & (column <= high_mm[axis])]
    return number
