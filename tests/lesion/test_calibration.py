"""Gain and field of a follow-up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.lesion import calibration

SHAPE = (24, 24, 24)
EVERYWHERE = np.ones(SHAPE, dtype=bool)
NOWHERE = ~EVERYWHERE
OPTIONS = {"edge": 4, "sigma": 2.0, "hole": 0.0, "cut": 4.685, "rounds": 3}


def scan(seed: int = 0) -> np.ndarray:
    return 100 + 20 * np.random.default_rng(seed).random(SHAPE)


@settings(max_examples=10, deadline=None)
@given(st.floats(0.01, 100))
def test_a_gain_is_found_exactly(gain: float) -> None:
    field = calibration.intensity_field(
        gain * scan(), scan(), brain=EVERYWHERE, excluded=NOWHERE, **OPTIONS
    )
    np.testing.assert_allclose(field, gain, rtol=1e-4)


def test_the_excluded_sphere_takes_no_part() -> None:
    excluded = np.zeros(SHAPE, dtype=bool)
    excluded[8:16, 8:16, 8:16] = True
    late = scan() * np.where(excluded, 3.0, 1.2)
    field = calibration.intensity_field(
        late, scan(), brain=EVERYWHERE, excluded=excluded, **OPTIONS
    )
    np.testing.assert_allclose(field, 1.2, rtol=1e-4)


def test_weights_and_spread_by_hand() -> None:
    weights = calibration.tukey(np.array([0.0, 1.0, 2.0, 5.0]), scale=1.0, cut=2.0)
    np.testing.assert_allclose(weights, [1, 0.5625, 0, 0])
    assert calibration.robust_sd(np.array([-2.0, -1, 0, 1, 2])) == pytest.approx(1.4826, abs=1e-4)


def test_a_baseline_without_signal_is_refused() -> None:
    with pytest.raises(ValueError, match="not positive"):
        calibration.brain_level(np.zeros(SHAPE), EVERYWHERE)
    with pytest.raises(ValueError, match="no voxel"):
        calibration.intensity_field(
            scan(), scan(), brain=EVERYWHERE, excluded=EVERYWHERE, **OPTIONS
        )
