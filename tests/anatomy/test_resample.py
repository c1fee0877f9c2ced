from __future__ import annotations

import numpy as np
import pytest

from sonolesion.anatomy import geometry, resample


def test_thin_voxels_are_interpolated_cubically_and_thick_ones_linearly() -> None:
    assert resample.spline_order(np.diag([1.0, 1, 1, 1]), cubic_limit_mm=2.0) == 3
    assert resample.spline_order(np.diag([0.9, 0.9, 3, 1]), cubic_limit_mm=2.0) == 1


@pytest.mark.parametrize("order", [0, 1, 3])
def test_a_shift_by_two_voxels_moves_the_values(order: resample.Order) -> None:
    volume = np.random.default_rng(0).uniform(1, 2, (8, 9, 7)).astype(np.float32)
    shift = np.eye(4)
    shift[0, 3] = 2.0
    out = resample.resample(
        volume, np.eye(4), shift, shape=volume.shape, affine=np.eye(4), order=order
    )
    np.testing.assert_allclose(out[:5], volume[2:7], rtol=1e-5)
    assert (out[6:] == 0).sum() == 2 * 9 * 7 or order == 0


def test_a_ramp_is_found_on_an_oblique_grid(rotated_affine: np.ndarray) -> None:
    source = np.diag([1.0, 1, 1, 1])
    source[:3, 3] = -20
    ramp = geometry.grid_points((41, 41, 41), source)[..., 1] + 30
    out = resample.resample(
        ramp, source, np.eye(4), shape=(4, 4, 4), affine=rotated_affine, order=1
    )
    wanted = geometry.grid_points((4, 4, 4), rotated_affine)
    inside = (np.abs(wanted) < 19).all(axis=-1)
    assert inside.sum() > 20
    np.testing.assert_allclose(out[inside], wanted[inside][:, 1] + 30, atol=1e-3)


def test_cubic_interpolation_of_an_edge_stays_within_the_values() -> None:
    edge = np.zeros((12, 6, 6), np.float32)
    edge[6:] = 10
    fine = np.diag([0.3, 1, 1, 1])
    out = resample.resample(edge, np.eye(4), np.eye(4), shape=(36, 6, 6), affine=fine, order=3)
    assert out.min() >= 0
    assert out.max() <= 10


def test_sampling_and_resampling_agree(rotated_affine: np.ndarray) -> None:
    volume = np.random.default_rng(1).normal(size=(9, 9, 9)).astype(np.float32)
    point = np.array([[3.2, 4.6, 5.1]])
    by_hand = resample.sample(volume, np.eye(4), point, order=1)
    assert volume.min() < by_hand[0] < volume.max()
    moved = resample.sample(volume, rotated_affine, geometry.apply(rotated_affine, point), order=1)
    np.testing.assert_allclose(moved, by_hand, rtol=1e-4)


def test_warping_by_a_constant_field_is_a_shift() -> None:
    volume = np.random.default_rng(2).normal(size=(6, 6, 6)).astype(np.float32)
    field = np.zeros((6, 6, 6, 3), np.float32)
    field[..., 2] = 1.0
    out = resample.warp(volume, np.eye(4), field, np.eye(4), order=1)
    np.testing.assert_allclose(out[:, :, :5], volume[:, :, 1:], rtol=1e-6)


def test_a_field_is_interpolated_between_its_voxels() -> None:
    field = np.zeros((3, 3, 3, 3), np.float32)
    field[1, 1, 1] = [2, 4, 6]
    out = resample.sample_field(field, np.eye(4), np.array([[1.5, 1.0, 1.0]]))
    np.testing.assert_allclose(out, [[1, 2, 3]])
