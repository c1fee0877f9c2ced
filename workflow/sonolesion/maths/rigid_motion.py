"""Rigid motion of a head: six parameters, their matrices, and displacement from frame to frame."""

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


def framewise_displacement(parameters: NDArray[np.float64], *, radius_mm: float) -> Array:
    """Return how far the head moved since the frame before.

    Parameters
    ----------
    parameters : ndarray of shape (N, 6)
        Translations [mm] and rotations [rad] of each frame.
    radius_mm : float
        Of the ball on whose surface rotations are told [mm].

    Returns
    -------
    ndarray of shape (N,)
        [mm]; NaN for the first frame, which nothing precedes.

    Raises
    ------
    ValueError
        If the parameters are not six columns or not finite.

    Notes
    -----
    Sum of the absolute differences, rotations as arcs: Power et al. 2012,
    doi:10.1016/j.neuroimage.2011.10.018, p. 2144.

    Examples
    --------
    >>> framewise_displacement(np.array([[0.0] * 6, [1, 0, 0, 0.01, 0, 0]]), radius_mm=50.0)
    array([nan, 1.5])
    """
    if parameters.ndim != 2 or parameters.shape[1] != N_RIGID:
        raise ValueError(f"expected six columns of motion, found shape {parameters.shape}")
    if not np.isfinite(parameters).all():
        raise ValueError("the motion parameters are not all finite")
    steps = np.abs(np.diff(parameters, axis=0))
    moved = steps[:, :3].sum(axis=1) + radius_mm * steps[:, 3:].sum(axis=1)
    return np.concatenate([np.full(min(1, len(parameters)), np.nan), moved])
