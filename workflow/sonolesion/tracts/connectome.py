"""Which parcels streamlines connect, and which share of their connections is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from sonolesion.maths.points import Matrix, Points, voxel_numbers
from sonolesion.tracts.geometry import Offsets, segment_lengths

Ends = NDArray[np.int64]


def end_parcels(
    points: Points, offsets: Offsets, parcels: NDArray[Any], affine: Matrix, *, radius_mm: float
) -> Ends:
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


def relayed(
    points: Points,
    offsets: Offsets,
    relay: NDArray[np.bool_],
    affine: Matrix,
    *,
    min_mm: float,
    ends_there: NDArray[np.bool_],
) -> tuple[Points, Offsets]:
    """Part streamlines that run through a nucleus where fibres end: each becomes two.

    Parameters
    ----------
    points, offsets
        Streamlines [mm].
    relay : ndarray of bool, shape (X, Y, Z)
        Inside of the nucleus.
    affine : ndarray of shape (4, 4)
        Its voxel indices to the millimetres of the points.
    min_mm : float
        Length inside from which a streamline is parted [mm].
    ends_there : ndarray of bool, shape (S,)
        Streamlines that have an end in the nucleus already: they are left whole.

    Returns
    -------
    points, offsets
        Both parts hold the way through the nucleus, so that a lesion there meets both.

    Notes
    -----
    Anisotropy inside the thalamus is above what stops a streamline, which therefore goes from
    cortex to brainstem where two fibres meet at a synapse.
    """
    number = voxel_numbers(points, affine, relay.shape)
    inside = relay.ravel()[np.maximum(number, 0)] & (number >= 0)
    steps = np.where(inside, segment_lengths(points, offsets), 0.0)
    starts, stops = offsets[:-1], offsets[1:]
    if not len(starts):
        return points, offsets
    place = np.arange(len(points))
    first = np.minimum.reduceat(np.where(inside, place, len(points)), starts)
    last = np.maximum.reduceat(np.where(inside, place, -1), starts)
    long = np.add.reduceat(steps, starts) >= min_mm
    parted = long & ~ends_there & (first > starts) & (last < stops - 1)
    twice = np.repeat(np.arange(len(starts)), 1 + parted)
    second = np.append(False, twice[1:] == twice[:-1])
    begin = np.where(second, first[twice], starts[twice])
    end = np.where(parted[twice] & ~second, last[twice] + 1, stops[twice])
    counts = end - begin
    new = np.append(0, np.cumsum(counts)).astype(np.int64)
    return points[np.arange(new[-1]) + np.repeat(begin - new[:-1], counts)], new


def matrix(ends: Ends, *, n_parcels: int) -> NDArray[np.int64]:
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
    number = pair_numbers(ends, n_parcels=n_parcels)
    counts = np.bincount(number[number >= 0], minlength=n_parcels**2)
    upper = counts.reshape(n_parcels, n_parcels)
    return np.asarray(upper + np.triu(upper, 1).T)


def pair_numbers(ends: Ends, *, n_parcels: int) -> NDArray[np.int64]:
    """Return the number of each streamline's connection, shape (S,); -1 with an end nowhere.

    Connection ``(i, j)``, ``i <= j`` counted from 0, has the number ``i * n_parcels + j``.
    """
    low, high = np.minimum(ends[:, 0], ends[:, 1]) - 1, np.maximum(ends[:, 0], ends[:, 1]) - 1
    return np.where(low >= 0, low * n_parcels + high, -1)


def of_parcels(ends: Ends, *, n_parcels: int) -> sparse.csr_array:
    """Tell which streamlines end in which parcel, shape (S, n_parcels).

    One with both ends in a parcel belongs to it once.
    """
    twice = ends[:, 0] == ends[:, 1]
    once = np.stack([ends[:, 0], np.where(twice, 0, ends[:, 1])], axis=1)
    line, end = np.nonzero(once)
    return _members(line, once[line, end] - 1, (len(ends), n_parcels))


def of_connections(
    ends: Ends, connections: NDArray[np.int64], *, n_parcels: int
) -> sparse.csr_array:
    """Tell which streamlines make which connection, shape (S, C).

    `connections` are numbers as from `pair_numbers`, ascending.
    """
    number = pair_numbers(ends, n_parcels=n_parcels)
    place = np.searchsorted(connections, number)
    known = np.append(connections, -2)[place] == number
    line = np.flatnonzero(known)
    return _members(line, place[line], (len(ends), len(connections)))


def shares(
    members: sparse.csr_array, is_cut: NDArray[np.bool_], weights: NDArray[Any]
) -> NDArray[np.float64]:
    """Return the share of each group's weight that is cut, in each draw.

    Parameters
    ----------
    members : sparse array of shape (S, G)
        From `of_parcels` or `of_connections`.
    is_cut : ndarray of bool, shape (D, S)
        Whether a draw cuts a streamline.
    weights : ndarray of shape (S,) or (D, S)
        What each streamline counts: 1, its length, how often it was drawn.

    Returns
    -------
    ndarray of float64, shape (D, G)
        NaN where a group has no weight.
    """
    weights = np.broadcast_to(np.asarray(weights, dtype=np.float64), is_cut.shape)
    lost, total = (weights * is_cut) @ members, weights @ members
    return np.where(total > 0, lost / np.where(total > 0, total, 1.0), np.nan)


def _members(line: NDArray[Any], group: NDArray[Any], shape: tuple[int, int]) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(line)), (line, group)), shape=shape)
