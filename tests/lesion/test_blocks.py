"""Block sums and their way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from sonolesion.lesion import blocks


def test_sums_by_hand_with_an_incomplete_block() -> None:
    total = blocks.block_sum(np.ones((3, 2, 5)), edge=2)
    assert total.tolist() == [[[8, 8, 4]], [[4, 4, 2]]]
    with pytest.raises(ValueError, match="at least one"):
        blocks.block_sum(np.ones((2, 2, 2)), edge=0)


@given(st.integers(1, 6), st.floats(-5, 5))
def test_a_constant_stays_constant(edge: int, value: float) -> None:
    shape, weight = (9, 7, 11), np.ones((9, 7, 11))
    mean = blocks.local_mean(
        np.full(shape, value), weight, edge=edge, around=blocks.neighbourhood(sigma=1.0, hole=0.0)
    )
    back = blocks.to_voxels(mean, shape=shape, edge=edge)
    np.testing.assert_allclose(back, value, atol=1e-5)


def test_a_ramp_comes_back_between_block_centres() -> None:
    ramp = np.broadcast_to(np.arange(12.0)[:, None, None], (12, 4, 4))
    means = blocks.block_sum(ramp, edge=4) / 64
    back = blocks.to_voxels(means, shape=(12, 4, 4), edge=4)
    np.testing.assert_allclose(back[2:10, 0, 0], np.arange(2, 10), atol=1e-5)


def test_unknown_blocks_take_the_nearest() -> None:
    known = np.array([[[True, False, False]]])
    assert blocks.spread(np.array([[[7.0, 0, 0]]]), known).tolist() == [[[7, 7, 7]]]
    with pytest.raises(ValueError, match="empty"):
        blocks.spread(np.zeros((1, 1, 1)), np.zeros((1, 1, 1), dtype=bool))


def test_blocks_hold_the_voxels_that_are_summed() -> None:
    values = np.random.default_rng(3).normal(size=(7, 8, 5)).astype(np.float32)
    sorted_in = blocks.in_blocks(values, edge=3)
    assert sorted_in.shape == (3, 3, 2, 27)
    np.testing.assert_allclose(sorted_in.sum(axis=-1), blocks.block_sum(values, edge=3), rtol=1e-5)
    np.testing.assert_array_equal(sorted_in[0, 0, 0], values[:3, :3, :3].ravel())
    with pytest.raises(ValueError, match="edge"):
        blocks.in_blocks(values, edge=0)


def test_the_middle_of_a_neighbourhood_has_no_say() -> None:
    values, weight = np.zeros((11, 11, 11)), np.ones((11, 11, 11))
    values[5, 5, 5] = 1000.0
    around = blocks.neighbourhood(sigma=1.5, hole=1.6)
    found = blocks.local_mean(values, weight, edge=1, around=around)
    # Offsets (1, 1, 0) are 1.41 away, (1, 1, 1) are 1.73 away.
    np.testing.assert_allclose(found[4:7, 4:7, 5], 0.0, atol=1e-9)
    assert found[4, 4, 4] > 1.0
    assert around.sum() == pytest.approx(1.0)


def test_a_neighbourhood_without_a_hole_is_a_gaussian() -> None:
    values = np.random.default_rng(5).normal(size=(12, 10, 9))
    found = blocks.blur(values, blocks.neighbourhood(sigma=1.2, hole=0.0))
    truth = ndimage.gaussian_filter(values, 1.2, mode="constant", truncate=4.0 / 1.2)
    np.testing.assert_allclose(found, truth, atol=1e-9)


def test_blocks_with_different_edges() -> None:
    total = blocks.block_sum(np.ones((4, 4, 2)), edge=(2, 4, 1))
    assert total.shape == (2, 1, 2)
    np.testing.assert_array_equal(total, 8.0)
    back = blocks.to_voxels(total, shape=(4, 4, 2), edge=(2, 4, 1))
    np.testing.assert_allclose(back, 8.0)
