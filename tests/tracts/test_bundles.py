from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.core.errors import InputFault
from sonolesion.tracts import bundles

Array = np.ndarray[Any, Any]
LIMITS: dict[str, Any] = {"ordered": False, "min_mm": 0.0, "max_mm": 99.0}


def lines(*places: list[int]) -> tuple[Array, Array]:
    """Lines along x, through these voxels."""
    x = np.concatenate([np.array(p, dtype=np.float32) for p in places])
    offsets = np.concatenate([[0], np.cumsum([len(p) for p in places])]).astype(np.int64)
    return np.stack([x, 0 * x, 0 * x], axis=1), offsets


def masks(*voxels: int) -> list[Array]:
    out = np.zeros((len(voxels), 10, 1, 1), dtype=bool)
    for number, voxel in enumerate(voxels):
        out[number, voxel] = True
    return list(out)


def test_waypoints_exclusions_and_order_by_hand() -> None:
    points, offsets = lines([1, 2, 5, 7], [7, 5, 2], [2, 1, 7, 3], [2, 7], [2, 5, 7, 9], [42, 43])
    at = bundles.bits_at(points, bundles.packed(masks(2, 5, 7, 9)), np.eye(4))
    lengths = np.full(6, 10.0)
    both = bundles.members(at, offsets, lengths, waypoints=[0, 2], exclusions=[3], **LIMITS)
    assert both.tolist() == [True, True, True, True, False, False]
    ordered = LIMITS | {"ordered": True}
    got = bundles.members(at, offsets, lengths, waypoints=[0, 1, 2], exclusions=[], **ordered)
    assert got.tolist() == [True, True, False, False, True, False]


def test_length_limits() -> None:
    points, offsets = lines([2, 7], [2, 7])
    at = bundles.bits_at(points, bundles.packed(masks(2, 7)), np.eye(4))
    limits = LIMITS | {"min_mm": 5.0, "max_mm": 8.0}
    lengths = np.array([4.9, 8.0])
    got = bundles.members(at, offsets, lengths, waypoints=[0, 1], exclusions=[], **limits)
    assert got.tolist() == [False, True]


def passes_in_order(places: list[int], waypoints: list[int]) -> bool:
    rest = list(waypoints)
    for place in places:
        while rest and place == rest[0]:
            rest.pop(0)
    return not rest


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.integers(0, 4), min_size=2, max_size=9), min_size=1, max_size=6),
    st.permutations([0, 1, 2, 3]),
)
def test_order_as_the_slow_way_sees_it(places: list[list[int]], order: list[int]) -> None:
    points, offsets = lines(*places)
    at = bundles.bits_at(points, bundles.packed(masks(0, 1, 2, 3)), np.eye(4))
    got = bundles.in_order(at, offsets, order[:3])
    want = order[:3]
    expected = [passes_in_order(p, want) or passes_in_order(p, want[::-1]) for p in places]
    assert got.tolist() == expected


def test_clipping_keeps_the_regions_whole() -> None:
    points, offsets = lines([0, 2, 3, 4, 6, 7, 9], [9, 7, 5, 3, 1])
    volume = np.zeros((2, 10, 1, 1), dtype=bool)
    volume[0, 2:4], volume[1, 6:8] = True, True
    at = bundles.bits_at(points, bundles.packed(list(volume)), np.eye(4))
    kept, new = bundles.clipped(points, offsets, at, first=0, last=1)
    assert kept[:, 0].tolist() == [2, 3, 4, 6, 7, 7, 5, 3]
    assert new.tolist() == [0, 5, 8]


def test_centre_of_a_region() -> None:
    affine = np.diag([2.0, 1, 1, 1])
    assert bundles.centre_mm(masks(3)[0], affine).tolist() == [6, 0, 0]


def test_too_many_regions_and_too_few_waypoints() -> None:
    with pytest.raises(InputFault, match="65 masks"):
        bundles.packed(masks(*[1] * 65))
    points, offsets = lines([2, 7])
    at = bundles.bits_at(points, bundles.packed(masks(2)), np.eye(4))
    with pytest.raises(InputFault, match="two or more"):
        bundles.members(at, offsets, np.ones(1), waypoints=[0], exclusions=[], **LIMITS)


def test_the_64th_region_has_a_bit_too() -> None:
    points, offsets = lines([2, 7])
    at = bundles.bits_at(points, bundles.packed(masks(*[1] * 62, 2, 7)), np.eye(4))
    got = bundles.members(at, offsets, np.ones(1), waypoints=[62, 63], exclusions=[0], **LIMITS)
    assert got.tolist() == [True]
