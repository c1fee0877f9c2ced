from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.anatomy import brain, geometry

from .conftest import TOY_AFFINE, TOY_SHAPE, ball

SETTINGS = {"grow_mm": 6.0, "trust_mm": 12.0, "opening_mm": 3.0, "tissue_fraction": 0.4}


def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A brain, a skull gap, fat, and a thin bridge between brain and fat."""
    points = geometry.grid_points(TOY_SHAPE, TOY_AFFINE)
    inner = ball(points, (0, 0, 0), (40, 50, 36))
    image = np.where(inner, 80, 0).astype(np.float32)
    image[ball(points, (0, 0, 0), (32, 42, 28))] = 100
    shell = ball(points, (0, 0, 0), (55, 65, 50)) & ~ball(points, (0, 0, 0), (47, 57, 43))
    image[shell] = 250
    image[20, 24, 30:34] = 80
    return image, inner, points


def test_too_small_and_shifted_guess_grows_to_the_brain_and_not_to_the_fat() -> None:
    image, inner, points = scene()
    guess = ball(points, (3, 0, 0), (38, 48, 34))
    out = brain.refine_brain(image, guess, voxel_mm=3.0, fat_fraction=1.35, **SETTINGS)
    overlap = 2 * (out & inner).sum() / (out.sum() + inner.sum())
    before = 2 * (guess & inner).sum() / (guess.sum() + inner.sum())
    assert overlap > 0.97 > before
    assert not (out & (image > 200)).any()


def test_the_core_stays_whatever_its_intensity() -> None:
    image, inner, _ = scene()
    image[20, 24, 18] = 0
    out = brain.refine_brain(image, inner, voxel_mm=3.0, fat_fraction=1.35, **SETTINGS)
    assert out[20, 24, 18]


def test_white_matter_is_the_bright_mode() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(60, 6, 4000), rng.normal(100, 4, 5000)])
    assert abs(brain.white_matter_level(values) - 100) < 2


@settings(deadline=None)
@given(st.floats(1.0, 3.0), st.integers(0, 1000))
def test_opening_shrinks_and_closing_grows(radius: float, seed: int) -> None:
    mask = np.zeros((16, 16, 16), bool)
    mask[4:12, 4:12, 4:12] = np.random.default_rng(seed).random((8, 8, 8)) > 0.3
    assert not (brain.open_sphere(mask, radius=radius) & ~mask).any()
    assert not (mask & ~brain.close_sphere(mask, radius=radius)).any()


def test_opening_cuts_a_bridge() -> None:
    mask = np.zeros((30, 12, 12), bool)
    mask[2:11, 1:11, 1:11] = mask[19:28, 1:11, 1:11] = True
    mask[:, 5, 5] = True
    cut = brain.largest_piece(brain.open_sphere(mask, radius=2))
    assert not cut[15].any()
    assert 400 < cut.sum() < 900


def test_an_empty_mask_has_no_piece() -> None:
    assert not brain.largest_piece(np.zeros((3, 3, 3), bool)).any()


def test_dilation_by_two_voxels() -> None:
    mask = np.zeros((7, 7, 7), bool)
    mask[3, 3, 3] = True
    assert brain.dilate_sphere(mask, radius=2).sum() == 33
