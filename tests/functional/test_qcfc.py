from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from sonolesion.functional import qcfc as module
from sonolesion.functional.qcfc import MEASURED, by_participant, chance_median, qcfc

OPTIONS: dict[str, Any] = {
    "min_participants": 8, "n_permutations": 199, "quantile": 0.95, "seed": 0,
}  # fmt: skip
Array = NDArray[np.float64]


def study(n: int, n_edges: int = 300, share: float = 0.0, seed: int = 0) -> tuple[Array, ...]:
    """Return edges, motion and lengths; short edges follow motion by `share`."""
    rng = np.random.default_rng(seed)
    motion, length = rng.gamma(2, 0.1, n), rng.uniform(10, 150, n_edges)
    follow = share * (1 - length / 150) * (motion / motion.std())[:, None]
    return rng.normal(size=(n, n_edges)) + follow, motion, length


def test_correlations_equal_pearson_and_spearman() -> None:
    edges, motion, length = study(12, 20)
    found = qcfc(edges, motion, length, **OPTIONS)
    want = np.array([stats.pearsonr(edge, motion).statistic for edge in edges.T])
    np.testing.assert_allclose(found.correlation, want, atol=1e-12)
    assert found.median == pytest.approx(np.median(np.abs(want)))
    assert found.distance == pytest.approx(stats.spearmanr(want, length).statistic)
    assert (found.status, found.n, found.n_edges) == (MEASURED, 12, 20)


def test_null_of_twelve_people_is_the_published_one() -> None:
    assert chance_median(12) == pytest.approx(0.216, abs=1e-3)
    found = qcfc(*study(12), **OPTIONS)
    assert found.null_median == pytest.approx(0.22, abs=0.01)
    assert found.median < found.null_high
    assert found.p > 0.05


def test_motion_in_the_edges_is_found_with_its_distance() -> None:
    found = qcfc(*study(20, share=3.0), **OPTIONS)
    assert found.median > found.null_high
    assert found.p == pytest.approx(1 / 200)
    assert found.distance < found.distance_null_low < 0 < found.distance_null_high


def test_p_is_even_where_there_is_nothing() -> None:
    quick = OPTIONS | {"n_permutations": 99}
    p = [qcfc(*study(10, 40, seed=seed), **quick).p for seed in range(60)]
    assert stats.kstest(p, "uniform").pvalue > 0.01


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 999), st.floats(0.01, 100))
def test_gain_of_motion_and_order_of_people_do_not_matter(seed: int, gain: float) -> None:
    edges, motion, length = study(9, 15, seed=seed)
    order = np.random.default_rng(seed).permutation(9)
    one = qcfc(edges, motion, length, **OPTIONS)
    two = qcfc(edges[order], gain * motion[order], length, **OPTIONS)
    np.testing.assert_allclose(two.correlation, one.correlation, atol=1e-9)
    assert 0 < one.p <= 1
    assert two.median == pytest.approx(one.median)


def test_edges_without_a_value_are_left_out_and_counted() -> None:
    edges, motion, length = study(10, 6)
    edges[3, 2], edges[:, 4] = np.nan, 0.5
    found = qcfc(edges, motion, length, **OPTIONS)
    assert found.n_edges == 4
    assert np.isnan(found.correlation).nonzero()[0].tolist() == [2, 4]


@pytest.mark.parametrize(
    ("edges", "motion", "message"),
    [
        (np.ones((5, 3)), np.arange(5.0), "5 participants, at least 8"),
        (np.ones((9, 3)), np.arange(9.0), "no edge"),
        (study(9, 3)[0], np.ones(9), "motion is the same"),
    ],
)
def test_what_cannot_be_measured_is_said(edges: Array, motion: Array, message: str) -> None:
    found = qcfc(edges, motion, np.arange(3.0), **OPTIONS)
    assert message in found.status
    assert np.isnan([found.median, found.p, found.null_high, found.distance]).all()


def test_visits_of_a_person_count_once() -> None:
    names = np.array(["b", "a", "b"])
    np.testing.assert_allclose(by_participant(np.array([1.0, 5.0, 3.0]), names), [5, 2])
    found = by_participant(np.arange(6.0).reshape(3, 2), names)
    np.testing.assert_allclose(found, [[2, 3], [2, 3]])


def test_edges_and_lengths_by_hand() -> None:
    matrix = np.array([[0, 1, 2], [1, 0, 3], [2, 3, 0]])
    assert module.upper_edges(matrix).tolist() == [1, 2, 3]
    centres = np.array([[0.0, 0, 0], [3, 4, 0], [0, 0, 12]])
    assert module.lengths_mm(centres) == pytest.approx([5, 12, 13])


def test_impossible_input_is_refused() -> None:
    edges, motion, length = study(10, 6)
    with pytest.raises(ValueError, match="participants by edges"):
        qcfc(edges.T, motion, length, **OPTIONS)
    with pytest.raises(ValueError, match="not negative"):
        qcfc(edges, motion - 1, length, **OPTIONS)
