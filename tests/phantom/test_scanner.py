from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.phantom import pose, scanner


def grid(voxel_mm: float = 2.0) -> scanner.Grid:
    shape = (20, 20, 20)
    affine = pose.grid_affine(
        shape=shape, voxel_mm=np.full(3, voxel_mm), axes="LAS", centre_mm=np.zeros(3)
    )
    return scanner.Grid(shape, affine, np.eye(4))


def test_box_of_two_cells_by_hand() -> None:
    assert scanner.box_weights(2.0) == pytest.approx([0.25, 0.5, 0.25])
    assert scanner.box_weights(3.0) == pytest.approx([1 / 3] * 3)


@given(width=st.floats(1.01, 9.0))
def test_box_keeps_the_mean(width: float) -> None:
    volume = np.random.default_rng(0).uniform(1, 2, (24, 3, 3)).astype(np.float32)
    assert scanner.box_weights(width).sum() == pytest.approx(1.0, rel=1e-5)
    averaged = scanner.box_average(np.full_like(volume, 1.5), widths=np.array([width, 1, 1]))
    assert averaged == pytest.approx(np.full_like(volume, 1.5), rel=1e-5)


def test_resampling_finds_the_same_point() -> None:
    volume = np.zeros((30, 30, 30), dtype=np.float32)
    volume[12, 17, 20] = 8.0
    affine = pose.grid_affine(
        shape=(30, 30, 30), voxel_mm=np.full(3, 2.0), axes="RAS", centre_mm=np.zeros(3)
    )
    there = pose.apply(np.linalg.inv(grid().affine), pose.apply(affine, np.array([12.0, 17, 20])))
    found = scanner.resample(volume, affine=affine, grid=grid())
    assert found[tuple(np.round(there).astype(int))] == pytest.approx(8.0)
    assert found.sum() == pytest.approx(8.0)


def test_sub_points_fill_their_voxels() -> None:
    box, points = scanner.sub_points(grid(), centre_mm=np.zeros(3), reach_mm=3.0, step_mm=0.5)
    assert points.shape[3:] == (64, 3)
    corner = np.array([part.start for part in box], dtype=float)
    expected = pose.apply(grid().affine, corner)
    assert points[0, 0, 0].mean(axis=0) == pytest.approx(expected)
    assert np.abs(points[0, 0, 0] - expected).max() == pytest.approx(0.75)


def test_lesion_outside_the_field_of_view_is_refused() -> None:
    with pytest.raises(ValueError, match="field of view"):
        scanner.sub_points(grid(), centre_mm=np.array([40.0, 0, 0]), reach_mm=3.0, step_mm=0.5)


def test_noise_without_signal_is_rayleigh() -> None:
    rng = np.random.default_rng(0)
    found = scanner.rician(np.zeros((60, 60, 60), dtype=np.float32), sigma=2.0, rng=rng)
    assert found.mean() == pytest.approx(2 * np.sqrt(np.pi / 2), rel=0.01)
    assert (found**2).mean() == pytest.approx(2 * 2.0**2, rel=0.01)
    with pytest.raises(ValueError, match="sigma"):
        scanner.rician(np.zeros((2, 2, 2), dtype=np.float32), sigma=-1.0, rng=rng)


@given(seed=st.integers(0, 100), log_sd=st.floats(0.01, 0.4))
def test_bias_has_the_wanted_spread(seed: int, log_sd: float) -> None:
    field = scanner.bias_field((14, 15, 16), log_sd=log_sd, rng=np.random.default_rng(seed))
    assert field.min() > 0
    assert np.log(field).std() == pytest.approx(log_sd, rel=0.15)
