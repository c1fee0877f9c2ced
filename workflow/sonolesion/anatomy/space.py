"""The subject's AC–PC space: its grid, its axes, its brain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.anatomy.brain import dilate_sphere
from sonolesion.anatomy.commissures import Commissure, find_commissure
from sonolesion.anatomy.geometry import Matrix, crop_box, grid_points
from sonolesion.anatomy.landmarks import (
    TEMPLATE_AC_MM,
    TEMPLATE_MIDLINE_MM,
    TEMPLATE_PC_MM,
    acpc_matrix,
    fit_plane,
    midplane_points,
)
from sonolesion.anatomy.resample import sample
from sonolesion.anatomy.template import TemplateFit, brain_of

# The grid of AC–PC space: 1 mm, origin at AC; wide enough for every adult head.
ACPC_SHAPE = (193, 229, 193)
ACPC_AFFINE = np.array(
    [[1.0, 0, 0, -96], [0, 1, 0, -132], [0, 0, 1, -78], [0, 0, 0, 1]], dtype=np.float64
)


def find_acpc(
    fit: TemplateFit,
    template: NDArray[Any],
    template_affine: Matrix,
    scan: NDArray[Any],
    scan_affine: Matrix,
    *,
    commissure: Mapping[str, float],
) -> tuple[Matrix, Commissure, Commissure]:
    """Find AC, PC and the midsagittal plane in the scanner, and build AC–PC space.

    Parameters
    ----------
    fit : TemplateFit
        Template to scanner.
    template, template_affine : ndarray of shape (X, Y, Z) and (4, 4)
        MNI152NLin2009cAsym, skull-stripped.
    scan, scan_affine : ndarray of shape (A, B, C) and (4, 4)
        T1w, bias corrected.
    commissure : mapping
        Parameters of `commissures.find_commissure`: ``anatomy.commissure`` of the settings.

    Returns
    -------
    matrix : ndarray of shape (4, 4)
        AC–PC points to scanner points.
    ac, pc : Commissure
        In the scanner's RAS+ [mm].
    """
    ac, pc = (
        find_commissure(fit, place, template, template_affine, scan, scan_affine, **commissure)
        for place in (TEMPLATE_AC_MM, TEMPLATE_PC_MM)
    )
    dense = midplane_points(brain_of(template), template_affine, step_voxels=4)
    midline = fit.to_subject(np.vstack([dense, np.array(TEMPLATE_MIDLINE_MM)]))
    normal = fit_plane(midline, n_rounds=3, keep_fraction=0.8)
    return acpc_matrix(ac.place_mm, pc.place_mm, normal), ac, pc


def landmark_table(ac: Commissure, pc: Commissure) -> dict[str, object]:
    """Return AC and PC in AC–PC space and in the scanner's, for the landmarks file."""
    distance = float(np.linalg.norm(ac.place_mm - pc.place_mm))
    return {
        "ac_mm": [0.0, 0.0, 0.0],
        "pc_mm": [0.0, round(-distance, 3), 0.0],
        "ac_scanner_mm": np.round(ac.place_mm, 3).tolist(),
        "pc_scanner_mm": np.round(pc.place_mm, 3).tolist(),
        "ac_likeness": round(ac.likeness, 3),
        "pc_likeness": round(pc.likeness, 3),
        "ac_moved_mm": round(float(np.linalg.norm(ac.place_mm - ac.carried_mm)), 3),
        "pc_moved_mm": round(float(np.linalg.norm(pc.place_mm - pc.carried_mm)), 3),
        "method": "AFIDs coordinates of MNI152NLin2009cAsym (10.1002/hbm.24693), carried by "
        "affine and deformable registration, then moved to where the template's surroundings "
        "match best; plane from the template's midline",
    }


def carried_brain(
    fit: TemplateFit,
    template: NDArray[Any],
    template_affine: Matrix,
    to_scanner: Matrix,
) -> NDArray[np.bool_]:
    """Carry the template's brain mask to the AC–PC grid.

    Parameters
    ----------
    fit : TemplateFit
        Template to scanner.
    template, template_affine : ndarray of shape (X, Y, Z) and (4, 4)
        Skull-stripped template.
    to_scanner : ndarray of shape (4, 4)
        AC–PC points to scanner points.

    Returns
    -------
    ndarray of bool, of shape `ACPC_SHAPE`
    """
    brain = brain_of(template).astype(np.float32)
    points = grid_points(ACPC_SHAPE, to_scanner @ ACPC_AFFINE)
    carried = sample(brain, template_affine, fit.to_template(points), order=1)
    return np.asarray(carried > 0.5, dtype=bool)


def template_start() -> Matrix:
    """Return the first guess from template to AC–PC space: AC on AC, PC's line level."""
    ac, pc = np.array(TEMPLATE_AC_MM), np.array(TEMPLATE_PC_MM)
    to_template = acpc_matrix(ac, pc, np.array([1.0, 0.0, 0.0]))
    return np.asarray(np.linalg.inv(to_template), dtype=np.float64)


def widened(mask: NDArray[np.bool_], *, margin_mm: float) -> NDArray[np.bool_]:
    """Widen a mask of AC–PC space by a margin [mm]; its voxels are 1 mm."""
    box = crop_box(mask, margin_voxels=int(np.ceil(margin_mm)) + 1)
    out = np.zeros_like(mask)
    out[box] = dilate_sphere(mask[box], radius=margin_mm)
    return out
