from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from sonolesion.functional.homogeneity import concordance, doubled_ranks

REACH = {7: 1, 19: 2, 27: 3}
Array = NDArray[Any]


def published(series: Array, inside: Array, neighbours: int) -> Array:
    """Kendall's W with ties, one voxel after the other."""
    number = np.full(inside.shape, -1)
    number[inside] = np.where(np.ptp(series, axis=1) > 0, np.arange(len(series)), -1)
    steps = np.argwhere(np.ones((3, 3, 3))) - 1
    steps = steps[np.abs(steps).sum(axis=1) <= REACH[neighbours]]
    found = []
    for place in np.argwhere(inside):
        near = place + steps
        near = near[((near >= 0) & (near < inside.shape)).all(axis=1)]
        rows = number[tuple(near.T)]
        ranks = stats.rankdata(series[rows[rows >= 0]], axis=1)
        k, n = ranks.shape
        ties = sum(
            float(t) ** 3 - t for row in ranks for t in np.unique(row, return_counts=True)[1]
        )
        spread = np.square(ranks.sum(axis=0) - k * (n + 1) / 2).sum()
        found.append(12 * spread / (k**2 * (n**3 - n) - k * ties))
    return np.array(found)


@pytest.mark.parametrize("neighbours", [7, 19, 27])
def test_equals_the_published_definition(neighbours: Any) -> None:
    rng = np.random.default_rng(0)
    inside = rng.random((7, 6, 5)) < 0.8
    series = rng.normal(size=(np.count_nonzero(inside), 30)).astype(np.float32)
    series[:60] = np.round(2 * series[:60])
    series[5] = 3.0
    found = concordance(series, inside, neighbours=neighbours, min_neighbours=1)
    assert np.isnan(found[5])
    want = published(series, inside, neighbours)
    keep = np.arange(len(series)) != 5
    np.testing.assert_allclose(found[keep], want[keep], atol=1e-6)


def test_value_by_hand() -> None:
    """Kendall's own kind of example: ranks 1 2 3 and 1 3 2 have sums 2 5 5 about 4."""
    series = np.array([[1.0, 2.0, 3.0], [10.0, 30.0, 20.0]])
    inside = np.ones((2, 1, 1), bool)
    found = concordance(series, inside, neighbours=7, min_neighbours=2)
    np.testing.assert_allclose(found, 12 * (4 + 1 + 1) / (4 * 24), rtol=1e-6)


def test_ties_by_hand() -> None:
    ranks, ties, sound = doubled_ranks(np.array([[5.0, 5.0, 9.0, -0.0, 0.0], [1, 1, 1, 1, 1]]))
    # Ranks 3.5 3.5 5 1.5 1.5 about 3, doubled.
    assert ranks[:, 0].tolist() == [1, 1, 4, -3, -3]
    assert ties.tolist() == [12.0, 120.0]
    assert sound.tolist() == [True, False]


@pytest.mark.parametrize("neighbours", [7, 19, 27])
def test_identical_series_have_one_and_opposite_have_none(neighbours: Any) -> None:
    wave = np.random.default_rng(1).normal(size=40)
    inside = np.ones((4, 4, 4), bool)
    same = np.exp(np.arange(64) / 20)[:, None] * wave + np.arange(64)[:, None]
    found = concordance(same, inside, neighbours=neighbours, min_neighbours=1)
    np.testing.assert_allclose(found, 1.0, rtol=1e-6)
    pair = np.stack([wave, -wave])
    none = concordance(pair, inside[:2, :1, :1], neighbours=neighbours, min_neighbours=1)
    np.testing.assert_allclose(none, 0.0, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([7, 19, 27]), st.integers(3, 40), st.booleans())
def test_range_and_invariance(seed: int, neighbours: Any, n_frames: int, tied: bool) -> None:
    rng = np.random.default_rng(seed)
    inside = rng.random((4, 5, 3)) < 0.7
    series = rng.integers(-9, 9, (np.count_nonzero(inside), n_frames)).astype(np.float32)
    if not tied:
        series += rng.random(series.shape, dtype=np.float32) / 4
    options: Any = {"neighbours": neighbours, "min_neighbours": 1}
    found = concordance(series, inside, **options)
    told = found[np.isfinite(found)]
    assert ((told >= 0) & (told <= 1 + 1e-6)).all()
    # Any growing function of each voxel, one order of the frames for all, and a mirrored scan.
    gain = rng.uniform(0.5, 2, (len(series), 1))
    changed = (np.float64(series) ** 3 * gain)[:, rng.permutation(n_frames)]
    volume = np.zeros((*inside.shape, n_frames))
    volume[inside] = changed
    mirrored = concordance(volume[::-1][inside[::-1]], inside[::-1], **options)
    back = np.zeros(inside.shape)
    back[inside[::-1]] = mirrored
    np.testing.assert_allclose(back[::-1][inside[::-1][::-1]], found, atol=1e-6)


def test_independent_series_have_one_over_their_number() -> None:
    series = np.random.default_rng(3).normal(size=(12**3, 60))
    found = concordance(series, np.ones((12, 12, 12), bool), neighbours=27, min_neighbours=27)
    assert np.isfinite(found).sum() == 10**3
    assert np.nanmean(found) == pytest.approx(1 / 27, rel=0.03)


def test_few_neighbours_and_voxels_outside_tell_nothing() -> None:
    inside = np.zeros((5, 5, 5), bool)
    inside[1:3, 1, 1], inside[4, 4, 4] = True, True
    series = np.random.default_rng(4).normal(size=(3, 20))
    series[2] = series[0]
    found = concordance(series, inside, neighbours=27, min_neighbours=2)
    assert np.isfinite(found).tolist() == [True, True, False]
    series[1, 0] = np.nan
    alone = concordance(series, inside, neighbours=27, min_neighbours=2)
    assert not np.isfinite(alone).any()


def test_many_frames_do_not_overflow() -> None:
    rng = np.random.default_rng(5)
    series = np.tile(rng.normal(size=2000), (27, 1))
    found = concordance(series, np.ones((3, 3, 3), bool), neighbours=27, min_neighbours=1)
    np.testing.assert_allclose(found, 1.0, rtol=1e-6)
    ranks, _, _ = doubled_ranks(rng.normal(size=(1, 40_000)))
    assert (ranks.min(), ranks.max()) == (-39_999, 39_999)


def test_impossible_input_is_refused() -> None:
    inside, series = np.ones((2, 2, 2), bool), np.random.default_rng(6).normal(size=(8, 10))
    good: Any = {"neighbours": 27, "min_neighbours": 1}
    with pytest.raises(ValueError, match="8 voxels inside"):
        concordance(series[:-1], inside, **good)
    with pytest.raises(ValueError, match="2 frames"):
        concordance(series[:, :2], inside, **good)
    with pytest.raises(ValueError, match="none of 7, 19, 27"):
        concordance(series, inside, **good | {"neighbours": 26})
