"""Rigid registration of a later scan, or another contrast, to a T1w in AC–PC space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.anatomy.bias import foreground
from sonolesion.anatomy.geometry import Matrix, grid_points
from sonolesion.anatomy.registration import centre_of_mass, centred, coarser, register_best
from sonolesion.anatomy.space import widened

Volume = NDArray[np.float32]
CENTRE_GRID_MM = 4.0


def align(
    fixed: Volume,
    fixed_affine: Matrix,
    moving: Volume,
    moving_affine: Matrix,
    *,
    brain: NDArray[np.bool_],
    header: Matrix,
    margin_mm: float,
    metric: str,
    iterations: Sequence[int],
    jitter_voxels: float,
    seed: int,
    n_bins: int,
    n_threads: int,
) -> Matrix:
    """Register a scan rigidly, from its header's geometry and from the centres of the heads.

    Parameters
    ----------
    fixed : ndarray of shape (X, Y, Z)
        T1w in AC–PC space, with its affine (4, 4).
    moving : ndarray of shape (A, B, C)
        Scan, bias corrected, with its affine (4, 4).
    brain : ndarray of bool, shape (X, Y, Z)
        Brain in AC–PC space.
    header : ndarray of shape (4, 4)
        AC–PC to scanner points, if the patient lay as in the scan that this came from.
    margin_mm : float
        Margin around the brain in which the images are compared [mm].
    metric, iterations, jitter_voxels, seed, n_bins, n_threads
        As for `registration.register_best`.

    Returns
    -------
    ndarray of shape (4, 4)
        AC–PC points to points of the scan.
    """
    low, low_affine = coarser(fixed, fixed_affine, CENTRE_GRID_MM)
    head, head_affine = coarser(moving, moving_affine, CENTRE_GRID_MM)
    by_centre = centred(
        centre_of_mass(foreground(low), low_affine),
        centre_of_mass(foreground(head), head_affine),
        header,
    )
    return register_best(
        fixed, fixed_affine, moving, moving_affine, mask=widened(brain, margin_mm=margin_mm),
        starts=[header, by_centre], metric=metric, iterations=iterations,
        jitter_voxels=jitter_voxels, seed=seed, n_bins=n_bins, n_threads=n_threads,
    )  # fmt: skip


def thinned(
    mask: NDArray[np.bool_], affine: Matrix, *, step_voxels: int
) -> tuple[NDArray[np.bool_], NDArray[Any]]:
    """Return every n-th voxel of a mask along each axis, and the points there (N, 3) [mm]."""
    thin = np.zeros_like(mask)
    every = (slice(None, None, step_voxels),) * 3
    thin[every] = mask[every]
    return thin, grid_points(mask.shape, affine)[thin]
