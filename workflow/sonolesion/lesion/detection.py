"""Whether there is a lesion near the plan; the same is asked all over the same brain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.lesion import change as noise
from sonolesion.lesion.blocks import Mask, Volume
from sonolesion.lesion.evidence import Zones, log_evidence, log_prior

Array = NDArray[np.floating[Any]]
Voxels = NDArray[np.intp]


@dataclass(frozen=True)
class SearchPlan:
    """Settings of the search; lengths in [mm]."""

    flat_mm: float
    fall_mm: float
    scale_mm: float
    ceiling: float
    null_positions: int
    null_spacing_mm: float
    null_distance_mm: float
    alpha: float


@dataclass(frozen=True)
class Detection:
    """Outcome of the search round the plan.

    Attributes
    ----------
    statistic : float
        Largest log evidence of blurred change near the plan, less the cost of distance.
    p : float
        Part of the distinct peaks of the null, and of the plan itself, that reach it.
    null : ndarray of shape (N,)
        Statistic at the null's distinct peaks, descending.
    peak : ndarray of shape (3,)
        Voxel of the maximum.
    """

    statistic: float
    p: float
    null: Array
    peak: Voxels


def blurred(
    change: Sequence[Array], sd: Sequence[Array], *, usable: Mask, brain: Mask, sigma: float,
    edge: int, width: float, hole: float, cut: float, rounds: int, freedoms: tuple[float, ...],
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Blur changes to the size of a lesion; noise and tails are estimated anew.

    Noise of neighbouring voxels is correlated (interpolation, thick slices), so the noise
    of the blurred change can't be computed from that of the voxels.

    Parameters
    ----------
    change, sd : sequence of ndarray of shape (X, Y, Z)
        Change of each contrast and its standard deviation [brain level].
    usable, brain : ndarray of bool, shape (X, Y, Z)
        Voxels to estimate noise from, and the brain.
    sigma : float
        Gaussian width of the blur [voxels].
    edge, width, hole
        Block edge, neighbourhood and its empty middle of the local noise factor, see
        `change.noise_sd` [voxels, blocks].

    Returns
    -------
    change, sd : ndarray of shape (C, X, Y, Z)
    freedom : ndarray of shape (C,)
    """
    values = np.empty((len(change), *brain.shape), dtype=np.float32)
    spreads, tails = np.empty_like(values), []
    for index, (one, its_sd) in enumerate(zip(change, sd, strict=True)):
        value = ndimage.gaussian_filter(np.where(brain, one, 0), sigma, truncate=3.0)
        variance = ndimage.gaussian_filter(its_sd**2, sigma, truncate=3.0)
        spread = noise.noise_sd(
            value, np.stack([np.ones_like(variance), variance]), usable=usable,
            edge=edge, sigma=width, hole=hole, cut=cut, rounds=rounds,
        )  # fmt: skip
        tails.append(noise.tail_freedom((value / spread)[usable], candidates=freedoms))
        values[index], spreads[index] = value, spread
    return values, spreads, np.array(tails)


def detect(
    change: Array, sd: Array, freedom: Array, *, zones: Zones, brain: Mask, allowed: Mask,
    descriptors: Array, target: Voxels, step_mm: float, plan: SearchPlan, mirror: Voxels | None,
    seed: int,
) -> Detection:  # fmt: skip
    """Compare the evidence near the plan with that near null positions of alike tissue.

    Parameters
    ----------
    change, sd, freedom
        Blurred changes, see `blurred`.
    zones : Zones
        What a lesion may look like.
    brain, allowed : ndarray of bool, shape (X, Y, Z)
        Brain, and its part where null positions may lie.
    descriptors : ndarray of shape (D, X, Y, Z)
        What makes tissue alike, each scaled so that a difference of one is a large one.
    target, mirror : ndarray of int, shape (3,)
        Voxel of the plan, and of its mirror point if that is to be a null position.
    step_mm : float
        Edge of a voxel of these images [mm].
    plan : SearchPlan
        Settings.
    seed : int
        Seed of the draw of candidate positions.
    """
    evidence = np.full(brain.shape, -plan.ceiling, dtype=np.float32)
    # Slice by slice: all terms of the whole brain at once take a gigabyte.
    for x, inside in enumerate(brain):
        evidence[x, inside] = log_evidence(
            change[:, x, inside],
            sd[:, x, inside],
            zones=zones,
            freedom=freedom,
            ceiling=plan.ceiling,
        )
    reach = int(np.ceil((plan.flat_mm + 4 * plan.fall_mm) / step_mm))
    prior = _prior_ball(reach, step_mm, plan)
    places = null_positions(
        allowed, descriptors, target=target, reach=reach, count=plan.null_positions,
        spacing=plan.null_spacing_mm / step_mm, distance=plan.null_distance_mm / step_mm,
        seed=seed,
    )  # fmt: skip
    if mirror is not None:
        places = np.vstack([mirror[None], places])
    statistic, peak = peak_near(evidence, prior, target)
    null = distinct_peaks(
        [peak_near(evidence, prior, place) for place in places],
        apart=plan.null_spacing_mm / step_mm,
    )
    reached = np.count_nonzero(null >= statistic)
    return Detection(statistic, float((1 + reached) / (1 + len(null))), null, peak)


def _prior_ball(reach: int, step_mm: float, plan: SearchPlan) -> Volume:
    axis = np.arange(-reach, reach + 1) * step_mm
    distance = np.sqrt(sum(np.square(part) for part in np.meshgrid(axis, axis, axis)))
    return log_prior(distance, flat_mm=plan.flat_mm, fall_mm=plan.fall_mm)


def peak_near(evidence: Volume, prior: Volume, place: Voxels) -> tuple[float, Voxels]:
    """Return the maximum of evidence plus prior round a place, and its voxel."""
    reach = np.array(prior.shape) // 2
    low, high = place - reach, place + reach + 1
    if (low < 0).any() or (high > evidence.shape).any():
        raise ValueError(f"the search round voxel {place.tolist()} leaves the image")
    total = evidence[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] + prior
    best = np.array(np.unravel_index(int(total.argmax()), total.shape))
    return float(total[tuple(best)]), best + low


def null_positions(
    brain: Mask, descriptors: Array, *, target: Voxels, reach: int, count: int,
    spacing: float, distance: float, seed: int,
) -> Voxels:  # fmt: skip
    """Draw places in the brain whose tissue is most like that of the target.

    Parameters
    ----------
    reach : int
        Half-width of the search [voxels]; places nearer to the border are left out.
    count : int
        Places wanted; fewer where the brain has no room.
    spacing, distance : float
        Smallest distance between places, and from the target [voxels].

    Returns
    -------
    ndarray of int, shape (N, 3)
        Places, the most alike first.

    Raises
    ------
    ValueError
        If there is no place at all.
    """
    candidates = np.argwhere(brain)
    inside = ((candidates >= reach) & (candidates < np.array(brain.shape) - reach)).all(axis=1)
    far = np.square(candidates - target).sum(axis=1) >= distance**2
    candidates = candidates[inside & far]
    if not len(candidates):
        raise ValueError("no room in the brain for null positions")
    order = np.random.default_rng(seed).permutation(len(candidates))[: 40 * count]
    candidates = candidates[order]
    there = descriptors[(slice(None), *candidates.T)]
    unlike = np.square(there - descriptors[(slice(None), *target)][:, None]).sum(axis=0)
    chosen: list[Voxels] = []
    for place in candidates[np.argsort(unlike, kind="stable")]:
        if all(np.square(place - other).sum() >= spacing**2 for other in chosen):
            chosen.append(place)
        if len(chosen) == count:
            break
    return np.array(chosen)


def distinct_peaks(peaks: list[tuple[float, Voxels]], *, apart: float) -> Array:
    """Return the values of peaks, the larger of two that are nearer than `apart` voxels.

    Searches round neighbouring places find the same peak; it counts once.
    """
    kept: list[tuple[float, Voxels]] = []
    for value, voxel in sorted(peaks, key=lambda peak: -peak[0]):
        if all(np.square(voxel - other).sum() > apart**2 for _, other in kept):
            kept.append((value, voxel))
    return np.array([value for value, _ in kept])
