"""Coarse copies of a volume made of blocks of voxels, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Volume = NDArray[np.float32]
Factors = tuple[int, int, int]


def block_factors(shape: Sequence[int], *, voxel_mm: Sequence[float], level_mm: float) -> Factors:
    """Return how many voxels along each axis make a block of about a wanted edge.

    Parameters
    ----------
    shape : sequence of int
        Shape of the volume; at least 4 blocks stay along each axis.
    voxel_mm : sequence of float
        Edges of a voxel [mm].
    level_mm : float
        Wanted edge of a block [mm].

    Examples
    --------
    >>> block_factors((112, 112, 40), voxel_mm=(2.0, 2.0, 3.5), level_mm=8.0)
    (4, 4, 2)
    """
    wanted = [max(1, round(level_mm / edge)) for edge in voxel_mm]
    a, b, c = (min(n, max(1, length // 4)) for n, length in zip(wanted, shape, strict=True))
    return a, b, c


def blocks(volume: NDArray[Any], factors: Factors) -> Volume:
    """Average a volume over blocks; the last ones are filled up with zeros.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Signal.
    factors : tuple of int
        Voxels of a block along each axis.

    Returns
    -------
    ndarray of shape (ceil(X / a), ceil(Y / b), ceil(Z / c))
    """
    filling = [(0, -n % factor) for n, factor in zip(volume.shape, factors, strict=True)]
    padded = np.pad(np.asarray(volume, dtype=np.float32), filling)
    a, b, c = factors
    x, y, z = (n // factor for n, factor in zip(padded.shape, factors, strict=True))
    return np.asarray(padded.reshape(x, a, y, b, z, c).mean(axis=(1, 3, 5)), dtype=np.float32)


def onto(
    coarse: Volume, *, factors: Factors, finer_factors: Factors, shape: Sequence[int]
) -> Volume:
    """Interpolate values of blocks linearly at the centres of smaller blocks.

    Parameters
    ----------
    coarse : ndarray
        Values at blocks of `factors` voxels.
    factors, finer_factors : tuple of int
        Voxels of a block before and after.
    shape : sequence of int
        Shape after.
    """
    ratio = np.array(finer_factors) / np.array(factors)
    offset = (ratio - 1) / 2
    return np.asarray(
        ndimage.affine_transform(
            coarse, ratio, offset, output_shape=tuple(shape), order=1, mode="nearest"
        ),
        dtype=np.float32,
    )
