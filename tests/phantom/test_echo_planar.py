from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.phantom import echo_planar, scanner

SHAPE = (2, 20, 3)


def bar(where: int) -> np.ndarray:
    volume = np.zeros(SHAPE, dtype=np.float32)
    volume[:, where] = 6.0
    return volume


def test_no_shift_leaves_a_volume_as_it_is() -> None:
    volume = np.random.default_rng(1).random(SHAPE, dtype=np.float32)
    still = np.zeros(SHAPE, dtype=np.float32)
    assert echo_planar.shifted(volume, still, axis=1) == pytest.approx(volume)


def test_a_shift_moves_along_the_axis_and_the_opposite_one_back() -> None:
    shift = np.full(SHAPE, 2.5, dtype=np.float32)
    up, down = (echo_planar.shifted(bar(10), sign * shift, axis=1)[0, :, 0] for sign in (1, -1))
    assert np.flatnonzero(up).tolist() == [12, 13]
    assert np.flatnonzero(down).tolist() == [7, 8]
    assert up[12] == down[7] == pytest.approx(3.0)


def test_stretching_dims_and_squeezing_brightens() -> None:
    even = np.ones(SHAPE, dtype=np.float32)
    slope = np.broadcast_to(0.25 * (np.arange(20) - 10)[None, :, None], SHAPE).astype(np.float32)
    # y -> 1.25 y: density 1/1.25; y -> 0.75 y: 1/0.75.
    assert echo_planar.shifted(even, slope, axis=1)[0, 5:15, 0] == pytest.approx(0.8, abs=1e-5)
    assert echo_planar.shifted(even, -slope, axis=1)[0, 5:15, 0] == pytest.approx(4 / 3, abs=1e-5)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000), axis=st.integers(0, 2), size=st.floats(0.0, 3.0))
def test_signal_is_conserved_also_where_the_map_folds(seed: int, axis: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    volume = np.zeros((14, 14, 14), dtype=np.float32)
    volume[5:9, 5:9, 5:9] = rng.random((4, 4, 4))
    shift = (size * rng.uniform(-1, 1, volume.shape)).astype(np.float32)
    moved = echo_planar.shifted(volume, shift, axis=axis)
    assert moved.sum(axis=axis) == pytest.approx(volume.sum(axis=axis), abs=1e-4)


def test_eddy_field_is_that_of_its_terms() -> None:
    affine = np.diag([-2.0, 3.0, 4.0, 1.0])
    affine[:3, 3] = [10.0, -20.0, 5.0]
    grid = scanner.Grid((4, 5, 6), affine, np.eye(4))
    found = echo_planar.eddy(grid, np.array([0.1, 0.2, -0.1, 7.0]))
    # Voxel (1, 2, 3) lies at (8, -14, 17) mm.
    assert found[1, 2, 3] == pytest.approx(0.8 - 2.8 - 1.7 + 7.0)


def test_coupling_has_its_spread_at_100_mm() -> None:
    drawn = [
        echo_planar.coupling(spread_hz=10.0, rng=np.random.default_rng(seed)) for seed in range(400)
    ]
    assert np.std([one[:3] * 100 for one in drawn]) == pytest.approx(10.0, rel=0.1)
    assert not echo_planar.coupling(spread_hz=0.0, rng=np.random.default_rng(0)).any()
