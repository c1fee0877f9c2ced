"""A toy head, small and lopsided, so that every mistake of place or side shows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sonolesion.anatomy import geometry

TOY_AFFINE = np.array([[3.0, 0, 0, -60], [0, 3, 0, -70], [0, 0, 3, -55], [0, 0, 0, 1]])
TOY_SHAPE = (41, 48, 37)


def ball(
    points: NDArray[np.floating], centre: tuple[float, ...], radii: tuple[float, ...]
) -> NDArray[np.bool_]:
    """Return which points lie in an ellipsoid."""
    scaled = (points - np.array(centre)) / np.array(radii)
    return np.asarray((scaled**2).sum(axis=-1) <= 1)


def toy_brain(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the intensity of a toy brain (CSF 30, grey 60, white 100) at points (..., 3) [mm]."""
    out = np.zeros(points.shape[:-1], np.float32)
    out[ball(points, (0, 0, 0), (45, 56, 42))] = 60
    out[ball(points, (0, 0, 2), (34, 44, 30))] = 100
    out[ball(points, (-9, 5, 5), (5, 22, 9))] = 30
    out[ball(points, (11, 3, 7), (6, 15, 8))] = 30
    out[ball(points, (18, 30, -8), (8, 6, 7))] = 60
    out[ball(points, (-20, -25, 10), (6, 9, 6))] = 60
    return out


@pytest.fixture
def toy() -> NDArray[np.float32]:
    """Toy brain on the toy grid."""
    return toy_brain(geometry.grid_points(TOY_SHAPE, TOY_AFFINE))


@pytest.fixture
def rotated_affine() -> NDArray[np.float64]:
    """Return the affine of an oblique, anisotropic grid."""
    affine = np.eye(4)
    affine[:3, :3] = geometry.rotation((1, 2, 3), 25) @ np.diag([1.0, 2.0, 3.0])
    affine[:3, 3] = [5, -7, 11]
    return affine
