from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.tracts import connectome, geometry

Array = np.ndarray[Any, Any]
ENDS = np.array([[1, 2], [2, 1], [3, 3], [0, 1], [1, 3]])


def test_ends_take_the_nearest_parcel_within_reach() -> None:
    parcels = np.zeros((30, 3, 3), dtype=np.int16)
    parcels[2], parcels[20] = 4, 7
    points = np.array([[3, 1, 1], [10, 1, 1], [17.5, 1, 1], [12, 1, 1], [11, 1, 1]], np.float32)
    offsets = np.array([0, 3, 5])
    got = connectome.end_parcels(points, offsets, parcels, np.eye(4), radius_mm=4.0)
    assert got.tolist() == [[4, 7], [0, 0]]
    none = connectome.end_parcels(points, offsets, 0 * parcels, np.eye(4), radius_mm=4.0)
    assert none.tolist() == [[0, 0], [0, 0]]


def test_matrix_and_shares_by_hand() -> None:
    before = connectome.matrix(ENDS, n_parcels=3)
    assert before.tolist() == [[0, 2, 1], [2, 0, 0], [1, 0, 1]]
    is_cut = np.array([True, False, True, True, False])
    after = connectome.matrix(ENDS[~is_cut], n_parcels=3)
    assert after.tolist() == [[0, 1, 1], [1, 0, 0], [1, 0, 0]]
    members = connectome.of_parcels(ENDS, n_parcels=4)
    assert members.sum(axis=0).tolist() == [4, 2, 2, 0]
    got = connectome.shares(members, is_cut[None], np.ones(5))
    np.testing.assert_array_equal(got, [[0.5, 0.5, 0.5, np.nan]])
    # By length, streamline 0 counts ten times.
    long = connectome.shares(members, is_cut[None], np.array([10.0, 1, 1, 1, 1]))
    np.testing.assert_allclose(long[0, :3], [11 / 13, 10 / 11, 0.5])


def test_connections_by_hand() -> None:
    # Connections 1-2 (number 0 * 3 + 1) and 1-3 (number 2); the cut one is half of the first.
    members = connectome.of_connections(ENDS, np.array([1, 2]), n_parcels=3)
    assert members.toarray().tolist() == [[1, 0], [1, 0], [0, 0], [0, 0], [0, 1]]
    is_cut = np.array([[True, False, True, True, False], [False] * 5])
    got = connectome.shares(members, is_cut, np.ones(5))
    assert got.tolist() == [[0.5, 0.0], [0.0, 0.0]]


def test_without_streamlines_nothing_is_known() -> None:
    none = np.zeros((0, 2), dtype=np.int64)
    assert connectome.matrix(none, n_parcels=2).tolist() == [[0, 0], [0, 0]]
    members = connectome.of_parcels(none, n_parcels=2)
    assert np.isnan(connectome.shares(members, np.zeros((1, 0), bool), np.zeros(0))).all()


@given(st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_what_is_left_is_part_of_what_was(n_lines: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ends, is_cut = rng.integers(0, 6, (n_lines, 2)), rng.random(n_lines) < 0.4
    before = connectome.matrix(ends, n_parcels=5)
    after = connectome.matrix(ends[~is_cut], n_parcels=5)
    assert (before == before.T).all()
    assert (after == after.T).all()
    assert (after <= before).all()
    assert np.triu(before).sum() == (ends > 0).all(axis=1).sum()
    share = connectome.shares(connectome.of_parcels(ends, n_parcels=5), is_cut[None], 1.0)
    known = share[np.isfinite(share)]
    assert ((known >= 0) & (known <= 1)).all()
    whole = connectome.shares(
        connectome.of_parcels(ends, n_parcels=5), np.zeros((1, len(ends)), bool), 1.0
    )
    assert (whole[np.isfinite(whole)] == 0).all()


def straight(*spans: tuple[float, float]) -> tuple[Array, Array]:
    """Return streamlines along x with points 1 mm apart."""
    lines = [np.arange(a, b + 0.5) for a, b in spans]
    points = np.zeros((sum(map(len, lines)), 3), dtype=np.float32)
    points[:, 0] = np.concatenate(lines)
    return points, np.cumsum([0, *map(len, lines)])


def relay() -> Array:
    """Return a nucleus from x = 10 to x = 19."""
    mask = np.zeros((40, 3, 3), dtype=bool)
    mask[10:20] = True
    return mask


def test_a_streamline_through_a_relay_becomes_two_that_both_hold_the_relay() -> None:
    points, offsets = straight((0, 30), (0, 12), (14, 30))
    given: dict[str, Any] = {"min_mm": 6.0, "ends_there": np.array([False, True, True])}
    got, new = connectome.relayed(points, offsets, relay(), np.eye(4), **given)
    spans = [(got[a, 0], got[b - 1, 0]) for a, b in itertools.pairwise(new)]
    assert spans == [(0, 19), (10, 30), (0, 12), (14, 30)]


@pytest.mark.parametrize(("min_mm", "n_lines"), [(9.0, 2), (20.0, 1)])
def test_a_short_way_through_a_relay_parts_nothing(min_mm: float, n_lines: int) -> None:
    points, offsets = straight((0, 30))
    _, new = connectome.relayed(
        points, offsets, relay(), np.eye(4), min_mm=min_mm, ends_there=np.array([False])
    )
    assert len(new) - 1 == n_lines


@given(st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_parting_keeps_every_millimetre(n_lines: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    spans = [(a, a + n) for a, n in zip(*rng.integers(1, 20, (2, n_lines)), strict=True)]
    points, offsets = straight(*spans)
    got, new = connectome.relayed(
        points, offsets, relay(), np.eye(4), min_mm=6.0,
        ends_there=np.zeros(len(spans), dtype=bool),
    )  # fmt: skip
    geometry.require_streamlines(got, new)
    assert set(got[:, 0].tolist()) == set(points[:, 0].tolist())
    # The way inside counts twice where a streamline was parted: at most 9 mm of it.
    long = [
        geometry.line_lengths(geometry.segment_lengths(p, o), o).sum()
        for p, o in ((points, offsets), (got, new))
    ]
    assert 0 <= long[1] - long[0] <= 9 * (len(new) - len(offsets))


def test_no_streamline_is_no_fault() -> None:
    none = np.zeros((0, 3), np.float32), np.zeros(1, np.int64)
    got = connectome.relayed(
        *none, relay(), np.eye(4), min_mm=6.0, ends_there=np.zeros(0, dtype=bool)
    )
    assert len(got[1]) == 1
