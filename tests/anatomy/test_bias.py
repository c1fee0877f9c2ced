from __future__ import annotations

import numpy as np

from sonolesion.anatomy import bias, geometry

from .conftest import TOY_AFFINE, TOY_SHAPE


def test_foreground_is_the_object_not_the_noise() -> None:
    volume = np.random.default_rng(0).uniform(0, 5, (20, 20, 20))
    volume[5:15, 5:15, 5:15] += 100
    volume[9, 9, 9] = 0
    inside = bias.foreground(volume)
    assert inside.sum() == 1000
    assert inside[9, 9, 9]


def test_foreground_of_a_stripped_scan_is_what_is_not_zero(toy: np.ndarray) -> None:
    assert (bias.foreground(toy) == (toy > 0)).mean() > 0.99


def test_a_smooth_field_is_taken_out(toy: np.ndarray) -> None:
    points = geometry.grid_points(TOY_SHAPE, TOY_AFFINE)
    field = np.exp(0.3 * points[..., 0] / 50 + 0.2 * points[..., 1] / 50).astype(np.float32)
    white = toy == 100
    spoilt = toy * field
    mended = bias.correct_bias(
        spoilt, TOY_AFFINE, toy > 0, grid_mm=6, n_iterations=20, n_levels=3, n_threads=1
    )
    assert spoilt[white].std() / spoilt[white].mean() > 0.12
    assert mended[white].std() / mended[white].mean() < 0.05
    assert np.isclose(np.median(mended[toy > 0]), np.median(spoilt[toy > 0]), rtol=1e-3)
