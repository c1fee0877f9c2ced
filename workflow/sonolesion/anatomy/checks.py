"""The checks of each step of the anatomy stage: what is measured, against which limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.anatomy.gates import (
    Check,
    at_least,
    at_most,
    correlation,
    coverage,
    dice,
    jacobian,
    mirror_ratio,
    peak_sharpness,
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
VENTRICLE_MM = ((-13.0, -30.0, 20.0), (13.0, -30.0, 20.0))


def space_checks(
    fit_correlation: float,
    brain: Mask,
    ac_mm: Matrix,
    pc_mm: Matrix,
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
    ac_mm, pc_mm : ndarray of shape (3,)
        Commissures in the scanner [mm].
    to_scanner : ndarray of shape (4, 4)
        AC–PC points to scanner points.
    scan_shape, scan_affine : sequence of int and ndarray of shape (4, 4)
        Grid of the scan.
    limits : mapping
        ``anatomy.limits`` of the settings.
    """
    volume_ml = float(brain.sum() * abs(np.linalg.det(brain_affine[:3, :3]))) / 1000
    distance = float(np.linalg.norm(ac_mm - pc_mm))
    _, points = thinned(brain, brain_affine, step_voxels=STEP_VOXELS)
    seen = coverage(points, scan_shape, np.linalg.inv(to_scanner) @ scan_affine)
    return [
        at_least("template_correlation", fit_correlation, limits["min_fit_correlation"]),
        at_least("brain_volume_low", volume_ml, limits["min_brain_ml"], "ml"),
        at_most("brain_volume_high", volume_ml, limits["max_brain_ml"], "ml"),
        at_least("ac_pc_distance_low", distance, limits["min_acpc_mm"], "mm"),
        at_most("ac_pc_distance_high", distance, limits["max_acpc_mm"], "mm"),
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
    probe: Mapping[str, Any],
    limits: Limits,
) -> list[Check]:
    """Check a rigid registration: a clear optimum, the right side, enough of the brain.

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
    probe, limits : mapping
        ``anatomy.probe`` and ``anatomy.limits`` of the settings.
    """
    thin, points = thinned(brain, affine, step_voxels=STEP_VOXELS)
    values = fixed[thin]
    where = (values, points, moving, moving_affine, matrix)
    seen = coverage(points, moving.shape, np.linalg.inv(matrix) @ moving_affine)
    out = [
        at_least("peak_sharpness", peak_sharpness(*where, **probe), limits["min_peak_sharpness"]),
        at_least(
            "mirror_ratio", mirror_ratio(*where, n_bins=probe["n_bins"]), limits["min_mirror_ratio"]
        ),
        at_least("coverage", seen, limits["min_coverage"]),
    ]
    if same_contrast:
        there = sample(moving, np.linalg.inv(matrix) @ moving_affine, points, order=1)
        out.append(
            at_least("correlation", correlation(values, there), limits["min_session_correlation"])
        )
    return out
