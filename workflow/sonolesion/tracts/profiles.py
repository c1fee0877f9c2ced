"""Profiles of a map along a bundle: nodes at equal distances, weighted by how central they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.maths.points import Matrix, Points
from sonolesion.tracts.geometry import Offsets, resampled, sampled

Nodes = NDArray[np.float32]
# A node at the very core would weigh infinitely much.
NEAREST = 0.1
# A value counts if at least half of what it is interpolated from is known.
HALF = 0.5


@dataclass(frozen=True)
class Profile:
    """A map along a bundle.

    Attributes
    ----------
    mean, sd : ndarray of float64, shape (N,)
        Weighted mean of each node, and weighted standard deviation over streamlines.
    coverage : ndarray of float64, shape (N,)
        Share of the weight whose value is known.
    """

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    coverage: NDArray[np.float64]


def oriented_nodes(
    points: Points, offsets: Offsets, *, start_mm: NDArray[np.float64], n_nodes: int
) -> Nodes:
    """Resample streamlines to nodes at equal distances, all running the same way.

    Parameters
    ----------
    points : ndarray of float32, shape (P, 3)
    offsets : ndarray of int64, shape (S + 1,)
        A bundle.
    start_mm : ndarray of shape (3,)
        Where it starts, as the centre of its first waypoint [mm].
    n_nodes : int
        Nodes.

    Returns
    -------
    ndarray of float32, shape (S, N, 3)
        The first node of each streamline is its end nearer to the start.
    """
    n_lines = len(offsets) - 1
    counts = np.full(n_lines, n_nodes, dtype=np.int64)
    nodes = resampled(points, offsets, counts).reshape(n_lines, n_nodes, 3)
    to_first = np.linalg.norm(nodes[:, 0] - start_mm, axis=1)
    to_last = np.linalg.norm(nodes[:, -1] - start_mm, axis=1)
    turned = to_last < to_first
    nodes[turned] = nodes[turned, ::-1]
    return nodes


def distances(nodes: Nodes, *, floor_mm: float) -> NDArray[np.float64]:
    """Return the Mahalanobis distance of each node from the bundle's core, shape (S, N).

    Parameters
    ----------
    nodes : ndarray of shape (S, N, 3)
    floor_mm : float
        Least standard deviation of a node's position [mm]: a bundle of few streamlines has none.

    Notes
    -----
    Core and covariance are mean and covariance of the node's positions over streamlines
    (Yeatman et al. 2012, doi:10.1371/journal.pone.0049790).
    """
    spread = nodes.astype(np.float64) - nodes.mean(axis=0, dtype=np.float64)
    covariance = np.einsum("sni,snj->nij", spread, spread) / max(len(nodes) - 1, 1)
    covariance += floor_mm**2 * np.eye(3)
    squared = np.einsum("sni,nij,snj->sn", spread, np.linalg.inv(covariance), spread)
    return np.asarray(np.sqrt(np.maximum(squared, 0.0)), dtype=np.float64)


def core_members(
    nodes: Nodes,
    lengths_mm: NDArray[np.float64],
    *,
    max_distance: float,
    max_length_sd: float,
    floor_mm: float,
) -> NDArray[np.bool_]:
    """Tell which streamlines are no strays, shape (S,).

    Parameters
    ----------
    nodes, floor_mm
        As for `distances`.
    lengths_mm : ndarray of shape (S,)
        Length of each streamline [mm].
    max_distance : float
        Largest Mahalanobis distance of any node.
    max_length_sd : float
        Largest excess over the mean length, in standard deviations.

    Notes
    -----
    The cleaning of Yeatman et al. 2012, doi:10.1371/journal.pone.0049790, one round of it.
    """
    near = (distances(nodes, floor_mm=floor_mm) <= max_distance).all(axis=1)
    limit = lengths_mm.mean() + max_length_sd * max(float(lengths_mm.std()), floor_mm)
    return np.asarray(near & (lengths_mm <= limit))


def core_weights(nodes: Nodes, *, floor_mm: float) -> NDArray[np.float64]:
    """Return the weight of each node: less, the further from the core, shape (S, N).

    They are the inverse of `distances`, held below 1 / 0.1, and sum to 1 over streamlines.
    """
    weight = 1.0 / np.maximum(distances(nodes, floor_mm=floor_mm), NEAREST)
    return np.asarray(weight / weight.sum(axis=0))


def profile(
    nodes: Nodes, weights: NDArray[np.float64], volume: NDArray[Any], affine: Matrix
) -> Profile:
    """Return the weighted mean of a map at each node.

    Parameters
    ----------
    nodes : ndarray of shape (S, N, 3)
        From `oriented_nodes` [mm].
    weights : ndarray of shape (S, N)
        From `core_weights`.
    volume : ndarray of shape (X, Y, Z)
        Map (FA, MD); NaN where unknown.
    affine : ndarray of shape (4, 4)
        Its voxel indices to the millimetres of the nodes.

    Notes
    -----
    Yeatman et al. 2012, doi:10.1371/journal.pone.0049790.
    """
    flat = nodes.reshape(-1, 3)
    # A NaN anywhere in the volume would otherwise spread to its neighbours by 0 * NaN.
    known = np.isfinite(volume)
    share = sampled(flat, known.astype(np.float32), affine, outside=0.0)
    total = sampled(flat, np.where(known, volume, 0.0).astype(np.float32), affine, outside=0.0)
    seen = share.reshape(weights.shape) > HALF
    value = (total / np.maximum(share, HALF)).reshape(weights.shape).astype(np.float64)
    weight = np.where(seen, weights, 0.0)
    coverage = weight.sum(axis=0)
    safe = np.maximum(coverage, np.finfo(float).tiny)
    mean = (weight * value).sum(axis=0) / safe
    spread = np.sqrt((weight * (value - mean) ** 2).sum(axis=0) / safe)
    told = coverage > 0
    return Profile(np.where(told, mean, np.nan), np.where(told, spread, np.nan), coverage)
