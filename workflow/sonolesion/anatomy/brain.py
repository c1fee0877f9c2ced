"""Brain mask: the template's mask pulled back, then corrected by the scan's own intensities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.anatomy.geometry import crop_box

Volume = NDArray[np.float32]
Mask = NDArray[np.bool_]


def refine_brain(
    volume: Volume,
    first_guess: Mask,
    *,
    voxel_mm: float,
    grow_mm: float,
    trust_mm: float,
    opening_mm: float,
    tissue_fraction: float,
    fat_fraction: float,
) -> Mask:
    """Correct a brain mask carried from a template.

    Voxels deeper than ``trust_mm`` inside the guess stay; around them, tissue as bright as
    brain is kept when it hangs together with the core after an opening, which cuts the thin
    bridges to dura, eyes and marrow.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        T1-weighted image, bias corrected, isotropic.
    first_guess : ndarray of bool, shape (X, Y, Z)
        Template mask in this grid.
    voxel_mm : float
        Edge of a voxel [mm].
    grow_mm : float
        How far the brain may reach beyond the guess [mm].
    trust_mm : float
        Depth inside the guess beyond which nothing is removed [mm].
    opening_mm : float
        Radius of the opening [mm].
    tissue_fraction, fat_fraction : float
        Darkest and brightest brain tissue, as fractions of white matter's intensity.

    Returns
    -------
    ndarray of bool, shape (X, Y, Z)
        One piece without holes.
    """
    # Distances over the whole head cost seconds: work in the box that can hold the brain.
    box = crop_box(first_guess, margin_voxels=round((grow_mm + 2 * opening_mm) / voxel_mm) + 2)
    inner, guess = volume[box], first_guess[box]
    height = ndimage.distance_transform_edt(~guess) * voxel_mm
    core = ndimage.distance_transform_edt(guess) * voxel_mm > trust_mm
    white = white_matter_level(inner[core])
    tissue = (inner > tissue_fraction * white) & (inner < fat_fraction * white)
    candidate = (tissue & (height <= grow_mm)) | core
    opened = open_sphere(candidate, radius=opening_mm / voxel_mm)
    kept = largest_piece(opened | core)
    closed = close_sphere(kept, radius=2 * opening_mm / voxel_mm)
    refined = np.zeros_like(first_guess)
    refined[box] = fill(closed & (height <= grow_mm))
    return refined


def white_matter_level(values: NDArray[Any]) -> float:
    """Return the brightest mode of brain intensities: white matter on T1w.

    The mode is the highest histogram peak among the brighter half of the values.
    """
    low, high = np.percentile(values, [50.0, 99.5])
    counts, edges = np.histogram(values, bins=128, range=(float(low), float(high)))
    smooth = ndimage.gaussian_filter1d(counts.astype(float), 4.0, mode="constant")
    peak = int(np.argmax(smooth))
    return float((edges[peak] + edges[peak + 1]) / 2)


def open_sphere(mask: Mask, *, radius: float) -> Mask:
    """Open a mask with a ball of a radius [voxels]; exact, through distances."""
    return dilate_sphere(erode_sphere(mask, radius=radius), radius=radius)


def close_sphere(mask: Mask, *, radius: float) -> Mask:
    """Close a mask with a ball of a radius [voxels]; exact, through distances."""
    return erode_sphere(dilate_sphere(mask, radius=radius), radius=radius)


def erode_sphere(mask: Mask, *, radius: float) -> Mask:
    """Shrink a mask by a distance [voxels]; what lies beyond the volume counts as mask."""
    return ~dilate_sphere(~mask, radius=radius)


def dilate_sphere(mask: Mask, *, radius: float) -> Mask:
    """Widen a mask by a distance [voxels]; an empty one stays empty."""
    if not mask.any():
        return mask.copy()
    return np.asarray(ndimage.distance_transform_edt(~mask) <= radius, dtype=bool)


def largest_piece(mask: Mask) -> Mask:
    """Keep the largest connected piece; an empty mask stays empty."""
    labels, n_pieces = ndimage.label(mask)
    if n_pieces == 0:
        return mask.copy()
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(labels == int(np.argmax(sizes)), dtype=bool)


def fill(mask: Mask) -> Mask:
    """Fill the holes of a mask."""
    return np.asarray(ndimage.binary_fill_holes(mask), dtype=bool)
