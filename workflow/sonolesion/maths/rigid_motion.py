"""Rigid motion of a head: six parameters and their matrices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Array = NDArray[np.float64]

N_RIGID = 6
RIGID = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")


def matrix_of(parameters: Array, centre_mm: Array) -> Array:
    """Return the matrix of a rigid motion.

    Parameters
    ----------
    parameters : ndarray of shape (6,)
        Translation [mm], rotation vector [rad]; world axes.
    centre_mm : ndarray of shape (3,)
        Point about which is turned [mm].

    Returns
    -------
    ndarray of shape (4, 4)
        ``x -> R (x - c) + c + t``.

    Examples
    --------
    >>> matrix_of(np.array([1.0, 2, 3, 0, 0, 0]), np.zeros(3))[:3, 3].tolist()
    [1.0, 2.0, 3.0]
    """
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(parameters[3:N_RIGID]).as_matrix()
    matrix[:3, 3] = centre_mm + parameters[:3] - matrix[:3, :3] @ centre_mm
    return matrix


def parameters_of(matrix: Array, centre_mm: Array) -> Array:
    """Return the six parameters [mm, rad] of a rigid matrix: the inverse of `matrix_of`."""
    turn = Rotation.from_matrix(matrix[:3, :3]).as_rotvec()
    step = matrix[:3, 3] + matrix[:3, :3] @ centre_mm - centre_mm
    return np.concatenate([step, turn])
