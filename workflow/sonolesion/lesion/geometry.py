"""Size, place and targeting error of a segmented region, in acpc millimetres."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

Array = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]


def centroid_mm(weight: Array, affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the centre of mass [mm] of weights of shape (X, Y, Z).

    Raises
    ------
    ValueError
        If the weights sum to nothing.
    """
    total = float(weight.sum())
    if not total > 0:
        raise ValueError("an empty region has no centroid")
    centre = np.array(ndimage.center_of_mass(np.asarray(weight, dtype=float)))
    return np.asarray(affine[:3, :3] @ centre + affine[:3, 3])


def targeting_error_mm(
    centroid: NDArray[np.float64], target: NDArray[np.float64], *, side: str
) -> dict[str, float]:
    """Return the miss: ``ml`` lateral, ``ap`` anterior, ``dv`` dorsal positive, and ``3d``."""
    if side not in {"left", "right"}:
        raise ValueError(f"side {side!r} is neither left nor right")
    miss = np.asarray(centroid, dtype=float) - np.asarray(target, dtype=float)
    lateral = miss[0] if side == "right" else -miss[0]
    return {
        "ml": float(lateral),
        "ap": float(miss[1]),
        "dv": float(miss[2]),
        "3d": float(np.linalg.norm(miss)),
    }


def extents_mm(mask: Mask, voxel_mm: Array) -> NDArray[np.float64]:
    """Return the extents of a mask along x, y, z [mm], voxel edge to voxel edge."""
    if not mask.any():
        return np.zeros(mask.ndim)
    ranges = [np.ptp(index) + 1 for index in np.nonzero(mask)]
    return np.asarray(np.array(ranges) * voxel_mm, dtype=float)


def max_diameter_mm(mask: Mask, voxel_mm: Array) -> float:
    """Return the largest distance between the centres of two voxels of a mask [mm]."""
    edge = mask & ~ndimage.binary_erosion(mask)
    points = np.argwhere(edge) * np.asarray(voxel_mm, dtype=float)
    if len(points) <= 1:
        return 0.0
    # Flat regions have no hull; they are small enough to compare all pairs.
    with suppress(QhullError):
        points = points[ConvexHull(points).vertices]
    return float(pdist(points).max())


def sphere_diameter_mm(volume_mm3: float) -> float:
    """Return the diameter of the sphere of a volume [mm]."""
    return float(np.cbrt(6.0 * volume_mm3 / np.pi))
