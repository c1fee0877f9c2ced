from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.maths.noise import air_noise, signal_floor


def head_in_air(sigma: float, signal: float = 300.0) -> np.ndarray:
    rng = np.random.default_rng(1)
    real = rng.normal(0, sigma, (24, 24, 24))
    real[6:18, 6:18, 6:18] += signal
    return np.hypot(real, rng.normal(0, sigma, real.shape))


@settings(max_examples=20, deadline=None)
@given(st.floats(0.1, 30.0))
def test_noise_of_the_air_is_found_whatever_its_level(sigma: float) -> None:
    assert air_noise(head_in_air(sigma), max_zero_share=0.2) == pytest.approx(sigma, rel=0.03)


def test_air_that_was_cut_away_tells_nothing() -> None:
    volume = head_in_air(5.0)
    volume[volume < 30] = 0
    assert air_noise(volume, max_zero_share=0.2) == 0.0


def test_floor_by_hand() -> None:
    volume = np.full((10, 10, 10), 100.0)
    assert signal_floor(volume, noise=2.0, noise_multiple=3.0, bright_share=0.02) == 6.0
    assert signal_floor(volume, noise=0.0, noise_multiple=3.0, bright_share=0.02) == 2.0
    empty = signal_floor(np.zeros((2, 2, 2)), noise=0.0, noise_multiple=3.0, bright_share=0.02)
    assert empty == 0.0
