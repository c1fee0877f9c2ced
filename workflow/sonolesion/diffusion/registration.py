"""Register a volume to its prediction: Gauss-Newton on thinned points, robust to outliers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from sonolesion.diffusion.motion_model import (
    N_RIGID,
    Grid,
    eddy_basis,
    eddy_slope,
    moved,
    place,
    rotation_of,
)

Array = NDArray[np.float64]
Samples = NDArray[np.float32]

# Of normal noise, standard deviation over median absolute deviation.
MAD_TO_SD = 1.4826
# Distance from the middle at which a turn or an eddy term is told as a displacement [mm].
HEAD_RADIUS_MM = 80.0


@dataclass(frozen=True)
class Search:
    """How one volume is registered.

    Attributes
    ----------
    n_iterations : int
        Most steps a volume takes in one round.
    tolerance_mm : float
        Displacement at 80 mm from the middle below which it has arrived [mm].
    tukey : float
        Residual beyond which a point counts for nothing [robust standard deviations].
    """

    n_iterations: int
    tolerance_mm: float
    tukey: float


@dataclass(frozen=True)
class Smoothed:
    """A volume made small.

    Attributes
    ----------
    volume : ndarray of shape (x, y, z)
        Smoothed, every n-th voxel.
    stride : ndarray of shape (3,)
        n along each axis.
    """

    volume: Samples
    stride: Array

    def at(self, places: Array) -> Samples:
        """Return values at places (3, P) [voxel of the measured grid]; NaN outside."""
        return _interpolated(self.volume, places / self.stride[:, None])

    def gradient(self, places: Array) -> Array:
        """Return the gradient at places, (3, P) [1/voxel of the measured grid]."""
        inner = places / self.stride[:, None]
        slopes = np.gradient(self.volume)
        found = [_interpolated(g, inner) / n for g, n in zip(slopes, self.stride, strict=True)]
        return np.array(found, dtype=np.float64)


def _interpolated(volume: Samples, places: Array) -> Samples:
    out: Samples = ndimage.map_coordinates(
        volume, places, order=1, mode="constant", cval=np.nan, output=np.float32
    )
    return out


def smooth(
    volume: NDArray[Any], *, sigma_mm: float, voxel_mm: Array, working_mm: float
) -> Smoothed:
    """Smooth and thin a volume.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        One volume.
    sigma_mm : float
        Of the Gaussian [mm]; 0 leaves the volume as it is.
    voxel_mm : ndarray of shape (3,)
        Edges of a voxel [mm].
    working_mm : float
        Edge of a voxel up to which the smoothed volume is thinned [mm].
    """
    values = np.asarray(volume, dtype=np.float32)
    if sigma_mm <= 0:
        return Smoothed(values, np.ones(3))
    stride = np.maximum(1, np.floor(working_mm / voxel_mm + 0.01)).astype(int)
    soft = ndimage.gaussian_filter(values, sigma_mm / voxel_mm, mode="nearest", truncate=3.0)
    return Smoothed(
        np.ascontiguousarray(soft[:: stride[0], :: stride[1], :: stride[2]]), stride.astype(float)
    )


def sampled(volume: Smoothed, parameters: Array, points: Array, grid: Grid) -> Samples:
    """Return a volume at points of the reference, corrected; NaN outside it, (P,)."""
    places, jacobian = place(parameters, points, grid)
    return (volume.at(places) * jacobian).astype(np.float32)


def register(
    volume: Smoothed,
    target: Samples,
    parameters: Array,
    points: Array,
    grid: Grid,
    search: Search,
) -> Array:
    """Return the parameters at which a volume is most like its target.

    Parameters
    ----------
    volume : Smoothed
        The volume.
    target : ndarray of shape (P,)
        Its prediction at the points; NaN or 0 where there is none.
    parameters : ndarray of shape (6 + E,)
        Where to begin, as for `motion_model.place`; only as many eddy terms are looked for.
    points : ndarray of shape (3, P)
        Points of the reference [voxel].
    grid : Grid
        Grid of the volume.
    search : Search
        Steps, tolerance, robustness.

    Notes
    -----
    Gauss-Newton on ``sum w (J I(x + d) - s P)²`` with a free intensity scale s and Tukey's weights
    w; registering to a prediction made from the other volumes is the idea of Andersson &
    Sotiropoulos 2016, doi:10.1016/j.neuroimage.2015.10.019.
    """
    current = np.array(parameters, dtype=np.float64)
    for _ in range(search.n_iterations):
        residual, columns = _linearised(volume, target, current, points, grid)
        if residual.size <= 10 * len(columns):
            return np.array(parameters, dtype=np.float64)
        step = _solve(residual, columns, search.tukey)[: current.size]
        current = _stepped(current, step)
        if _largest_shift(step) < search.tolerance_mm:
            break
    return current


def _linearised(
    volume: Smoothed, target: Samples, parameters: Array, points: Array, grid: Grid
) -> tuple[Array, Array]:
    """Return residuals (Q,) and their derivatives (6 + E + 1, Q), the last by the scale."""
    voxel = moved(parameters, points, grid)
    places, jacobian = place(parameters, points, grid)
    value = volume.at(places)
    used = np.isfinite(value) & (target > 0)
    voxel, places, jacobian = voxel[:, used], places[:, used], jacobian[used]
    signal, wanted = value[used].astype(np.float64), target[used].astype(np.float64)
    slope = volume.gradient(places) * jacobian
    world = np.linalg.solve(grid.affine[:3, :3].T, slope)
    arm = grid.affine[:3, :3] @ (voxel - grid.centre[:, None]) - parameters[:3, None]
    columns = [world, np.cross(arm, world, axis=0)]
    n_terms = parameters.size - N_RIGID
    if n_terms:
        distance = (voxel - grid.centre[:, None]) * grid.voxel_mm[:, None]
        shift = slope[grid.axis] / grid.voxel_mm[grid.axis] * eddy_basis(distance, n_terms)
        columns.append(shift + signal * eddy_slope(distance, n_terms, grid.axis))
    corrected = signal * jacobian
    scale = (corrected @ wanted) / (wanted @ wanted)
    return corrected - scale * wanted, np.vstack([*columns, -wanted[None]])


def _solve(residual: Array, columns: Array, tukey: float) -> Array:
    """Return the step that weighted least squares takes."""
    spread = MAD_TO_SD * float(np.median(np.abs(residual)))
    weight = np.ones_like(residual)
    if spread > 0:
        weight = np.maximum(1.0 - (residual / (tukey * spread)) ** 2, 0.0) ** 2
    size = np.sqrt((columns**2 * weight).sum(axis=1))
    size[size == 0] = 1.0
    scaled = columns / size[:, None]
    normal = (scaled * weight) @ scaled.T
    normal[np.diag_indices_from(normal)] += 1e-6
    return np.asarray(-np.linalg.solve(normal, scaled @ (weight * residual)) / size)


def _stepped(parameters: Array, step: Array) -> Array:
    """Return parameters after a step; turns are composed, the rest is added."""
    turned = Rotation.from_rotvec(step[3:N_RIGID]).as_matrix() @ rotation_of(parameters)
    new = parameters + step
    new[3:N_RIGID] = Rotation.from_matrix(turned).as_rotvec()
    return np.asarray(new)


def _largest_shift(step: Array) -> float:
    """Return about how far a step moves the surface of a head [mm]."""
    reach = np.concatenate([np.ones(3), np.full(6, HEAD_RADIUS_MM), np.full(6, HEAD_RADIUS_MM**2)])
    return float(np.abs(step * reach[: step.size]).max())
