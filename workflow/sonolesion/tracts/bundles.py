"""Which streamlines belong to a bundle: those that pass its waypoints and nothing forbidden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault
from sonolesion.maths.points import Matrix, Points, voxel_numbers
from sonolesion.tracts.geometry import Offsets

Bits = NDArray[np.uint64]
MAX_REGIONS = 64


def packed(masks: Sequence[NDArray[np.bool_]]) -> Bits:
    """Pack masks of one grid into a volume, bit ``m`` of a voxel telling of mask ``m``.

    One look at this volume then tells every region that holds a point.

    Raises
    ------
    InputFault
        If there are none, or more than 64.
    """
    if not 0 < len(masks) <= MAX_REGIONS:
        raise InputFault(
            file="regions of the bundles",
            found=f"{len(masks)} masks",
            expected=f"1 to {MAX_REGIONS}",
            remedy="ask for fewer bundles at a time",
        )
    bits = np.zeros(masks[0].shape, dtype=np.uint64)
    for number, mask in enumerate(masks):
        bits[mask] |= np.uint64(1 << number)
    return bits


def bits_at(points: Points, bits: Bits, affine: Matrix) -> Bits:
    """Return the regions that hold each point as bits, shape (P,); 0 outside the grid."""
    number = voxel_numbers(points, affine, bits.shape)
    found = bits.ravel()[np.maximum(number, 0)]
    return np.where(number >= 0, found, np.uint64(0))


def passed(at_points: Bits, offsets: Offsets) -> Bits:
    """Return the regions that each streamline passes as bits, shape (S,)."""
    if len(offsets) < 2:
        return np.zeros(0, dtype=np.uint64)
    return np.bitwise_or.reduceat(at_points, offsets[:-1])


def in_order(at_points: Bits, offsets: Offsets, waypoints: Sequence[int]) -> NDArray[np.bool_]:
    """Tell which streamlines pass the waypoints in this order, read forwards or backwards.

    Parameters
    ----------
    at_points : ndarray of uint64, shape (P,)
        As from `bits_at`.
    offsets : ndarray of int64, shape (S + 1,)
    waypoints : sequence of int
        Numbers of the regions, in order.
    """
    return _one_way(at_points, offsets, waypoints) | _one_way(at_points, offsets, waypoints[::-1])


def members(
    at_points: Bits,
    offsets: Offsets,
    lengths_mm: NDArray[np.float64],
    *,
    waypoints: Sequence[int],
    exclusions: Sequence[int],
    ordered: bool,
    min_mm: float,
    max_mm: float,
) -> NDArray[np.bool_]:
    """Tell which streamlines belong to a bundle.

    Parameters
    ----------
    at_points : ndarray of uint64, shape (P,)
        Regions at each point, from `bits_at`.
    offsets : ndarray of int64, shape (S + 1,)
    lengths_mm : ndarray of float64, shape (S,)
        Length of each streamline [mm].
    waypoints, exclusions : sequence of int
        Numbers of the regions it must pass, and must not touch.
    ordered : bool
        Whether the waypoints must be passed in their order.
    min_mm, max_mm : float
        Lengths that are believed [mm].

    Returns
    -------
    ndarray of bool, shape (S,)

    Raises
    ------
    InputFault
        With fewer than two waypoints.
    """
    if len(waypoints) < 2:
        raise InputFault(
            file="regions of the bundles",
            found=f"{len(waypoints)} waypoints",
            expected="two or more",
            remedy="a single region does not make a bundle: add where it comes from or goes to",
        )
    found = passed(at_points, offsets)
    must, never = _mask(waypoints), _mask(exclusions)
    chosen = ((found & must) == must) & ((found & never) == 0)
    chosen &= (lengths_mm >= min_mm) & (lengths_mm <= max_mm)
    if ordered:
        chosen &= in_order(at_points, offsets, waypoints)
    return np.asarray(chosen)


def clipped(
    points: Points, offsets: Offsets, at_points: Bits, *, first: int, last: int
) -> tuple[Points, Offsets]:
    """Cut off what lies beyond two regions that every streamline passes.

    What is kept runs from the first to the last point in either region: inside a region nothing
    is lost, so that a lesion in the thalamus still meets the bundles that leave it.

    Parameters
    ----------
    points, offsets
        Streamlines of a bundle.
    at_points : ndarray of uint64, shape (P,)
        From `bits_at`.
    first, last : int
        Numbers of the two regions.
    """
    if len(offsets) < 2:
        return points, offsets
    held = (at_points & _mask([first, last])) != 0
    place = np.arange(len(points))
    low = _first(np.where(held, place, len(points)), offsets)
    high = np.maximum.reduceat(np.where(held, place, -1), offsets[:-1])
    line = np.repeat(np.arange(len(low)), np.diff(offsets))
    keep = (place >= low[line]) & (place <= high[line])
    counts = np.bincount(line[keep], minlength=len(low))
    long = counts >= 2
    return points[keep & long[line]], np.append(0, np.cumsum(counts[long])).astype(np.int64)


def centre_mm(mask: NDArray[np.bool_], affine: Matrix) -> NDArray[np.float64]:
    """Return the centre of a region [mm], shape (3,)."""
    index = np.argwhere(mask).mean(axis=0)
    return np.asarray(affine[:3, :3] @ index + affine[:3, 3], dtype=np.float64)


def _mask(numbers: Sequence[int]) -> np.uint64:
    return np.uint64(sum(1 << int(number) for number in set(numbers)))


def _one_way(at_points: Bits, offsets: Offsets, waypoints: Sequence[int]) -> NDArray[np.bool_]:
    """Go from each waypoint to the first later point in the next one."""
    n_points = len(at_points)
    counts = np.diff(offsets)
    place = np.arange(n_points)
    reached = offsets[:-1].copy()
    for region in waypoints:
        held = (at_points & np.uint64(1 << int(region))) != 0
        later = held & (place >= np.repeat(reached, counts))
        reached = _first(np.where(later, place, n_points), offsets)
    return np.asarray(reached < n_points)


def _first(place: NDArray[Any], offsets: Offsets) -> NDArray[np.int64]:
    if len(offsets) < 2:
        return np.zeros(0, dtype=np.int64)
    return np.minimum.reduceat(place, offsets[:-1])
