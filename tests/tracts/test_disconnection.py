from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from sonolesion.core.errors import InputFault
from sonolesion.tracts import disconnection

Array = np.ndarray[Any, Any]
ONE_MM = np.eye(4)


def straight(n_lines: int, n_points: int = 21) -> tuple[Array, Array]:
    """Lines along x, 1 mm apart in y."""
    x, y = np.meshgrid(np.arange(n_points), np.arange(n_lines))
    points = np.stack([x, y, np.zeros_like(x)], axis=-1).reshape(-1, 3).astype(np.float32)
    return points, np.arange(n_lines + 1, dtype=np.int64) * n_points


def lesion_of(*voxels: tuple[int, int, int], p: float = 1.0) -> Array:
    volume = np.zeros((21, 8, 3), dtype=np.float32)
    for voxel in voxels:
        volume[voxel] = p
    return volume


def test_cut_by_hand() -> None:
    points, offsets = straight(3)
    lesion = lesion_of((5, 1, 0), (6, 1, 0), (7, 1, 0))
    got = disconnection.cut(points, offsets, lesion, ONE_MM, threshold=0.5, floor=0.01)
    assert got.is_cut.tolist() == [False, True, False]
    assert got.peak.tolist() == [0, 1, 0]
    assert got.length_mm.tolist() == [20, 20, 20]
    assert (got.before_mm[1], got.within_mm[1], got.after_mm[1]) == (5, 2, 13)
    share = disconnection.fractions(got, np.ones(3, dtype=bool))
    assert share == pytest.approx(
        {"streamlines": 1 / 3, "expected": 1 / 3, "length": 1 / 3, "beyond": 13 / 60}
    )


def test_the_highest_probability_counts_whatever_the_number_of_points() -> None:
    points, offsets = straight(1)
    lesion = lesion_of(*[(x, 0, 0) for x in range(4, 16)], p=0.4)
    got = disconnection.cut(points, offsets, lesion, ONE_MM, threshold=0.5, floor=0.01)
    assert not got.is_cut.any()
    assert got.peak[0] == pytest.approx(0.4)


def slowly(points: Array, offsets: Array, lesion: Array, affine: Array) -> list[float]:
    inverse = np.linalg.inv(affine)
    peaks = []
    for first, last in pairwise(offsets):
        index = points[first:last] @ inverse[:3, :3].T + inverse[:3, 3]
        values = ndimage.map_coordinates(lesion, index.T, order=1, mode="constant")
        peaks.append(float(values.max()))
    return peaks


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 999))
def test_equals_the_slow_way_on_an_oblique_grid(seed: int) -> None:
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * 1.5, rng.normal(0, 3, 3)
    lesion = np.zeros((9, 10, 11), dtype=np.float32)
    lesion[3:6, 4:6, 2:7] = rng.uniform(0, 1, (3, 2, 5))
    steps = rng.normal(size=(12, 40, 3))
    steps /= np.linalg.norm(steps, axis=2, keepdims=True)
    lines = affine[:3, 3] + turn @ np.array([6.0, 7, 7]) + np.cumsum(steps, axis=1) * 0.9
    points = lines.reshape(-1, 3).astype(np.float32)
    offsets = np.arange(13, dtype=np.int64) * 40
    got = disconnection.cut(points, offsets, lesion, affine, threshold=0.5, floor=0.0)
    expected = slowly(points, offsets, lesion, affine)
    np.testing.assert_allclose(got.peak, expected, atol=1e-4)
    whole = got.before_mm + got.within_mm + got.after_mm
    np.testing.assert_allclose(whole[got.is_cut], got.length_mm[got.is_cut], rtol=1e-5)


@settings(deadline=None, max_examples=20)
@given(start=st.integers(1, 18))
def test_turning_a_streamline_swaps_its_sides(start: int) -> None:
    points, offsets = straight(1)
    lesion = lesion_of((start, 0, 0), (start + 1, 0, 0))
    there = disconnection.cut(points, offsets, lesion, ONE_MM, threshold=0.5, floor=0.01)
    back = disconnection.cut(points[::-1], offsets, lesion, ONE_MM, threshold=0.5, floor=0.01)
    assert there.before_mm[0] == pytest.approx(back.after_mm[0])
    assert there.after_mm[0] == pytest.approx(back.before_mm[0])


def test_share_of_a_round_bundle_that_a_sphere_cuts() -> None:
    """Of parallel fibres filling a disc of 10 mm, a sphere of 4 mm cuts (4 / 10)²."""
    rng = np.random.default_rng(3)
    radius, angle = 10 * np.sqrt(rng.uniform(size=4000)), rng.uniform(0, 2 * np.pi, 4000)
    x = np.broadcast_to(np.arange(-15, 15.5, 0.5), (4000, 61))
    y = np.broadcast_to((radius * np.cos(angle))[:, None], x.shape)
    z = np.broadcast_to((radius * np.sin(angle))[:, None], x.shape)
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(np.float32)
    offsets = np.arange(4001, dtype=np.int64) * 61
    grid = (np.indices((41, 41, 41)) - 20) * 0.5
    sphere = np.clip(0.5 + (4.0 - np.sqrt((grid**2).sum(axis=0))) / 0.5, 0, 1)
    affine = np.diag([0.5, 0.5, 0.5, 1.0])
    affine[:3, 3] = -10.0
    got = disconnection.cut(points, offsets, sphere, affine, threshold=0.5, floor=0.01)
    assert got.is_cut.mean() == pytest.approx(0.16, abs=0.015)


def test_nothing_to_cut() -> None:
    points, offsets = straight(2)
    got = disconnection.cut(points, offsets, lesion_of(), ONE_MM, threshold=0.5, floor=0.01)
    assert not got.is_cut.any()
    none = disconnection.fractions(got, np.zeros(2, dtype=bool))
    assert all(np.isnan(value) for value in none.values())


def test_streamlines_that_could_step_over_the_lesion_are_refused() -> None:
    points, offsets = straight(1)
    with pytest.raises(InputFault, match=r"2\.00 mm apart"):
        disconnection.cut(points * 2, offsets, lesion_of(), ONE_MM, threshold=0.5, floor=0.01)


def test_visits_count_a_streamline_once_a_voxel() -> None:
    """The first line turns round and comes back; the second leaves the grid."""
    points = np.array(
        [[0, 0, 0], [1, 0, 0], [1.2, 0, 0], [0, 0, 0], [1, 0, 0], [5, 0, 0]], dtype=np.float32
    )
    got = disconnection.visits(points, np.array([0, 4, 6]), affine=ONE_MM, shape=(2, 1, 1))
    assert got.ravel().tolist() == [1, 2]
    share = disconnection.disconnection_map(got, np.array([[[1]], [[1]]], np.int32), min_visits=2)
    np.testing.assert_array_equal(share.ravel(), [np.nan, 0.5])
