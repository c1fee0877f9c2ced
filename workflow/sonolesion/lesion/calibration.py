"""Bring a follow-up to the intensity scale of its own baseline."""

from __future__ import annotations

import numpy as np

from sonolesion.lesion.blocks import Mask, Volume, local_mean, neighbourhood, to_voxels

# Median absolute deviation of a standard normal variate.
MAD_OF_NORMAL = 0.6744897501960817
# Part of the brain's signal below which a difference is rounding, not noise: identical scans
# have none.
QUIET = 1e-6


def brain_level(baseline: Volume, brain: Mask) -> float:
    """Return the median signal of the brain: the unit of all changes."""
    inside = baseline[brain]
    level = float(np.median(inside)) if inside.size else 0.0
    if not level > 0:
        raise ValueError(f"the median of the baseline in the brain is {level:g}, not positive")
    return level


def tukey(residual: Volume, *, scale: float, cut: float) -> Volume:
    """Weigh residuals by Tukey's biweight, zero beyond `cut` scales.

    Notes
    -----
    Beaton & Tukey 1974, doi:10.1080/00401706.1974.10489171.
    """
    inside = 1.0 - (residual / (cut * scale)) ** 2
    return np.asarray(np.square(np.maximum(inside, 0.0)))


def robust_sd(values: Volume) -> float:
    """Return the standard deviation that the median absolute deviation stands for."""
    return float(np.median(np.abs(values - np.median(values)))) / MAD_OF_NORMAL


def intensity_field(
    follow_up: Volume,
    baseline: Volume,
    *,
    brain: Mask,
    excluded: Mask,
    edge: int,
    sigma: float,
    hole: float,
    cut: float,
    rounds: int,
) -> Volume:
    """Estimate the smooth factor by which a follow-up is brighter than its baseline.

    Parameters
    ----------
    follow_up, baseline : ndarray of shape (X, Y, Z)
        One contrast at both visits, any unit.
    brain, excluded : ndarray of bool, shape (X, Y, Z)
        Where to estimate, and the sphere round the plan that must not take part: a lesion
        would explain itself away.
    edge : int
        Edge of the blocks the field is made from [voxels].
    sigma, hole : float
        Gaussian width of the field, and the distance below which a block has no say
        [blocks], see `blocks.neighbourhood`.
    cut : float
        Residuals beyond this many robust standard deviations are left out (Tukey).
    rounds : int
        Rounds of reweighting.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        Factor; divide the follow-up by it.

    Raises
    ------
    ValueError
        If no voxel is left to estimate from, or the baseline has no signal.
    """
    level = brain_level(baseline, brain)
    # Voxels without signal have no ratio.
    usable = brain & ~excluded & (follow_up > 0) & (baseline > 0.1 * level)
    if not usable.any():
        raise ValueError("no voxel with signal at both visits outside the excluded sphere")
    # A field this smooth is known from every second voxel.
    step = 2 if edge > 1 and usable[::2, ::2, ::2].any() else 1
    thin, half = (slice(None, None, step),) * 3, max(edge // step, 1)
    chosen = usable[thin]
    around = neighbourhood(sigma=sigma, hole=hole)
    ratio = np.zeros(chosen.shape, dtype=np.float32)
    ratio[chosen] = np.log(follow_up[thin][chosen] / baseline[thin][chosen])
    field: Volume = np.full(chosen.shape, np.median(ratio[chosen]))
    for _ in range(rounds):
        rest = ratio - field
        scale = max(robust_sd(rest[chosen]), QUIET)
        weight = tukey(rest, scale=scale, cut=cut) * chosen
        blocks = local_mean(ratio, weight, edge=half, around=around)
        field = to_voxels(blocks, shape=chosen.shape, edge=half)
    return np.asarray(np.exp(to_voxels(blocks, shape=baseline.shape, edge=step * half)))
