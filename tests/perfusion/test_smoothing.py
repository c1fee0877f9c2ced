from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.perfusion import smoothing


def test_a_spike_is_spread_by_its_width() -> None:
    volume = np.zeros((41, 1, 1))
    volume[20] = 1.0
    soft = smoothing.smoothed(volume, np.array([6.0, 0.0, 0.0]))[:, 0, 0]
    assert soft.sum() == pytest.approx(1.0, abs=1e-3)
    assert soft[23] == pytest.approx(soft[20] / 2, rel=0.01)
    assert (smoothing.smoothed(volume, np.zeros(3)) == volume).all()


@settings(max_examples=20, deadline=None)
@given(st.floats(-5, 5), st.integers(0, 1000))
def test_a_constant_stays_whatever_is_missing(value: float, seed: int) -> None:
    there = np.random.default_rng(seed).random((9, 8, 7)) > 0.4
    volume = np.where(there, value, np.nan)
    soft = smoothing.smoothed(volume, np.array([4.0, 3.0, 2.0]))
    assert soft[there] == pytest.approx(value)
    assert np.isnan(soft[~there]).all()
    assert smoothing.filled(volume, np.array([4.0, 3.0, 2.0])) == pytest.approx(value)


def test_holes_take_what_is_near_or_the_median() -> None:
    volume = np.full((101, 1, 1), np.nan)
    volume[:10], volume[10:13] = 1.0, 2.0
    whole = smoothing.filled(volume, np.array([4.0, 4.0, 4.0]))
    assert (whole[:13] == volume[:13]).all()
    assert whole[13, 0, 0] == pytest.approx(2.0, abs=0.2)
    assert whole[100, 0, 0] == 1.0
    assert np.isnan(smoothing.filled(volume[20:], np.full(3, 4.0))).all()
