from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.tracts import profiles

Array = np.ndarray[Any, Any]
START = np.zeros(3)


def bundle(n_lines: int = 12, seed: int = 0) -> tuple[Array, Array]:
    """Lines from x = 0 to 20, with jitter across, every other one turned round."""
    rng = np.random.default_rng(seed)
    lines = []
    for number in range(n_lines):
        count = int(rng.integers(8, 40))
        line = np.zeros((count, 3))
        line[:, 0] = np.linspace(0, 20, count)
        line[:, 1:] = 4 + rng.normal(0, 0.5, 2)
        lines.append(line[::-1] if number % 2 else line)
    offsets = np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(np.int64)
    return np.concatenate(lines).astype(np.float32), offsets


def ramp() -> Array:
    return np.broadcast_to(np.arange(22.0)[:, None, None], (22, 9, 9)).copy()


def test_a_ramp_along_the_bundle_is_read_as_a_ramp() -> None:
    nodes = profiles.oriented_nodes(*bundle(), start_mm=START, n_nodes=11)
    weights = profiles.core_weights(nodes, floor_mm=0.5)
    got = profiles.profile(nodes, weights, ramp(), np.eye(4))
    np.testing.assert_allclose(got.mean, np.arange(0, 21, 2), atol=1e-4)
    np.testing.assert_allclose(got.sd, 0, atol=1e-3)
    np.testing.assert_allclose(got.coverage, 1)


def test_weights_by_hand() -> None:
    """Three lines at y = -1, 0, 1: variance 1, distances 1, 0 (held at 0.1) and 1."""
    nodes = np.zeros((3, 2, 3), dtype=np.float32)
    nodes[:, :, 1] = np.array([-1, 0, 1])[:, None]
    weights = profiles.core_weights(nodes, floor_mm=1e-3)
    np.testing.assert_allclose(weights[:, 0], np.array([1, 10, 1]) / 12, rtol=1e-4)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 999), n_nodes=st.integers(2, 30))
def test_weights_sum_to_one_and_order_does_not_matter(seed: int, n_nodes: int) -> None:
    nodes = profiles.oriented_nodes(*bundle(seed=seed), start_mm=START, n_nodes=n_nodes)
    assert (nodes[:, 0, 0] < 1e-3).all()
    weights = profiles.core_weights(nodes, floor_mm=0.5)
    np.testing.assert_allclose(weights.sum(axis=0), 1)
    order = np.random.default_rng(seed).permutation(len(nodes))
    other = profiles.core_weights(nodes[order], floor_mm=0.5)
    np.testing.assert_allclose(other, weights[order], rtol=1e-4)


def test_a_stray_and_a_long_line_are_left_out() -> None:
    points, offsets = bundle(40)
    nodes = profiles.oriented_nodes(points, offsets, start_mm=START, n_nodes=20)
    nodes[3, 10] += 12.0
    lengths = np.full(40, 20.0)
    lengths[7] = 40.0
    got = profiles.core_members(nodes, lengths, max_distance=5.0, max_length_sd=4.0, floor_mm=0.5)
    assert np.flatnonzero(~got).tolist() == [3, 7]


def test_unknown_voxels_are_left_out_and_told() -> None:
    volume = ramp()
    volume[8:13] = np.nan
    nodes = profiles.oriented_nodes(*bundle(), start_mm=START, n_nodes=11)
    weights = profiles.core_weights(nodes, floor_mm=0.5)
    got = profiles.profile(nodes, weights, volume, np.eye(4))
    assert np.isnan(got.mean[5])
    assert got.coverage[5] == 0
    assert got.mean[2] == pytest.approx(4, abs=1e-4)
