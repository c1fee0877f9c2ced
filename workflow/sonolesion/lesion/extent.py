"""What a scan sees of small regions: voxels of its own size, then one interpolation.

A thick slice averages what lies in it. Instead of undoing that, the model of a lesion goes
through the same two steps as the lesion did: the average over every voxel of the scan, and
the interpolation to the acpc grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

Array = NDArray[np.floating[Any]]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Lattice:
    """A regular grid of points: shape (X, Y, Z), and the affine to acpc [mm] (4, 4)."""

    shape: Shape
    affine: NDArray[np.float64]

    def points_mm(self) -> Array:
        """Return all points, shape (N, 3) [mm], in C order."""
        index = np.indices(self.shape).reshape(len(self.shape), -1).T
        return np.asarray(index @ self.affine[:3, :3].T + self.affine[:3, 3])


@dataclass(frozen=True)
class Extent:
    """The two steps from a fine lattice to what a scan shows on the acpc grid.

    Attributes
    ----------
    average : sparse array of shape (fine points, voxels of the scan)
        Share of every fine point in the mean over every voxel.
    patch : tuple of int
        Voxels of the scan near the lesion, (A, B, C).
    weights : sparse array of shape (voxels of the scan, M)
        Weights of the spline at M points of the acpc grid.
    filters : tuple of ndarray (A, A), (B, B), (C, C)
        From voxels to coefficients of a cubic spline along each axis; empty if it is linear.
    """

    average: sparse.csr_array
    patch: Shape
    weights: sparse.csr_array
    filters: tuple[Array, ...]

    def __call__(self, regions: Array, *, on: NDArray[np.intp] | None = None) -> Array:
        """Return what the scan shows, shape (K, M), of regions of shape (K, P).

        `on` (P,) names the fine points the regions are given at; all of them if None.
        """
        average = self.average if on is None else self.average[on]
        seen = np.asarray(regions.astype(np.float32) @ average)
        if self.filters:
            parts = seen.reshape(-1, *self.patch)
            along_x, along_y, along_z = self.filters
            parts = along_y @ parts @ along_z.T
            seen = np.tensordot(parts, along_x, axes=(1, 1)).transpose(0, 3, 1, 2)
            seen = seen.reshape(-1, average.shape[1])
        return np.asarray(seen @ self.weights, dtype=np.float64)


def extent_of(
    voxel_to_acpc: NDArray[np.float64],
    *,
    fine: Lattice,
    points_mm: Array,
    order: int,
    step_mm: float,
) -> Extent:
    """Build the two steps for one scan.

    Parameters
    ----------
    voxel_to_acpc : ndarray of shape (4, 4)
        Voxel indices of the scan as acquired to acpc [mm].
    fine : Lattice
        Fine points on which regions are given; nothing lies outside.
    points_mm : ndarray of shape (M, 3)
        Points of the acpc grid at which the scan is looked at [mm].
    order : int
        Spline by which the scan was brought to the acpc grid.
    step_mm : float
        Largest distance of the samples that average over a voxel [mm].
    """
    to_voxel = np.linalg.inv(voxel_to_acpc)
    place = points_mm @ to_voxel[:3, :3].T + to_voxel[:3, 3]
    # A cubic spline looks two voxels round a point.
    low = np.floor(place.min(axis=0)).astype(int) - 2
    high = np.ceil(place.max(axis=0)).astype(int) + 3
    patch = tuple(int(n) for n in high - low)
    centres = np.indices(patch).reshape(3, -1).T + low
    average = _averages(centres, voxel_to_acpc, fine, step_mm)
    filters = (
        ndimage.spline_filter1d(
            np.eye(n, dtype=np.float32), 3, axis=0, output=np.float32, mode="mirror"
        )
        for n in patch
        if order > 1
    )
    return Extent(average, patch, _spline_weights(place - low, patch, order), tuple(filters))


def _spline_weights(place: Array, patch: Shape, order: int) -> sparse.csr_array:
    """Weights of B-spline coefficients (rows) at places in voxels of the patch (columns)."""
    shift = 0 if order == 1 else 1
    base = np.floor(place).astype(int) - shift
    kernel = [_bspline(np.abs(place - (base + step)), order) for step in range(order + 1)]
    shape = (int(np.prod(patch)), len(place))
    total = sparse.csr_array(shape)
    for corner in np.ndindex((order + 1,) * 3):
        weight = np.prod([kernel[step][:, axis] for axis, step in enumerate(corner)], axis=0)
        row = np.ravel_multi_index(tuple((base + corner).T), patch)
        part = sparse.coo_array((weight, (row, np.arange(len(place)))), shape=shape)
        total = total + part.tocsr()
    return total.astype(np.float32)


def _bspline(distance: Array, order: int) -> Array:
    """B-spline of order 1 or 3 at a distance [voxels]."""
    if order == 1:
        return np.asarray(np.maximum(1 - distance, 0))
    near = 2 / 3 - distance**2 * (1 - distance / 2)
    far = np.maximum(2 - distance, 0) ** 3 / 6
    return np.asarray(np.where(distance < 1, near, far))


def _averages(
    centres: NDArray[Any], voxel_to_acpc: NDArray[np.float64], fine: Lattice, step_mm: float
) -> sparse.csr_array:
    """Mean over voxels: share of every fine point (rows) in every voxel (columns)."""
    edges = np.linalg.norm(voxel_to_acpc[:3, :3], axis=0)
    counts = np.maximum(np.ceil(edges / step_mm - 1e-9).astype(int), 1)
    inside = np.stack(
        np.meshgrid(*[(np.arange(n) + 0.5) / n - 0.5 for n in counts], indexing="ij"), axis=-1
    ).reshape(-1, 3)
    samples = (centres[:, None] + inside).reshape(-1, 3)
    points = samples @ voxel_to_acpc[:3, :3].T + voxel_to_acpc[:3, 3]
    to_fine = np.linalg.inv(fine.affine)
    place = points @ to_fine[:3, :3].T + to_fine[:3, 3]
    # Each sample takes the cell it lies in: to interpolate would blur what is modelled sharp.
    index = np.round(place).astype(int)
    held = ((index >= 0) & (index < fine.shape)).all(axis=1)
    row = np.ravel_multi_index(tuple(index[held].T), fine.shape)
    column = np.repeat(np.arange(len(centres)), len(inside))[held]
    weight = np.full(len(row), 1.0 / len(inside))
    shape = (int(np.prod(fine.shape)), len(centres))
    share = sparse.coo_array((weight.astype(np.float32), (row, column)), shape=shape)
    return sparse.csr_array(share)
