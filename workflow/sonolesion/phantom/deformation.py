"""The own shape of a brain: a smooth invertible map from its space to the template's.

A displacement field on a coarse regular grid, interpolated linearly, *is* the map: what is
saved as truth is what was used.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.float64]


def scaling(points_mm: Array, *, factor: float) -> Array:
    """Displacement [mm] that makes a brain `factor` times the template's size.

    Parameters
    ----------
    points_mm : ndarray of shape (..., 3)
        Points of the subject.
    factor : float
        Subject size over template size.
    """
    if factor <= 0:
        raise ValueError("factor must be positive")
    return points_mm * (1 / factor - 1)


def random_shape(
    shape: tuple[int, int, int],
    *,
    rms_mm: float,
    smoothness_mm: float,
    spacing_mm: float,
    rng: np.random.Generator,
) -> Array:
    """Draw a smooth random displacement field.

    Parameters
    ----------
    shape : tuple of int
        Grid of the field.
    rms_mm, smoothness_mm, spacing_mm : float
        Root mean square of each axis, sigma of the smoothing, distance of grid points [mm].
    rng : Generator
        Source of randomness.

    Returns
    -------
    ndarray of shape (X, Y, Z, 3)
        Displacement [mm].
    """
    white = rng.standard_normal((*shape, 3))
    sigma = smoothness_mm / spacing_mm
    smooth = ndimage.gaussian_filter(white, (sigma, sigma, sigma, 0), mode="wrap")
    return np.asarray(smooth * (rms_mm / np.sqrt((smooth**2).mean(axis=(0, 1, 2)))))


def push(points_mm: Array, *, centre_mm: Array, reach_mm: float, shift_mm: Array) -> Array:
    """Displacement [mm] that moves tissue about a centre by `shift_mm`, fading as a Gaussian.

    The sign is that of a pull-back map: the point looks where its tissue came from.
    """
    return -shift_mm * fading(points_mm, centre_mm=centre_mm, reach_mm=reach_mm)


def widen(points_mm: Array, *, centre_mm: Array, reach_mm: float, gain: float) -> Array:
    """Displacement [mm] that enlarges what lies about a centre; invertible for gain < 1."""
    if not 0 <= gain < 1:
        raise ValueError("gain must be in [0, 1)")
    weight = fading(points_mm, centre_mm=centre_mm, reach_mm=reach_mm)
    return -gain * (points_mm - centre_mm) * weight


def fading(points_mm: Array, *, centre_mm: Array, reach_mm: float) -> Array:
    """Gaussian weight of each point about a centre, with a last axis of length one."""
    squared = ((points_mm - centre_mm) ** 2).sum(axis=-1, keepdims=True)
    return np.asarray(np.exp(-squared / (2 * reach_mm**2)))


def displacement_at(points_mm: Array, *, field_mm: Array, affine: Array) -> Array:
    """Interpolate a field linearly.

    Parameters
    ----------
    points_mm : ndarray of shape (N, 3)
        Points in the field's space.
    field_mm : ndarray of shape (X, Y, Z, 3)
        Displacement [mm].
    affine : ndarray of shape (4, 4)
        Field voxels to millimetres.

    Returns
    -------
    ndarray of shape (N, 3)
        Displacement [mm]; beyond the grid, that of its edge.
    """
    inverse = np.linalg.inv(affine)
    voxels = inverse[:3, :3] @ points_mm.T + inverse[:3, 3:]
    axes = [
        ndimage.map_coordinates(field_mm[..., axis], voxels, order=1, mode="nearest")
        for axis in range(3)
    ]
    return np.stack(axes, axis=-1)


def inverse_points(
    template_mm: Array, *, field_mm: Array, affine: Array, tolerance_mm: float, max_steps: int
) -> Array:
    """Find the subject points that map to given template points, by fixed-point iteration.

    Parameters
    ----------
    template_mm : ndarray of shape (N, 3)
        Points of the template.
    field_mm, affine
        The map from subject to template, see `displacement_at`.
    tolerance_mm : float
        Largest residual allowed [mm].
    max_steps : int
        Iterations allowed.

    Raises
    ------
    ValueError
        If the iteration does not converge, as for a map that folds.
    """
    points = template_mm.copy()
    for _ in range(max_steps):
        moved = points + displacement_at(points, field_mm=field_mm, affine=affine)
        residual = template_mm - moved
        points = points + residual
        if np.abs(residual).max() < tolerance_mm:
            return points
    raise ValueError(f"no inverse within {tolerance_mm} mm: the deformation is too strong")


def jacobian_determinant(field_mm: Array, *, spacing_mm: float) -> Array:
    """Return the determinant of the map ``x -> x + u(x)``, by central differences.

    Parameters
    ----------
    field_mm : ndarray of shape (X, Y, Z, 3)
        Displacement u [mm].
    spacing_mm : float
        Distance of grid points [mm].

    Returns
    -------
    ndarray of shape (X, Y, Z)
        Local template volume over subject volume; positive where the map is invertible.
    """
    slopes = [np.gradient(field_mm, spacing_mm, axis=axis) for axis in range(3)]
    jacobian = np.stack(slopes, axis=-1) + np.eye(3)
    return np.asarray(np.linalg.det(jacobian))


def spread(field: Array, *, positions: tuple[Array, Array, Array]) -> NDArray[np.float32]:
    """Interpolate a coarse volume linearly at every crossing of three lists of positions.

    Parameters
    ----------
    field : ndarray of shape (X, Y, Z)
        Values on the coarse grid.
    positions : three ndarrays of shapes (I,), (J,), (K,)
        Coordinates in voxels of the coarse grid.

    Returns
    -------
    ndarray of shape (I, J, K)
        The same as point-wise interpolation, axis by axis and much faster.
    """
    result = field.astype(np.float32)
    for axis, position in enumerate(positions):
        result = np.moveaxis(
            np.tensordot(linear_weights(position, field.shape[axis]), result, axes=(1, axis)),
            0,
            axis,
        )
    return np.ascontiguousarray(result)


def linear_weights(position: Array, n_nodes: int) -> NDArray[np.float32]:
    """Weights of linear interpolation, shape (positions, nodes); edges are held."""
    nodes = np.arange(n_nodes)
    held = np.clip(position, 0, n_nodes - 1)
    weights = np.clip(1 - np.abs(held[:, None] - nodes[None, :]), 0, 1)
    return np.asarray(weights, dtype=np.float32)
