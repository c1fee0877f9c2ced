"""From tissue fractions and signals to a scan: partial volume, bias field, Rician noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.phantom.deformation import spread

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
BIAS_ORDER = 3
BIAS_NODES = 12


@dataclass(frozen=True)
class Grid:
    """Voxels of a scan, in scanner space, and the head's pose (subject to scanner)."""

    shape: tuple[int, int, int]
    affine: Array
    pose: Array


def box_average(volume: Volume, *, widths: Array) -> Volume:
    """Average over a box along each axis, as the voxels of a scan do.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Signal on a fine grid.
    widths : ndarray of shape (3,)
        Edges of the box in fine voxels; one or less leaves the axis alone.
    """
    for axis, width in enumerate(widths):
        if width > 1:
            volume = ndimage.convolve1d(volume, box_weights(float(width)), axis=axis)
    return volume


def box_weights(width: float) -> NDArray[np.float32]:
    """Weights of a centred box of any width on unit cells; they add up to one."""
    reach = int(np.ceil((width - 1) / 2))
    cells = np.abs(np.arange(-reach, reach + 1))
    held = np.clip(width / 2 - cells + 0.5, 0, 1)
    return np.asarray(held / held.sum(), dtype=np.float32)


def resample(volume: Volume, *, affine: Array, grid: Grid) -> Volume:
    """Interpolate a subject volume linearly at the voxel centres of a scan.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Volume in the subject's space; air (0) around it.
    affine : ndarray of shape (4, 4)
        Its voxels to the subject's millimetres.
    grid : Grid
        The scan.
    """
    matrix = np.linalg.inv(affine) @ np.linalg.inv(grid.pose) @ grid.affine
    return np.asarray(
        ndimage.affine_transform(
            volume, matrix[:3, :3], matrix[:3, 3], grid.shape, order=1, mode="constant"
        )
    )


def sub_points(
    grid: Grid, *, centre_mm: Array, reach_mm: float, step_mm: float
) -> tuple[tuple[slice, slice, slice], Array]:
    """Points inside the voxels of a scan that lie near a point of the subject.

    Parameters
    ----------
    grid : Grid
        The scan.
    centre_mm : ndarray of shape (3,)
        Point in the subject's space [mm].
    reach_mm, step_mm : float
        Half edge of the box around it, and largest distance of points along an axis [mm].

    Returns
    -------
    box : three slices
        The voxels.
    points : ndarray of shape (X, Y, Z, N, 3)
        N points in each voxel of the box, in the subject's space [mm].

    Raises
    ------
    ValueError
        If the box reaches out of the scan.
    """
    to_voxel = np.linalg.inv(grid.affine) @ grid.pose
    edges_mm = np.linalg.norm(grid.affine[:3, :3], axis=0)
    middle = to_voxel[:3, :3] @ centre_mm + to_voxel[:3, 3]
    low = np.floor(middle - reach_mm / edges_mm).astype(int)
    high = np.ceil(middle + reach_mm / edges_mm).astype(int) + 1
    if (low < 0).any() or (high > grid.shape).any():
        raise ValueError("the lesion lies outside the field of view")
    counts = np.ceil(edges_mm / step_mm - 1e-9).astype(int)
    offsets = [(np.arange(n) + 0.5) / n - 0.5 for n in counts]
    inside = np.stack(np.meshgrid(*offsets, indexing="ij"), axis=-1).reshape(-1, 3)
    voxels = np.stack(np.meshgrid(*map(np.arange, low, high), indexing="ij"), axis=-1)[..., None, :]
    to_subject = np.linalg.inv(to_voxel)
    points = (voxels + inside) @ to_subject[:3, :3].T + to_subject[:3, 3]
    box = (slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2]))
    return box, points


def bias_field(shape: tuple[int, int, int], *, log_sd: float, rng: np.random.Generator) -> Volume:
    """Draw a smooth multiplicative field, the exponential of a polynomial of third order.

    Parameters
    ----------
    shape : tuple of int
        Voxels of the scan.
    log_sd : float
        Standard deviation of its logarithm over the field of view.
    rng : Generator
        Source of randomness.
    """
    nodes = np.linspace(-1, 1, BIAS_NODES)
    drawn = rng.standard_normal((BIAS_ORDER + 1,) * 3)
    order = np.add.outer(np.add.outer(*[np.arange(BIAS_ORDER + 1)] * 2), np.arange(BIAS_ORDER + 1))
    # Higher orders are weaker, as in the sensitivity of a head coil; order 0 is the gain.
    weights = np.where((order > 0) & (order <= BIAS_ORDER), drawn / np.maximum(order, 1), 0)
    logarithm = np.polynomial.legendre.leggrid3d(nodes, nodes, nodes, weights)
    scale = log_sd / logarithm.std()
    positions = [np.linspace(0, BIAS_NODES - 1, n) for n in shape]
    return spread(np.exp(logarithm * scale), positions=(positions[0], positions[1], positions[2]))


def rician(signal: Volume, *, sigma: float, rng: np.random.Generator) -> Volume:
    """Magnitude of the signal with normal noise in both channels.

    Notes
    -----
    Gudbjartsson 1995, doi:10.1002/mrm.1910340618, eq. 1.
    """
    if sigma < 0:
        raise ValueError("sigma must not be negative")
    real = rng.standard_normal(signal.shape, dtype=np.float32)
    real *= np.float32(sigma)
    real += signal
    imaginary = rng.standard_normal(signal.shape, dtype=np.float32)
    imaginary *= np.float32(sigma)
    return np.hypot(real, imaginary)
