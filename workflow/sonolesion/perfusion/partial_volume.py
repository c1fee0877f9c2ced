"""Signal of each tissue in voxels that hold several: local regression on their shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
# A tissue below this in a whole window has no share in the equations.
NOTHING = 1e-6


def regress(
    signal: NDArray[Any],
    shares: NDArray[Any],
    mask: NDArray[np.bool_],
    *,
    window_voxels: Sequence[int],
    min_amount: float,
    min_independence: float,
) -> Volume:
    """Return the signal that each tissue alone would have.

    Parameters
    ----------
    signal : ndarray of shape (X, Y, Z)
        Difference or M0.
    shares : ndarray of shape (X, Y, Z, K)
        Share of each voxel that a tissue fills, 0 to 1.
    mask : ndarray of shape (X, Y, Z), bool
        Voxels that count, and that are solved.
    window_voxels : sequence of int
        Odd edges of the window along each axis; 1 along the slices keeps it in plane.
    min_amount : float
        Least sum of squared shares of a tissue in the window, in voxels; less tells nothing of
        that tissue.
    min_independence : float
        Least eigenvalue, 0 to 1, of the shares' normal matrix scaled to a unit diagonal; less
        can't tell tissues apart.

    Returns
    -------
    ndarray of shape (X, Y, Z, K)
        NaN outside the mask and where a tissue isn't told.

    Raises
    ------
    ValueError
        If a window edge is even or arrays don't fit.

    Notes
    -----
    Asllani et al. 2008, doi:10.1002/mrm.21670, eq. 3 and 4: within a window each tissue has one
    signal, found by least squares. Sums over windows come from one pass of a box filter per
    product of shares; window voxels outside the mask or the grid don't count.
    """
    edges = [int(edge) for edge in window_voxels]
    if signal.shape != shares.shape[:3] or mask.shape != signal.shape:
        raise ValueError(f"signal {signal.shape}, shares {shares.shape}, mask {mask.shape}")
    if len(edges) != 3 or any(edge < 1 or edge % 2 == 0 for edge in edges):
        raise ValueError(f"window {edges} must have three odd edges")
    inside = mask & np.isfinite(signal) & np.isfinite(shares).all(axis=3)
    normal, right = _sums(signal, shares, inside, edges)
    solved = _solved(normal, right, min_amount=min_amount, min_independence=min_independence)
    out = np.full(shares.shape, np.nan, dtype=np.float32)
    out[inside] = solved
    return out


def _sums(
    signal: NDArray[Any], shares: NDArray[Any], inside: NDArray[np.bool_], edges: list[int]
) -> tuple[Array, Array]:
    """Return the normal equations of every voxel inside, (v, K, K) and (v, K)."""
    n_voxels, n_tissues = int(inside.sum()), shares.shape[3]
    part = [np.where(inside, shares[..., k], 0.0).astype(np.float64) for k in range(n_tissues)]
    target = np.where(inside, signal, 0.0).astype(np.float64)

    def summed(product: Array) -> Array:
        mean = ndimage.uniform_filter(product, edges, mode="constant", cval=0.0)
        return np.asarray(mean[inside] * np.prod(edges))

    normal = np.empty((n_voxels, n_tissues, n_tissues))
    right = np.empty((n_voxels, n_tissues))
    for row in range(n_tissues):
        right[:, row] = summed(part[row] * target)
        for column in range(row + 1):
            normal[:, row, column] = summed(part[row] * part[column])
            normal[:, column, row] = normal[:, row, column]
    return normal, right


def _solved(normal: Array, right: Array, *, min_amount: float, min_independence: float) -> Array:
    """Return the solutions of many small systems, NaN where they tell nothing."""
    n_tissues = right.shape[1]
    amount = np.diagonal(normal, axis1=1, axis2=2)
    there = amount > NOTHING
    scale = np.where(there, 1.0 / np.sqrt(np.where(there, amount, 1.0)), 0.0)
    scaled = normal * scale[:, :, None] * scale[:, None, :]
    # A tissue that isn't there gets an equation of its own, so that the others are solved.
    diagonal = np.arange(n_tissues)
    scaled[:, diagonal, diagonal] = 1.0
    told = np.linalg.eigvalsh(scaled)[:, 0] >= min_independence
    scaled[~told] = np.eye(n_tissues)
    solution = np.linalg.solve(scaled, (right * scale)[:, :, None])[:, :, 0] * scale
    return np.asarray(np.where(told[:, None] & there & (amount >= min_amount), solution, np.nan))


def corrected_ratio(
    difference: NDArray[Any],
    calibration: NDArray[Any] | float,
    shares: NDArray[Any],
    mask: NDArray[np.bool_],
    *,
    window_voxels: Sequence[int],
    min_amount: float,
    min_independence: float,
    min_share: float,
) -> tuple[Volume, Volume]:
    """Return difference over M0 of pure grey and of pure white matter.

    Parameters
    ----------
    difference : ndarray of shape (X, Y, Z)
        Control minus label.
    calibration : ndarray of shape (X, Y, Z) or float
        M0 on the same grid; one number is that of every tissue.
    shares : ndarray of shape (X, Y, Z, 3)
        Shares of grey matter, white matter and CSF.
    mask, window_voxels, min_amount, min_independence
        As in `regress`.
    min_share : float
        Least share of the tissue in a voxel whose value is told.

    Returns
    -------
    grey, white : ndarray of shape (X, Y, Z)
        NaN where not told.

    Notes
    -----
    Fluid has no label, so the difference has two tissues; M0 has three.
    """
    window: dict[str, Any] = {
        "window_voxels": window_voxels,
        "min_amount": min_amount,
        "min_independence": min_independence,
    }
    pure = regress(difference, shares[..., :2], mask, **window)
    if isinstance(calibration, int | float):
        ratio = pure / np.float32(calibration)
    else:
        below = regress(calibration, shares, mask, **window)[..., :2]
        ratio = np.where(below > 0, pure / np.where(below > 0, below, 1.0), np.nan)
    told = shares[..., :2] >= min_share
    ratio = np.where(told, ratio, np.nan).astype(np.float32)
    return ratio[..., 0], ratio[..., 1]
