"""Correct head motion, eddy currents and lost slices of a diffusion scan."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.diffusion import leave_one_out, outliers
from sonolesion.diffusion.motion_estimate import Motion
from sonolesion.diffusion.motion_model import Grid, coordinates, moved, rotate_vectors
from sonolesion.diffusion.motion_scan import Settings

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Corrected:
    """A corrected scan.

    Attributes
    ----------
    data : ndarray of shape (X, Y, Z, N)
        On the grid of the measured scan, in the place of its first unweighted volume.
    vectors : ndarray of shape (N, 3)
        Rotated with the head, on world axes.
    parameters : ndarray of shape (N, 6 + E)
        As for `motion_model.place`.
    residual_before, residual_after : ndarray of shape (N,)
        As for `motion_estimate.Motion`.
    outlier : ndarray of shape (Z, N)
        Slices that lost signal.
    kept : ndarray of shape (N,)
        Volumes that are to be used.
    replaced : ndarray of shape (N,)
        Share of the mask that is predicted, not measured.
    """

    data: NDArray[np.float32]
    vectors: Array
    parameters: Array
    residual_before: Array
    residual_after: Array
    outlier: Flags
    kept: Flags
    replaced: Array


def apply(
    data: NDArray[Any],
    b_values: Array,
    vectors: Array,
    grid: Grid,
    mask: Flags,
    *,
    motion: Motion,
    settings: Settings,
    handling: str,
    shift_voxels: NDArray[Any] | None = None,
    threads: int = 1,
) -> Corrected:
    """Correct a scan whose motion is known, and its susceptibility too if a shift is given.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Scan, of one polarity of the phase encoding.
    b_values : ndarray of shape (N,)
        [s/mm²].
    vectors : ndarray of shape (N, 3)
        Unit vectors on world axes; zeros of unweighted volumes.
    grid : Grid
        Grid of the scan.
    mask : ndarray of shape (X, Y, Z)
        Brain in the first unweighted volume.
    motion : Motion
        As `motion_estimate.estimate` returns it.
    settings : Settings
        As for `motion_estimate.estimate`.
    handling : str
        ``predicted``: lost slices are replaced by what the other volumes predict, and only
        volumes lost as a whole are left out; ``left_out``: every volume with a lost slice is.
    shift_voxels : ndarray of shape (X, Y, Z), optional
        As for `motion_model.coordinates`.
    threads : int
        Volumes at once; the result is the same.
    """
    whole = np.empty(data.shape, dtype=np.float32)
    flagged = np.zeros(data.shape, dtype=bool)

    def place(n: int) -> None:
        parameters, lost = motion.parameters[n], motion.outlier[:, n]
        sound = outliers.filled(data[..., n], lost)
        whole[..., n] = resample(sound, parameters, grid, shift_voxels=shift_voxels)
        if lost.any():
            flagged[..., n] = outliers.touched(_slices(parameters, grid, shift_voxels), lost)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(place, range(data.shape[3])))
    rotated = rotate_vectors(vectors, motion.parameters)
    if handling == "predicted":
        _replace(whole, flagged, b_values, rotated, motion.lost, settings)
        kept = ~motion.lost
    else:
        kept = ~(motion.lost | motion.outlier.any(axis=0))
    share = np.array([np.mean(flagged[..., n][mask]) for n in range(data.shape[3])])
    return Corrected(
        whole,
        rotated,
        motion.parameters,
        motion.residual_before,
        motion.residual_after,
        motion.outlier,
        kept,
        share if handling == "predicted" else np.zeros_like(share),
    )


def resample(
    volume: NDArray[Any],
    parameters: Array,
    grid: Grid,
    *,
    shift_voxels: NDArray[Any] | None = None,
) -> NDArray[np.float32]:
    """Return a volume in the place of the reference, by one cubic interpolation.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        As measured.
    parameters, shift_voxels
        As for `motion_model.coordinates`.
    grid : Grid
        Its grid.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        Modulated by the Jacobian; never negative; 0 outside the volume. The very volume where
        nothing is to be corrected.
    """
    values = np.array(volume, dtype=np.float32)
    if not np.any(parameters) and shift_voxels is None:
        return values
    places, jacobian = coordinates(
        parameters, grid.shape, grid.affine, axis=grid.axis, shift_voxels=shift_voxels
    )
    found = ndimage.map_coordinates(values, places, order=3, mode="constant", output=np.float32)
    return np.maximum(found * jacobian, 0.0).astype(np.float32)


def _slices(parameters: Array, grid: Grid, shift_voxels: NDArray[Any] | None) -> Array:
    """Return in which slice of the volume each voxel was measured, (X, Y, Z), not rounded."""
    points = np.indices(grid.shape, dtype=np.float64).reshape(3, -1)
    if shift_voxels is not None:
        points[grid.axis] += np.asarray(shift_voxels, np.float64).ravel()
    return np.asarray(moved(parameters, points, grid)[2]).reshape(grid.shape)


def _replace(
    whole: NDArray[np.float32],
    flagged: Flags,
    b_values: Array,
    vectors: Array,
    lost: Flags,
    settings: Settings,
) -> None:
    """Put predictions where signal was lost; volumes lost as a whole predict nothing."""
    for shell in leave_one_out.groups(
        b_values,
        b0_max_s_mm2=settings.b0_max_s_mm2,
        shell_width_s_mm2=settings.shell_width_s_mm2,
    ):
        wrong = flagged[..., shell].any(axis=-1)
        if not wrong.any():
            continue
        signal = np.ascontiguousarray(whole[wrong][:, shell].T)
        marks = flagged[wrong][:, shell].T
        predictor = leave_one_out.Predictor(
            marks | lost[shell][:, None],
            vectors[shell],
            smoothness=settings.smoothness,
            directions_per_term=settings.directions_per_term,
        )
        for row, number in enumerate(shell):
            predicted = predictor.volume(row, signal)
            usable = marks[row] & (predicted > 0)
            whole[wrong, number] = np.where(usable, predicted, signal[row])


__all__ = [
    "Corrected",
    "Grid",
    "Motion",
    "Settings",
    "apply",
    "coordinates",
    "resample",
]
