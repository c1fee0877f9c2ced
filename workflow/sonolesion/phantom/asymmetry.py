"""The known difference between the halves of the brain, and what it comes to.

The template is exactly symmetric. A left occipital and a right frontal petalia and a wider
left lateral ventricle are imposed; the own shape adds a lesser random difference.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonolesion.phantom import deformation

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
# Template points [mm] about which tissue is moved, and how far that reaches (Gaussian sigma).
LEFT_OCCIPITAL, RIGHT_FRONTAL = np.array([-22.0, -92.0, 0.0]), np.array([24.0, 62.0, 4.0])
LEFT_VENTRICLE = np.array([-18.0, -22.0, 18.0])
PETALIA_REACH_MM, VENTRICLE_REACH_MM = 20.0, 11.0
# Template boxes [mm] of lateral, anterior and upward coordinates in which volumes are compared.
BOXES = {
    "occipital": ("brain", (4.0, 60.0), (-130.0, -45.0), (-30.0, 40.0)),
    "frontal": ("brain", (4.0, 60.0), (15.0, 100.0), (-40.0, 50.0)),
    "lateral_ventricle": ("fluid", (4.0, 32.0), (-45.0, 15.0), (4.0, 34.0)),
}


def imposed(points_mm: Array, *, petalia_mm: float, ventricle_gain: float) -> Array:
    """Displacement [mm] of the imposed asymmetry.

    Parameters
    ----------
    points_mm : ndarray of shape (..., 3)
        Points, in template millimetres.
    petalia_mm : float
        How far the left occipital and the right frontal pole are pushed out [mm].
    ventricle_gain : float
        Widening of the left lateral ventricle, in [0, 1).
    """
    backward = np.array([0.0, -petalia_mm, 0.0])
    poles = ((LEFT_OCCIPITAL, backward), (RIGHT_FRONTAL, -backward))
    pushed = [
        deformation.push(points_mm, centre_mm=centre, reach_mm=PETALIA_REACH_MM, shift_mm=shift)
        for centre, shift in poles
    ]
    widened = deformation.widen(
        points_mm, centre_mm=LEFT_VENTRICLE, reach_mm=VENTRICLE_REACH_MM, gain=ventricle_gain
    )
    return np.asarray(pushed[0] + pushed[1] + widened)


def balance(field_mm: Array, *, asymmetric_share: float) -> Array:
    """Weaken the part of a displacement field that differs between the halves.

    Parameters
    ----------
    field_mm : ndarray of shape (X, Y, Z, 3)
        Displacement on a grid symmetric about x = 0 [mm].
    asymmetric_share : float
        Factor of the antisymmetric part: 1 leaves the field, 0 makes it symmetric.
    """
    mirrored = field_mm[::-1] * np.array([-1.0, 1.0, 1.0])
    even, odd = (field_mm + mirrored) / 2, (field_mm - mirrored) / 2
    return np.asarray(even + asymmetric_share * odd)


def compare(
    maps: dict[str, Volume], points: tuple[Volume, Volume, Volume], *, cell_mm3: float
) -> dict[str, dict[str, float]]:
    """Left and right volume [cm³] of regions whose halves are equal in the template.

    Parameters
    ----------
    maps : dict of ndarray of shape (X, Y, Z)
        Fractions ``brain`` and ``fluid`` on the subject's grid.
    points : three ndarrays of shape (X, Y, Z)
        Template coordinates of the voxels [mm].
    cell_mm3 : float
        Volume of a voxel [mm³].
    """
    x, y, z = points
    found = {}
    for name, (kind, lateral, forward, upward) in BOXES.items():
        near = (np.abs(x) > lateral[0]) & (np.abs(x) < lateral[1])
        near &= (y > forward[0]) & (y < forward[1]) & (z > upward[0]) & (z < upward[1])
        held, side = maps[kind][near].astype(np.float64), x[near] > 0
        left, right = held[~side].sum() * cell_mm3 / 1000, held[side].sum() * cell_mm3 / 1000
        found[name] = {"left": round(float(left), 2), "right": round(float(right), 2)}
    return found
