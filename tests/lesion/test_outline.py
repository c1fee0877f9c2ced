"""Parts of the outline: first guess, correlation of noise, tissue, spread, and the way back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from sonolesion.core.settings.lesion import Fit
from sonolesion.lesion import outline
from sonolesion.lesion.comparison import UNKNOWN, Change
from sonolesion.lesion.evidence import Zones
from sonolesion.lesion.extent import Lattice
from sonolesion.lesion.shape import fine_lattice

PLAN = outline.FitPlan(**Fit().model_dump())
SHAPE = (40, 40, 40)
AFFINE = np.diag([1.0, 1.0, 1.0, 1.0])
AFFINE[:3, 3] = -20.0
BRAIN = np.ones(SHAPE, dtype=bool)
GRID = outline.Grid(AFFINE, BRAIN, np.zeros(SHAPE))
ZONES = Zones(np.array([[-0.3], [0.5]]), np.array([[0.2], [0.2]]), 60.0)
PEAK = np.array([20, 20, 20])
BOX = tuple(slice(10, 31) for _ in range(3))


def changed(value: np.ndarray, sd: float = 0.05) -> Change:
    return Change(value, np.full(SHAPE, sd), 30.0, np.ones(SHAPE, dtype=bool))


def white(seed: int = 0) -> np.ndarray:
    return 0.05 * np.random.default_rng(seed).standard_normal(SHAPE)


def guess(value: np.ndarray, brain: np.ndarray = BRAIN) -> np.ndarray:
    return outline.first_guess({"T1w": changed(value)}, BOX, brain[BOX], ZONES, PEAK - 10, PLAN)


def test_the_first_guess_is_the_change_at_the_peak_and_no_other() -> None:
    value = np.zeros(SHAPE)
    value[18:23, 19:22, 20] = 0.5
    value[12:15, 12, 12] = 0.5
    found = guess(value)
    assert np.argwhere(found).min(axis=0).tolist() == [8, 9, 10]
    assert np.argwhere(found).max(axis=0).tolist() == [12, 11, 10]
    assert found.sum() == 15


def test_the_first_guess_stays_in_the_brain() -> None:
    brain = BRAIN.copy()
    brain[21:] = False
    value = np.zeros(SHAPE)
    value[18:23, 19:22, 20] = 0.5
    assert guess(value, brain).sum() == 9


def test_a_peak_without_clear_voxels_is_its_own_guess() -> None:
    found = guess(np.zeros(SHAPE))
    assert np.argwhere(found).tolist() == [[10, 10, 10]]


def test_white_noise_is_not_correlated() -> None:
    found = [outline.correlation(changed(white(seed)), BRAIN, GRID, PLAN) for seed in range(4)]
    assert np.mean(found) < 1.08


def test_blurred_noise_is_correlated_as_much_as_it_was_blurred() -> None:
    # Means of blocks of 5 shrink by less than voxels do: by sqrt(8 pi^1.5 s^3) for wide blocks.
    blurred = ndimage.gaussian_filter(white(), 0.9)
    found = outline.correlation(changed(blurred), BRAIN, GRID, PLAN)
    means = blurred.reshape(8, 5, 8, 5, 8, 5).mean(axis=(1, 3, 5))
    assert found == pytest.approx(means.std() * np.sqrt(125) / blurred.std(), rel=0.15)
    assert found > 3


def test_outliers_do_not_make_noise_look_correlated() -> None:
    value = white()
    value[3:6, 3:6, 3:6] = 40.0
    assert outline.correlation(changed(value), BRAIN, GRID, PLAN) < 1.15


def test_without_whole_blocks_noise_passes_for_independent() -> None:
    few = np.zeros(SHAPE, dtype=bool)
    few[0, 0] = True
    blurred = changed(ndimage.gaussian_filter(white(), 2))
    assert outline.correlation(blurred, few, GRID, PLAN) == 1
    assert outline.correlation(changed(np.zeros(SHAPE)), BRAIN, GRID, PLAN) == 1


def test_where_a_scan_has_no_data_it_tells_no_correlation() -> None:
    value, valid = white(), np.ones(SHAPE, dtype=bool)
    value[:, :, 30:], valid[:, :, 30:] = 9.0, False
    one = Change(value, np.where(valid, 0.05, UNKNOWN), 30.0, valid)
    assert outline.correlation(one, BRAIN, GRID, PLAN) < 1.1


def test_fluid_is_no_tissue() -> None:
    fluid = np.zeros(SHAPE)
    fluid[20:] = 1.0
    grid = replace(GRID, fluid=fluid)
    # Linear between the voxels at -1 and 0 mm: fluid 0, 0.6, 0.8 and 1.
    points = np.array([[-1.0, 0, 0], [-0.4, 0, 0], [-0.2, 0, 0], [0.0, 0, 0], [99.0, 0, 0]])
    np.testing.assert_allclose(outline.tissue_at(points, grid, PLAN), [1, 1, 0.5, 0, 0], atol=1e-6)


@given(st.integers(20, 400), st.floats(0.0, 0.3))
def test_volumes_are_widened_by_what_is_asked(count: int, log_sd: float) -> None:
    found = np.log(outline.widened(np.full((count, 3), 50.0), log_sd) / 50.0)
    assert (found == found[:, :1]).all()
    assert found.mean() == pytest.approx(0, abs=1e-9)
    # Mid quantiles fall a little short of the tails.
    assert 0.93 * log_sd <= found.std() + 1e-12 <= log_sd + 2e-12


def test_widening_is_in_no_order_and_always_the_same() -> None:
    volumes = np.arange(1.0, 151.0)[:, None] * np.ones(3)
    once, again = outline.widened(volumes, 0.1), outline.widened(volumes, 0.1)
    np.testing.assert_array_equal(once, again)
    factor = (once / volumes)[:, 0]
    assert abs(np.corrcoef(factor, np.arange(150))[0, 1]) < 0.2


# Where the fine step does not divide the voxel, their shares are rounded.
@pytest.mark.parametrize(("step_mm", "error"), [(0.5, 0.005), (1.0, 0.005), (0.4, 0.02)])
@pytest.mark.parametrize("centre", [(0.0, 0.0, 0.0), (0.3, -1.7, 2.2)])
def test_the_way_back_to_the_grid_conserves_volume(
    step_mm: float, error: float, centre: tuple[float, float, float]
) -> None:
    lattice = fine_lattice(np.array(centre), reach_mm=9.0, step_mm=step_mm)
    away = np.linalg.norm(lattice.points_mm() - centre, axis=1)
    ball = np.clip((3.0 - away) / step_mm + 0.5, 0, 1)
    found = outline.on_grid(ball, lattice, GRID)
    assert found.sum() == pytest.approx(ball.sum() * step_mm**3, rel=error)
    assert 0 <= found.min() <= found.max() <= 1 + 1e-9
    voxels = Lattice(SHAPE, AFFINE).points_mm()
    np.testing.assert_allclose(found.ravel() @ voxels / found.sum(), centre, atol=0.05)
