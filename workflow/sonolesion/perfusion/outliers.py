"""Difference volumes that spoil the mean, found by what tissue is like inside itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Reason = Literal["", "level of grey matter", "structure"]
# Median absolute deviation of a normal distribution over its standard deviation.
MAD_OF_NORMAL = 0.6745


@dataclass(frozen=True)
class Score:
    """Which volumes are kept.

    Attributes
    ----------
    kept : ndarray of shape (P,), bool
        Volumes that make the mean.
    reasons : tuple of str
        Of each volume why not: ``level of grey matter``, ``structure``, or empty.
    variance_before, variance_after : float
        Pooled variance within tissue of the mean of all, and of those that are kept.
    """

    kept: NDArray[np.bool_]
    reasons: tuple[Reason, ...]
    variance_before: float
    variance_after: float


def reject(
    volumes: NDArray[Any],
    tissues: Sequence[NDArray[Any]],
    *,
    min_probability: float,
    max_deviation_sd: float,
    min_volumes: int,
) -> Score:
    """Reject volumes that make tissue less uniform in the mean.

    Parameters
    ----------
    volumes : ndarray of shape (X, Y, Z, P)
        Blood flow or difference of each pair.
    tissues : sequence of ndarray of shape (X, Y, Z)
        Probabilities of grey matter, first, then white matter and CSF, on the grid.
    min_probability : float
        Least probability of a voxel of a tissue.
    max_deviation_sd : float
        Mean of grey matter beyond which a volume is left out at once, in robust standard
        deviations from the median of all.
    min_volumes : int
        Fewest volumes of which any is rejected, and that are left.

    Returns
    -------
    Score
        All are kept where there are fewer volumes, or no grey matter.

    Notes
    -----
    SCORE+ of Dolui et al. 2017, doi:10.1002/jmri.25436: after the extreme ones, the volume most
    like the mean is taken out (an artefact in the mean is most like the volume that brought
    it), as long as the variance within tissue, pooled with ``N - 1`` weights, falls. The volume
    after which it would rise is kept.
    """
    finite = np.isfinite(volumes).all(axis=3)
    members = [finite & (tissue > min_probability) for tissue in tissues]
    n_volumes = volumes.shape[3]
    if n_volumes < min_volumes or not members[0].any():
        return Score(np.ones(n_volumes, bool), ("",) * n_volumes, np.nan, np.nan)
    samples = [volumes[inside].astype(np.float64) for inside in members]
    kept = _near_median(samples[0].mean(axis=0), max_deviation_sd)
    if kept.sum() < min_volumes:
        kept[:] = True
    reasons: list[Reason] = ["" if one else "level of grey matter" for one in kept]
    before = _pooled_variance(samples, np.ones(n_volumes, bool))
    within = volumes[np.any(members, axis=0)].astype(np.float64)
    variance = _pooled_variance(samples, kept)
    while kept.sum() > min_volumes:
        worst = _most_alike(within, kept)
        trial = kept.copy()
        trial[worst] = False
        after = _pooled_variance(samples, trial)
        if not after < variance:
            break
        kept, variance, reasons[worst] = trial, after, "structure"
    return Score(kept, tuple(reasons), before, variance)


def _near_median(levels: Array, max_deviation_sd: float) -> NDArray[np.bool_]:
    """Return which mean levels lie near the median of all."""
    off = np.abs(levels - np.median(levels))
    return np.asarray(off <= max_deviation_sd * np.median(off) / MAD_OF_NORMAL)


def _pooled_variance(samples: Sequence[Array], kept: NDArray[np.bool_]) -> float:
    """Return the variance within tissues of the mean volume, pooled."""
    sizes = [max(len(sample) - 1, 0) for sample in samples]
    total = sum(
        size * float(sample[:, kept].mean(axis=1).var(ddof=1))
        for size, sample in zip(sizes, samples, strict=True)
        if size
    )
    return total / max(sum(sizes), 1)


def _most_alike(within: Array, kept: NDArray[np.bool_]) -> int:
    """Return the volume that correlates best with the mean of those kept."""
    centred = within - within.mean(axis=0)
    mean = centred[:, kept].mean(axis=1)
    size = np.sqrt((centred * centred).sum(axis=0))
    likeness = mean @ centred / np.where(size > 0, size, np.inf)
    return int(np.argmax(np.where(kept, likeness, -np.inf)))
