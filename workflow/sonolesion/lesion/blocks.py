"""Smooth maps of local estimates: sums over blocks, blurred, brought back to the voxels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Volume = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]


def block_sum(values: Volume, *, edge: int) -> Volume:
    """Sum a volume over cubes of `edge` voxels; the last cubes may be incomplete.

    Parameters
    ----------
    values : ndarray of shape (X, Y, Z)
    edge : int
        Edge of a cube [voxels].

    Returns
    -------
    ndarray of shape (ceil(X/edge), ceil(Y/edge), ceil(Z/edge))
    """
    if edge < 1:
        raise ValueError("a block needs an edge of at least one voxel")
    total = np.asarray(values, dtype=np.float64)
    for axis, size in enumerate(values.shape):
        total = np.add.reduceat(total, np.arange(0, size, edge), axis=axis)
    return total


def blur(blocks: Volume, *, sigma: float) -> Volume:
    """Blur block sums by a Gaussian [blocks]; the same for sums and for counts."""
    return np.asarray(ndimage.gaussian_filter(blocks, sigma, mode="constant", truncate=3.0))


def local_mean(values: Volume, weight: Volume, *, edge: int, sigma: float) -> Volume:
    """Weighted mean in a Gaussian neighbourhood, on the blocks.

    Blocks so far from any weight that they know nothing take the nearest one that does.
    """
    total = blur(block_sum(values * weight, edge=edge), sigma=sigma)
    count = blur(block_sum(weight, edge=edge), sigma=sigma)
    return spread(np.divide(total, count, out=np.zeros_like(total), where=count > 0), count > 0)


def spread(blocks: Volume, known: Mask) -> Volume:
    """Fill unknown blocks from the nearest known one."""
    if not known.any():
        raise ValueError("no voxel to estimate from: the mask is empty")
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(blocks[tuple(nearest)])


def to_voxels(blocks: Volume, *, shape: tuple[int, ...], edge: int) -> Volume:
    """Interpolate block centres linearly to the voxels of a grid of `shape`."""
    fine = np.asarray(blocks, dtype=np.float32)
    for axis, size in enumerate(shape):
        place = (np.arange(size) + 0.5) / edge - 0.5
        place = np.clip(place, 0, fine.shape[axis] - 1)
        low = np.minimum(place.astype(int), max(fine.shape[axis] - 2, 0))
        high = np.minimum(low + 1, fine.shape[axis] - 1)
        part = (place - low).astype(np.float32)
        part = part.reshape([-1 if a == axis else 1 for a in range(fine.ndim)])
        fine = fine.take(low, axis) * (1 - part) + fine.take(high, axis) * part
    return fine
