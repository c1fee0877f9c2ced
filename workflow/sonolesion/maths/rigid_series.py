"""Realign the volumes of a series rigidly.

Inverse compositional Gauss-Newton: the derivatives are those of the reference, made once a pass,
so that a step of a volume is one interpolation at some ten thousand points and a 7 × 7 system.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.maths.rigid_motion import N_RIGID, matrix_of, parameters_of

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
Flags = NDArray[np.bool_]

FWHM_TO_SD = 1.0 / np.sqrt(8.0 * np.log(2.0))
# Of normal noise, standard deviation over median absolute deviation.
MAD_TO_SD = 1.4826
# Points for each of the seven unknowns below which a volume is not moved.
POINTS_PER_UNKNOWN = 20


@dataclass(frozen=True)
class Search:
    """How a series is realigned.

    Attributes
    ----------
    fwhm_mm : tuple of float
        Smoothing of the first and of the second pass [mm].
    n_points : int
        Points of the reference that are looked at.
    margin_mm : float
        Growth of the mask: the edge of the head tells most [mm].
    n_iterations : int
        Most steps of a volume in a pass.
    tolerance_mm : float
        Displacement at the edge of the head below which a volume has arrived [mm].
    huber : float
        Residual from which on a point counts less [robust standard deviations].
    """

    fwhm_mm: tuple[float, float]
    n_points: int
    margin_mm: float
    n_iterations: int
    tolerance_mm: float
    huber: float

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Search:
        """Return the search of settings `RigidSeries`."""
        alike = {name: told[name] for name in cls.__dataclass_fields__ if name != "fwhm_mm"}
        return cls(fwhm_mm=(told["first_fwhm_mm"], told["second_fwhm_mm"]), **alike)


@dataclass(frozen=True)
class Realigned:
    """Where the head lay in each volume.

    Attributes
    ----------
    parameters : ndarray of shape (N, 6)
        Translation [mm] (x y z) and rotation vector [rad] (x y z) of `matrices` about `centre_mm`.
    matrices : ndarray of shape (N, 4, 4)
        RAS+ world: points of the scan → points of the reference.
    centre_mm : ndarray of shape (3,)
        Middle of the mask, about which is turned [mm].
    residual : ndarray of shape (N,)
        Root mean square of what is left against the reference, as a share of its mean.
    arrived : ndarray of shape (N,)
        Volumes whose last step was below the tolerance.
    """

    parameters: Array
    matrices: Array
    centre_mm: Array
    residual: Array
    arrived: Flags


@dataclass(frozen=True)
class _Target:
    """The reference at its points: values (P,), derivatives (P, 7), places (3, P) [mm]."""

    points_mm: Array
    columns: Array
    reach_mm: float

    @property
    def values(self) -> Array:
        return np.asarray(self.columns[:, N_RIGID])


def realign(
    data: NDArray[Any],
    affine: Array,
    mask: Flags,
    *,
    reference: int | Literal["mean"],
    search: Search,
) -> Realigned:
    """Find the rigid motion of each volume of a series.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Series; read volume by volume, so that an array on disk will do.
    affine : ndarray of shape (4, 4)
        Voxel to world, RAS+ [mm].
    mask : ndarray of shape (X, Y, Z)
        Head or brain in the reference.
    reference : int or "mean"
        Volume to which all are laid; or the mean of all after a first pass, in the place of the
        middle volume.
    search : Search
        Smoothing, points, steps, robustness.

    Raises
    ------
    ValueError
        If shapes don't fit, nothing is in the mask, the reference is no volume of the series, or
        values are not finite.

    Notes
    -----
    Baker & Matthews 2004, doi:10.1023/B:VISI.0000011205.11775.fd (inverse compositional); weights
    of Huber 1964, doi:10.1214/aoms/1177703732; a factor of the intensity is free in each volume.
    The first pass sees smoother volumes and begins each where its neighbour was found.
    """
    affine = np.asarray(affine, dtype=np.float64)
    first = _require_series(data, mask, reference)
    points = _points(mask, affine, search)
    centre = affine[:3, :3] @ np.argwhere(mask).mean(axis=0) + affine[:3, 3]
    poses = np.tile(np.eye(4), (data.shape[3], 1, 1))
    soft = _smoothed(_volume(data, first), affine, search.fwhm_mm[0])
    target = _target(soft, points, affine, centre)
    _pass(data, affine, target, centre, poses, search, fwhm_mm=search.fwhm_mm[0], begin=first)
    sharp = _mean(data, affine, poses) if reference == "mean" else _volume(data, first)
    soft = _smoothed(sharp, affine, search.fwhm_mm[1])
    target = _target(soft, points, affine, centre)
    residual, arrived = _pass(
        data, affine, target, centre, poses, search, fwhm_mm=search.fwhm_mm[1], begin=None
    )
    matrices: Array = np.asarray(np.linalg.inv(poses), dtype=np.float64)
    parameters = np.array([parameters_of(matrix, centre) for matrix in matrices])
    return Realigned(parameters, matrices, centre, residual, arrived)


def _require_series(data: NDArray[Any], mask: Flags, reference: int | str) -> int:
    """Return the number of the volume in whose place all are laid."""
    if len(data.shape) != 4 or tuple(data.shape[:3]) != mask.shape:
        raise ValueError(f"a series of shape {data.shape} does not fit a mask of {mask.shape}")
    if not mask.any():
        raise ValueError("nothing is in the mask")
    n_volumes = int(data.shape[3])
    first = n_volumes // 2 if isinstance(reference, str) else reference
    if not 0 <= first < n_volumes:
        raise ValueError(f"volume {reference} is not one of {n_volumes}")
    return first


def _volume(data: NDArray[Any], number: int) -> Volume:
    volume = np.asarray(data[..., number], dtype=np.float32)
    if not np.isfinite(volume).all():
        raise ValueError(f"volume {number} holds NaN or infinity")
    return volume


def _points(mask: Flags, affine: Array, search: Search) -> NDArray[np.int64]:
    """Return voxels of the grown mask, evenly thinned, (P, 3)."""
    voxel_mm = np.linalg.norm(affine[:3, :3], axis=0)
    grown = ndimage.distance_transform_edt(~mask, sampling=voxel_mm) <= search.margin_mm
    # A rim of the grid is left out: it has no derivative, and leaves the grid with any motion.
    inner = np.zeros(mask.shape, dtype=bool)
    inner[tuple(slice(min(1, n // 3), n - min(1, n // 3)) for n in mask.shape)] = True
    found = np.argwhere(grown & inner)
    n_kept = min(search.n_points, len(found))
    return np.asarray(found[np.linspace(0, len(found) - 1, n_kept).astype(int)])


def _smoothed(volume: Volume, affine: Array, fwhm_mm: float) -> Volume:
    sigma = fwhm_mm * FWHM_TO_SD / np.linalg.norm(affine[:3, :3], axis=0)
    return np.asarray(ndimage.gaussian_filter(volume, sigma, mode="nearest", truncate=3.0))


def _target(soft: Volume, points: NDArray[np.int64], affine: Array, centre: Array) -> _Target:
    """Return the reference with its derivatives by translation, rotation and intensity."""
    places = tuple(points.T)
    slopes = np.array([np.gradient(soft, axis=n)[places] for n in range(3)], dtype=np.float64)
    world = np.linalg.solve(affine[:3, :3].T, slopes)
    points_mm = affine[:3, :3] @ points.T + affine[:3, 3:]
    arm = points_mm - centre[:, None]
    turns = np.cross(arm, world, axis=0)
    values = soft[places].astype(np.float64)[None]
    reach_mm = float(np.percentile(np.linalg.norm(arm, axis=0), 95))
    return _Target(points_mm, np.ascontiguousarray(np.vstack([world, turns, values]).T), reach_mm)


def _pass(
    data: NDArray[Any],
    affine: Array,
    target: _Target,
    centre: Array,
    poses: Array,
    search: Search,
    *,
    fwhm_mm: float,
    begin: int | None,
) -> tuple[Array, Flags]:
    """Move `poses` (reference → scan) to where the volumes lie; return residuals and arrivals."""
    n_volumes = len(poses)
    residual, arrived = np.zeros(n_volumes), np.zeros(n_volumes, dtype=bool)
    for number, before in _order(n_volumes, begin):
        start = poses[number if before is None else before]
        soft = _smoothed(_volume(data, number), affine, fwhm_mm)
        splines = np.asarray(ndimage.spline_filter(soft, order=3, output=np.float32))
        poses[number], residual[number], arrived[number] = _register(
            splines, affine, target, centre, start, search
        )
    return residual, arrived


def _order(n_volumes: int, begin: int | None) -> Iterator[tuple[int, int | None]]:
    """Yield each volume and the neighbour from whose place it begins; from its own if none."""
    if begin is None:
        yield from ((number, None) for number in range(n_volumes))
        return
    yield from ((n, n - 1 if n > begin else None) for n in range(begin, n_volumes))
    yield from ((n, n + 1) for n in range(begin - 1, -1, -1))


def _register(
    splines: Volume, affine: Array, target: _Target, centre: Array, pose: Array, search: Search
) -> tuple[Array, float, bool]:
    """Return the place of one volume (reference → scan), its residual, and if it arrived."""
    to_voxel = np.linalg.inv(affine)
    limit = np.array(splines.shape)[:, None] - 1.0
    residual, arrived = np.nan, False
    for _ in range(search.n_iterations):
        mapping = to_voxel @ pose
        places = mapping[:3, :3] @ target.points_mm + mapping[:3, 3:]
        inside = ((places >= 0) & (places <= limit)).all(axis=0)
        if inside.sum() < POINTS_PER_UNKNOWN * (N_RIGID + 1):
            return pose, np.nan, False
        found = ndimage.map_coordinates(splines, places[:, inside], order=3, prefilter=False)
        columns = target.columns[inside]
        weights, residual = _solve(found.astype(np.float64), columns, search.huber)
        if weights[N_RIGID] <= 0:
            return pose, residual, False
        step = weights[:N_RIGID] / weights[N_RIGID]
        pose = pose @ np.linalg.inv(matrix_of(step, centre))
        moved_mm = np.linalg.norm(step[:3]) + target.reach_mm * np.linalg.norm(step[3:])
        if moved_mm < search.tolerance_mm:
            arrived = True
            break
    return pose, residual, arrived


def _solve(found: Array, columns: Array, huber: float) -> tuple[Array, float]:
    """Return the seven weights of the columns, and the residual as a share of the reference."""
    wanted = columns[:, N_RIGID]
    gain = (found @ wanted) / (wanted @ wanted)
    error = np.abs(found - gain * wanted)
    spread = MAD_TO_SD * float(np.median(error))
    weight = np.minimum(1.0, huber * spread / np.maximum(error, 1e-12)) if spread > 0 else None
    scaled = columns if weight is None else columns * weight[:, None]
    weights = np.linalg.lstsq(scaled.T @ columns, scaled.T @ found, rcond=1e-12)[0]
    share = np.sqrt(np.mean(error**2)) / max(abs(gain) * float(np.mean(np.abs(wanted))), 1e-12)
    return np.asarray(weights), float(share)


def _mean(data: NDArray[Any], affine: Array, poses: Array) -> Volume:
    """Return the mean of the volumes in the place of the reference."""
    total = np.zeros(data.shape[:3], dtype=np.float64)
    for number, pose in enumerate(poses):
        mapping = np.linalg.solve(affine, pose @ affine)
        total += ndimage.affine_transform(
            _volume(data, number), mapping[:3, :3], mapping[:3, 3], order=1, mode="nearest"
        )
    return (total / len(poses)).astype(np.float32)
