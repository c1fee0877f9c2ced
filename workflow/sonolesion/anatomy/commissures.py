"""AC and PC to a fraction of a millimetre: the template's surroundings laid on the scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, optimize

from sonolesion.anatomy.gates import correlation
from sonolesion.anatomy.geometry import Matrix, apply, crop_box, cropped_affine
from sonolesion.anatomy.resample import sample
from sonolesion.anatomy.template import TemplateFit

# The search stops when a corner of its simplex moves by less than this.
TOLERANCE_MM = 0.01
SPLINE_VOXELS = 8


@dataclass(frozen=True)
class Commissure:
    """A commissure of the scan.

    Attributes
    ----------
    place_mm, carried_mm : ndarray of shape (3,)
        Its centre, and where the template's fit alone puts it, RAS+ of the scanner [mm].
    likeness : float
        Correlation of the scan around ``place_mm`` with the template around its commissure.
    """

    place_mm: Matrix
    carried_mm: Matrix
    likeness: float


def sphere_points(radius_mm: float, step_mm: float) -> Matrix:
    """Return the points of a cubic lattice within a radius of the origin, shape (N, 3) [mm]."""
    n = int(radius_mm / step_mm)
    ticks = step_mm * np.arange(-n, n + 1)
    cube = np.stack(np.meshgrid(ticks, ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(cube[(cube**2).sum(axis=1) <= radius_mm**2 + 1e-9], dtype=np.float64)


def best_shift(
    values: NDArray[Any],
    points: Matrix,
    moving: NDArray[Any],
    moving_affine: Matrix,
    *,
    reach_mm: float,
    step_mm: float,
) -> tuple[Matrix, float]:
    """Find the small shift of points at which a volume looks most like given values.

    Parameters
    ----------
    values : ndarray of shape (N,)
        What is looked for, up to scale and offset.
    points : ndarray of shape (N, 3)
        Where it is expected, RAS+ [mm].
    moving, moving_affine : ndarray of shape (A, B, C) and (4, 4)
        Volume that is searched.
    reach_mm : float
        Longest shift along each axis [mm].
    step_mm : float
        Lattice of first guesses; from the best of them a simplex descends [mm].

    Returns
    -------
    shift : ndarray of shape (3,)
        [mm].
    likeness : float
        Pearson's correlation there.
    """
    near = _near(points, moving.shape, moving_affine, reach_mm)
    part = ndimage.spline_filter(moving[near].astype(np.float64), order=3)
    to_index = np.linalg.inv(cropped_affine(moving_affine, near))

    def cost(shift: NDArray[Any]) -> float:
        if np.abs(shift).max() > reach_mm:
            return 1.0
        index = apply(to_index, points + shift).T
        found = ndimage.map_coordinates(part, index, order=3, prefilter=False)
        likeness = correlation(values, found)
        return -likeness if np.isfinite(likeness) else 1.0

    ticks = np.arange(-reach_mm, reach_mm + step_mm / 2, step_mm)
    lattice = np.stack(np.meshgrid(ticks, ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 3)
    start = min(lattice, key=cost)
    simplex = start + 0.5 * step_mm * np.vstack([np.zeros(3), -np.sign(start + 1e-9) * np.eye(3)])
    found = optimize.minimize(
        cost,
        start,
        method="Nelder-Mead",
        options={"initial_simplex": simplex, "xatol": TOLERANCE_MM, "fatol": 1e-6},
    )
    return np.asarray(found.x, dtype=np.float64), -float(found.fun)


def _near(
    points: Matrix, shape: Sequence[int], affine: Matrix, reach_mm: float
) -> tuple[slice, slice, slice]:
    """Return the box of a volume that holds points, their reach, and room for the spline."""
    cube = reach_mm * np.array([[-1.0] * 3, [1.0] * 3])
    index = apply(np.linalg.inv(affine), np.vstack([points + corner for corner in cube]))
    marked = np.zeros(shape, dtype=bool)
    low = np.clip(np.floor(index.min(axis=0)).astype(int), 0, np.array(shape) - 1)
    high = np.clip(np.ceil(index.max(axis=0)).astype(int), 0, np.array(shape) - 1)
    marked[tuple(low)] = marked[tuple(high)] = True
    return crop_box(marked, margin_voxels=SPLINE_VOXELS)


def find_commissure(
    fit: TemplateFit,
    template_mm: Sequence[float],
    template: NDArray[Any],
    template_affine: Matrix,
    moving: NDArray[Any],
    moving_affine: Matrix,
    *,
    radius_mm: float,
    spacing_mm: float,
    reach_mm: float,
    step_mm: float,
    trusted_likeness: float,
) -> Commissure:
    """Carry a template point to the scan, then lay its surroundings on the scan's.

    Parameters
    ----------
    fit : TemplateFit
        Template to scan.
    template_mm : sequence of three float
        Point of the template, RAS+ [mm].
    template, moving : ndarray of shape (X, Y, Z) and (A, B, C)
        Template and scan, with their affines (4, 4).
    radius_mm, spacing_mm : float
        Surroundings compared: a sphere, and its lattice [mm].
    reach_mm, step_mm : float
        As for `best_shift`.
    trusted_likeness : float
        Below it the carried place stays: a blurred scan (thick slices) has no finer one.

    Returns
    -------
    Commissure
    """
    around = np.asarray(template_mm, dtype=np.float64) + sphere_points(radius_mm, spacing_mm)
    values = sample(template, template_affine, around, order=3)
    points = np.asarray(fit.to_subject(around), dtype=np.float64)
    carried = np.asarray(fit.to_subject(np.array([template_mm]))[0], dtype=np.float64)
    shift, likeness = best_shift(
        values, points, moving, moving_affine, reach_mm=reach_mm, step_mm=step_mm
    )
    inner = np.abs(shift).max() < reach_mm - TOLERANCE_MM
    trusted = bool(likeness >= trusted_likeness) and bool(inner)
    return Commissure(carried + shift if trusted else carried, carried, likeness)
