"""The head around a skull-stripped template: hull, skull, scalp, face, as tissue fractions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.phantom.deformation import spread

Volume = NDArray[np.float32]
TISSUES = ("grey", "white", "fluid", "bone", "marrow", "fat", "muscle")
# Template millimetres: face, neck, eyes and nasal cavity are ellipsoids (centre, half axes).
FACE = ((0.0, 48.0, -58.0), (56.0, 50.0, 62.0))
NECK = ((0.0, -42.0, -120.0), (56.0, 58.0, 110.0))
NOSE = ((0.0, 66.0, -52.0), (14.0, 26.0, 22.0))
EYES = (((-32.0, 66.0, -34.0), (12.0, 12.0, 12.0)), ((32.0, 66.0, -34.0), (12.0, 12.0, 12.0)))
SKIN_MM = 2.0
DIPLOE = (0.35, 0.65)


def hull_distance(brain: NDArray[np.bool_], *, step: int, closing_mm: float) -> Volume:
    """Signed distance from the closed hull of a brain on a 1 mm grid.

    Parameters
    ----------
    brain : ndarray of bool, shape (X, Y, Z)
        Brain mask.
    step : int
        Work on every `step`-th voxel: distance is smooth, time is not.
    closing_mm : float
        Gaps narrower than twice this are filled [mm].

    Returns
    -------
    ndarray of shape (X, Y, Z)
        Distance [mm], negative inside; never positive in a brain voxel.
    """
    coarse = brain[::step, ::step, ::step]
    grown = ndimage.distance_transform_edt(~coarse) * step <= closing_mm
    hull = ndimage.distance_transform_edt(grown) * step > closing_mm
    hull |= coarse
    signed = ndimage.distance_transform_edt(~hull) - ndimage.distance_transform_edt(hull)
    positions = [np.arange(n) / step for n in brain.shape]
    fine = spread(signed * step, positions=(positions[0], positions[1], positions[2]))
    return np.where(brain, np.minimum(fine, 0), fine).astype(np.float32)


def ellipsoid(
    points: tuple[Volume, Volume, Volume],
    shape: tuple[tuple[float, float, float], tuple[float, float, float]],
) -> Volume:
    """Roughly the signed distance [mm] of each point from an ellipsoid, negative inside."""
    centre, axes = shape
    squared = sum(((point - c) / a) ** 2 for point, c, a in zip(points, centre, axes, strict=True))
    return np.asarray((np.sqrt(squared) - 1) * min(axes), dtype=np.float32)


def inside(distance_mm: Volume, edge_mm: float) -> Volume:
    """Fraction of a 1 mm cell below a distance: a ramp one millimetre wide."""
    return np.asarray(np.clip(edge_mm - distance_mm + 0.5, 0, 1))


def sharpen_mix(grey: Volume, white: Volume, t1_template: Volume, *, share: float) -> Volume:
    """White share of brain tissue, part from the maps and part from the T1 template.

    Deep grey nuclei differ in the T1 template where their maps saturate.

    Parameters
    ----------
    grey, white : ndarray of shape (X, Y, Z)
        Tissue fractions.
    t1_template : ndarray of shape (X, Y, Z)
        Intensity scaled so that pure grey matter is 0 and pure white matter 1.
    share : float
        Weight of the T1 template.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        White over grey + white.
    """
    if not 0 <= share <= 1:
        raise ValueError("share must be in [0, 1]")
    tissue = grey + white
    from_maps = np.divide(white, tissue, out=np.zeros_like(white), where=tissue > 0)
    return np.asarray((1 - share) * from_maps + share * np.clip(t1_template, 0, 1))


def layers(
    *,
    grey: Volume,
    white: Volume,
    hull_mm: Volume,
    points: tuple[Volume, Volume, Volume],
    csf_mm: float,
    skull_mm: float,
    scalp_mm: float,
) -> dict[str, Volume]:
    """Fill the head around the brain.

    Parameters
    ----------
    grey, white : ndarray of shape (X, Y, Z)
        Brain tissue fractions.
    hull_mm : ndarray of shape (X, Y, Z)
        Signed distance from the brain's hull.
    points : three ndarrays that broadcast to (X, Y, Z)
        Template coordinates [mm] of the voxels.
    csf_mm, skull_mm, scalp_mm : float
        Thickness of the layers [mm].

    Returns
    -------
    dict of ndarray
        Fraction of each of `TISSUES`; what is missing to one is air.
    """
    cranium_mm = csf_mm + skull_mm
    intracranial, with_skull = inside(hull_mm, csf_mm), inside(hull_mm, cranium_mm)
    skin = np.minimum(hull_mm - cranium_mm - scalp_mm, ellipsoid(points, FACE))
    skin = np.minimum(skin, ellipsoid(points, NECK))
    soft = inside(skin, 0) - with_skull
    np.clip(soft, 0, 1, out=soft)
    soft *= 1 - inside(ellipsoid(points, NOSE), 0)
    eyes = sum(inside(ellipsoid(points, eye), 0) for eye in EYES) * soft
    soft = soft - eyes
    # Fat lies under the skin all round, and fills what is close to the skull.
    fat = soft * inside(skin, -SKIN_MM) * (1 - inside(skin, -scalp_mm))
    diploe = inside(hull_mm, csf_mm + DIPLOE[1] * skull_mm) - inside(
        hull_mm, csf_mm + DIPLOE[0] * skull_mm
    )
    brain = grey + white
    return {
        "grey": grey,
        "white": white,
        "fluid": np.clip(intracranial - brain, 0, 1) + eyes,
        "bone": np.clip(with_skull - np.maximum(intracranial, brain) - diploe, 0, 1),
        "marrow": diploe,
        "fat": fat,
        "muscle": soft - fat,
    }
