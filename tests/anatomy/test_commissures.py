from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.anatomy import commissures, geometry

from .conftest import TOY_AFFINE, toy_brain
from .test_space import still_fit

PLACE = np.array([18.0, 30, -8])


def waves(points: np.ndarray) -> np.ndarray:
    """Smooth values without symmetry at points (..., 3) [mm]."""
    x, y, z = np.moveaxis(points / 5.0, -1, 0)
    return np.asarray(np.sin(x + 0.4 * y) + np.cos(1.3 * y - z) + np.sin(z * x / 3), np.float32)


def searched(shift: np.ndarray, *, noise: float = 0.0, reach_mm: float = 3.0) -> tuple:
    """Look for what surrounds a place in a volume that was shifted."""
    around = PLACE + commissures.sphere_points(15.0, 3.0)
    scan = waves(geometry.grid_points((41, 48, 37), TOY_AFFINE) - shift)
    scan += np.random.default_rng(0).normal(0, noise, scan.shape).astype(np.float32)
    values = waves(around)
    return commissures.best_shift(values, around, scan, TOY_AFFINE, reach_mm=reach_mm, step_mm=1.0)


def test_a_sphere_of_radius_one_has_seven_points() -> None:
    points = commissures.sphere_points(1.0, 1.0)
    assert len(points) == 7
    assert np.linalg.norm(points, axis=1).max() == 1


def test_nothing_moved_is_no_shift() -> None:
    shift, likeness = searched(np.zeros(3))
    np.testing.assert_allclose(shift, 0, atol=0.05)
    assert likeness > 0.999


@settings(max_examples=5, deadline=None)
@given(st.tuples(*[st.floats(-2, 2)] * 3))
def test_a_small_shift_is_found_within_a_tenth_of_a_voxel(move: tuple[float, ...]) -> None:
    shift, likeness = searched(np.array(move), noise=0.05)
    np.testing.assert_allclose(shift, move, atol=0.3)
    assert likeness > 0.98


def test_a_shift_beyond_the_reach_is_not_followed() -> None:
    shift, _ = searched(np.array([6.0, 0, 0]), reach_mm=2.0)
    assert np.abs(shift).max() <= 2.0


def found(scan: np.ndarray, *, trusted_likeness: float) -> commissures.Commissure:
    toy = toy_brain(geometry.grid_points((41, 48, 37), TOY_AFFINE))
    return commissures.find_commissure(
        still_fit(np.eye(4)), PLACE.tolist(), toy, TOY_AFFINE, scan, TOY_AFFINE, radius_mm=15.0,
        spacing_mm=3.0, reach_mm=3.0, step_mm=1.0, trusted_likeness=trusted_likeness,
    )  # fmt: skip


def test_the_place_moves_only_where_the_likeness_is_trusted() -> None:
    move = np.float32([0.0, 2.0, -1.0])
    scan = toy_brain(geometry.grid_points((41, 48, 37), TOY_AFFINE) - move)
    sure, unsure = found(scan, trusted_likeness=0.8), found(scan, trusted_likeness=1.1)
    np.testing.assert_allclose(sure.place_mm - PLACE, move, atol=1.0)
    np.testing.assert_allclose(unsure.place_mm, PLACE)
    np.testing.assert_allclose(sure.carried_mm, PLACE)


@pytest.mark.parametrize("scan", ["flat", "noise"])
def test_where_nothing_is_alike_the_likeness_says_so(scan: str) -> None:
    volume = np.ones((41, 48, 37), np.float32)
    if scan == "noise":
        volume = np.random.default_rng(1).normal(0, 1, volume.shape).astype(np.float32)
    result = found(volume, trusted_likeness=0.8)
    assert result.likeness < 0.5
    np.testing.assert_allclose(result.place_mm, PLACE)
