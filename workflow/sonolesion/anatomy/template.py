"""Fit of a head or a brain to the skull-stripped template: affine, then deformable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.anatomy.bias import foreground
from sonolesion.anatomy.brain import dilate_sphere
from sonolesion.anatomy.gates import correlation
from sonolesion.anatomy.geometry import Matrix, apply, crop_box, cropped_affine, grid_points
from sonolesion.anatomy.registration import (
    centre_of_mass,
    coarser,
    head_starts,
    nearest_rigid,
    register_deformable,
    register_linear,
)
from sonolesion.anatomy.resample import resample, sample, sample_field

Volume = NDArray[np.float32]
START_GRID_MM = 4.0
# The template's own background is zero; its CSF is above this share of its white matter.
BRAIN_SHARE = 0.05


@dataclass(frozen=True)
class TemplateFit:
    """Template to subject: ``linear`` after the displacement ``forward`` on its grid.

    Attributes
    ----------
    linear : ndarray of shape (4, 4)
        Template points to subject points.
    forward, inverse : ndarray of shape (X, Y, Z, 3)
        Displacements within template space [mm], RAS+, and their inverse.
    affine : ndarray of shape (4, 4)
        Grid of the displacements.
    correlation : float
        Within the brain, after the warp.
    """

    linear: Matrix
    forward: Volume
    inverse: Volume
    affine: Matrix
    correlation: float

    def to_subject(self, points: NDArray[Any]) -> Matrix:
        """Carry template points (..., 3) to the subject [mm]."""
        return apply(self.linear, points + sample_field(self.forward, self.affine, points))

    def to_template(self, points: NDArray[Any]) -> NDArray[np.float32]:
        """Carry subject points (..., 3) to the template [mm]."""
        straight = apply(np.linalg.inv(self.linear), points).astype(np.float32)
        return straight + sample_field(self.inverse, self.affine, straight)


def brain_of(template: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the brain of a skull-stripped volume."""
    return np.asarray(template > BRAIN_SHARE * np.percentile(template, 99.0), dtype=bool)


def find_head(
    template: Volume,
    template_affine: Matrix,
    moving: Volume,
    moving_affine: Matrix,
    *,
    pitch_degrees: Sequence[float],
    rise_mm: Sequence[float],
    metric: str,
    iterations: Sequence[int],
    jitter_voxels: float,
    seed: int,
    n_threads: int,
) -> Matrix:
    """Fit the template affinely from many starts on a coarse grid; keep the best.

    Parameters
    ----------
    template, moving : ndarray of shape (X, Y, Z) and (A, B, C)
        Skull-stripped template and head, with their affines (4, 4).
    pitch_degrees, rise_mm
        As for `registration.head_starts`.
    metric, iterations, jitter_voxels, seed, n_threads
        As for `registration.register_linear`.

    Returns
    -------
    ndarray of shape (4, 4)
        Template points to points of the moving volume.
    """
    fixed, fixed_affine = coarser(template, template_affine, START_GRID_MM)
    head, head_affine = coarser(moving, moving_affine, START_GRID_MM)
    brain = brain_of(fixed)
    starts = head_starts(
        centre_of_mass(fixed, fixed_affine),
        centre_of_mass(foreground(head), head_affine),
        pitch_degrees=pitch_degrees,
        rise_mm=rise_mm,
    )
    found = []
    for start in starts:
        matrix = register_linear(
            fixed, fixed_affine, head, head_affine, mask=brain, start=start, dof=12,
            metric=metric, iterations=iterations, jitter_voxels=jitter_voxels, seed=seed,
            n_threads=n_threads,
        )  # fmt: skip
        moved = resample(head, head_affine, matrix, shape=fixed.shape, affine=fixed_affine, order=1)
        found.append((correlation(moved[brain], fixed[brain]), matrix))
    return max(found, key=lambda item: item[0])[1]


def fit_template(
    template: Volume,
    template_affine: Matrix,
    moving: Volume,
    moving_affine: Matrix,
    *,
    start: Matrix,
    spacing_mm: float,
    metric: str,
    linear_iterations: Sequence[int],
    iterations: Sequence[int],
    smooth_gradient_mm: float,
    smooth_field_mm: float,
    jitter_voxels: float,
    seed: int,
    n_threads: int,
) -> TemplateFit:
    """Fit the template to a head or brain: affine from one start, then deformable.

    Parameters
    ----------
    template, moving : ndarray of shape (X, Y, Z) and (A, B, C)
        Skull-stripped template and T1-weighted volume, with their affines (4, 4).
    start : ndarray of shape (4, 4)
        First guess, template to moving; its rigid part is used.
    spacing_mm : float
        Grid of the fit [mm].
    metric, linear_iterations, iterations, smooth_gradient_mm, smooth_field_mm
        As for `registration.register_linear` and `registration.register_deformable`.
    jitter_voxels, seed, n_threads
        Likewise.

    Returns
    -------
    TemplateFit
    """
    fixed, affine = coarser(template, template_affine, spacing_mm)
    box = crop_box(brain_of(fixed), margin_voxels=5)
    fixed, affine = fixed[box], cropped_affine(affine, box)
    head, head_affine = coarser(moving, moving_affine, spacing_mm)
    brain = brain_of(fixed)
    rigid = nearest_rigid(start, centre_of_mass(fixed, affine))
    linear = register_linear(
        fixed, affine, head, head_affine, mask=brain, start=rigid, dof=12,
        metric=metric, iterations=linear_iterations, jitter_voxels=jitter_voxels, seed=seed,
        n_threads=n_threads,
    )  # fmt: skip
    moved = resample(head, head_affine, linear, shape=fixed.shape, affine=affine, order=1)
    forward, inverse = register_deformable(
        fixed, moved, affine, mask=dilate_sphere(brain, radius=1), metric=metric,
        iterations=iterations, smooth_gradient_mm=smooth_gradient_mm,
        smooth_field_mm=smooth_field_mm, seed=seed, n_threads=n_threads,
    )  # fmt: skip
    points = grid_points(fixed.shape, affine)[brain] + forward[brain]
    warped = sample(moved, affine, points, order=1)
    return TemplateFit(linear, forward, inverse, affine, correlation(warped, fixed[brain]))


def displacement_to_subject(fit: TemplateFit, shape: Sequence[int], affine: Matrix) -> Volume:
    """Return the warp on a template grid: template points to subject points, minus themselves.

    Parameters
    ----------
    fit : TemplateFit
        Template to subject.
    shape, affine : sequence of int and ndarray of shape (4, 4)
        Grid of the warp, in template space.

    Returns
    -------
    ndarray of shape (X, Y, Z, 3)
        RAS+ [mm].
    """
    points = grid_points(shape, affine)
    return _rounded(fit.to_subject(points) - points)


def displacement_to_template(fit: TemplateFit, shape: Sequence[int], affine: Matrix) -> Volume:
    """Return the warp on a subject's grid: subject points to template points, minus themselves.

    Parameters and result as for `displacement_to_subject`, with the grid in subject space.
    """
    points = grid_points(shape, affine)
    return _rounded(fit.to_template(points) - points)


def _rounded(field: NDArray[Any]) -> Volume:
    """Round displacements to 0.01 mm, so that the file shrinks by half."""
    return np.asarray(np.round(field, 2), dtype=np.float32)
