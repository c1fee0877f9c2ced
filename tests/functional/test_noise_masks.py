"""Masks of pure tissue: eroded as far as enough is left, without the places of lesions."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault
from sonolesion.functional.noise_masks import noise_mask

Array = NDArray[np.float64]


def mask_of(edge: int, exclusion: NDArray[np.bool_] | None = None, **other: float) -> Array:
    tissue = np.zeros((14, 14, 14))
    tissue[2 : 2 + edge, 2 : 2 + edge, 2 : 2 + edge] = 0.99
    none = np.zeros(tissue.shape, dtype=bool)
    how = {"min_probability": 0.95, "n_erosions": 2, "min_voxels": 20} | other
    whole = np.ones(tissue.shape, dtype=bool)
    found, times = noise_mask(
        tissue, whole, none if exclusion is None else exclusion, file="a.nii.gz", **how
    )
    return np.array([found.sum(), times])


def test_masks_are_eroded_as_far_as_enough_is_left() -> None:
    assert mask_of(9).tolist() == [5**3, 2]
    assert mask_of(5).tolist() == [3**3, 1]
    assert mask_of(3).tolist() == [3**3, 0]


def test_the_edge_of_the_grid_is_a_surface_too() -> None:
    full = np.ones((6, 6, 6))
    found, _ = noise_mask(
        full, full > 0, full < 0, min_probability=0.9, n_erosions=2, min_voxels=2, file="a"
    )
    assert found.sum() == 2**3


def test_the_exclusion_is_left_out_and_is_no_surface() -> None:
    exclusion = np.zeros((14, 14, 14), dtype=bool)
    exclusion[6, 6, 6] = True
    assert mask_of(9, exclusion).tolist() == [5**3 - 1, 2]


def test_a_tissue_too_small_is_refused() -> None:
    with pytest.raises(InputFault, match="8 voxels of a tissue"):
        mask_of(2)
    with pytest.raises(InputFault, match="0 voxels of a tissue"):
        mask_of(9, np.ones((14, 14, 14), dtype=bool))
