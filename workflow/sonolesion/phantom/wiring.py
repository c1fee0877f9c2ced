"""The bundles in a patient's head: which share of which cell they fill, and in what direction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import spatial

from sonolesion.phantom import bundles, deformation, pose
from sonolesion.phantom.bundles import Tube
from sonolesion.phantom.patient import Anatomy

Array = NDArray[np.float64]


# Distance to which tissue outside the bundles takes the direction of the nearest one.
REST_REACH_MM = 25.0
# ASSUME: each thalamus is an ellipsoid in the template, its long axis turned outwards behind;
# centre, half axes [mm] and turn about the vertical are the moments of the Harvard-Oxford one.
THALAMUS_MM = np.array([-10.6, -18.5, 7.0])
THALAMUS_HALF_MM = np.array([9.5, 20.0, 12.0])
THALAMUS_TURN_DEG = 20.0


@dataclass(frozen=True)
class Strands:
    """Fibres in cells of the anatomy.

    `cell` (N,) are flat indices, `share` (N,) the part of the cell's nerve tissue they fill,
    `direction` (N, 3) is in the subject's axes.
    """

    cell: NDArray[np.intp]
    share: Array
    direction: Array


@dataclass(frozen=True)
class Course(Strands):
    """Those of one bundle; `nearest` (N,) are samples of its `tube`."""

    tube: Tube
    nearest: NDArray[np.intp]


@dataclass(frozen=True)
class Wiring:
    """All bundles of a head, the rest of its white matter, and the rest of its thalami."""

    courses: list[Course]
    rest: Strands
    relay: Strands


def lay(anatomy: Anatomy, *, radius_factor: float) -> Wiring:
    """Lay the bundles into a head by its own deformation.

    Where bundles cross they share the cells in equal parts.
    """
    courses = [fill(anatomy, into(anatomy, b, radius_factor)) for b in bundles.catalogue()]
    total = np.zeros(anatomy.brain.size)
    for course in courses:
        total[course.cell] += course.share
    crowd = np.maximum(total, 1.0)
    shared = [replace(course, share=course.share / crowd[course.cell]) for course in courses]
    return Wiring(shared, *between(anatomy, shared, 1 - total / crowd))


def between(anatomy: Anatomy, courses: list[Course], free: Array) -> tuple[Strands, Strands]:
    """Give what no bundle fills the direction of the nearest one: white matter, and thalami."""
    grey, white = (anatomy.tissues[name].ravel() for name in ("grey", "white"))
    cell = np.flatnonzero((free > 0) & (grey + white > 0))
    index = np.stack(np.unravel_index(cell, anatomy.brain.shape), axis=-1)
    points = pose.apply(anatomy.affine, index.astype(np.float64))
    relay = in_thalamus(anatomy, points)
    chosen = ((white[cell] > 0) & ~relay, relay)
    rest, thalami = (along(cell[one], points[one], courses, free) for one in chosen)
    return rest, thalami


def in_thalamus(anatomy: Anatomy, points_mm: Array) -> NDArray[np.bool_]:
    """Tell which of the subject's points (N, 3) lie in a thalamus, by the head's deformation."""
    field = {"field_mm": anatomy.field_mm, "affine": anatomy.field_affine}
    offset = points_mm + deformation.displacement_at(points_mm, **field)
    # The right one mirrors the left.
    offset[:, 0] = -np.abs(offset[:, 0])
    offset -= THALAMUS_MM
    turn = np.deg2rad(THALAMUS_TURN_DEG)
    across = offset[:, 0] * np.cos(turn) - offset[:, 1] * np.sin(turn)
    ahead = offset[:, 0] * np.sin(turn) + offset[:, 1] * np.cos(turn)
    axes = np.stack([across, ahead, offset[:, 2]], axis=1) / THALAMUS_HALF_MM
    return np.asarray((axes**2).sum(axis=1) < 1)


def along(cell: NDArray[np.intp], points: Array, courses: list[Course], free: Array) -> Strands:
    """Return strands in the free part of cells, at points (N, 3) [mm]; none far from bundles."""
    tree = spatial.KDTree(np.concatenate([course.tube.centre_mm for course in courses]))
    distance, nearest = map(np.asarray, tree.query(points, distance_upper_bound=REST_REACH_MM))
    found = np.isfinite(distance)
    heading = np.concatenate([course.tube.tangent for course in courses])[nearest[found]]
    return Strands(cell[found], free[cell[found]], heading)


def into(anatomy: Anatomy, bundle: bundles.Bundle, radius_factor: float) -> Tube:
    """Carry a bundle from the template into the subject's space."""
    points, radius = bundles.curve(bundle.knots_mm, bundle.radius_mm, step_mm=bundles.STEP_MM)
    own = deformation.inverse_points(
        points,
        field_mm=anatomy.field_mm,
        affine=anatomy.field_affine,
        tolerance_mm=1e-6,
        max_steps=500,
    )
    scaled = radius * anatomy.scale * radius_factor
    return bundles.tube(bundle.name, own, scaled, both_ways=bundle.both_ways)


def fill(anatomy: Anatomy, tube: Tube) -> Course:
    """Find the cells of the anatomy inside a tube."""
    edge = float(anatomy.affine[0, 0])
    reach = tube.radius_mm.max() + edge
    inverse = np.linalg.inv(anatomy.affine)
    corners = [tube.centre_mm.min(axis=0) - reach, tube.centre_mm.max(axis=0) + reach]
    low, high = (pose.apply(inverse, corner) for corner in corners)
    low = np.maximum(np.floor(low).astype(int), 0)
    high = np.minimum(np.ceil(high).astype(int) + 1, anatomy.brain.shape)
    box = np.stack(np.meshgrid(*map(np.arange, low, high), indexing="ij"), axis=-1).reshape(-1, 3)
    points = pose.apply(anatomy.affine, box.astype(np.float64))
    nearest, coverage = bundles.within(points, tube, edge_mm=edge)
    held = coverage > 0
    cell = np.ravel_multi_index(tuple(box[held].T), anatomy.brain.shape)
    heading = bundles.directions(points[held], tube, nearest[held])
    return Course(np.asarray(cell), coverage[held], heading, tube, nearest[held])


def shares(courses: list[Course], anatomy: Anatomy) -> Iterator[NDArray[np.float32]]:
    """Yield the share of each cell's nerve tissue that a bundle fills, shape (X, Y, Z)."""
    for course in courses:
        filled = np.zeros(anatomy.brain.size, dtype=np.float32)
        filled[course.cell] = course.share
        yield filled.reshape(anatomy.brain.shape)
