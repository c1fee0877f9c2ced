"""Streamlines as one flat array of points: lengths, parts of them, places between points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.errors import InputFault
from sonolesion.maths.points import Matrix, Points, moved

Offsets = NDArray[np.int64]
# Points whose segments are measured at once: bounds the memory, not the result.
CHUNK_POINTS = 1 << 20


def require_streamlines(points: Points, offsets: Offsets) -> None:
    """Raise `InputFault` unless the offsets cut the points into lines of at least two points.

    Parameters
    ----------
    points : ndarray of float32, shape (P, 3)
        Points of all streamlines, one after another [mm].
    offsets : ndarray of int64, shape (S + 1,)
        Streamline ``s`` is ``points[offsets[s]:offsets[s + 1]]``.
    """
    whole = points.ndim == 2 and points.shape[1] == 3 and offsets.ndim == 1 and offsets.size > 0
    if whole and offsets[0] == 0 and offsets[-1] == len(points) and (np.diff(offsets) >= 2).all():
        return
    raise InputFault(
        file="streamlines",
        found=f"points of shape {points.shape}, offsets of shape {offsets.shape}",
        expected="points (P, 3), offsets from 0 to P in steps of 2 or more",
        remedy="leave out streamlines of fewer than two points",
    )


def segment_lengths(points: Points, offsets: Offsets) -> NDArray[np.float32]:
    """Return the distance from each point to the next of its streamline [mm], shape (P,).

    It is 0 at the last point of a streamline.
    """
    lengths = np.zeros(len(points), dtype=np.float32)
    for first in range(0, len(points) - 1, CHUNK_POINTS):
        part = points[first : first + CHUNK_POINTS + 1]
        step = part[1:] - part[:-1]
        lengths[first : first + len(step)] = np.sqrt(np.einsum("pi,pi->p", step, step))
    lengths[offsets[1:] - 1] = 0.0
    return lengths


def line_lengths(segments: NDArray[np.float32], offsets: Offsets) -> NDArray[np.float64]:
    """Return the length of each streamline [mm], shape (S,), from `segment_lengths`."""
    if len(offsets) < 2:
        return np.zeros(0)
    return np.add.reduceat(segments, offsets[:-1], dtype=np.float64)


def subset(points: Points, offsets: Offsets, chosen: NDArray[Any]) -> tuple[Points, Offsets]:
    """Return the streamlines with the given numbers (or where a mask is true), in that order."""
    numbers = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
    counts = np.diff(offsets)[numbers]
    new = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    index = np.arange(new[-1]) + np.repeat(offsets[:-1][numbers] - new[:-1], counts)
    return points[index], new


def sampled(
    points: Points, volume: NDArray[Any], affine: Matrix, *, outside: float
) -> NDArray[np.float32]:
    """Read a volume at points by trilinear interpolation, shape (P,)."""
    index = moved(points, np.linalg.inv(affine)).T
    return np.asarray(
        ndimage.map_coordinates(
            volume, index, order=1, output=np.float32, mode="constant", cval=outside
        )
    )


def resampled(points: Points, offsets: Offsets, counts: NDArray[np.int64]) -> Points:
    """Lay points at equal distances along each streamline; the ends stay.

    Parameters
    ----------
    points, offsets
        Streamlines.
    counts : ndarray of int64, shape (S,)
        Points that each streamline shall have, at least 2.

    Returns
    -------
    ndarray of float32, shape (sum of counts, 3)
    """
    segments = segment_lengths(points, offsets).astype(np.float64)
    lengths = np.add.reduceat(segments, offsets[:-1])
    # One coordinate runs through all streamlines, with a gap of 1 mm between two of them, so
    # that a single interpolation serves them all.
    segments[offsets[1:] - 1] = 1.0
    along = np.concatenate([[0.0], np.cumsum(segments)[:-1]])
    place = np.concatenate([[0], np.cumsum(counts)[:-1]])
    number = np.arange(int(counts.sum())) - np.repeat(place, counts)
    share = number / np.repeat(counts - 1, counts)
    wanted = np.repeat(along[offsets[:-1]], counts) + share * np.repeat(lengths, counts)
    axes = [np.interp(wanted, along, points[:, axis]) for axis in range(3)]
    return np.stack(axes, axis=1).astype(np.float32)


def densified(points: Points, offsets: Offsets, *, step_mm: float) -> tuple[Points, Offsets]:
    """Resample streamlines so that no two neighbouring points are further apart than a step.

    Tractograms of others are often thinned out to some millimetres, too coarse to see a lesion.
    """
    lengths = line_lengths(segment_lengths(points, offsets), offsets)
    counts = np.maximum(np.ceil(lengths / step_mm).astype(np.int64) + 1, 2)
    new = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return resampled(points, offsets, counts), new
