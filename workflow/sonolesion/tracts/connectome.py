"""Which parcels streamlines connect, and how many of their connections the lesion leaves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sonolesion.tracts.geometry import Matrix, Offsets, Points


def end_parcels(
    points: Points, offsets: Offsets, parcels: NDArray[Any], affine: Matrix, *, radius_mm: float
) -> NDArray[np.int64]:
    """Return the parcels at both ends of each streamline, shape (S, 2).

    Parameters
    ----------
    points : ndarray of float32, shape (P, 3)
    offsets : ndarray of int64, shape (S + 1,)
        Streamlines [mm].
    parcels : ndarray of int, shape (X, Y, Z)
        Labels, 0 where there is none.
    affine : ndarray of shape (4, 4)
        Voxel indices of the parcels to the millimetres of the points.
    radius_mm : float
        Furthest voxel centre that is looked at [mm]; the nearest one counts.

    Returns
    -------
    ndarray of int64, shape (S, 2)
        0 where no parcel is near.

    Notes
    -----
    Streamlines end before the cortex, in white matter or at its border; a short radial search
    assigns them, as in MRtrix3 (Tournier et al. 2019, doi:10.1016/j.neuroimage.2019.116137).
    """
    index = np.argwhere(parcels > 0)
    if not index.size:
        return np.zeros((len(offsets) - 1, 2), dtype=np.int64)
    labels = np.append(parcels[tuple(index.T)], 0).astype(np.int64)
    tree = cKDTree(index @ affine[:3, :3].T + affine[:3, 3])
    ends = points[np.stack([offsets[:-1], offsets[1:] - 1], axis=1)].astype(np.float64)
    _, nearest = tree.query(ends, distance_upper_bound=radius_mm)
    return np.asarray(labels[nearest])


def matrix(ends: NDArray[np.int64], *, n_parcels: int) -> NDArray[np.int64]:
    """Count the streamlines between parcels.

    Parameters
    ----------
    ends : ndarray of int64, shape (S, 2)
        From `end_parcels`.
    n_parcels : int
        Largest label.

    Returns
    -------
    ndarray of int64, shape (n_parcels, n_parcels)
        Symmetric; streamlines with an end in no parcel are left out.

    Examples
    --------
    >>> matrix(np.array([[1, 2], [2, 1], [2, 2], [0, 1]]), n_parcels=2)
    array([[0, 2],
           [2, 1]])
    """
    both = (ends > 0).all(axis=1)
    low = ends[both].min(axis=1, initial=n_parcels) - 1
    high = ends[both].max(axis=1, initial=1) - 1
    counts = np.bincount(low * n_parcels + high, minlength=n_parcels**2)
    upper = counts.reshape(n_parcels, n_parcels)
    return np.asarray(upper + np.triu(upper, 1).T)


def cut_share(
    before: NDArray[np.int64], after: NDArray[np.int64], *, min_streamlines: int
) -> NDArray[np.float64]:
    """Return the share of each connection that is cut; NaN below a number of streamlines."""
    share = 1.0 - after / np.maximum(before, 1)
    return np.where(before >= min_streamlines, share, np.nan)


def parcel_cut(
    ends: NDArray[np.int64], is_cut: NDArray[np.bool_], *, n_parcels: int, min_streamlines: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return how many streamlines end in each parcel, and which share of them is cut.

    Both have shape (n_parcels,); a streamline with both ends in one parcel counts once.
    """
    twice = ends[:, 0] == ends[:, 1]
    once = np.stack([ends[:, 0], np.where(twice, 0, ends[:, 1])], axis=1)
    count = np.bincount(once.ravel(), minlength=n_parcels + 1)[1:]
    lost = np.bincount(once[is_cut].ravel(), minlength=n_parcels + 1)[1:]
    return count, cut_share(count, count - lost, min_streamlines=min_streamlines)
