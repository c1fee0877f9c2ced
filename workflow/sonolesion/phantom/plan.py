"""State points of a patient in the frames in which plans are written."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonolesion.phantom import pose
from sonolesion.phantom.deformation import displacement_at

Array = NDArray[np.float64]


def along(points_mm: Array, *, axes: str) -> Array:
    """Turn RAS numbers into numbers that grow in the directions of `axes`.

    Raises
    ------
    ValueError
        If the letters are not one of each of R/L, A/P, S/I in this order.
    """
    if len(axes) != 3 or any(a not in b for a, b in zip(axes, ("RL", "AP", "SI"), strict=True)):
        raise ValueError(f"axes {axes!r} are not three letters of R/L, A/P, S/I")
    return np.asarray(points_mm * [1.0 if letter in "RAS" else -1.0 for letter in axes])


def in_acpc(
    points_mm: Array, *, acpc: Array, ac_mm: Array, pc_mm: Array, origin: str, axes: str
) -> Array:
    """State subject points in acpc millimetres about AC, the mid-commissural point or PC.

    Parameters
    ----------
    points_mm : ndarray of shape (..., 3)
        Points in the subject's space.
    acpc : ndarray of shape (4, 4)
        Acpc points to the subject's.
    ac_mm, pc_mm : ndarray of shape (3,)
        The commissures in the subject's space.
    origin : str
        ``"ac"``, ``"mc"`` or ``"pc"``.
    axes : str
        Directions in which the numbers grow.
    """
    backward = {"ac": 0.0, "mc": 0.5, "pc": 1.0}[origin]
    start = np.array([0.0, -backward * float(np.linalg.norm(ac_mm - pc_mm)), 0.0])
    return along(pose.apply(np.linalg.inv(acpc), points_mm) - start, axes=axes)


def in_scanner(points_mm: Array, *, head: Array, axes: str) -> Array:
    """State subject points in the millimetres of a scan, given the head's pose in it."""
    return along(pose.apply(head, points_mm), axes=axes)


def in_template(points_mm: Array, *, field_mm: Array, field_affine: Array) -> Array:
    """State subject points in template millimetres."""
    flat = points_mm.reshape(-1, 3)
    moved = flat + displacement_at(flat, field_mm=field_mm, affine=field_affine)
    return moved.reshape(points_mm.shape)
