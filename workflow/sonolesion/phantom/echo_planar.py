"""What an echo-planar readout does to a volume: voxels shift along the phase encoding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.settings.phantom_dti import Distortion
from sonolesion.phantom import deformation, pose, scanner
from sonolesion.phantom.patient import Anatomy

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
# Template millimetres: centre and reach of the bumps of the field.
SINUSES = (((0.0, 46.0, -24.0), 15.0), ((0.0, 62.0, -8.0), 12.0))
EARS = (((-46.0, -26.0, -34.0), 15.0), ((46.0, -26.0, -34.0), 15.0))
ISOCENTRE_REACH_MM = 100.0


def susceptibility(anatomy: Anatomy, distortion: Distortion) -> Array:
    """Field of the head [Hz] on the coarse grid of the deformation, shape (X, Y, Z).

    Air in the sinuses and the petrous bones lifts the field about it, as smooth bumps.
    """
    own = pose.nodes(anatomy.field_mm.shape, anatomy.field_affine)
    points = own + anatomy.field_mm
    field = np.zeros(points.shape[:3])
    for bumps, height_hz in ((SINUSES, distortion.sinus_hz), (EARS, distortion.ear_hz)):
        for centre, reach in bumps:
            weight = deformation.fading(points, centre_mm=np.array(centre), reach_mm=reach)
            field += height_hz * weight[..., 0]
    return field


def on_grid(field_hz: Array, anatomy: Anatomy, grid: scanner.Grid) -> Volume:
    """Interpolate the head's field at the voxels of a scan [Hz]; its edge is held beyond."""
    matrix = np.linalg.inv(anatomy.field_affine) @ np.linalg.inv(grid.pose) @ grid.affine
    return np.asarray(
        ndimage.affine_transform(
            field_hz.astype(np.float32),
            matrix[:3, :3],
            matrix[:3, 3],
            grid.shape,
            order=1,
            mode="nearest",
        )
    )


def coupling(*, spread_hz: float, rng: np.random.Generator) -> Array:
    """Draw which field each gradient axis leaves behind.

    Parameters
    ----------
    spread_hz : float
        Standard deviation of the field 100 mm off the isocentre [Hz].
    rng : Generator
        Source of randomness.

    Returns
    -------
    ndarray of shape (4, 3)
        Slopes along x, y and z [Hz/mm] and the field at the isocentre [Hz], for a full
        gradient along each axis.
    """
    drawn = rng.standard_normal((4, 3)) * spread_hz
    drawn[:3] /= ISOCENTRE_REACH_MM
    return drawn


def eddy(grid: scanner.Grid, terms: Array) -> Volume:
    """Field of eddy currents in the voxels of a scan [Hz]; terms (4,) as in `coupling`."""
    slopes = terms[:3] @ grid.affine[:3, :3]
    offset = terms[:3] @ grid.affine[:3, 3] + terms[3]
    i, j, k = np.ogrid[tuple(slice(n) for n in grid.shape)]
    return np.asarray(slopes[0] * i + slopes[1] * j + slopes[2] * k + offset, dtype=np.float32)


def shifted(volume: Volume, shift_voxels: Volume, *, axis: int) -> Volume:
    """Move the signal of each voxel along an axis; what piles up adds up.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Signal.
    shift_voxels : ndarray of shape (X, Y, Z)
        Shift of each voxel's centre [voxels], positive towards growing indices.
    axis : int
        The axis of the phase encoding.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        Signal is conserved (save what leaves the field of view), and so modulated by the
        Jacobian: a cell that is stretched spreads its signal over more voxels.

    Notes
    -----
    Jezzard and Balaban 1995, doi:10.1002/mrm.1910340111. Each cell becomes the interval
    between its shifted edges, also where the map folds.
    """
    signal = np.moveaxis(volume, axis, -1)
    shift = np.moveaxis(shift_voxels, axis, -1).astype(np.float64)
    n = signal.shape[-1]
    edge_shift = np.concatenate(
        [shift[..., :1], (shift[..., 1:] + shift[..., :-1]) / 2, shift[..., -1:]], axis=-1
    )
    edges = edge_shift + np.arange(n + 1)
    low = np.minimum(edges[..., :-1], edges[..., 1:])
    high = np.maximum(np.maximum(edges[..., :-1], edges[..., 1:]), low + 1e-6)
    density = signal / (high - low)
    first = np.floor(low).astype(np.intp)
    line = np.arange(signal[..., 0].size).reshape(signal.shape[:-1])[..., None] * n
    moved = np.zeros(signal.size)
    for step in range(int(np.ceil((high - low).max())) + 1):
        target = first + step
        overlap = np.clip(np.minimum(high, target + 1) - np.maximum(low, target), 0, None)
        kept = (target >= 0) & (target < n) & (overlap > 0)
        cells = (line + target)[kept]
        moved += np.bincount(cells, (density * overlap)[kept], minlength=moved.size)
    return np.moveaxis(moved.reshape(signal.shape), -1, axis).astype(np.float32)
