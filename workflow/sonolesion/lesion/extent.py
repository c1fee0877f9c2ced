"""What a scan sees of small regions: voxels of its own size, then one interpolation.

A thick slice averages what lies in it. Instead of undoing that, the model of a lesion goes
through the same two steps as the lesion did: the average over every voxel of the scan, and
the interpolation to the acpc grid.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

Array = NDArray[np.floating[Any]]
Shape = tuple[int, ...]
# Voxels over which the ripples of a cubic spline's coefficients fall to 1 in 200.
RIPPLE = 4
# Boxes of voxels whose weights are kept at hand.
MOST_BOXES = 16


@dataclass(frozen=True)
class Lattice:
    """A regular grid of points: shape (X, Y, Z), and the affine to acpc [mm] (4, 4)."""

    shape: Shape
    affine: NDArray[np.float64]

    def points_mm(self) -> Array:
        """Return all points, shape (N, 3) [mm], in C order."""
        index = np.indices(self.shape).reshape(len(self.shape), -1).T
        return np.asarray(index @ self.affine[:3, :3].T + self.affine[:3, 3])

    def cube(self, centre_mm: Array, reach_mm: float) -> NDArray[np.intp]:
        """Return the numbers of the points in a cube; the grid must lie along the axes."""
        step, start = np.diag(self.affine)[:3], self.affine[:3, 3]
        low = np.ceil((np.asarray(centre_mm) - reach_mm - start) / step).astype(int)
        high = np.floor((np.asarray(centre_mm) + reach_mm - start) / step).astype(int) + 1
        x, y, z = (
            np.arange(max(a, 0), max(min(b, size), 0))
            for a, b, size in zip(low, high, self.shape, strict=True)
        )
        flat = (x[:, None, None] * self.shape[1] + y[:, None]) * self.shape[2] + z
        return np.asarray(flat.ravel())


@dataclass(frozen=True)
class Extent:
    """The two steps from a fine lattice to what a scan shows on the acpc grid.

    Attributes
    ----------
    average : sparse array of shape (fine points, voxels of the scan)
        Share of every fine point in the mean over every voxel.
    patch : tuple of int
        Voxels of the scan near the lesion, (A, B, C).
    weights : sparse array of shape (M, voxels of the scan)
        Weights of the spline at M points of the acpc grid.
    corner : ndarray of int, shape (M, 3)
        First voxel that the spline of a point looks at.
    filters : tuple of ndarray (A, A), (B, B), (C, C)
        From voxels to coefficients of a cubic spline along each axis; empty if it is linear.
    boxes : dict
        Weights already looked up, see `_near`.
    """

    average: sparse.csr_array
    patch: Shape
    weights: sparse.csr_array
    corner: NDArray[np.intp]
    filters: tuple[Array, ...]
    boxes: dict[tuple[Shape, Shape], tuple[NDArray[np.intp], sparse.csr_array]] = field(
        default_factory=dict
    )

    def __call__(self, regions: Array, *, on: NDArray[np.intp]) -> Array:
        """Return what the scan shows, shape (K, M), of regions of shape (K, P).

        `on` (P,) names the fine points the regions are given at; elsewhere there is nothing.
        """
        shown = np.zeros((len(regions), self.weights.shape[0]))
        full = regions.any(axis=0)
        average = self.average[on[full]]
        if not average.nnz:
            return shown
        # One row a voxel, so that the sparse products run through memory once.
        seen = average.T @ np.ascontiguousarray(regions[:, full].T, dtype=np.float32)
        low, high = self._about(average)
        if self.filters:
            seen = self._filtered(seen.reshape(*self.patch, -1), low, high)
        rows, weights = self._near(tuple(low), tuple(high))
        shown[:, rows] = (weights @ seen).T
        return shown

    @property
    def order(self) -> int:
        """Order of the spline."""
        return 3 if self.filters else 1

    def _near(self, low: Shape, high: Shape) -> tuple[NDArray[np.intp], sparse.csr_array]:
        """Return the points whose spline looks into a box, and their weights.

        The boxes of like shapes are few; each is looked up once.
        """
        if (low, high) not in self.boxes:
            near = ((self.corner + self.order >= low) & (self.corner < high)).all(axis=1)
            rows = np.flatnonzero(near)
            if len(self.boxes) >= MOST_BOXES:
                self.boxes.pop(next(iter(self.boxes)))
            self.boxes[low, high] = (rows, self.weights[rows])
        return self.boxes[low, high]

    def _about(self, average: sparse.csr_array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the box of voxels that see something; a spline's ripples reach further."""
        places = np.stack(np.unravel_index(np.unique(average.indices), self.patch))
        ripple = RIPPLE if self.filters else 0
        low = np.maximum(places.min(axis=1) - ripple, 0)
        return low, np.minimum(places.max(axis=1) + 1 + ripple, self.patch)

    def _filtered(self, seen: Array, low: NDArray[np.intp], high: NDArray[np.intp]) -> Array:
        """Turn voxels (A, B, C, K) into coefficients of the spline within a box."""
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        part = seen[box]
        for axis, (matrix, cut) in enumerate(zip(self.filters, box, strict=True)):
            part = np.moveaxis(np.tensordot(matrix[cut, cut], part, axes=(1, axis)), 0, axis)
        whole = np.zeros_like(seen)
        whole[box] = part
        return whole.reshape(-1, seen.shape[-1])


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
    weights, corner = _spline_weights(place - low, patch, order)
    return Extent(average, patch, weights, corner, tuple(filters))


def _spline_weights(
    place: Array, patch: Shape, order: int
) -> tuple[sparse.csr_array, NDArray[np.intp]]:
    """Weights of B-spline coefficients (columns) at places in voxels of the patch (rows).

    Returns the weights, and the first voxel that each place looks at (M, 3).
    """
    base = np.floor(place).astype(int) - (0 if order == 1 else 1)
    steps = np.arange(order + 1)
    # Axis, place, step.
    kernel = _bspline(np.abs(place.T[..., None] - (base.T[..., None] + steps)), order)
    weight = np.einsum("mi,mj,mk->mijk", *kernel).astype(np.float32)
    x, y, z = base.T[..., None] + steps
    rows = (x[:, :, None, None] * patch[1] + y[:, None, :, None]) * patch[2] + z[:, None, None]
    ends = np.arange(len(place) + 1) * (order + 1) ** 3
    shape = (len(place), int(np.prod(patch)))
    return sparse.csr_array((weight.ravel(), rows.ravel(), ends), shape=shape), base


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
