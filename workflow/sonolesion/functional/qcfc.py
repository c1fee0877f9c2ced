"""QC–FC: how far connectivity over a study follows head motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
MEASURED = "measured"
# Correlations of a block of permutations with 35 000 edges take 18 MB.
BLOCK = 64


@dataclass(frozen=True)
class QcFc:
    """What motion explains of connectivity.

    Attributes
    ----------
    status : str
        ``measured``, or why not, in words (fewer participants than the least, no edge, equal
        motion); numbers are then NaN.
    n : int
        Participants, each counted once.
    n_edges : int
        Edges with a value in every scan.
    correlation : ndarray of shape (E,)
        Of each edge with motion; NaN for edges that lack a value or do not vary.
    median : float
        Median of its absolute value.
    null_median, null_high : float
        Median of that under permutation, and its upper limit at the quantile asked for.
    p : float
        Share of permutations with at least that median, the scan order itself counted.
    distance : float
        Spearman correlation of the edges' correlations with their lengths.
    distance_null_low, distance_null_high : float
        Interval of that under permutation, between the quantile and its complement.
    null_medians : ndarray of shape (n_permutations,)
        Median under each permutation; empty where nothing is measured.
    """

    status: str
    n: int
    n_edges: int
    correlation: Array
    median: float
    null_median: float
    null_high: float
    p: float
    distance: float
    distance_null_low: float
    distance_null_high: float
    null_medians: Array


def upper_edges(matrix: NDArray[Any]) -> Array:
    """Return the edges above the diagonal of a matrix (P, P), row by row, shape (E,)."""
    return np.asarray(matrix[np.triu_indices(len(matrix), k=1)], dtype=np.float64)


def lengths_mm(centres_mm: NDArray[Any]) -> Array:
    """Return the distance between the regions of each edge [mm]; centres of shape (P, 3)."""
    offset = centres_mm[:, None] - centres_mm[None]
    return upper_edges(np.sqrt(np.square(offset).sum(axis=-1)))


def by_participant(values: NDArray[Any], participants: NDArray[Any]) -> Array:
    """Return the mean of each participant's scans, in the order of their names.

    Parameters
    ----------
    values : ndarray of shape (S, ...)
        One row a scan.
    participants : ndarray of shape (S,)
        Whose scan it is.

    Notes
    -----
    Visits of one person share edges and habit of moving; counted as independent they would make
    the null too narrow.
    """
    names = np.unique(participants)
    means = [np.asarray(values[participants == name]).mean(axis=0) for name in names]
    return np.asarray(means, dtype=np.float64)


def qcfc(
    edges: Array,
    motion_mm: Array,
    length_mm: Array,
    *,
    min_participants: int,
    n_permutations: int,
    quantile: float,
    seed: int,
) -> QcFc:
    """Correlate every edge with motion over participants, against permuted motion.

    Parameters
    ----------
    edges : ndarray of shape (S, E)
        Fisher z of each edge, one row a participant.
    motion_mm : ndarray of shape (S,)
        Mean framewise displacement [mm].
    length_mm : ndarray of shape (E,)
        Distance between the regions of each edge [mm].
    min_participants : int
        Fewest; 4 at least.
    n_permutations : int
        Orders of the participants that are drawn.
    quantile : float
        Of the null's upper limit, such as 0.95.
    seed : int
        Of the draw.

    Returns
    -------
    QcFc

    Raises
    ------
    ValueError
        If arrays do not fit each other or motion is not finite.

    Notes
    -----
    Median absolute correlation and its dependence on distance: Ciric et al. 2017,
    doi:10.1016/j.neuroimage.2017.03.020; Parkes et al. 2018,
    doi:10.1016/j.neuroimage.2017.12.073. The median is far from 0 by chance in a small
    study (0.22 of 12 people), so it is judged against permuted motion only.
    """
    _require_fitting(edges, motion_mm, length_mm)
    usable = np.isfinite(edges).all(axis=0) & (np.ptp(edges, axis=0) > 0)
    none = np.full(edges.shape[1], np.nan)
    status = _status(edges, motion_mm, usable, least=max(min_participants, 4))
    if status != MEASURED:
        n, nan = int(usable.sum()), float("nan")
        return QcFc(
            status, len(edges), n, none, nan, nan, nan, nan, nan, nan, nan, null_medians=np.empty(0)
        )
    scaled = _unit(edges[:, usable])
    rank = _unit(stats.rankdata(length_mm[usable])[:, None])[:, 0] if usable.sum() > 2 else None
    found, median, distance = _measured(_unit(motion_mm[:, None]).T, scaled, rank)
    null, null_distance = _null(
        motion_mm, scaled, rank, n_permutations=n_permutations, rng=np.random.default_rng(seed)
    )
    none[usable] = found[0]
    low, high = np.quantile(null_distance, [1 - quantile, quantile])
    p = (1 + np.count_nonzero(null >= median[0] - 1e-12)) / (1 + n_permutations)
    return QcFc(
        status, len(edges), int(usable.sum()), none, float(median[0]),
        float(np.median(null)), float(np.quantile(null, quantile)), p,
        float(distance[0]), float(low), float(high), null,
    )  # fmt: skip


def chance_median(n: int) -> float:
    """Return the median absolute correlation of independent normal values of n participants.

    Examples
    --------
    >>> round(chance_median(12), 2)
    0.22
    """
    t = float(stats.t.ppf(0.75, n - 2))
    return t / float(np.sqrt(t**2 + n - 2))


def _status(edges: Array, motion_mm: Array, usable: NDArray[np.bool_], *, least: int) -> str:
    """Return `MEASURED`, or why nothing can be measured."""
    if len(edges) < least:
        return f"{len(edges)} participants, at least {least} are needed"
    if not usable.any():
        return "no edge has a value that varies in every participant"
    return MEASURED if np.ptp(motion_mm) > 0 else "motion is the same in every participant"


def _null(
    motion_mm: Array, scaled: Array, rank: Array | None, *, n_permutations: int,
    rng: np.random.Generator,
) -> tuple[Array, Array]:  # fmt: skip
    """Return median and distance dependence of permuted motion, each (n_permutations,)."""
    medians, distances = np.empty(n_permutations), np.empty(n_permutations)
    motion = _unit(motion_mm[:, None])[:, 0]
    for start in range(0, n_permutations, BLOCK):
        part = slice(start, min(start + BLOCK, n_permutations))
        orders = np.tile(motion, (part.stop - start, 1))
        _, medians[part], distances[part] = _measured(rng.permuted(orders, axis=1), scaled, rank)
    return medians, distances


def _measured(motion: Array, scaled: Array, rank: Array | None) -> tuple[Array, Array, Array]:
    """Return correlations (B, E), their median size and dependence on distance, each (B,)."""
    found = motion @ scaled
    if rank is None:
        distance = np.full(len(found), np.nan)
    else:
        distance = _unit(stats.rankdata(found, axis=1).T).T @ rank
    return found, np.median(np.abs(found), axis=1), distance


def _unit(columns: Array) -> Array:
    """Return columns less their mean, of length 1 (0 where constant)."""
    centred = columns - columns.mean(axis=0)
    length = np.sqrt(np.square(centred).sum(axis=0))
    return np.asarray(centred / np.where(length > 0, length, 1.0))


def _require_fitting(edges: Array, motion_mm: Array, length_mm: Array) -> None:
    """Raise `ValueError` for arrays that do not belong together."""
    shape = (len(motion_mm), len(length_mm))
    if edges.shape != shape:
        raise ValueError(f"edges {edges.shape} should be {shape}: participants by edges")
    if not np.isfinite(motion_mm).all() or (motion_mm < 0).any():
        raise ValueError("motion must be finite and not negative")
