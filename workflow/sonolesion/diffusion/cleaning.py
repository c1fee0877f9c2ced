"""Noise and ringing of a scan: what is done about them, and the reasons in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.diffusion.denoising import denoise, unring, why_not_denoised, why_not_unringed

Volume = NDArray[np.float32]
Mask = NDArray[np.bool_]
Told = Mapping[str, Any]


def cleaned(
    data: Volume, mask: Mask, *, acquisition: Told, denoising: Told, threads: int
) -> tuple[Volume, dict[str, Any]]:
    """Remove noise and ringing where that is allowed, and say what was done.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Scan as acquired.
    mask : ndarray of shape (X, Y, Z)
        Where noise is removed.
    acquisition : mapping
        ``zero_filled`` and ``partial_fourier``: "yes", "no" or "undecidable".
    denoising : mapping
        Settings.
    threads : int
        At work at once; the result is the same.
    """
    filled = acquisition["zero_filled"] == "yes"
    why = why_not_denoised(
        zero_filled=filled, n_volumes=data.shape[3], min_volumes=denoising["min_volumes"]
    )
    told: dict[str, Any] = {"Denoising": why or "MP-PCA"}
    if not why:
        radius = denoising["patch_radius_voxels"]
        data, noise = denoise(data, mask, patch_radius_voxels=radius, threads=threads)
        told["NoiseSigma"] = float(np.nanmedian(noise))
    partial = acquisition["partial_fourier"] == "yes"
    why = why_not_unringed(zero_filled=filled, partial_fourier=partial)
    if not why and acquisition["partial_fourier"] == "undecidable":
        told["RingingNote"] = "whether k-space was measured whole is not told"
    told["Unringing"] = why or "local sub-voxel shifts"
    return (data if why else unring(data, threads=threads)), told
