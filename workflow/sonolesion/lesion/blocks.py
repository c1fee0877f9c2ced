"""Smooth maps of local estimates: sums over blocks, blurred, brought back to the voxels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

Volume = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]


def block_sum(values: Volume, *, edge: int | tuple[int, int, int]) -> Volume:
    """Sum a volume over cubes of `edge` voxels; the last cubes may be incomplete.

    Parameters
    ----------
    values : ndarray of shape (X, Y, Z)
    edge : int or tuple of three int
        Edge of a cube, or edges of a block [voxels].

    Returns
    -------
    ndarray of shape (ceil(X/edge), ceil(Y/edge), ceil(Z/edge))
    """
    edges = edge if isinstance(edge, tuple) else (edge,) * 3
    if min(edges) < 1:
        raise ValueError("a block needs an edge of at least one voxel")
    total = np.asarray(values, dtype=np.float64)
    for axis, (size, step) in enumerate(zip(values.shape, edges, strict=True)):
        total = np.add.reduceat(total, np.arange(0, size, step), axis=axis)
    return total


def in_blocks(values: Volume, *, edge: int) -> Volume:
    """Sort the voxels of a volume into cubes of `edge` voxels.

    Parameters
    ----------
    values : ndarray of shape (X, Y, Z)

    Returns
    -------
    ndarray of shape (ceil(X/edge), ceil(Y/edge), ceil(Z/edge), edge³)
        32-bit floats; zeros fill up the last cubes.
    """
    if edge < 1:
        raise ValueError("a block needs an edge of at least one voxel")
    counts = [-(-size // edge) for size in values.shape]
    padded = np.zeros([count * edge for count in counts], dtype=np.float32)
    padded[tuple(slice(size) for size in values.shape)] = values
    x, y, z = counts
    cut = padded.reshape(x, edge, y, edge, z, edge).transpose(0, 2, 4, 1, 3, 5)
    return np.asarray(cut.reshape(x, y, z, -1))


def neighbourhood(*, sigma: float, hole: float) -> Volume:
    """Return the weights of a Gaussian neighbourhood whose middle is left out.

    Parameters
    ----------
    sigma : float
        Gaussian width [blocks].
    hole : float
        Distance up to which blocks have no say in what is expected here [blocks]; 0: all have.

    Notes
    -----
    A place that helped to say what is expected of it deviates less than one that didn't. The
    sphere round the plan takes no part; so that null positions are judged alike, no block takes
    part in its own surroundings.
    """
    reach = int(np.ceil(max(3.0 * sigma, hole + 1.0)))
    axis = np.arange(-reach, reach + 1.0)
    square = sum(np.square(part) for part in np.meshgrid(axis, axis, axis, sparse=True))
    weights = np.where(square >= hole**2, np.exp(-0.5 * square / sigma**2), 0.0)
    return np.asarray(weights / weights.sum())


def blur(blocks: Volume, weights: Volume) -> Volume:
    """Average block sums over a neighbourhood; the same for sums and for counts.

    Parameters
    ----------
    blocks : ndarray of shape (X, Y, Z, ...)
        Sums; zero beyond the border.
    weights : ndarray of shape (2R+1, 2R+1, 2R+1)
        See `neighbourhood`.
    """
    extra = (1,) * (blocks.ndim - 3)
    kernel = weights.reshape(*weights.shape, *extra)
    return np.asarray(signal.fftconvolve(blocks, kernel, mode="same", axes=(0, 1, 2)))


def local_mean(values: Volume, weight: Volume, *, edge: int, around: Volume) -> Volume:
    """Weighted mean in a neighbourhood, on the blocks.

    Blocks so far from any weight that they know nothing take the nearest one that does.

    Parameters
    ----------
    values, weight : ndarray of shape (X, Y, Z)
    edge : int
        Edge of a block [voxels].
    around : ndarray
        Weights of the neighbourhood, see `neighbourhood`.
    """
    total = blur(block_sum(values * weight, edge=edge), around)
    count = blur(block_sum(weight, edge=edge), around)
    # What the Fourier transform leaves of nothing is rounding.
    known = count > 1e-6 * max(float(count.max()), 1.0)
    return spread(np.divide(total, count, out=np.zeros_like(total), where=known), known)


def spread(blocks: Volume, known: Mask) -> Volume:
    """Fill unknown blocks from the nearest known one."""
    if not known.any():
        raise ValueError("no voxel to estimate from: the mask is empty")
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(blocks[tuple(nearest)])


def to_voxels(
    blocks: Volume, *, shape: tuple[int, ...], edge: int | tuple[int, int, int]
) -> Volume:
    """Interpolate block centres linearly to the voxels of a grid of `shape`."""
    fine = np.asarray(blocks, dtype=np.float32)
    edges = edge if isinstance(edge, tuple) else (edge,) * 3
    for axis, (size, step) in enumerate(zip(shape, edges, strict=True)):
        place = (np.arange(size) + 0.5) / step - 0.5
        place = np.clip(place, 0, fine.shape[axis] - 1)
        low = np.minimum(place.astype(int), max(fine.shape[axis] - 2, 0))
        high = np.minimum(low + 1, fine.shape[axis] - 1)
        part = (place - low).astype(np.float32)
        part = part.reshape([-1 if a == axis else 1 for a in range(fine.ndim)])
        fine = fine.take(low, axis) * (1 - part) + fine.take(high, axis) * part
    return fine
