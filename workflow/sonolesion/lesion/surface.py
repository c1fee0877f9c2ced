"""Star-shaped surfaces: every ray from the centre meets the surface once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
# First term of each degree among `harmonics`, and one past the last.
DEGREES = ((1, 0, 3), (2, 3, 8), (3, 8, 15))
N_TERMS = 15


def harmonics(directions: Array) -> Array:
    """Real spherical harmonics of degree 1 to 3, each of mean square one over the sphere.

    Parameters
    ----------
    directions : ndarray of shape (N, 3)
        Unit vectors.

    Returns
    -------
    ndarray of shape (N, 15)
        Degree 1 (x, y, z), degree 2 (xy, yz, zx, x²−y², z²), degree 3.
    """
    x, y, z = np.asarray(directions).T
    xx, yy, zz = x * x, y * y, z * z
    first = [np.sqrt(3) * part for part in (x, y, z)]
    second = [
        np.sqrt(15) * x * y, np.sqrt(15) * y * z, np.sqrt(15) * z * x,
        np.sqrt(15) / 2 * (xx - yy), np.sqrt(5) / 2 * (3 * zz - 1),
    ]  # fmt: skip
    third = [
        np.sqrt(35 / 8) * y * (3 * xx - yy), np.sqrt(105) * x * y * z,
        np.sqrt(21 / 8) * y * (5 * zz - 1), np.sqrt(7) / 2 * z * (5 * zz - 3),
        np.sqrt(21 / 8) * x * (5 * zz - 1), np.sqrt(105) / 2 * z * (xx - yy),
        np.sqrt(35 / 8) * x * (xx - 3 * yy),
    ]  # fmt: skip
    return np.stack([*first, *second, *third], axis=1)


def directions_of(away_mm: Array, distance_mm: Array) -> Array:
    """Return unit vectors (N, 3) of points off a centre (N, 3) at their distances (N,) [mm]."""
    return np.asarray(away_mm / np.maximum(distance_mm, 1e-6)[:, None])


def occupancy(distance_mm: Array, radius_mm: Array, *, edge_mm: float) -> Array:
    """Return how much of a cell of edge `edge_mm` lies inside a surface, 0 to 1."""
    return np.asarray(np.clip(0.5 + (radius_mm - distance_mm) / edge_mm, 0.0, 1.0))


def sphere_directions(count: int) -> Array:
    """Return `count` nearly even directions, shape (count, 3), on a golden spiral."""
    if count < 1:
        raise ValueError("at least one direction is needed")
    z = 1.0 - (2.0 * np.arange(count) + 1.0) / count
    turn = np.pi * (1.0 + np.sqrt(5.0)) * np.arange(count)
    flat = np.sqrt(1.0 - z * z)
    return np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=1)


def volume_mm3(radius_mm: Array) -> Array:
    """Return the volume within radii along even directions (the last axis) [mm³]."""
    return np.asarray(4.0 * np.pi / 3.0 * np.mean(np.power(radius_mm, 3), axis=-1))
