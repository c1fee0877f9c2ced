from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.tracts import connectome

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
    share = connectome.cut_share(before, after, min_streamlines=1)
    np.testing.assert_array_equal(share, [[np.nan, 0.5, 0], [0.5, np.nan, np.nan], [0, np.nan, 1]])
    count, lost = connectome.parcel_cut(ENDS, is_cut, n_parcels=3, min_streamlines=2)
    assert count.tolist() == [4, 2, 2]
    assert lost.tolist() == [0.5, 0.5, 0.5]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=40))
def test_every_assigned_streamline_counts_once(pairs: list[tuple[int, int]]) -> None:
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    got = connectome.matrix(ends, n_parcels=5)
    assert (got == got.T).all()
    assert np.triu(got).sum() == (ends > 0).all(axis=1).sum()
