"""Block sums and their way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.lesion import blocks


def test_sums_by_hand_with_an_incomplete_block() -> None:
    total = blocks.block_sum(np.ones((3, 2, 5)), edge=2)
    assert total.tolist() == [[[8, 8, 4]], [[4, 4, 2]]]
    with pytest.raises(ValueError, match="at least one"):
        blocks.block_sum(np.ones((2, 2, 2)), edge=0)


@given(st.integers(1, 6), st.floats(-5, 5))
def test_a_constant_stays_constant(edge: int, value: float) -> None:
    shape, weight = (9, 7, 11), np.ones((9, 7, 11))
    mean = blocks.local_mean(np.full(shape, value), weight, edge=edge, sigma=1.0)
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
