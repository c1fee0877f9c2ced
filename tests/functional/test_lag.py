from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonolesion.functional.lag import lag_map

N = 200
LIMITS: dict[str, Any] = {"tr_s": 1.5, "limit_s": 6.0, "min_correlation": 0.2}
Array = NDArray[np.float64]


def waves(delays_s: Array, seed: int = 0) -> Array:
    """Return one smooth signal at several delays, shape (D, N)."""
    rng = np.random.default_rng(seed)
    hz, size, phase = rng.uniform(0.01, 0.1, 40), rng.normal(size=40), rng.uniform(0, 7, 40)
    time = 1.5 * np.arange(N) - delays_s[:, None]
    return (size * np.cos(2 * np.pi * hz * time[..., None] + phase)).sum(axis=-1)


def test_known_delays_are_found_and_later_is_positive() -> None:
    delays = np.array([-4.5, -1.0, 0.0, 0.4, 2.2, 3.0])
    found = lag_map(waves(delays), waves(np.zeros(1))[0], np.ones(N, bool), **LIMITS)
    np.testing.assert_allclose(found.lag_s, delays, atol=0.15)
    assert (found.correlation > 0.95).all()


def test_delays_of_whole_frames_equal_correlation_over_the_overlap() -> None:
    rng = np.random.default_rng(1)
    series, reference = rng.normal(size=(1, N)), rng.normal(size=N)
    series[0, 2:] += 3 * reference[:-2]
    found = lag_map(series, reference, np.ones(N, bool), **LIMITS)
    three = [np.corrcoef(series[0, s:], reference[: N - s])[0, 1] for s in (1, 2, 3)]
    bend = three[0] - 2 * three[1] + three[2]
    shift = 0.5 * (three[0] - three[2]) / bend
    assert found.lag_s[0] == pytest.approx(1.5 * (2 + shift), abs=1e-5)
    want = three[1] - 0.25 * (three[0] - three[2]) * shift
    assert found.correlation[0] == pytest.approx(want, abs=1e-6)


def test_censored_frames_are_not_looked_at() -> None:
    delays = np.array([-2.0, 0.0, 3.0])
    kept = np.random.default_rng(2).random(N) > 0.3
    series, reference = waves(delays), waves(np.zeros(1))[0]
    spoilt = np.where(kept, series, 1e6)
    found = lag_map(spoilt, np.where(kept, reference, np.nan), kept, **LIMITS)
    np.testing.assert_allclose(found.lag_s, delays, atol=0.3)


def test_what_has_no_peak_has_no_lag() -> None:
    series = np.concatenate(
        [
            waves(np.array([20.0])),
            np.full((1, N), 3.0),
            np.random.default_rng(3).normal(size=(1, N)),
        ]
    )
    series = np.vstack([series, np.where(np.arange(N) == 4, np.nan, series[0])])
    found = lag_map(
        series, waves(np.zeros(1))[0], np.ones(N, bool), **LIMITS | {"min_correlation": 0.6}
    )
    assert np.isnan(found.lag_s).all()
    assert np.isnan(found.correlation).tolist() == [False, True, False, True]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99), st.floats(0.01, 100), st.floats(-100, 100), st.floats(-5, 5))
def test_scale_does_not_matter_and_exchange_turns_the_sign(
    seed: int, gain: float, offset: float, delay: float
) -> None:
    series, reference = waves(np.array([delay]), seed), waves(np.zeros(1), seed)[0]
    kept = np.ones(N, bool)
    one = lag_map(series, reference, kept, **LIMITS)
    two = lag_map(gain * series + offset, reference / gain, kept, **LIMITS)
    np.testing.assert_allclose(two.lag_s, one.lag_s, atol=1e-3)
    turned = lag_map(reference[None], series[0], kept, **LIMITS)
    np.testing.assert_allclose(turned.lag_s, -one.lag_s, atol=1e-3)
    assert (np.abs(one.correlation) <= 1 + 1e-6).all()


def test_impossible_input_is_refused() -> None:
    series, reference, kept = waves(np.zeros(2)), waves(np.zeros(1))[0], np.ones(N, bool)
    with pytest.raises(ValueError, match=r"should be \(V, N\)"):
        lag_map(series, reference[:-1], kept, **LIMITS)
    with pytest.raises(ValueError, match="shorter than a frame"):
        lag_map(series, reference, kept, **LIMITS | {"limit_s": 1.0})
    with pytest.raises(ValueError, match="constant"):
        lag_map(series, 0 * reference, kept, **LIMITS)
    with pytest.raises(ValueError, match="lags of 200 frames"):
        lag_map(series, reference, kept, **LIMITS | {"limit_s": 400.0})
    few = np.arange(N) < 5
    with pytest.raises(ValueError, match="pairs of frames"):
        lag_map(series, reference, few, **LIMITS)
