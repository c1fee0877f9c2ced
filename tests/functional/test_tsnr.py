from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.functional.tsnr import tsnr

MASK = np.ones((3, 3, 3), dtype=bool)


def test_value_by_hand() -> None:
    data = np.array([98.0, 102, 98, 102]).reshape(1, 1, 1, 4)
    assert tsnr(data, MASK[:1, :1, :1], degree=0)[0, 0, 0] == pytest.approx(50)


def test_a_trend_is_no_noise() -> None:
    rng = np.random.default_rng(0)
    data = 500 + rng.normal(0, 5, (3, 3, 3, 300))
    drift = data + 100 * np.linspace(-1, 1, 300) ** 2 - 30 * np.linspace(-1, 1, 300)
    plain, drifting = (tsnr(d, MASK, degree=2) for d in (data, drift))
    assert np.median(plain) == pytest.approx(100, rel=0.05)
    assert np.median(drifting) == pytest.approx(np.median(plain), rel=0.1)
    assert np.median(tsnr(drift, MASK, degree=0)) < 20


@settings(max_examples=20)
@given(st.floats(0.01, 1e4))
def test_the_gain_does_not_matter(gain: float) -> None:
    data = np.random.default_rng(1).uniform(90, 110, (3, 3, 3, 20))
    assert np.allclose(tsnr(gain * data, MASK, degree=1), tsnr(data, MASK, degree=1), rtol=1e-4)


def test_nothing_is_told_outside_and_where_nothing_varies() -> None:
    data = np.random.default_rng(1).uniform(90, 110, (3, 3, 3, 20))
    data[1, 1, 1] = 7.0
    mask = MASK.copy()
    mask[0] = False
    found = tsnr(data, mask, degree=2)
    assert not found[0].any()
    assert found[1, 1, 1] == 0
    assert found[2].all()


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="does not fit a mask"):
        tsnr(np.zeros((3, 3, 2, 9)), MASK, degree=0)
    with pytest.raises(ValueError, match="too few"):
        tsnr(np.zeros((3, 3, 3, 3)), MASK, degree=2)
