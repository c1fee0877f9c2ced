"""Volumes turned so that their axes run as those of the world do."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Matrix = NDArray[np.float64]


def canonical(volume: NDArray[Any], affine: Matrix) -> tuple[NDArray[Any], Matrix]:
    """Return a volume with its axes permuted and flipped to be nearest to RAS+, and its affine.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z, ...)
    affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm].

    Examples
    --------
    >>> turned, affine = canonical(np.arange(2.0).reshape(2, 1, 1), np.diag([-2.0, 2, 2, 1]))
    >>> turned.ravel().tolist(), affine[0].tolist()
    ([1.0, 0.0], [2.0, 0.0, 0.0, -2.0])
    """
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    order = _order(axes)
    signs = [np.sign(axes[world, voxel]) for world, voxel in enumerate(order)]
    rest = list(range(3, volume.ndim))
    turned = np.transpose(volume, [*order, *rest])
    out = affine.copy()
    out[:3, :3] = affine[:3, :3][:, order]
    for world, sign in enumerate(signs):
        if sign < 0:
            turned = np.flip(turned, axis=world)
            out[:3, 3] += out[:3, world] * (turned.shape[world] - 1)
            out[:3, world] *= -1.0
    return turned, out


def _order(axes: Matrix) -> list[int]:
    """Return which voxel axis is nearest to x, y and z of the world, each once."""
    world, voxel = linear_sum_assignment(-np.abs(axes))
    return [int(n) for n in voxel[np.argsort(world)]]
