"""Distortion of echo-planar scans by the field: estimate it, and undo it along one axis.

Convention: a scan with phase encoding along array axis `axis` and sign +1 (BIDS ``i j k``) shows
tissue ``field_hz * readout_s`` voxels further along that axis; with sign -1 (``i- j- k-``)
further back. A field belongs to the tissue's true place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.maths.distortion_field import Search, opposed, scaled, towards
from sonolesion.maths.distortion_pose import Matrix
from sonolesion.maths.line_transport import prepare, transport

Volume = NDArray[np.float32]


@dataclass(frozen=True)
class Pair:
    """What two scans with opposite phase encoding tell.

    Attributes
    ----------
    field_hz : ndarray of shape (X, Y, Z)
        Field in the head's place in the reference scan [Hz].
    pose : ndarray of shape (4, 4)
        Points [mm from the centre of the grid] of the reference to points of the other scan.
    gain : ndarray of shape (X, Y, Z)
        Factor from the unwarped reference to the unwarped other scan, both scaled to a bright
        half of mean 1: what their echo times make of the tissue, times a smooth factor.
    """

    field_hz: Volume
    pose: Matrix
    gain: Volume


def displacement_voxels(field_hz: NDArray[Any], readout_s: float, sign: int) -> Volume:
    """Return how far signal is moved along the phase-encoding axis [voxels].

    Parameters
    ----------
    field_hz : ndarray of shape (X, Y, Z)
        Offset of the precession frequency [Hz].
    readout_s : float
        Total readout time [s].
    sign : int
        +1 for BIDS ``i j k``, -1 for ``i- j- k-``.

    Examples
    --------
    >>> displacement_voxels(np.array([50.0]), 0.04, -1)
    array([-2.], dtype=float32)
    """
    _require_encoding(sign, readout_s)
    return np.asarray(sign * readout_s * np.asarray(field_hz), dtype=np.float32)


def unwarp(
    volume: NDArray[Any],
    field_hz: NDArray[Any],
    *,
    axis: int,
    sign: int,
    readout_s: float,
) -> Volume:
    """Undo the distortion of a scan, with its piled up and thinned out signal.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Distorted scan.
    field_hz : ndarray of shape (X, Y, Z)
        Field at the true places [Hz].
    axis : int
        Array axis of the phase encoding.
    sign : int
        +1 or -1, as for `displacement_voxels`.
    readout_s : float
        Total readout time [s].

    Returns
    -------
    ndarray of float32, shape (X, Y, Z)
        Scan at the true places, multiplied by the Jacobian. The sum of each line along the axis
        is kept as far as nothing is moved out of the volume; a positive scan stays positive.

    Raises
    ------
    ValueError
        If the shapes differ or something is not finite.

    Notes
    -----
    Jacobian: Jezzard & Balaban 1995, doi:10.1002/mrm.1910340111.
    """
    _require_alike(volume, field_hz)
    shift = displacement_voxels(field_hz, readout_s, sign)
    found = transport(prepare(np.moveaxis(volume, axis, -1)), np.moveaxis(shift, axis, -1))[0]
    return np.ascontiguousarray(np.moveaxis(found, -1, axis))


def _require_alike(first: NDArray[Any], second: NDArray[Any]) -> None:
    if first.ndim != 3 or first.shape != second.shape:
        raise ValueError(f"shapes differ or are not 3-D: {first.shape} and {second.shape}")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("a volume holds NaN or infinity")


def _require_encoding(sign: int, *readouts_s: float) -> None:
    if sign not in (-1, 1):
        raise ValueError(f"a sign is 1 or -1, not {sign}")
    if not all(0 < readout < np.inf for readout in readouts_s):
        raise ValueError(f"readout times must be positive and finite [s]: {readouts_s}")


def from_opposed(
    up: NDArray[Any],
    down: NDArray[Any],
    *,
    axis: int,
    readout_up_s: float,
    readout_down_s: float,
    voxel_mm: Sequence[float],
    how: Search,
    min_motion_mm: float,
) -> Volume:
    """Estimate the field from two scans with opposite phase encoding.

    Parameters
    ----------
    up, down : ndarray of shape (X, Y, Z)
        Unweighted scans with sign +1 and -1, on one grid.
    axis, readout_up_s, readout_down_s, voxel_mm, how, min_motion_mm
        As for `solve_pair`.

    Returns
    -------
    ndarray of float32, shape (X, Y, Z)
        Field in the head's place in `up` [Hz].
    """
    return solve_pair(
        up,
        down,
        axis=axis,
        sign=1,
        readout_s=readout_up_s,
        other_readout_s=readout_down_s,
        voxel_mm=voxel_mm,
        how=how,
        min_motion_mm=min_motion_mm,
    ).field_hz


def solve_pair(
    reference: NDArray[Any],
    other: NDArray[Any],
    *,
    axis: int,
    sign: int,
    readout_s: float,
    other_readout_s: float,
    voxel_mm: Sequence[float],
    how: Search,
    min_motion_mm: float,
) -> Pair:
    """Estimate field, head motion and gain from two scans with opposite phase encoding.

    Parameters
    ----------
    reference, other : ndarray of shape (X, Y, Z)
        Unweighted scans on one grid; the field belongs to the head's place in the first.
    axis : int
        Array axis of the phase encoding.
    sign : int
        Of the reference; the other scan has the opposite one.
    readout_s, other_readout_s : float
        Total readout times [s].
    voxel_mm : sequence of float
        Edges of a voxel [mm].
    how : Search
        Levels, smoothness, effort.
    min_motion_mm : float
        Motion within the head below which none is assumed [mm].

    Raises
    ------
    ValueError
        If the shapes differ, something is not finite, a scan is empty, or a time not positive.

    Notes
    -----
    Both unwarped scans must agree: Andersson et al. 2003, doi:10.1016/S1053-8119(03)00336-7;
    minimised as in Ruthotto et al. 2012, doi:10.1088/0031-9155/57/18/5715.
    A shift of the whole head along the axis counts as a shift of the centre frequency. The sign
    given decides the sign of the field alone: `unwarp` with the same one gives the same scan.
    """
    # ASSUME: between both scans the head turns by so few degrees that its field turns with it
    # and that the phase-encoding axis in the head stays the same.
    _require_alike(reference, other)
    _require_encoding(sign, readout_s, other_readout_s)
    order = [a for a in range(3) if a != axis] + [axis]
    shift, pose, gain = opposed(
        scaled(np.moveaxis(reference, axis, -1)),
        scaled(np.moveaxis(other, axis, -1)),
        edges_mm=np.asarray(voxel_mm, dtype=np.float64)[order],
        ratio=other_readout_s / readout_s,
        how=how,
        min_motion_mm=min_motion_mm,
    )
    motion = np.eye(4)
    motion[np.ix_(order, order)] = pose[:3, :3]
    motion[order, 3] = pose[:3, 3]
    field = np.moveaxis(shift, -1, axis) * np.float32(sign / readout_s)
    return Pair(np.ascontiguousarray(field), motion, np.moveaxis(gain, -1, axis))


def from_reference(
    b0: NDArray[Any],
    reference: NDArray[Any],
    mask: NDArray[Any],
    *,
    axis: int,
    sign: int,
    readout_s: float,
    voxel_mm: Sequence[float],
    how: Search,
) -> Volume:
    """Estimate the field by laying a scan on an undistorted one along one axis.

    Parameters
    ----------
    b0 : ndarray of shape (X, Y, Z)
        Unweighted distorted scan.
    reference : ndarray of shape (X, Y, Z)
        Undistorted scan of any contrast, T2w or T1w, brought to the same grid.
    mask : ndarray of shape (X, Y, Z)
        Brain in the reference, bool or 0 to 1.
    axis, sign, readout_s
        Of the scan, as for `unwarp`. Only the axis shapes the result; the other two give it its
        unit, so that `unwarp` with the same two undoes the displacement that was found.
    voxel_mm : sequence of float
        Edges of a voxel [mm].
    how : Search
        Levels, smoothness, effort.

    Returns
    -------
    ndarray of float32, shape (X, Y, Z)
        Field [Hz]. Whether it is any good must be judged: `distortion_checks.require_better`.

    Raises
    ------
    ValueError
        If shapes differ, a volume is empty, or the mask is.
    """
    _require_alike(b0, reference)
    _require_alike(b0, mask)
    if not np.any(mask):
        raise ValueError("the mask is empty")
    _require_encoding(sign, readout_s)
    order = [a for a in range(3) if a != axis] + [axis]
    shift = towards(
        scaled(np.moveaxis(b0, axis, -1)),
        scaled(np.moveaxis(reference, axis, -1)),
        np.ascontiguousarray(np.moveaxis(mask, axis, -1), dtype=np.float32),
        edges_mm=np.asarray(voxel_mm, dtype=np.float64)[order],
        how=how,
    )
    return np.ascontiguousarray(np.moveaxis(shift, -1, axis) * np.float32(sign / readout_s))


def from_b0_map(
    map_hz: NDArray[Any],
    map_affine: NDArray[np.float64],
    *,
    mask: NDArray[np.bool_],
    affine: NDArray[np.float64],
    shape: Sequence[int],
    dwi_to_map: NDArray[np.float64],
    smooth_mm: float,
) -> Volume:
    """Bring a measured field to the grid of a diffusion scan.

    Parameters
    ----------
    map_hz : ndarray of shape (A, B, C)
        Unwrapped field [Hz].
    map_affine, affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm] of the map and of the diffusion scan.
    mask : ndarray of bool, shape (A, B, C)
        Where the map is believed.
    shape : sequence of int
        Shape of the diffusion scan (X, Y, Z).
    dwi_to_map : ndarray of shape (4, 4)
        RAS+ points of the diffusion scan to points of the map.
    smooth_mm : float
        Standard deviation of the Gaussian that smooths the field within the mask [mm].

    Returns
    -------
    ndarray of float32, shape (X, Y, Z)
        Field [Hz]; outside the mask that of the nearest voxel in it.

    Raises
    ------
    ValueError
        If the shapes differ, the mask is empty, or the map is not finite in it.

    Notes
    -----
    A median over 3 × 3 × 3 voxels takes out single wrong ones before the smoothing, which counts
    voxels of the mask alone.
    """
    if map_hz.shape != mask.shape or not mask.any():
        raise ValueError(f"map {map_hz.shape} and mask {mask.shape} differ, or the mask is empty")
    if not np.isfinite(map_hz[mask]).all():
        raise ValueError("the field map holds NaN or infinity in its mask")
    edges = np.linalg.norm(map_affine[:3, :3], axis=0)
    smooth = _smooth_inside(map_hz, mask, smooth_mm / edges)
    index = np.linalg.inv(map_affine) @ dwi_to_map @ affine
    return np.asarray(
        ndimage.affine_transform(
            smooth, index[:3, :3], index[:3, 3], output_shape=tuple(shape), order=1, mode="nearest"
        ),
        dtype=np.float32,
    )


def _smooth_inside(
    values: NDArray[Any], mask: NDArray[np.bool_], sigma: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Smooth values within a mask, after filling what is outside with the nearest inside."""
    nearest = ndimage.distance_transform_edt(~mask, return_distances=False, return_indices=True)
    filled = np.asarray(values, dtype=np.float64)[tuple(nearest)]
    weight = mask.astype(np.float64)
    kept = ndimage.gaussian_filter(weight * ndimage.median_filter(filled, 3), sigma)
    share = ndimage.gaussian_filter(weight, sigma)
    inside = np.where(mask, kept / np.where(mask, share, 1.0), 0.0)
    return np.asarray(inside[tuple(nearest)])
