"""Noise and ringing of a diffusion scan, and why they are left as they are where they must be."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault
from sonolesion.diffusion import principal_components, ringing

Volume = NDArray[np.float32]


def why_not_denoised(*, zero_filled: bool, n_volumes: int, min_volumes: int) -> str:
    """Return why MP-PCA must not run, empty if it may.

    Parameters
    ----------
    zero_filled : bool
        Whether the scanner padded k-space.
    n_volumes, min_volumes : int
        Volumes there are, and those it takes.

    Examples
    --------
    >>> why_not_denoised(zero_filled=False, n_volumes=7, min_volumes=10)
    'off: 7 volumes are too few to tell noise from signal (10 needed)'
    """
    if zero_filled:
        return "off: the scanner zero-filled k-space, so that neighbours share their noise"
    if n_volumes < min_volumes:
        return (
            f"off: {n_volumes} volumes are too few to tell noise from signal ({min_volumes} needed)"
        )
    return ""


def why_not_unringed(*, zero_filled: bool, partial_fourier: bool) -> str:
    """Return why Gibbs ringing must not be removed, empty if it may.

    Parameters
    ----------
    zero_filled : bool
        Whether the scanner padded k-space: the ringing then isn't at the edges of voxels.
    partial_fourier : bool
        Whether part of k-space was not measured: the ringing then has another period.
    """
    if zero_filled:
        return "off: the scanner zero-filled k-space, so that ringing has another period"
    if partial_fourier:
        return "off: partial Fourier changes the period of the ringing (10.1002/mrm.28830)"
    return ""


def denoise(
    data: NDArray[Any], mask: NDArray[np.bool_], *, patch_radius_voxels: int, threads: int = 1
) -> tuple[Volume, Volume]:
    """Remove noise by the Marchenko-Pastur law of the principal components of patches.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        As reconstructed, not interpolated.
    mask : ndarray of shape (X, Y, Z)
        Where; elsewhere the data stay as they are.
    patch_radius_voxels : int
        Half edge of a patch.
    threads : int
        At work at once; the result is the same.

    Returns
    -------
    denoised : ndarray of shape (X, Y, Z, N)
    noise : ndarray of shape (X, Y, Z)
        Standard deviation, unit of the data; NaN outside the mask.

    Raises
    ------
    InputFault
        If shapes don't fit.

    Notes
    -----
    Veraart et al. 2016, doi:10.1002/mrm.26059.
    """
    if data.ndim != 4 or data.shape[:3] != mask.shape:
        raise InputFault(
            file="diffusion scan",
            found=f"data of {data.shape}, mask of {mask.shape}",
            expected="(X, Y, Z, N) and (X, Y, Z)",
            remedy="give scan and mask on one grid",
        )
    values = np.asarray(data, dtype=np.float32)
    inside = np.asarray(mask, dtype=bool)
    clean, variance = principal_components.denoised(
        values, inside, patch_radius_voxels=patch_radius_voxels, threads=threads
    )
    found = inside & np.isfinite(variance)
    whole = np.where(found[..., None], np.maximum(clean, 0.0), values)
    noise = np.where(found, np.sqrt(variance), np.nan)
    return whole.astype(np.float32), noise.astype(np.float32)


def unring(data: NDArray[Any], *, threads: int = 1) -> Volume:
    """Remove Gibbs ringing within slices.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z) or (X, Y, Z, N)
        As reconstructed. ASSUME: slices lie along the third axis.
    threads : int
        At work at once; the result is the same.

    Notes
    -----
    Local sub-voxel shifts: Kellner et al. 2016, doi:10.1002/mrm.26054.
    """
    values = np.asarray(data, dtype=np.float32)
    stack = values[..., None] if values.ndim == 3 else values
    return ringing.unringed(stack, threads=threads).reshape(values.shape)
