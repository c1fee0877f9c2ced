"""The checks of each step of the anatomy stage: what is measured, against which limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.anatomy.commissures import Commissure, sphere_points
from sonolesion.anatomy.gates import (
    Check,
    at_least,
    at_most,
    correlation,
    coverage,
    data_share,
    dice,
    jacobian,
    local_correlation,
    mirror_ratio,
    peak_sharpness,
    relative_detail,
    within,
)
from sonolesion.anatomy.geometry import Matrix, grid_points
from sonolesion.anatomy.landmarks import TEMPLATE_AC_MM, TEMPLATE_PC_MM
from sonolesion.anatomy.resample import sample
from sonolesion.anatomy.session import thinned
from sonolesion.anatomy.template import TemplateFit, brain_of

Mask = NDArray[np.bool_]
Limits = Mapping[str, Any]
STEP_VOXELS = 3
# Places in MNI152NLin2009cAsym [mm] whose tissue no adult brain has otherwise: the middle of
# each thalamus, and of the body of each lateral ventricle. RAS+; seen on the template.
THALAMUS_MM = ((-11.0, -18.0, 8.0), (11.0, -18.0, 8.0))
# The thalami in AC–PC space [mm]: ellipsoids round the template's, 0.92 times as large.
THALAMUS_ACPC_MM = ((-10.0, -20.0, 10.0), (10.0, -20.0, 10.0))
THALAMUS_RADII_MM = (9.0, 15.0, 9.0)
# Cubes in which two scans are compared: 5 steps of 3 mm hold some folds of the cortex.
CUBE_STEPS = 5
VENTRICLE_MM = ((-13.0, -30.0, 20.0), (13.0, -30.0, 20.0))


def space_checks(
    fit_correlation: float,
    brain: Mask,
    commissures: tuple[Commissure, Commissure],
    to_scanner: Matrix,
    scan_shape: Sequence[int],
    scan_affine: Matrix,
    brain_affine: Matrix,
    *,
    limits: Limits,
) -> list[Check]:
    """Check AC–PC space: fit of the template, brain's volume, commissures, field of view.

    Parameters
    ----------
    fit_correlation : float
        Correlation with the template within the brain.
    brain : ndarray of bool, shape (X, Y, Z)
        Brain mask in AC–PC space, placed by ``brain_affine``.
    commissures : tuple of two Commissure
        AC and PC in the scanner.
    to_scanner : ndarray of shape (4, 4)
        AC–PC points to scanner points.
    scan_shape, scan_affine : sequence of int and ndarray of shape (4, 4)
        Grid of the scan.
    limits : mapping
        ``anatomy.limits`` of the settings.
    """
    volume_ml = float(brain.sum() * abs(np.linalg.det(brain_affine[:3, :3]))) / 1000
    ac, pc = commissures
    distance = float(np.linalg.norm(ac.place_mm - pc.place_mm))
    _, points = thinned(brain, brain_affine, step_voxels=STEP_VOXELS)
    seen = coverage(points, scan_shape, np.linalg.inv(to_scanner) @ scan_affine)
    return [
        at_least("template_correlation", fit_correlation, limits["min_fit_correlation"]),
        at_least("brain_volume_low", volume_ml, limits["min_brain_ml"], "ml"),
        at_most("brain_volume_high", volume_ml, limits["max_brain_ml"], "ml"),
        at_least("ac_pc_distance_low", distance, limits["min_acpc_mm"], "mm"),
        at_most("ac_pc_distance_high", distance, limits["max_acpc_mm"], "mm"),
        at_least("ac_likeness", ac.likeness, limits["min_commissure_likeness"]),
        at_least("pc_likeness", pc.likeness, limits["min_commissure_likeness"]),
        at_least("coverage", seen, limits["min_coverage"]),
    ]


def warp_checks(
    fit: TemplateFit,
    template: NDArray[Any],
    template_affine: Matrix,
    brain: Mask,
    carried_brain: Mask,
    landmarks: Mapping[str, Any],
    *,
    limits: Limits,
) -> list[Check]:
    """Check the template warp: likeness, volume change, overlap, and the commissures.

    Parameters
    ----------
    fit : TemplateFit
        Template to AC–PC space.
    template, template_affine : ndarray of shape (X, Y, Z) and (4, 4)
        Skull-stripped template.
    brain, carried_brain : ndarray of bool, shape (A, B, C)
        Brain in AC–PC space: of the subject, and carried from the template.
    landmarks : mapping
        Holds ``ac_mm`` and ``pc_mm`` of the first fit.
    limits : mapping
        ``anatomy.limits`` of the settings.
    """
    inside = sample(brain_of(template).astype(np.float32), template_affine,
                    grid_points(fit.forward.shape, fit.affine), order=0) > 0  # fmt: skip
    change = jacobian(fit.forward, fit.affine)[inside]
    low, high = np.percentile(change, [0.1, 99.9])
    carried = fit.to_subject(np.array([TEMPLATE_AC_MM, TEMPLATE_PC_MM]))
    first = np.array([landmarks["ac_mm"], landmarks["pc_mm"]])
    shift = float(np.linalg.norm(carried - first, axis=1).max())
    return [
        at_least("template_correlation", fit.correlation, limits["min_warp_correlation"]),
        at_least("smallest_volume_change", float(low), limits["min_jacobian"]),
        at_most("largest_volume_change", float(high), limits["max_jacobian"]),
        at_least("brain_overlap", dice(brain, carried_brain), limits["min_brain_dice"]),
        at_most("ac_pc_shift", shift, limits["max_landmark_shift_mm"], "mm"),
    ]


def tissue_checks(
    maps: NDArray[Any], warp: NDArray[Any], affine: Matrix, *, limits: Limits
) -> list[Check]:
    """Check the tissue maps where the tissue is known: thalamus and lateral ventricles.

    Parameters
    ----------
    maps : ndarray of shape (3, X, Y, Z)
        CSF, grey matter, white matter.
    warp : ndarray of shape (X, Y, Z, 3)
        Displacement from AC–PC to template points [mm], on the grid of the maps.
    affine : ndarray of shape (4, 4)
        Grid of maps and warp.
    limits : mapping
        ``anatomy.limits`` of the settings.
    """
    points = grid_points(warp.shape, affine) + warp
    grey = _mean_near(maps[1], points, THALAMUS_MM, radius_mm=4.0)
    fluid = max(_mean_near(maps[0], points, [place], radius_mm=2.0) for place in VENTRICLE_MM)
    return [
        at_least("thalamus_grey_matter", grey, limits["min_thalamus_grey"]),
        at_least("ventricle_csf", fluid, limits["min_ventricle_csf"]),
    ]


def _mean_near(
    values: NDArray[Any],
    points: NDArray[Any],
    centres_mm: Sequence[Sequence[float]],
    *,
    radius_mm: float,
) -> float:
    """Return the mean of values within a radius of template points."""
    near = np.zeros(values.shape, dtype=bool)
    for centre in centres_mm:
        near |= ((points - np.array(centre, dtype=np.float32)) ** 2).sum(axis=-1) <= radius_mm**2
    return float(values[near].mean()) if near.any() else float("nan")


def session_checks(
    fixed: NDArray[Any],
    affine: Matrix,
    brain: Mask,
    moving: NDArray[Any],
    moving_affine: Matrix,
    matrix: Matrix,
    *,
    same_contrast: bool,
    compared: tuple[NDArray[Any], NDArray[Any]] | None = None,
    probe: Mapping[str, Any],
    limits: Limits,
) -> list[Check]:
    """Check a session's scan: a clear optimum, the right side, the right person, data.

    Parameters
    ----------
    fixed, affine : ndarray of shape (X, Y, Z) and (4, 4)
        T1w in AC–PC space.
    brain : ndarray of bool, shape (X, Y, Z)
        Brain.
    moving, moving_affine : ndarray of shape (A, B, C) and (4, 4)
        Scan.
    matrix : ndarray of shape (4, 4)
        AC–PC points to points of the scan.
    same_contrast : bool
        Whether the scan is a T1w too, so that its correlation means something.
    compared : two ndarray of shape (X, Y, Z), optional
        The scan in AC–PC space, and the baseline's scan of the same contrast there.
    probe, limits : mapping
        ``anatomy.probe`` and ``anatomy.limits`` of the settings.
    """
    thin, points = thinned(brain, affine, step_voxels=STEP_VOXELS)
    values, grid = fixed[thin], np.linalg.inv(matrix) @ moving_affine
    there = sample(moving, grid, points, order=1)
    where, n_bins = (values, points, moving, moving_affine, matrix), probe["n_bins"]
    sharpness, mirror = peak_sharpness(*where, **probe), mirror_ratio(*where, n_bins=n_bins)
    inside, held = _inside(points, moving, grid), data_share(thalamus_points(), moving, grid)
    seen = coverage(points, moving.shape, grid)
    out = [
        at_least("peak_sharpness", sharpness, limits["min_peak_sharpness"]),
        at_least("mirror_ratio", mirror, limits["min_mirror_ratio"]),
        at_least("coverage", seen, limits["min_session_coverage"]),
        at_least("thalamus_coverage", held, limits["min_thalamus_coverage"]),
    ]
    if compared is not None:
        three = (part[thin][inside] for part in (fixed, *compared))
        detail = relative_detail(*three, n_bins=n_bins)
        out.append(at_least("detail", detail, limits["min_detail"]))
    if same_contrast:
        alike = correlation(values[inside], there[inside])
        person = _likeness(fixed, brain, there, inside)
        out.append(at_least("correlation", alike, limits["min_session_correlation"]))
        out.append(at_least("same_person", person, limits["min_same_person"]))
    return out


def _inside(points: Matrix, moving: NDArray[Any], grid: Matrix) -> Mask:
    """Return at which points the scan has values; all of them if at none (coverage says so)."""
    inside = within(points, moving.shape, grid, rim_voxels=0.0)
    return inside if inside.any() else ~inside


def _likeness(fixed: NDArray[Any], brain: Mask, there: NDArray[Any], inside: Mask) -> float:
    """Return the local correlation on the lattice of every n-th voxel that a scan covers."""
    every = (slice(None, None, STEP_VOXELS),) * 3
    placed, covered = np.zeros(brain[every].shape, np.float32), brain[every].copy()
    placed[brain[every]], covered[brain[every]] = there, inside
    return local_correlation(fixed[every], placed, covered, width_voxels=CUBE_STEPS)


def thalamus_points() -> Matrix:
    """Return a lattice over both thalami in AC–PC space, shape (N, 3) [mm]."""
    lattice = sphere_points(1.0, 0.2) * np.array(THALAMUS_RADII_MM)
    return np.vstack([lattice + np.array(centre) for centre in THALAMUS_ACPC_MM])
