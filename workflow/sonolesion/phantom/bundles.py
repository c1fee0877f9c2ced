"""White-matter bundles of known course: curved tubes about centre lines.

A bundle runs from where its cells lie to where its fibres end, so that beyond a cut means
further along it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import interpolate, ndimage, spatial

Array = NDArray[np.float64]
STEP_MM = 0.5
# Sigma over which the course is smoothed [samples]: the deformation bends it every few mm.
SMOOTH = 6.0
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))
Knot = tuple[float, float, float, float]
# ASSUME: courses and radii are drawn by hand in the template, where the named structures lie;
# they stand for the tracts, they are no atlas. Those of the thalamus run on behind
# the targets: around them a thalamus is anisotropic, and tracts do not end there.
# Knots are template x, y, z and radius [mm].
LEFT: dict[str, tuple[Knot, ...]] = {
    "corticospinal": (
        (-36, -22, 62, 10), (-31, -21, 48, 8), (-27, -20, 32, 6.5), (-25, -19, 18, 5),
        (-22, -17, 6, 4.5), (-17, -17, -6, 4.5), (-12, -18, -16, 4), (-7, -23, -28, 3.5),
        (-5, -28, -40, 3), (-3, -38, -54, 2.5), (-2, -44, -64, 2.5),
    ),
    "mediallemniscus": (
        (-2, -47, -62, 2.5), (-2.5, -44, -54, 2.5), (-3.5, -38, -40, 2.5), (-5, -34.5, -27, 2.5),
        (-8.5, -26.5, -13, 2.5), (-13, -22, -4, 3), (-16, -20, 4, 3.5),
    ),
    "spinothalamic": (
        (-5, -46, -62, 2), (-6, -43, -50, 2), (-7.5, -38, -36, 2), (-8.5, -34, -25, 2),
        (-9.5, -29, -12, 2), (-11, -25.5, -3, 2.5), (-9, -24.5, 4, 3), (-7, -22.5, 9, 3),
        (-6, -16, 11, 3),
    ),
    "thalamussomatosensory": (
        (-15, -21, 5, 4), (-20, -23, 12, 4), (-25, -26, 22, 4.5), (-30, -30, 36, 6),
        (-36, -32, 48, 7), (-41, -31, 57, 9),
    ),
    "thalamuscingulate": (
        (-12, -31, 5, 3), (-8, -24.5, 8, 3), (-8, -16, 9, 3), (-11, -6, 8, 3), (-15, 5, 6, 3),
        (-18, 17, 8, 3.5), (-17, 29, 13, 4.5), (-11, 36, 20, 4.5), (-5, 36, 26, 4.5),
    ),
    "thalamusprefrontal": (
        (-9, -28, 5, 3), (-6.5, -20, 6, 3), (-8, -12, 6, 3), (-12, -3, 4, 3), (-17, 7, 3, 3.5),
        (-22, 20, 5, 4.5), (-25, 34, 10, 6), (-29, 48, 18, 9),
    ),
    "cerebellothalamic": (
        (15, -60, -36, 3.5), (11, -53, -32, 3), (7, -44, -26, 2.5), (5, -36, -21, 2.5),
        (0, -28, -17, 2.5), (-4, -23, -11, 2.5), (-8, -19, -4, 2.5), (-11, -17, 2, 3),
        (-10, -20, 8, 3.5),
    ),
    "cingulum": (
        (-6, 36, 8, 3), (-7, 30, 20, 3), (-8, 16, 30, 3), (-8, -2, 34, 3), (-8, -22, 34, 3),
        (-9, -38, 28, 3), (-12, -46, 16, 3), (-16, -44, 2, 3),
    ),
    "superiorlongitudinal": (
        (-42, 16, 24, 7), (-37, 4, 29, 6.5), (-35, -12, 31, 6.5), (-35, -28, 31, 6.5),
        (-37, -42, 28, 6.5), (-42, -50, 16, 6.5), (-48, -48, 4, 7),
    ),
    "inferiorfrontooccipital": (
        (-26, 48, 2, 8), (-27, 32, -2, 5.5), (-30, 14, -5, 3.5), (-34, 0, -7, 3.5),
        (-38, -18, -6, 4.5), (-37, -38, 0, 6), (-32, -58, 4, 6), (-24, -82, 4, 8),
    ),
}  # fmt: skip
# Half of each, from the left cortex to the midline; the other half mirrors it.
CALLOSAL: dict[str, tuple[Knot, ...]] = {
    "callosumgenu": (
        (-22, 58, 10, 9), (-17, 48, 8, 7.5), (-13, 40, 6, 5.5), (-7, 33, 5, 4), (0, 30.5, 4, 3.5),
    ),
    "callosumfrontal": (
        (-30, 22, 46, 10), (-24, 18, 36, 8), (-17, 13, 27, 5), (-8, 10, 22, 3), (0, 9, 21.5, 2.8),
    ),
    "callosumcentral": (
        (-26, -20, 62, 10), (-23, -17, 48, 8), (-19, -14, 35, 5), (-9, -12, 27, 3),
        (0, -12, 25.5, 2.5),
    ),
    "callosumparietal": (
        (-30, -52, 56, 10), (-26, -46, 44, 8), (-20, -38, 31, 6), (-9, -31, 22, 4.5),
        (0, -31, 20, 4.5),
    ),
    "callosumsplenium": (
        (-16, -88, 12, 8), (-20, -74, 14, 7), (-23, -60, 15, 6), (-19, -47, 16, 5),
        (-9, -39, 14, 4.5), (0, -37.5, 12.5, 4.5),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Bundle:
    """A bundle in the template: knots (N, 3) [mm], their radii (N,), whether it runs both ways."""

    name: str
    knots_mm: Array
    radius_mm: Array
    both_ways: bool


@dataclass(frozen=True)
class Tube:
    """A bundle laid out: samples of its centre line at even steps.

    `centre_mm` (M, 3); `tangent` and `across` (M, 2, 3) are an orthonormal frame that does not
    twist about the line; `radius_mm` (M,); `along_mm` (M,) is the length so far.
    """

    name: str
    centre_mm: Array
    tangent: Array
    across: Array
    radius_mm: Array
    along_mm: Array
    both_ways: bool


def catalogue() -> Iterator[Bundle]:
    """Yield all bundles of the template, left before right."""
    for name, knots in LEFT.items():
        for side, sign in (("left", 1.0), ("right", -1.0)):
            table = np.array(knots, dtype=np.float64) * [sign, 1, 1, 1]
            yield Bundle(f"{name}_{side}", table[:, :3], table[:, 3], both_ways=False)
    for name, knots in CALLOSAL.items():
        half = np.array(knots, dtype=np.float64)
        table = np.vstack([half, half[-2::-1] * [-1, 1, 1, 1]])
        yield Bundle(name, table[:, :3], table[:, 3], both_ways=True)


def curve(knots_mm: Array, radius_mm: Array, *, step_mm: float) -> tuple[Array, Array]:
    """Sample a smooth curve through knots.

    Parameters
    ----------
    knots_mm : ndarray of shape (N, 3)
        Points it passes [mm].
    radius_mm : ndarray of shape (N,)
        Radius of the tube there [mm].
    step_mm : float
        Distance of the samples, roughly [mm].

    Returns
    -------
    points : ndarray of shape (M, 3)
        Samples [mm].
    radius : ndarray of shape (M,)
        Radius at each, interpolated without overshoot [mm].
    """
    gaps = np.linalg.norm(np.diff(knots_mm, axis=0), axis=1)
    if not np.all(gaps > 0):
        raise ValueError("knots of a bundle must differ")
    # Centripetal parameters: no loops between knots at uneven distances.
    knot = np.concatenate([[0.0], np.cumsum(np.sqrt(gaps))])
    fine = np.linspace(0, knot[-1], int(np.ceil(gaps.sum() / step_mm)) + 1)
    points = interpolate.CubicSpline(knot, knots_mm)(fine)
    return points, interpolate.PchipInterpolator(knot, radius_mm)(fine)


def tube(name: str, points_mm: Array, radius_mm: Array, *, both_ways: bool) -> Tube:
    """Resample a curve at even steps and carry a frame along it.

    Parameters
    ----------
    name : str
        Name of the bundle.
    points_mm : ndarray of shape (N, 3)
        Curve, densely sampled [mm].
    radius_mm : ndarray of shape (N,)
        Radius of the tube [mm].
    both_ways : bool
        Whether half of its fibres run backwards.

    Notes
    -----
    The frame is moved by projection onto each next normal plane, which to first order is the
    rotation-minimising frame: offset fibres run parallel to the centre line.
    """
    smooth = ndimage.gaussian_filter1d(points_mm, SMOOTH, axis=0, mode="nearest")
    smooth[[0, -1]] = points_mm[[0, -1]]
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(smooth, axis=0), axis=1))])
    along = np.linspace(0, length[-1], int(np.ceil(length[-1] / STEP_MM)) + 1)
    centre = np.stack([np.interp(along, length, axis) for axis in smooth.T], axis=1)
    tangent = ndimage.gaussian_filter1d(
        np.gradient(centre, along, axis=0), SMOOTH, axis=0, mode="nearest"
    )
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    radius = np.interp(along, length, radius_mm)
    return Tube(name, centre, tangent, frames(tangent), radius, along, both_ways)


def frames(tangent: Array) -> Array:
    """Two unit vectors across each of M tangents, shape (M, 2, 3), without twist."""
    across = np.empty((len(tangent), 2, 3))
    first = np.eye(3)[np.argmin(np.abs(tangent[0]))]
    for index, forward in enumerate(tangent):
        first = first - forward * (first @ forward)
        first /= np.linalg.norm(first)
        across[index] = first, np.cross(forward, first)
    return across


def lines(laid: Tube, *, n: int) -> Array:
    """Return parallel fibres spread evenly over the cross-section, shape (n, M, 3) [mm].

    Notes
    -----
    Sunflower spiral, Vogel 1979, doi:10.1016/0025-5564(79)90080-4: equal areas a fibre.
    """
    index = np.arange(n)
    reach = np.sqrt((index + 0.5) / n)
    disc = reach[:, None] * np.stack(
        [np.cos(index * GOLDEN_ANGLE), np.sin(index * GOLDEN_ANGLE)], axis=1
    )
    offset = np.einsum("nk,mkc->nmc", disc, laid.across)
    return np.asarray(laid.centre_mm + offset * laid.radius_mm[:, None])


def within(points_mm: Array, laid: Tube, *, edge_mm: float) -> tuple[NDArray[np.intp], Array]:
    """Find the sample of a tube next to each point, and how far it is filled.

    Parameters
    ----------
    points_mm : ndarray of shape (N, 3)
        Points [mm].
    laid : Tube
        The bundle.
    edge_mm : float
        Width of the ramp at its surface [mm], that of a cell.

    Returns
    -------
    nearest : ndarray of int, shape (N,)
        Index of the sample.
    coverage : ndarray of shape (N,)
        Share of a cell inside, 0 to 1; zero beyond the ends, which are flat.
    """
    limit = laid.radius_mm.max() + edge_mm
    distance, nearest = spatial.KDTree(laid.centre_mm).query(points_mm, distance_upper_bound=limit)
    found = np.isfinite(distance)
    nearest = np.where(found, nearest, 0)
    coverage = np.clip((laid.radius_mm[nearest] - distance) / edge_mm + 0.5, 0, 1)
    offset = points_mm - laid.centre_mm[nearest]
    beyond = np.abs(np.einsum("nc,nc->n", offset, laid.tangent[nearest])) > STEP_MM
    ends = (nearest == 0) | (nearest == len(laid.centre_mm) - 1)
    return nearest, np.where(found & ~(ends & beyond), coverage, 0.0)


def directions(points_mm: Array, laid: Tube, nearest: NDArray[np.intp]) -> Array:
    """Return the unit direction of the fibre through each point, shape (N, 3).

    Where the tube widens, fibres away from the centre line run outwards with it.
    """
    widening = np.gradient(laid.radius_mm, laid.along_mm) / laid.radius_mm
    outward = (points_mm - laid.centre_mm[nearest]) * widening[nearest, None]
    heading = laid.tangent[nearest] + outward
    return np.asarray(heading / np.linalg.norm(heading, axis=1, keepdims=True))
