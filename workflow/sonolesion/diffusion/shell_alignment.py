"""Align a shell to the unweighted volumes, across contrasts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from sonolesion.diffusion.motion_model import N_RIGID, Grid
from sonolesion.diffusion.registration import HEAD_RADIUS_MM, Samples, Smoothed, sampled

Array = NDArray[np.float64]


def mutual_information(one: Samples, two: Samples, *, n_bins: int) -> float:
    """Return the normalised mutual information of two sets of values.

    Parameters
    ----------
    one, two : ndarray of shape (P,)
        Values at the same points; points where one is not finite are left out.
    n_bins : int
        Bins an image, between its 1st and 99th percentile.

    Returns
    -------
    float
        1 (independent) to 2; 1 without points.

    Notes
    -----
    ``(H(A) + H(B)) / H(A, B)``: Studholme et al. 1999, doi:10.1016/S0031-3203(98)00091-0.
    A value is shared between its two nearest bins, so that the measure changes smoothly.
    """
    sound = np.isfinite(one) & np.isfinite(two)
    if not sound.any():
        return 1.0
    low_1, part_1 = _binned(one[sound], n_bins)
    low_2, part_2 = _binned(two[sound], n_bins)
    joint = np.zeros(n_bins * n_bins)
    for up_1 in (0, 1):
        for up_2 in (0, 1):
            share = (part_1 if up_1 else 1 - part_1) * (part_2 if up_2 else 1 - part_2)
            cell = (low_1 + up_1) * n_bins + low_2 + up_2
            joint += np.bincount(cell, weights=share, minlength=joint.size)
    joint /= joint.sum()
    table = joint.reshape(n_bins, n_bins)
    together = _entropy(joint)
    apart = _entropy(table.sum(axis=0)) + _entropy(table.sum(axis=1))
    return apart / together if together > 0 else 1.0


def _binned(values: Samples, n_bins: int) -> tuple[NDArray[np.int64], Array]:
    low, high = np.percentile(values, (1.0, 99.0))
    place = (values - low) / max(float(high - low), 1e-12) * (n_bins - 1)
    place = np.clip(place, 0.0, n_bins - 1.001).astype(np.float64)
    lower = place.astype(np.int64)
    return lower, place - lower


def _entropy(share: Array) -> float:
    filled = share[share > 0]
    return float(-(filled * np.log(filled)).sum())


def align(
    shell: Samples,
    unweighted: Smoothed,
    start: Array,
    points: Array,
    grid: Grid,
    *,
    n_bins: int,
    tolerance_mm: float,
) -> Array:
    """Return the rigid motion of the shell's frame into the unweighted volume.

    Parameters
    ----------
    shell : ndarray of shape (P,)
        Mean of the shell at points of its own frame.
    unweighted : Smoothed
        An unweighted volume.
    start : ndarray of shape (6,)
        Where to begin, as for `motion_model.place`.
    points : ndarray of shape (3, P)
        The points [voxel].
    grid : Grid
        Their grid.
    n_bins : int
        As for `mutual_information`.
    tolerance_mm : float
        Where the search ends [mm].

    Notes
    -----
    Powell's search without derivatives, from steps of 1 mm.
    """
    # Turns are told as displacements of the head's surface, so that all steps are alike.
    unit = np.array([1.0] * 3 + [1.0 / HEAD_RADIUS_MM] * 3)

    def unlike(step: Array) -> float:
        values = sampled(unweighted, start + unit * step, points, grid)
        return -mutual_information(shell, values, n_bins=n_bins)

    found = optimize.minimize(
        unlike,
        np.zeros(N_RIGID),
        method="Powell",
        options={"xtol": tolerance_mm, "ftol": 1e-6, "direc": np.eye(N_RIGID)},
    )
    return np.asarray(start + unit * found.x, dtype=np.float64)
