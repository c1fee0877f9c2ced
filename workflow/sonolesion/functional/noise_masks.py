"""Where white matter and fluid are pure enough to tell noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.errors import InputFault

Flags = NDArray[np.bool_]


def noise_mask(
    probability: NDArray[Any],
    brain: Flags,
    exclusion: Flags,
    *,
    min_probability: float,
    n_erosions: int,
    min_voxels: int,
    file: object,
) -> tuple[Flags, int]:
    """Return where a tissue is pure, and how often its mask was eroded.

    Parameters
    ----------
    probability : ndarray of shape (X, Y, Z)
        Of the tissue.
    brain, exclusion : ndarray of shape (X, Y, Z)
        Brain; and where a lesion is or will be, which no mask of any visit may touch.
    min_probability : float
        Least probability.
    n_erosions : int
        Voxels taken off its surface, as long as `min_voxels` are left.
    min_voxels : int
        Least size.
    file : object
        Named in a fault.

    Raises
    ------
    InputFault
        If even the mask before erosion is smaller.

    Notes
    -----
    The exclusion is taken out after the erosion: it is no surface of the tissue.
    """
    if not probability.shape == brain.shape == exclusion.shape:
        raise ValueError(f"shapes differ: {probability.shape}, {brain.shape}, {exclusion.shape}")
    tissue = (probability >= min_probability) & brain
    depth = ndimage.distance_transform_cdt(np.pad(tissue, 1), metric="taxicab")[1:-1, 1:-1, 1:-1]
    for times in range(n_erosions, -1, -1):
        pure = (depth > times) & ~exclusion
        if pure.sum() >= min_voxels:
            return np.asarray(pure), times
    raise InputFault(
        file=file,
        found=f"{int((tissue & ~exclusion).sum())} voxels of a tissue for its components",
        expected=f"at least {min_voxels}",
        remedy="check the registration to the T1w, or choose a strategy without these components",
    )
