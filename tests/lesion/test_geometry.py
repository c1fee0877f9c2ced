"""Sizes and errors computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.lesion import geometry


def test_a_box_by_hand() -> None:
    mask = np.zeros((9, 9, 9), dtype=bool)
    mask[2:5, 3:5, 4] = True
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = [-10, 0, 1]
    assert geometry.centroid_mm(mask.astype(float), affine).tolist() == [-4, 7, 9]
    assert geometry.extents_mm(mask, np.full(3, 2.0)).tolist() == [6, 4, 2]
    assert geometry.max_diameter_mm(mask, np.full(3, 2.0)) == pytest.approx(np.sqrt(20))
    assert geometry.sphere_diameter_mm(np.pi / 6 * 8) == pytest.approx(2)


def test_lateral_is_away_from_the_midline() -> None:
    point, plan = np.array([-9.0, -18, 7]), np.array([-8.0, -20, 8])
    left = geometry.targeting_error_mm(point, plan, side="left")
    assert (left["ml"], left["ap"], left["dv"]) == (1, 2, -1)
    assert left["3d"] == pytest.approx(np.sqrt(6))
    assert geometry.targeting_error_mm(point, plan, side="right")["ml"] == -1
    with pytest.raises(ValueError, match="neither"):
        geometry.targeting_error_mm(point, plan, side="both")


@given(st.tuples(*[st.integers(0, 3)] * 3), st.floats(0.5, 2))
def test_moving_a_region_moves_its_centroid_alone(by: tuple[int, ...], edge: float) -> None:
    mask = np.zeros((12, 12, 12), dtype=bool)
    mask[2:6, 2:5, 2:8] = True
    mask[2, 2, 2] = False
    moved, affine = np.roll(mask, by, axis=(0, 1, 2)), np.diag([edge, edge, edge, 1.0])
    step = geometry.centroid_mm(moved, affine) - geometry.centroid_mm(mask, affine)
    np.testing.assert_allclose(step, np.array(by) * edge, atol=1e-9)
    sizes = [geometry.max_diameter_mm(m, np.full(3, edge)) for m in (mask, moved)]
    assert sizes[0] == pytest.approx(sizes[1])


def test_nothing_has_no_centroid_and_one_voxel_no_diameter() -> None:
    empty = np.zeros((3, 3, 3), dtype=bool)
    with pytest.raises(ValueError, match="empty"):
        geometry.centroid_mm(empty.astype(float), np.eye(4))
    assert geometry.extents_mm(empty, np.ones(3)).tolist() == [0, 0, 0]
    empty[1, 1, 1] = True
    assert geometry.max_diameter_mm(empty, np.ones(3)) == 0


def test_a_ball_is_round_and_a_rod_is_not() -> None:
    index = np.indices((30, 30, 30)) - 14.6
    radius = np.sqrt(np.square(index).sum(axis=0))
    ball = geometry.shape_numbers(np.clip(8 - radius + 0.5, 0, 1), np.ones(3), level=0.5)
    assert ball == pytest.approx(
        {"elongation": 1, "flatness": 1, "sphericity": 1, "solidity": 1}, abs=0.02
    )
    rod = np.zeros((30, 30, 30))
    rod[5:25, 10:14, 10:12] = 1
    long = geometry.shape_numbers(rod, np.ones(3), level=0.5)
    # Widths of 20, 4 and 2 mm have spreads in the same proportion.
    assert long["elongation"] == pytest.approx(4 / 20)
    assert long["flatness"] == pytest.approx(2 / 20)
    assert long["sphericity"] < 0.75
    assert long["solidity"] == pytest.approx(1.0, abs=0.03)


def test_two_lumps_are_not_solid() -> None:
    lumps = np.zeros((30, 12, 12))
    lumps[2:8, 3:9, 3:9] = 1
    lumps[20:26, 3:9, 3:9] = 1
    assert geometry.shape_numbers(lumps, np.ones(3), level=0.5)["solidity"] < 0.6


def test_voxel_size_counts_in_the_shape() -> None:
    cube = np.zeros((12, 12, 12))
    cube[3:7, 3:7, 3:7] = 1
    flat = geometry.shape_numbers(cube, np.array([1.0, 1.0, 0.5]), level=0.5)
    assert flat["flatness"] == pytest.approx(0.5)


def test_an_interval_holds_the_middle() -> None:
    assert geometry.interval(np.arange(101.0), level=0.9) == pytest.approx((5, 95))
