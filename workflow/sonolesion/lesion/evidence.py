"""Signed evidence of ablation at every voxel.

Unit of every change: the median signal of the brain in the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from sonolesion.lesion.blocks import Volume

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Zones:
    """Expected change of every zone (core, rim and, if it may be seen, oedema).

    Attributes
    ----------
    means, spreads : ndarray of shape (K, C)
        Mean change and its standard deviation over lesions [brain level].
    volume_mm3 : float
        Median volume of core and rim together [mm³].
    """

    means: Array
    spreads: Array
    volume_mm3: float


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
    quiet = sum(_log_student(c, s, f) for c, s, f in zip(change, sd, freedom, strict=True))
    loud = []
    for means, spreads in zip(zones.means, zones.spreads, strict=True):
        terms = zip(change, sd, means, spreads, strict=True)
        loud.append(sum(_log_normal(c - m, s**2 + p**2) for c, s, m, p in terms))
    ratio = logsumexp(np.stack(loud), axis=0) - np.log(len(loud)) - quiet
    return np.asarray(np.clip(ratio, -ceiling, ceiling))


def _log_student(deviation: Volume, scale: Volume, freedom: float) -> Volume:
    """Log density of Student's t; scipy's own takes ten times as long."""
    level = gammaln((freedom + 1) / 2) - gammaln(freedom / 2) - 0.5 * np.log(freedom * np.pi)
    tail = 0.5 * (freedom + 1) * np.log1p(np.square(deviation / scale) / freedom)
    return np.asarray(level - tail - np.log(scale))


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
