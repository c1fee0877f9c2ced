"""Change anywhere in the brain, away from every plan, with a family-wise error rate.

Evidence is the sum of signed, standardised changes of contrasts that must agree ("a look").
Clusters of it are ranked by mass. What mass chance reaches is read from the bulk of the clusters
of both signs in the same brain, and carried on to the tail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.lesion import change
from sonolesion.lesion.blocks import Mask, Volume
from sonolesion.lesion.comparison import Change, FieldModel, NoiseModel

Labels = NDArray[np.integer[Any]]
Array = NDArray[np.floating[Any]]
NEIGHBOURS = np.ones((3, 3, 3), dtype=bool)
# Power of a cluster's mass whose tail falls exponentially: 2 / (dimensions + 2).
MASS_POWER = 0.4


@dataclass(frozen=True)
class Look:
    """Contrasts that change together: name, and contrast → sign of its change."""

    name: str
    signs: Mapping[str, float]


@dataclass(frozen=True)
class Search:
    """Settings of the search.

    Attributes
    ----------
    scale_mm : float
        Gaussian width of the blur [mm].
    start : float
        Standard deviations from which a voxel belongs to a cluster.
    alpha : float
        Probability of one false cluster or more in a visit.
    rim_mm : float
        Depth below the surface of the brain from which to look [mm].
    most_fluid : float
        Fraction of fluid in the baseline up to which a voxel is looked at.
    edge_share : float
        A cluster ends where the evidence falls to this part of its height.
    bulk : tuple of two float
        Quantiles between which clusters tell how chance behaves.
    typical, weight : float
        Mean excess expected beforehand, and the number of clusters that it counts for.
    """

    scale_mm: float
    start: float
    alpha: float
    rim_mm: float
    most_fluid: float
    edge_share: float
    bulk: tuple[float, float]
    typical: float
    weight: float


@dataclass(frozen=True)
class Tail:
    """Clusters by chance: `count` of them reach `start`, and fewer by exp(−excess / mean)."""

    start: float
    mean: float
    count: int

    def expected(self, size: Array) -> Array:
        """Return how many clusters of a size or larger chance makes in one look."""
        return np.asarray(self.count * np.exp(-(size - self.start) / self.mean))


@dataclass(frozen=True)
class Piece:
    """A cluster of one look and sign: its voxels, statistic, p and height [sd]."""

    look: str
    sign: int
    inside: NDArray[np.intp]
    statistic: float
    p: float
    peak: float


@dataclass(frozen=True)
class Scan:
    """What a look gave: the real pieces, the tail, and its best statistic and p by sign."""

    pieces: list[Piece]
    tail: Tail
    best: dict[int, tuple[float, float]]


def region(brain: Mask, fluid: Volume, excluded: Mask, *, voxel_mm: float, search: Search) -> Mask:
    """Return where to look: inside the brain, away from its border, fluid and plans.

    Parameters
    ----------
    brain, excluded : ndarray of bool, shape (X, Y, Z)
    fluid : ndarray of shape (X, Y, Z)
        Fraction of fluid in the baseline.
    voxel_mm : float
        Edge of a voxel [mm].
    """
    deep = ndimage.distance_transform_edt(brain, sampling=voxel_mm) > search.rim_mm
    return np.asarray(deep & ~excluded & (fluid <= search.most_fluid))


def evidence(
    changes: Mapping[str, Change], look: Look, *, brain: Mask, usable: Mask, fluid: Volume,
    voxel_mm: float, search: Search, field: FieldModel, noise: NoiseModel,
) -> Volume:  # fmt: skip
    """Return the evidence of a look in standard deviations; zero where it isn't usable.

    Noise is estimated anew after blurring, from the same pair of scans: contrasts of one
    scan (trace and ADC) share theirs.
    """
    value = np.zeros(brain.shape, dtype=np.float32)
    spread = np.zeros(brain.shape, dtype=np.float32)
    for name, sign in look.signs.items():
        one = changes[name]
        value += sign * one.value / one.sd
        spread += np.where(one.valid, np.square(one.sd / np.median(one.sd[usable])), 0)
    sigma = search.scale_mm / voxel_mm
    value = ndimage.gaussian_filter(np.where(brain, value, 0), sigma, truncate=3.0)
    features = np.stack(
        [np.ones_like(value), *(ndimage.gaussian_filter(x, sigma) for x in (spread, fluid))]
    )
    sd = change.noise_sd(
        value, features.astype(np.float32), usable=usable,
        edge=max(1, round(noise.block_mm / voxel_mm)), sigma=noise.smooth_mm / noise.block_mm,
        hole=0.0, cut=field.cut, rounds=field.rounds,
    )  # fmt: skip
    return np.where(usable, value / sd, 0).astype(np.float32)


def fit_tail(sizes: Array, *, search: Search) -> Tail:
    """Read from the bulk of clusters how often chance makes large ones.

    Parameters
    ----------
    sizes : ndarray of shape (N,)
        Statistics of all clusters of both signs; the largest may be real.

    Notes
    -----
    Maximum likelihood of an exponential excess, with all above the upper quantile of the bulk
    known only to be above it, so that real change doesn't widen the tail.
    """
    if not len(sizes):
        return Tail(0.0, search.typical, 0)
    low, high = np.quantile(sizes, search.bulk)
    above = sizes[sizes > low]
    seen = np.count_nonzero(above <= high)
    total = np.sum(np.minimum(above, high) - low)
    mean = (total + search.weight * search.typical) / (seen + search.weight)
    return Tail(float(low), float(mean), len(above))


def find(evidence_map: Volume, look: Look, *, looks: int, search: Search) -> Scan:
    """Find the clusters of one look that chance would not make.

    Parameters
    ----------
    evidence_map : ndarray of shape (X, Y, Z)
        See `evidence`.
    looks : int
        Number of looks that the error rate is shared by.
    """
    labelled = {sign: _clusters(sign * evidence_map, search.start) for sign in (1, -1)}
    tail = fit_tail(np.concatenate([sizes for _, sizes in labelled.values()]), search=search)
    pieces, best = [], {}
    for sign, (labels, sizes) in labelled.items():
        p = -np.expm1(-looks * tail.expected(sizes))
        top = float(sizes.max(initial=0.0))
        best[sign] = (top, float(p.min(initial=1.0)))
        for number in np.flatnonzero(p <= search.alpha):
            inside, peak = _trimmed(sign * evidence_map, labels == number + 1, search.edge_share)
            piece = Piece(look.name, sign, inside, float(sizes[number]), float(p[number]), peak)
            pieces.append(piece)
    return Scan(pieces, tail, best)


def _clusters(height: Volume, start: float) -> tuple[Labels, Array]:
    """Label clusters, and return the statistic of each."""
    labels, count = ndimage.label(height > start, NEIGHBOURS)
    excess = np.maximum(height - start, 0)
    mass = np.atleast_1d(ndimage.sum(excess, labels, np.arange(1, count + 1)))
    return labels, np.asarray(mass, dtype=float) ** MASS_POWER


def _trimmed(height: Volume, inside: Mask, share: float) -> tuple[NDArray[np.intp], float]:
    """Return the voxels of a cluster above a share of its height, and its peak."""
    heights = height[inside]
    # The brightest voxels are the brightest by chance.
    cut = share * np.quantile(heights, 0.95)
    return np.argwhere(inside)[heights > cut], float(heights.max())


def merged(pieces: Sequence[Piece], shape: tuple[int, ...]) -> tuple[Labels, list[list[Piece]]]:
    """Join pieces that touch, of all looks and signs.

    Returns
    -------
    labels : ndarray of int, shape (X, Y, Z)
        Number of the cluster, from 1, the smallest p first; 0 elsewhere.
    groups : list of list of Piece
        Pieces of each cluster.
    """
    union = np.zeros(shape, dtype=bool)
    for piece in pieces:
        union[tuple(piece.inside.T)] = True
    raw, count = ndimage.label(union, NEIGHBOURS)
    groups: list[list[Piece]] = [[] for _ in range(count)]
    for piece in pieces:
        for number in np.unique(raw[tuple(piece.inside.T)]):
            groups[number - 1].append(piece)
    order = sorted(range(count), key=lambda i: min((x.p, -x.statistic) for x in groups[i]))
    place = np.zeros(count + 1, dtype=np.int16)
    place[[i + 1 for i in order]] = np.arange(1, count + 1)
    return place[raw], [groups[i] for i in order]
