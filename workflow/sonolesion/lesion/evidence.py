"""Signed evidence of ablation at every voxel, its zones and their probability.

Unit of every change: the median signal of the brain in the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats
from scipy.special import logsumexp, softmax

from sonolesion.lesion.blocks import Mask, Volume

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Zones:
    """Expected change of every zone in every contrast.

    Attributes
    ----------
    means, spreads : ndarray of shape (K, C)
        Mean change and its standard deviation over lesions [brain level].
    ablation : ndarray of bool, shape (K,)
        Zones that make up the lesion (I and II); the others are oedema.
    """

    means: Array
    spreads: Array
    ablation: NDArray[np.bool_]


def log_evidence(
    change: Array, sd: Array, *, zones: Zones, freedom: Array, ceiling: float
) -> Volume:
    """Log likelihood ratio of a lesion of some zone against no change.

    Parameters
    ----------
    change, sd : ndarray of shape (C, X, Y, Z)
        Change of each contrast and its standard deviation without a lesion [brain level].
    zones : Zones
        What a lesion may look like.
    freedom : ndarray of shape (C,)
        Degrees of freedom of the tails of the noise (Student's t).
    ceiling : float
        Largest log ratio a voxel may contribute.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        Log likelihood ratio, averaged over the zones.
    """
    quiet = sum(
        np.asarray(stats.t.logpdf(c, f, scale=s))
        for c, s, f in zip(change, sd, freedom, strict=True)
    )
    loud = []
    for means, spreads in zip(zones.means, zones.spreads, strict=True):
        terms = zip(change, sd, means, spreads, strict=True)
        loud.append(sum(_log_normal(c - m, s**2 + p**2) for c, s, m, p in terms))
    ratio = logsumexp(np.stack(loud), axis=0) - np.log(len(loud)) - quiet
    return np.asarray(np.clip(ratio, -ceiling, ceiling))


def _log_normal(deviation: Volume, variance: Volume) -> Volume:
    return np.asarray(-0.5 * (deviation**2 / variance + np.log(2 * np.pi * variance)))


def log_prior(distance_mm: Volume, *, flat_mm: float, fall_mm: float) -> Volume:
    """Log of the prior round the plan, relative to its centre.

    Flat as far as lesions miss and reach, then falling like a Gaussian: it keeps far changes
    out and neither makes a lesion nor shapes one.
    """
    if fall_mm <= 0:
        raise ValueError("the prior must fall over a positive distance")
    return np.asarray(-0.5 * np.square(np.maximum(distance_mm - flat_mm, 0.0) / fall_mm))


@dataclass(frozen=True)
class Segmentation:
    """Probability of the lesion (zones I and II), of oedema, and the change of each zone.

    Attributes
    ----------
    lesion, oedema : ndarray of shape (X, Y, Z)
        Probabilities; their sum is that of any change (zones I to III).
    means : ndarray of shape (K, C)
        Fitted change of each zone [brain level].
    parted : bool
        Whether lesion and oedema could be told apart; if not, all is in `lesion`.
    """

    lesion: Volume
    oedema: Volume
    means: Array
    parted: bool


def segment(
    change: Array,
    sd: Array,
    *,
    zones: Zones,
    seed: Mask,
    prior: Volume,
    mixture: float,
    coupling: float,
    rounds: int,
    min_depth: float,
) -> Segmentation:
    """Fit the zones to the changes round a detected peak.

    A Gaussian mixture of "no change" and the zones with a hidden Markov field, by mean-field
    EM. All classes share the variance (noise plus the spread within a zone), so that the
    border between two falls half-way between their means: the half-maximum of a blurred edge.

    Parameters
    ----------
    change, sd : ndarray of shape (C, X, Y, Z)
        As in `log_evidence`, in a box round the plan.
    zones : Zones
        Expected changes; the start, and a prior on the fitted means.
    seed : ndarray of bool, shape (X, Y, Z)
        Peak of the evidence; only changes connected with it belong to the lesion.
    prior : ndarray of shape (X, Y, Z)
        Log prior of change, see `log_prior`.
    mixture : float
        Spread within a zone as a part of its change.
    coupling : float
        Pull of the six neighbours towards their own class (Potts).
    rounds : int
        Rounds of EM.
    min_depth : float
        Depth below the surface of all change at which the lesion may begin, as a part of the
        largest depth.

    Notes
    -----
    Zhang, Brady & Smith 2001, doi:10.1109/42.906424, with a mean field in place of ICM.
    """
    means = zones.means.copy()
    within = np.square(mixture) * np.square(np.abs(zones.means).max(axis=0))
    belief = np.zeros((len(means) + 1, *seed.shape))
    for _ in range(rounds):
        variance = sd**2 + within[:, None, None, None]
        log_like = _classes(change, variance, means, prior)
        belief = mean_field(log_like, start=belief if belief.any() else None, coupling=coupling)
        belief = keep_connected(belief, seed)
        means = _updated(change, variance, belief[1:], zones)
        within = np.square(mixture) * np.square(np.abs(means).max(axis=0))
    return _concentric(belief, zones, means, min_depth)


def _classes(change: Array, variance: Array, means: Array, prior: Volume) -> Array:
    """Log likelihood plus prior of "no change" and each zone, shape (K + 1, X, Y, Z)."""
    quiet = -0.5 * (change**2 / variance).sum(axis=0)
    loud = [
        -0.5 * (np.square(change - m[:, None, None, None]) / variance).sum(axis=0) + prior
        for m in means
    ]
    return np.stack([quiet, *loud])


def mean_field(log_like: Array, *, start: Array | None, coupling: float, sweeps: int = 12) -> Array:
    """Mean-field beliefs of a Potts field on the six neighbours."""
    belief = softmax(log_like, axis=0) if start is None else start
    for _ in range(sweeps):
        pull = np.stack([6 * ndimage.convolve(b, CROSS / 6, mode="nearest") for b in belief])
        belief = softmax(log_like + coupling * pull, axis=0)
    return np.asarray(belief)


CROSS = ndimage.generate_binary_structure(3, 1).astype(float)
CROSS[1, 1, 1] = 0.0


def keep_connected(belief: Array, seed: Mask) -> Array:
    """Give every change that is not connected with the seed back to "no change"."""
    label, _ = ndimage.label(belief[0] < 0.5)
    hit = np.unique(label[seed])
    kept = np.isin(label, hit[hit > 0])
    near = ndimage.binary_dilation(kept, iterations=2) & (kept | (belief[0] >= 0.5))
    cleaned = np.where(near, belief, 0.0)
    cleaned[0] = np.where(near, belief[0], 1.0)
    return np.asarray(cleaned)


def _updated(change: Array, variance: Array, belief: Array, zones: Zones) -> Array:
    """Posterior means of the zones: data where there are any, the expectation otherwise."""
    weight = belief[:, None] / variance
    total = (weight * change).sum(axis=(2, 3, 4)) + zones.means / zones.spreads**2
    means = total / (weight.sum(axis=(2, 3, 4)) + 1.0 / zones.spreads**2)
    # Beyond one spread a zone would take another's place.
    return np.asarray(np.clip(means, zones.means - zones.spreads, zones.means + zones.spreads))


def _concentric(belief: Array, zones: Zones, means: Array, min_depth: float) -> Segmentation:
    """Turn beliefs into nested zones: the lesion lies inside its oedema.

    A blurred border of oedema looks like a weaker zone, so nothing near the outer surface is
    lesion; what looks unchanged but is enclosed lies on the way from one sign to the other.
    """
    seen = 1.0 - belief[0]
    any_change = fill(seen)
    if zones.ablation.all():
        return Segmentation(any_change, np.zeros_like(any_change), means, parted=True)
    depth = ndimage.distance_transform_edt(any_change > 0.5)
    deep = depth >= min_depth * depth.max()
    inner = belief[1:][zones.ablation].sum(axis=0) + any_change - seen
    inner = np.minimum(fill(np.where(deep, inner, 0.0)), any_change)
    parted = bool((inner > 0.5).any())
    lesion = inner if parted else any_change
    return Segmentation(lesion, np.asarray(any_change - lesion), means, parted)


def fill(probability: Volume) -> Volume:
    """Raise what is enclosed in a plane to the level of what encloses it.

    Zones are concentric (Wintermark 2014, PMID 24371027): a voxel that looks unchanged
    between changed ones lies in the crossing from one sign to the other.
    """
    from skimage.morphology import reconstruction

    filled = probability.copy()
    for axis in range(probability.ndim):
        for plane in range(probability.shape[axis]):
            cut = (slice(None),) * axis + (plane,)
            here = probability[cut]
            if here.max() <= 0.5:
                continue
            marker = np.full(here.shape, here.max())
            marker[0], marker[-1], marker[:, 0], marker[:, -1] = (
                here[0], here[-1], here[:, 0], here[:, -1],
            )  # fmt: skip
            filled[cut] = np.maximum(filled[cut], reconstruction(marker, here, method="erosion"))
    return np.asarray(filled)
