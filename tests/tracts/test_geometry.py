from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.core.errors import InputFault
from sonolesion.maths import points as points_of
from sonolesion.tracts import geometry

CORNER = np.array([[0, 0, 0], [3, 0, 0], [3, 4, 0]], dtype=np.float32)
TWO = np.concatenate([CORNER, CORNER[:2] + 10])
OFFSETS = np.array([0, 3, 5])


def walk(seed: int, n_lines: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(seed)
    counts = rng.integers(2, 30, n_lines)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    points = np.cumsum(rng.normal(0, 1, (offsets[-1], 3)), axis=0).astype(np.float32)
    return points, offsets


def test_lengths_by_hand() -> None:
    segments = geometry.segment_lengths(TWO, OFFSETS)
    assert segments.tolist() == [3, 4, 0, 3, 0]
    assert geometry.line_lengths(segments, OFFSETS).tolist() == [7, 3]
    assert geometry.line_lengths(np.zeros(0, np.float32), np.array([0])).size == 0


def test_lengths_do_not_depend_on_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    points, offsets = walk(1, 20)
    whole = geometry.segment_lengths(points, offsets)
    monkeypatch.setattr(geometry, "CHUNK_POINTS", 7)
    np.testing.assert_array_equal(geometry.segment_lengths(points, offsets), whole)


def test_points_at_equal_distances_by_hand() -> None:
    got = geometry.resampled(TWO, OFFSETS, np.array([8, 2]))
    assert got[:8, :2].tolist() == [[0, 0], [1, 0], [2, 0], [3, 0], [3, 1], [3, 2], [3, 3], [3, 4]]
    np.testing.assert_allclose(got[8:], TWO[3:], atol=1e-6)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 999), step=st.floats(0.2, 5.0))
def test_densified_lines_keep_ends_and_obey_the_step(seed: int, step: float) -> None:
    points, offsets = walk(seed, 5)
    dense, new = geometry.densified(points, offsets, step_mm=step)
    np.testing.assert_allclose(dense[new[:-1]], points[offsets[:-1]], atol=1e-4)
    np.testing.assert_allclose(dense[new[1:] - 1], points[offsets[1:] - 1], atol=1e-4)
    assert geometry.segment_lengths(dense, new).max() <= step * 1.001


def test_subset_keeps_the_order_asked_for() -> None:
    points, offsets = geometry.subset(TWO, OFFSETS, np.array([1, 0]))
    np.testing.assert_array_equal(points, TWO[[3, 4, 0, 1, 2]])
    assert offsets.tolist() == [0, 2, 5]
    points, offsets = geometry.subset(TWO, OFFSETS, np.array([False, True]))
    assert (len(points), offsets.tolist()) == (2, [0, 2])


def test_voxel_numbers_and_samples_by_hand() -> None:
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    volume = np.arange(8, dtype=np.float32).reshape(2, 2, 2)
    points = np.array([[0, 0, 0], [2, 0, 2], [1, 0, 0], [9, 0, 0]], dtype=np.float32)
    numbers = points_of.voxel_numbers(points, affine, (2, 2, 2))
    assert numbers[[0, 1, 3]].tolist() == [0, 5, -1]
    assert geometry.sampled(points, volume, affine, outside=-9.0).tolist() == [0, 5, 2, -9]


@pytest.mark.parametrize("offsets", [[0, 1, 5], [1, 5], [0, 3], []])
def test_impossible_offsets_are_refused(offsets: list[int]) -> None:
    with pytest.raises(InputFault):
        geometry.require_streamlines(TWO, np.array(offsets, dtype=np.int64))
    geometry.require_streamlines(TWO, OFFSETS)
