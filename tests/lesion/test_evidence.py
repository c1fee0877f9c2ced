"""Evidence and prior."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sonolesion.lesion import evidence

ONE = evidence.Zones(np.array([[0.5]]), np.array([[0.3]]), 60.0)
BOTH = evidence.Zones(np.array([[-0.3], [0.5]]), np.array([[0.2], [0.2]]), 60.0)
FREEDOM = np.array([5.0])


def of(change: float, zones: evidence.Zones, *, sd: float = 0.1, ceiling: float = 99.0) -> float:
    found = evidence.log_evidence(
        np.full((1, 1, 1, 1), change), np.full((1, 1, 1, 1), sd),
        zones=zones, freedom=FREEDOM, ceiling=ceiling,
    )  # fmt: skip
    return float(found.item())


def test_log_ratio_by_hand() -> None:
    expected = stats.norm.logpdf(0.4, 0.5, np.sqrt(0.1)) - stats.t.logpdf(0.4, 5, scale=0.1)
    assert of(0.4, ONE) == pytest.approx(expected)


def test_the_ceiling_holds_on_both_sides() -> None:
    assert of(0.4, ONE, ceiling=0.1) == 0.1
    assert of(0.0, ONE, ceiling=0.1) == -0.1


def test_zones_are_averaged() -> None:
    alone = [
        np.exp(of(0.4, evidence.Zones(BOTH.means[[k]], BOTH.spreads[[k]], 60.0))) for k in (0, 1)
    ]
    assert of(0.4, BOTH) == pytest.approx(np.log(np.mean(alone)))


def test_contrasts_add_up() -> None:
    zones = evidence.Zones(np.array([[0.5, 0.5]]), np.array([[0.3, 0.3]]), 60.0)
    found = evidence.log_evidence(
        np.full((2, 1), 0.4), np.full((2, 1), 0.1), zones=zones, freedom=np.array([5.0, 5.0]),
        ceiling=99.0,
    )  # fmt: skip
    assert found.item() == pytest.approx(2 * of(0.4, ONE))


@given(st.floats(0.01, 0.6), st.floats(0.01, 0.2))
def test_the_wrong_sign_is_worse_than_the_right_one(size: float, sd: float) -> None:
    assert of(size, ONE, sd=sd) > of(-size, ONE, sd=sd)


def test_the_prior_is_flat_then_falls() -> None:
    found = evidence.log_prior(np.array([0.0, 5.0, 8.0]), flat_mm=5.0, fall_mm=3.0)
    assert found.tolist() == [0, 0, -0.5]
    with pytest.raises(ValueError, match="positive"):
        evidence.log_prior(np.zeros(1), flat_mm=5.0, fall_mm=0.0)
