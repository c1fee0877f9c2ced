from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.core.errors import InputFault
from sonolesion.susceptibility.relaxation import (
    late_weighted,
    r2star,
    require_plausible,
    without_bias,
)

TIMES_S = np.array([0.005, 0.010, 0.015, 0.020, 0.025])


def decay(rate: float, signal: float = 1000.0, times_s: np.ndarray = TIMES_S) -> np.ndarray:
    return (signal * np.exp(-rate * times_s))[None, None, None, :]


def fitted(echoes: np.ndarray, times_s: np.ndarray = TIMES_S, **change: float) -> float:
    given_keys = {"noise": 0.0, "floor": 1.0, "ceiling_per_s": 500.0} | change
    return float(r2star(echoes, times_s, **given_keys)[0, 0, 0])


def test_two_echoes_by_hand() -> None:
    times = np.array([0.0023, 0.0046])
    echoes = np.array([[[[1000.0, 950.0]]]])
    assert fitted(echoes, times) == pytest.approx(np.log(1000 / 950) / 0.0023, rel=1e-6)


@settings(max_examples=50)
@given(st.floats(2, 150), st.floats(100, 5000))
def test_a_pure_decay_is_recovered_whatever_its_scale(rate: float, signal: float) -> None:
    assert fitted(decay(rate, signal)) == pytest.approx(rate, rel=1e-4)


def test_echoes_that_sank_into_the_noise_are_left_out() -> None:
    echoes = np.maximum(decay(150.0), 200.0)
    assert fitted(echoes, floor=210.0) == pytest.approx(150, rel=1e-4)
    assert fitted(echoes, floor=1.0) < 140


def test_signal_lost_after_the_first_echo_gives_a_lower_limit() -> None:
    echoes = decay(450.0)
    found = fitted(echoes, floor=20.0)
    assert found == pytest.approx(np.log(echoes[0, 0, 0, 0] / 20) / 0.005, rel=1e-5)
    assert 100 < found < 450


def test_air_tells_nothing() -> None:
    assert fitted(decay(20.0, signal=0.5)) == 0


def test_noise_at_low_signal_moves_the_mean_little() -> None:
    """Rician noise at SNR 12 of the first echo: its bias is removed."""
    rng = np.random.default_rng(3)
    clean = np.broadcast_to(decay(60.0, 1000.0), (30, 30, 30, 5))
    sigma = 60.0
    noisy = np.hypot(clean + rng.normal(0, sigma, clean.shape), rng.normal(0, sigma, clean.shape))
    rates = r2star(noisy, TIMES_S, noise=sigma, floor=3 * sigma, ceiling_per_s=500.0)
    assert rates.mean() == pytest.approx(60, rel=0.03)


def test_bias_of_noise_by_hand() -> None:
    power = without_bias(np.array([5.0, 1.0]), noise=2.0)
    assert power == pytest.approx([np.sqrt(17), 0])


def test_late_weighted_mean_by_hand() -> None:
    echoes = np.array([[[[300.0, 90.0]]]])
    assert late_weighted(echoes, np.array([0.01, 0.02]))[0, 0, 0] == pytest.approx(160)


def test_echoes_in_the_wrong_order_are_found() -> None:
    echoes = np.broadcast_to(decay(25.0), (6, 6, 6, 5)).copy()
    echoes[0] = 0
    limits = {"file": "e1.nii.gz", "min_median_per_s": 3.0, "max_median_per_s": 100.0}
    told = {"noise": 0.0, "floor": 1.0, "ceiling_per_s": 500.0}
    right, wrong = (r2star(e, TIMES_S, **told) for e in (echoes, echoes[..., ::-1]))
    assert require_plausible(right, echoes[..., -1], **limits) == pytest.approx(25, rel=1e-4)
    with pytest.raises(InputFault, match=r"e1\.nii\.gz: found a median R2\* of 0\.0 /s"):
        require_plausible(wrong, echoes[..., 0], **limits)
