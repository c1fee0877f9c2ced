"""Mean series of regions with their coverage, and matrices of how they go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sonolesion.core.errors import InputFault

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Members(NamedTuple):
    """The voxels of regions.

    Attributes
    ----------
    weights : sparse array of shape (P, X * Y * Z)
        Share of each voxel (C order) in each region, 0 to 1; regions may overlap.
    whole : ndarray of shape (P,)
        Size of each region in voxels, with what lies outside the scan.
    """

    weights: sparse.csr_array[Any, tuple[int, int]]
    whole: Array


@dataclass(frozen=True)
class RegionSeries:
    """What was read in regions.

    Attributes
    ----------
    series : ndarray of shape (N, P)
        Mean series; NaN where coverage is too small.
    coverage : ndarray of shape (P,)
        Share of the region that is inside, with signal.
    n_voxels : ndarray of shape (P,)
        That in voxels.
    """

    series: Array
    coverage: Array
    n_voxels: Array

    @property
    def is_read(self) -> Flags:
        """Which regions have a series."""
        return np.asarray(np.isfinite(self.series).all(axis=0))

    def unread(self, names: Sequence[str]) -> list[str]:
        """Return the names of the regions without a series, with their coverage."""
        return [
            f"{name} ({share:.2f})"
            for name, share, is_read in zip(names, self.coverage, self.is_read, strict=True)
            if not is_read
        ]


class Matrices(NamedTuple):
    """How regions go together, each of shape (P, P); NaN in rows and columns without a series.

    `fisher_z` has NaN on its diagonal. `shrinkage` of the partial correlations is 0 (none) to 1.
    """

    pearson: Array
    fisher_z: Array
    partial: Array
    shrinkage: float


def from_labels(labels: NDArray[Any], *, n_regions: int, whole: Array | None = None) -> Members:
    """Return the voxels of the regions 1 to `n_regions` of a label volume.

    Parameters
    ----------
    labels : ndarray of int, shape (X, Y, Z)
        On the grid of the scan; 0 is none.
    n_regions : int
        Labels above it are refused.
    whole : ndarray of shape (n_regions,), optional
        Size of each region in voxels of the scan, where some lie outside it; without, what
        the labels have, and what a scan cuts off does not lower the coverage.
    """
    if labels.min(initial=0) < 0 or labels.max(initial=0) > n_regions:
        raise ValueError(f"labels {labels.min()} to {labels.max()} of {n_regions} regions")
    flat = labels.reshape(-1)
    voxels = np.flatnonzero(flat)
    rows = flat[voxels].astype(np.intp) - 1
    content = (np.ones(len(voxels)), (rows, voxels))
    weights = sparse.csr_array(content, shape=(n_regions, labels.size))
    counted = np.bincount(rows, minlength=n_regions).astype(np.float64)
    return Members(weights, counted if whole is None else np.maximum(whole, counted))


def region_series(
    series: NDArray[Any], inside: Flags, members: Members, *, min_coverage: float
) -> RegionSeries:
    """Return the mean series of regions.

    Parameters
    ----------
    series : ndarray of shape (V, N)
        One row a voxel of `inside`, in its order (C).
    inside : ndarray of bool, shape (X, Y, Z)
        Brain without what is excluded at all visits.
    members : Members
        Their voxels.
    min_coverage : float
        Least share of a region that must be inside and have signal (finite, not constant).

    Returns
    -------
    RegionSeries
    """
    if series.ndim != 2 or len(series) != np.count_nonzero(inside):
        raise ValueError(f"series {series.shape} do not fit {np.count_nonzero(inside)} voxels")
    if members.weights.shape[1] != inside.size:
        raise ValueError(f"regions on {members.weights.shape[1]} voxels, scan of {inside.size}")
    sound = np.isfinite(series).all(axis=1) & (np.ptp(series, axis=1) > 0)
    used = members.weights[:, np.flatnonzero(inside)[sound]]
    n_voxels = np.asarray(used.sum(axis=1), dtype=np.float64)
    coverage = n_voxels / np.maximum(members.whole, np.finfo(float).tiny)
    total = np.asarray(used @ np.asarray(series[sound], dtype=np.float64))
    read = (coverage >= min_coverage) & (n_voxels > 0)
    mean = np.where(read[:, None], total / np.maximum(n_voxels, 1e-300)[:, None], np.nan)
    return RegionSeries(mean.T, coverage, n_voxels)


def matrices(regions: Array) -> Matrices:
    """Return correlation, its Fisher z, and partial correlation of series.

    Parameters
    ----------
    regions : ndarray of shape (N, P)
        One column a region, frames that were kept; NaN where there is no series.

    Returns
    -------
    Matrices

    Raises
    ------
    InputFault
        If fewer than two regions have a series, or fewer than 4 frames.

    Notes
    -----
    The correlation is not shrunk, as nilearn's would be by default. The partial one is nilearn's
    ConnectivityMeasure, from the Ledoit–Wolf estimate (Ledoit & Wolf 2004,
    doi:10.1016/S0047-259X(03)00096-4), since short scans have fewer frames than regions; it is
    shrunk towards 0, the more the shorter the scan, so partial correlations of scans of
    unequal length are not of one scale.
    """
    from nilearn.connectome import ConnectivityMeasure

    read: Flags = np.asarray(np.isfinite(regions).all(axis=0))
    _require_enough(int(read.sum()), len(regions))
    scaled = regions[:, read] - regions[:, read].mean(axis=0)
    scaled /= scaled.std(axis=0, ddof=1)
    pearson = _whole(np.clip(scaled.T @ scaled / (len(scaled) - 1), -1.0, 1.0), read)
    measure = ConnectivityMeasure(kind="partial correlation", standardize=False)
    partial = _whole(measure.fit_transform([scaled])[0], read)
    shrinkage = float(measure.cov_estimator_.shrinkage_)
    return Matrices(pearson, fisher_z(_without_diagonal(pearson)), partial, shrinkage)


def fisher_z(correlation: NDArray[Any]) -> Array:
    """Return the inverse hyperbolic tangent of correlations.

    Those beyond 0.999999 count as that (z 7.25): equal series have no finite value.
    """
    edge = 1.0 - 1e-6
    return np.asarray(np.arctanh(np.clip(correlation, -edge, edge)), dtype=np.float64)


def z_standard_error(*, freedom: float, n_conditioned: int = 0) -> float:
    """Return the standard error of a Fisher z that the freedom left in the series allows.

    Parameters
    ----------
    freedom : float
        Degrees of freedom of the series, as `denoising.freedom` counts them.
    n_conditioned : int
        Further regions that a partial correlation holds fixed (P - 2).

    Returns
    -------
    float
        ``1 / sqrt(freedom - n_conditioned - 2)``; NaN where nothing
        is left: such a z has no scale, though it has a value.

    Notes
    -----
    Fisher 1921 for independent frames; freedom lost to filters and regressors: Davey et al.
    2013, doi:10.1016/j.neuroimage.2012.08.022. Series that are autocorrelated within the band
    too have a larger one.

    Examples
    --------
    >>> z_standard_error(freedom=103, n_conditioned=1)
    0.1
    """
    free = freedom - n_conditioned - 2
    return float(1 / np.sqrt(free)) if free > 0 else float("nan")


def _require_enough(n_regions: int, n_frames: int) -> None:
    """Raise `InputFault` if there is nothing to correlate."""
    if n_regions < 2 or n_frames < 4:
        raise InputFault(
            file="series of regions",
            found=f"{n_regions} regions with signal, {n_frames} frames",
            expected="at least 2 regions and 4 frames",
            remedy="check that atlas and scan overlap, and how many frames were censored",
        )


def _whole(matrix: NDArray[Any], read: Flags) -> Array:
    """Return a matrix of the regions that were read as one of all, NaN elsewhere."""
    out = np.full((len(read), len(read)), np.nan)
    out[np.ix_(read, read)] = matrix
    return out


def _without_diagonal(matrix: Array) -> Array:
    return np.where(np.eye(len(matrix), dtype=bool), np.nan, matrix)
