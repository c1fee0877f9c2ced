"""How many directions a diffusion scan has."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Unknowns of a tensor: fewer directions on one shell determine none.
N_TENSOR = 6


def unique_directions(vectors: NDArray[Any], *, min_angle_deg: float) -> int:
    """Count directions that differ, ``g`` and ``-g`` being one.

    Parameters
    ----------
    vectors : ndarray of shape (N, 3)
        Directions; zeros count for nothing.
    min_angle_deg : float
        Angle from which on two are two [deg].

    Examples
    --------
    >>> unique_directions(np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0]]), min_angle_deg=3.0)
    2
    """
    length = np.linalg.norm(vectors, axis=1)
    unit = vectors[length > 0] / length[length > 0, None]
    near = np.abs(unit @ unit.T) > np.cos(np.deg2rad(min_angle_deg))
    kept = np.zeros(len(unit), dtype=bool)
    for number in range(len(unit)):
        kept[number] = not (near[number] & kept).any()
    return int(kept.sum())


def fullest_shell(
    b_values: NDArray[Any],
    vectors: NDArray[Any],
    *,
    b0_max_s_mm2: float,
    shell_width_s_mm2: float,
    min_angle_deg: float,
) -> int:
    """Return the number of directions of the shell that has most.

    Parameters
    ----------
    b_values : ndarray of shape (N,)
        [s/mm²].
    vectors : ndarray of shape (N, 3)
        Directions.
    b0_max_s_mm2 : float
        Largest b-value that counts as none [s/mm²].
    shell_width_s_mm2 : float
        Gap between b-values that parts shells [s/mm²].
    min_angle_deg : float
        As for `unique_directions`.
    """
    weighted = np.flatnonzero(b_values > b0_max_s_mm2)
    order = weighted[np.argsort(b_values[weighted], kind="stable")]
    cuts = np.flatnonzero(np.diff(b_values[order]) > shell_width_s_mm2) + 1
    parts = [vectors[part] for part in np.split(order, cuts)]
    return max(unique_directions(part, min_angle_deg=min_angle_deg) for part in parts)
