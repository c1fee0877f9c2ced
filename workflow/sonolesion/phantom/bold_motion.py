"""How the head moves during a resting-state run, and what moving does to the signal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.settings.phantom_bold import HeadMotion
from sonolesion.phantom import pose

Array = NDArray[np.float64]
# Ball on which rotations count as displacement [mm], as in Power 2012.
HEAD_RADIUS_MM = 50.0
# T1 of brain tissue with which a disturbed magnetisation comes back [s].
RECOVERY_S = 1.3
# Volumes at the beginning in which the head does not jerk.
QUIET_START = 5


@dataclass(frozen=True)
class Moves:
    """Truth of a run of N volumes.

    `shifts_mm` and `angles_deg` (N, 3) give the motions that take scanner points of the first
    volume to this one; `jerked` (N,) names frames of a jerk; `lost` (N,) is the share of signal
    that what moved before costs where spin history tells most.
    """

    shifts_mm: Array
    angles_deg: Array
    jerked: NDArray[np.bool_]
    lost: Array

    def matrix(self, n: int) -> Array:
        """Return the motion of a volume, 4 x 4."""
        return pose.rigid(
            angles_deg=self.angles_deg[n], shift_mm=self.shifts_mm[n], centre_mm=np.zeros(3)
        )


def displacement_mm(shifts_mm: Array, angles_deg: Array) -> Array:
    """Return the framewise displacement of motions (N, 3), 0 for the first, shape (N,).

    Notes
    -----
    Sum of absolute differences, rotations on a ball. Power 2012,
    doi:10.1016/j.neuroimage.2011.10.018.
    """
    turned_mm = np.deg2rad(angles_deg) * HEAD_RADIUS_MM
    steps = np.abs(np.diff(np.hstack([shifts_mm, turned_mm]), axis=0)).sum(axis=1)
    return np.concatenate([[0.0], steps])


def history(moved_mm: Array, *, per_mm: float, repetition_s: float) -> Array:
    """Return the share of signal lost to what moved before, shape (N,).

    A disturbance of the magnetisation decays with T1, so the loss follows the displacement
    smoothed by ``exp(-t / T1)``. Friston 1996, doi:10.1002/mrm.1910350312.
    """
    kept = np.exp(-repetition_s / RECOVERY_S)
    lost, left = np.zeros(len(moved_mm)), 0.0
    for n, step in enumerate(moved_mm):
        left = left * kept + per_mm * step
        lost[n] = left
    return lost


def draw(settings: HeadMotion, *, n: int, repetition_s: float, rng: np.random.Generator) -> Moves:
    """Draw a random walk with jerks from which the head comes back."""
    scale = np.exp(settings.person_sd * np.clip(rng.standard_normal(), -2, 2))
    spread = np.repeat([settings.walk_mm, settings.walk_deg], 3) * scale
    steps = rng.standard_normal((n, 6)) * spread / np.sqrt(max(n - 1, 1))
    steps[0] = 0
    walked = np.cumsum(steps, axis=0)
    jerked = np.zeros(n, dtype=bool)
    room = np.arange(min(QUIET_START, n - 1), n)
    where = rng.permutation(room)[: settings.n_jerks]
    jerked[where] = True
    size = np.repeat([settings.jerk_mm, settings.jerk_deg], 3) * scale
    walked[where] += rng.standard_normal((len(where), 6)) * size
    moved_mm = displacement_mm(walked[:, :3], walked[:, 3:])
    lost = history(moved_mm, per_mm=settings.history_per_mm, repetition_s=repetition_s)
    return Moves(walked[:, :3], walked[:, 3:], jerked, lost)
