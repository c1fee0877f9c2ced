"""Resample a rigidly moved and distorted series in one interpolation, volume by volume."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.float64]
Volume = NDArray[np.float32]

# Beyond the centre of the last voxel, its share that still is the volume, and some rounding.
HALF = 0.5001


def resample(
    data: NDArray[Any],
    affine: Array,
    matrices: Array,
    *,
    order: Literal[1, 3],
    shift_voxels: NDArray[Any] | None = None,
    axis: int | None = None,
) -> Volume:
    """Return all volumes of `resampled` in one array of shape (X, Y, Z, N)."""
    out = np.empty(data.shape, dtype=np.float32)
    volumes = resampled(data, affine, matrices, order=order, shift_voxels=shift_voxels, axis=axis)
    for number, volume in enumerate(volumes):
        out[..., number] = volume
    return out


def resampled(
    data: NDArray[Any],
    affine: Array,
    matrices: Array,
    *,
    order: Literal[1, 3],
    shift_voxels: NDArray[Any] | None = None,
    axis: int | None = None,
) -> Iterator[Volume]:
    """Yield each volume in the place of the reference, undistorted, interpolated once.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Series as measured.
    affine : ndarray of shape (4, 4)
        Voxel to world, RAS+ [mm].
    matrices : ndarray of shape (N, 4, 4)
        Of `rigid_series.realign`: points of the scan → points of the reference [mm].
    order : int
        1 linear, 3 cubic spline, whose overshoot beyond the range of the volume is cut.
    shift_voxels : ndarray of shape (X, Y, Z), optional
        Where the measured reference shows a point of the undistorted one: its shift along `axis`
        [voxel], sign and readout time included.
    axis : int, optional
        Array axis of the phase encoding; needed with `shift_voxels`.

    Yields
    ------
    ndarray of float32, shape (X, Y, Z)
        0 more than half a voxel outside the measured volume; times the Jacobian where a shift is
        given.

    Raises
    ------
    ValueError
        If shapes don't fit, values are not finite, or a shift has no axis.

    Notes
    -----
    Jacobian ``1 + d shift / d axis``: Jezzard & Balaban 1995, doi:10.1002/mrm.1910340111.
    ASSUME: the displacement turns with the head.
    """
    _require_mapping(data, matrices, shift_voxels, axis)
    places, stretch = _undistorted(data.shape[:3], shift_voxels, axis)
    for number, matrix in enumerate(matrices):
        mapping: Array = np.asarray(np.linalg.solve(affine, np.linalg.solve(matrix, affine)))
        volume = np.asarray(data[..., number], dtype=np.float32)
        if not np.isfinite(volume).all():
            raise ValueError(f"volume {number} holds NaN or infinity")
        found = _interpolated(volume, mapping, places, order)
        # Cubic splines overshoot at edges; the zeros outside stay.
        found = np.clip(found, min(0.0, float(volume.min())), volume.max())
        yield np.asarray(found if stretch is None else found * stretch, dtype=np.float32)


def _require_mapping(
    data: NDArray[Any], matrices: Array, shift: NDArray[Any] | None, axis: int | None
) -> None:
    if len(data.shape) != 4 or matrices.shape != (data.shape[3], 4, 4):
        raise ValueError(f"{matrices.shape} matrices do not fit a series of shape {data.shape}")
    if shift is None:
        return
    if axis not in (0, 1, 2):
        raise ValueError(f"a shift needs the axis of its phase encoding, not {axis}")
    if tuple(shift.shape) != tuple(data.shape[:3]) or not np.isfinite(shift).all():
        raise ValueError(f"a shift of shape {shift.shape} is not finite or of another grid")


def _undistorted(
    shape: tuple[int, ...], shift: NDArray[Any] | None, axis: int | None
) -> tuple[Volume | None, Volume | None]:
    """Return where the measured reference shows each voxel, (3, X, Y, Z), and the Jacobian."""
    if shift is None or axis is None:
        return None, None
    places = np.indices(shape, dtype=np.float32)
    places[axis] += shift
    stretch = 1.0 + np.gradient(np.asarray(shift, dtype=np.float32), axis=axis)
    return places, stretch.astype(np.float32)


def _interpolated(
    volume: Volume, mapping: Array, places: Volume | None, order: Literal[1, 3]
) -> Volume:
    """Return a volume where a mapping of voxels puts those of the reference, or `places` of it."""
    linear, offset = mapping[:3, :3], mapping[:3, 3]
    # Up to half a voxel beyond the last centre is still the volume, seen as its mirror image.
    how: Any = {"order": order, "mode": "mirror", "output": np.float32}
    if places is None:
        found = ndimage.affine_transform(volume, linear, offset, **how)
        turned = _turned(linear, offset, np.indices(volume.shape, dtype=np.float32, sparse=True))
    else:
        turned = _turned(linear, offset, places)
        found = ndimage.map_coordinates(volume, np.array(turned), **how)
    for axis, n_voxels in zip(turned, volume.shape, strict=True):
        found[(axis < -HALF) | (axis > n_voxels - 1 + HALF)] = 0.0
    return np.asarray(found)


def _turned(linear: Array, offset: Array, places: Sequence[Volume] | Volume) -> list[Volume]:
    """Return each coordinate of mapped places, given as one array or one open array an axis."""
    x, y, z = places
    rows = zip(linear.astype(np.float32), offset.astype(np.float32), strict=True)
    return [np.asarray(row[0] * x + row[1] * y + row[2] * z + start) for row, start in rows]
