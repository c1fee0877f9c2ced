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


def shape_numbers(probability: Array, voxel_mm: Array, *, level: float) -> dict[str, float]:
    """Return plain numbers of the shape of a region.

    Parameters
    ----------
    probability : ndarray of shape (X, Y, Z)
        Probability of the region, or a mask as 0 and 1.
    voxel_mm : ndarray of shape (3,)
        Edges of a voxel [mm].
    level : float
        Probability at which the surface is laid.

    Returns
    -------
    dict
        ``elongation`` and ``flatness``: second and third principal axis over the first;
        ``sphericity``: surface of the ball of equal volume over the surface; ``solidity``:
        volume over that of the convex hull. 1 for a ball, each.

    Notes
    -----
    Zwanenburg et al. 2020, doi:10.1148/radiol.2020191145, on the mesh of the surface.
    """
    region = np.asarray(probability) > level
    points, faces = _mesh(probability, voxel_mm, level=level)
    corners = points[faces]
    area = 0.5 * np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    volume = abs(float(np.linalg.det(corners).sum())) / 6.0
    axes = _principal_mm(region, voxel_mm)
    return {
        "elongation": float(axes[1] / axes[0]),
        "flatness": float(axes[2] / axes[0]),
        "sphericity": float(np.cbrt(np.pi) * np.power(6.0 * volume, 2.0 / 3.0) / area.sum()),
        "solidity": volume / float(ConvexHull(points).volume),
    }


def _mesh(
    probability: Array, voxel_mm: Array, *, level: float
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return points (N, 3) [mm] about their mean, and triangles (M, 3), of the surface."""
    from skimage.measure import marching_cubes

    inside = [slice(i.min(), i.max() + 1) for i in np.nonzero(np.asarray(probability) > level)]
    box = tuple(
        slice(max(part.start - 1, 0), min(part.stop + 1, size))
        for part, size in zip(inside, np.shape(probability), strict=True)
    )
    padded = np.pad(np.asarray(probability, dtype=float)[box], 1)
    spacing = tuple(float(edge) for edge in voxel_mm)
    points, faces, _, _ = marching_cubes(padded, level, spacing=spacing)
    points = np.asarray(points, dtype=float)
    return points - points.mean(axis=0), np.asarray(faces)


def _principal_mm(region: Mask, voxel_mm: Array) -> NDArray[np.float64]:
    """Return the spreads along the principal axes, largest first; voxels have a width too."""
    edges = np.asarray(voxel_mm, dtype=float)
    points = np.argwhere(region) * edges
    spread = np.cov(points.T, bias=True) if len(points) > 1 else np.zeros((3, 3))
    return np.asarray(np.sqrt(np.linalg.eigvalsh(spread + np.diag(edges**2) / 12.0))[::-1])


def interval(samples: Array, *, level: float) -> tuple[float, float]:
    """Return the two quantiles between which the middle `level` of the samples lies."""
    low, high = np.quantile(np.asarray(samples, dtype=float), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
