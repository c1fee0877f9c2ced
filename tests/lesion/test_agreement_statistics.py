"""Published worked examples, and what must hold of any table."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.lesion import agreement_statistics as statistics

# Shrout & Fleiss 1979, table 2: four judges, six targets.
SHROUT = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
)


def test_the_example_of_shrout_and_fleiss() -> None:
    squares = statistics.mean_squares(SHROUT)
    # Their table 3: between targets 11.24, between judges 32.49, residual 1.02.
    assert (squares.cases, squares.raters, squares.rest) == pytest.approx(
        (11.24, 32.49, 1.02), abs=0.005
    )
    two = statistics.icc_agreement(SHROUT, confidence=0.95)
    three = statistics.icc_consistency(SHROUT, confidence=0.95)
    # Their table 4: .29 and .71; intervals as other programs give for it.
    assert two == pytest.approx((0.29, 0.019, 0.761), abs=0.0015)
    assert three == pytest.approx((0.715, 0.342, 0.946), abs=0.0015)


def test_a_constant_difference_matters_to_agreement_alone() -> None:
    table = np.array([[1.0, 11], [2, 12], [4, 14], [8, 18]])
    assert statistics.icc_consistency(table, confidence=0.95).value == 1.0
    assert statistics.icc_agreement(table, confidence=0.95).value < 0.25


@pytest.mark.parametrize("table", [np.ones((4, 2)), np.ones((1, 3)), np.zeros((0, 2)), [[1], [2]]])
def test_what_can_not_be_told_is_not_a_number(table: object) -> None:
    for function in (statistics.icc_agreement, statistics.icc_consistency):
        assert all(math.isnan(v) for v in function(np.array(table), confidence=0.95))


@given(st.integers(0, 999), st.integers(3, 12), st.integers(2, 4), st.floats(0.1, 5))
def test_units_do_not_matter_to_correlations(seed: int, n: int, k: int, scale: float) -> None:
    table = np.random.default_rng(seed).normal(size=(n, 1)) + np.random.default_rng(
        seed + 1
    ).normal(size=(n, k))
    for function in (statistics.icc_agreement, statistics.icc_consistency):
        found = function(table, confidence=0.9)
        np.testing.assert_allclose(found, function(3 + scale * table, confidence=0.9), atol=1e-6)
        np.testing.assert_allclose(found, function(table[:, ::-1], confidence=0.9), atol=1e-9)
        unknown = np.isnan(found.low) and np.isnan(found.high)
        # No interval at all is allowed only where raters agree less than chance.
        assert found.value < 0 if unknown else found.low <= found.value <= found.high <= 1


def test_limits_of_agreement_by_hand() -> None:
    first, second = np.array([10.0, 12, 14, 20]), np.array([9.0, 13, 12, 18])
    found = statistics.bland_altman(first, second, confidence=0.95)
    sd = math.sqrt(2.0)  # differences 1, -1, 2, 2 about their mean of 1
    assert (found.n, found.bias.value, found.sd) == (4, 1.0, pytest.approx(sd))
    assert found.lower.value == pytest.approx(1 - 1.96 * sd)
    assert found.upper.value == pytest.approx(1 + 1.96 * sd)
    # Student's t with 3 degrees of freedom: 3.182.
    assert found.bias.high - 1 == pytest.approx(3.182 * sd / 2, rel=1e-3)
    assert found.upper.low < found.upper.value < found.upper.high
    assert found.upper.high - 1 == pytest.approx(1 - found.lower.low)


def test_the_interval_of_a_limit_covers_it_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(400):
        away = rng.normal(0, 1, 8)
        found = statistics.bland_altman(away, np.zeros(8), confidence=0.9)
        inside += found.upper.low <= 1.96 <= found.upper.high
    assert 0.86 <= inside / 400 <= 0.94


def test_one_case_has_a_difference_and_no_limits() -> None:
    found = statistics.bland_altman(np.array([3.0]), np.array([1.0]), confidence=0.95)
    assert found.bias.value == 2.0
    assert math.isnan(found.sd)
    assert math.isnan(found.upper.value)
