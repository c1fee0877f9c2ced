"""AC, PC and the midsagittal plane, carried from the template to the subject."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.anatomy.geometry import Matrix, apply, grid_points
from sonolesion.anatomy.resample import sample_field

# Centres of the commissures in MNI152NLin2009cAsym, mean of the raters of the anatomical
# fiducials (AFIDs) protocol: Lau et al. 2019, doi:10.1002/hbm.24693; Taha et al. 2023,
# doi:10.1038/s41597-023-02330-9 (fiducials 1 and 2 of tpl-MNI152NLin2009cAsym). RAS+ [mm].
TEMPLATE_AC_MM = (-0.231, 2.933, -4.899)
TEMPLATE_PC_MM = (-0.241, -25.075, -2.169)

# Fiducials of the same table that lie in the midsagittal plane: infracollicular sulcus,
# pontomesencephalic junction, superior interpeduncular fossa, culmen, intermammillary sulcus,
# pineal gland, genu and splenium of the corpus callosum. RAS+ [mm].
TEMPLATE_MIDLINE_MM = (
    (0.199, -37.268, -10.912),
    (-0.127, -23.148, -21.522),
    (-0.067, -14.813, -11.320),
    (-0.005, -52.370, 2.068),
    (-0.066, -8.131, -14.776),
    (0.044, -31.737, 0.767),
    (0.178, 33.424, 2.676),
    (0.037, -37.685, 6.147),
)


def carry_points(
    points: NDArray[Any], field: NDArray[Any], field_affine: Matrix, linear: Matrix
) -> Matrix:
    """Carry template points to the subject: the deformation, then the linear transform.

    Parameters
    ----------
    points : ndarray of shape (N, 3)
        Template points, RAS+ [mm].
    field : ndarray of shape (X, Y, Z, 3)
        Displacement on the template's grid [mm], placed by ``field_affine`` (4, 4).
    linear : ndarray of shape (4, 4)
        Template to subject.

    Returns
    -------
    ndarray of shape (N, 3)
        Subject's points, RAS+ [mm].
    """
    moved = np.asarray(points, dtype=np.float64) + sample_field(field, field_affine, points)
    return apply(linear, moved)


def midplane_points(brain: NDArray[np.bool_], affine: Matrix, *, step_voxels: int) -> Matrix:
    """Return template points on the plane x = 0 inside the brain, shape (N, 3) [mm].

    The template is an average, so its interhemispheric fissure lies at x = 0.
    """
    column = round((0.0 - affine[0, 3]) / affine[0, 0])
    plane = grid_points(brain.shape, affine)[column, ::step_voxels, ::step_voxels]
    inside = brain[column, ::step_voxels, ::step_voxels]
    return np.asarray(plane[inside], dtype=np.float64)


def fit_plane(points: NDArray[Any], *, n_rounds: int, keep_fraction: float) -> Matrix:
    """Fit a plane, leaving out the points that lie farthest from it.

    Parameters
    ----------
    points : ndarray of shape (N, 3)
        Points near the plane [mm].
    n_rounds : int
        How often the farthest points are left out anew.
    keep_fraction : float
        Share of the points that stays.

    Returns
    -------
    ndarray of shape (3,)
        Unit normal, with a positive x component (to the right).

    Raises
    ------
    ValueError
        With fewer than three points.
    """
    if len(points) < 3:
        raise ValueError(f"a plane needs three points, not {len(points)}")
    kept = np.asarray(points, dtype=np.float64)
    for _ in range(n_rounds + 1):
        centre = kept.mean(axis=0)
        normal = np.linalg.svd(kept - centre, full_matrices=False)[2][2]
        distance = np.abs((points - centre) @ normal)
        kept = points[distance <= np.quantile(distance, keep_fraction)]
    return np.asarray(normal * np.sign(normal[0]), dtype=np.float64)


def acpc_matrix(ac_mm: NDArray[Any], pc_mm: NDArray[Any], normal: NDArray[Any]) -> Matrix:
    """Build the rigid transform from AC–PC space to the scanner.

    Parameters
    ----------
    ac_mm, pc_mm : ndarray of shape (3,)
        Commissures in the scanner's RAS+ [mm].
    normal : ndarray of shape (3,)
        Normal of the midsagittal plane, to the right.

    Returns
    -------
    ndarray of shape (4, 4)
        AC–PC points (origin AC, y from PC to AC, x right, z up) to scanner points.

    Raises
    ------
    ValueError
        If AC and PC coincide.
    """
    y = np.asarray(ac_mm, dtype=np.float64) - pc_mm
    if np.linalg.norm(y) == 0:
        raise ValueError("AC and PC coincide")
    y /= np.linalg.norm(y)
    # The line through AC and PC is exact; the plane only settles the roll about it.
    x = normal - (normal @ y) * y
    x /= np.linalg.norm(x)
    matrix = np.eye(4)
    matrix[:3, :3] = np.column_stack([x, y, np.cross(x, y)])
    matrix[:3, 3] = ac_mm
    return matrix
