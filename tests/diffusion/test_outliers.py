from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonolesion.diffusion import outliers

LIMITS = {"threshold_sd": 4.0, "min_loss": 0.05}


def residuals(seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0, 0.01, (30, 12))


def test_residual_by_hand() -> None:
    found = outliers.slice_residuals(
        np.array([5.0, 15.0, 8.0, np.nan, 7.0]),
        np.array([10.0, 10.0, 10.0, 10.0, 0.0]),
        np.array([0.2, -0.2, 1.4, 1.0, 2.0]),
        n_slices=4,
        min_points=1,
    )
    assert found[:2] == pytest.approx([0.0, -0.2])
    assert np.isnan(found[2:]).all()


def test_slices_with_few_points_tell_nothing() -> None:
    found = outliers.slice_residuals(
        np.ones(3), np.ones(3), np.array([0, 0, 1]), n_slices=2, min_points=2
    )
    assert np.isnan(found[1])


def test_dropped_slice_is_found_and_a_bright_one_is_not() -> None:
    values = residuals()
    values[7, 3] = -0.4
    values[20, 5] = 0.4
    found = outliers.outlier_slices(values, **LIMITS)
    assert np.argwhere(found).tolist() == [[7, 3]]


def test_trifles_are_no_outliers() -> None:
    values = residuals() * 0.01
    values[7, 3] = -0.02
    assert not outliers.outlier_slices(values, **LIMITS).any()


@settings(max_examples=25, deadline=None)
@given(st.floats(-0.03, 0.03), st.integers(0, 20))
def test_gain_of_a_volume_makes_no_outliers(gain: float, seed: int) -> None:
    values = residuals(seed)
    values[:, 4] += gain
    before = outliers.standardised(residuals(seed))
    assert outliers.standardised(values) == pytest.approx(before, abs=1e-6)


def test_nothing_told_is_no_outlier() -> None:
    values = residuals()
    values[0] = np.nan
    values[3, 2] = np.nan
    assert not outliers.outlier_slices(values, **LIMITS).any()
    assert not outliers.outlier_slices(np.full((4, 3), np.nan), **LIMITS).any()
    assert not outliers.outlier_slices(np.zeros((4, 3)), **LIMITS).any()


def test_lost_volumes() -> None:
    values, slices = residuals(), np.zeros((30, 12), dtype=bool)
    slices[:12, 6] = True
    slices[:3, 7] = True
    gains = np.ones(12)
    gains[9] = 0.2
    found = outliers.outlier_volumes(slices, values, gains, max_share=0.3, min_gain=0.5)
    assert np.flatnonzero(found).tolist() == [6, 9]


def test_filled_by_hand() -> None:
    volume = np.broadcast_to(np.array([1.0, 0, 3, 0, 0, 9]), (2, 2, 6))
    lost = np.array([False, True, False, True, True, False])
    assert outliers.filled(volume, lost)[0, 0] == pytest.approx([1, 2, 3, 5, 7, 9])
    assert volume[0, 0, 1] == 0
    ends = outliers.filled(volume, np.array([True, True, False, False, True, True]))
    assert ends[0, 0] == pytest.approx([3, 3, 3, 0, 0, 0])
    assert np.array_equal(outliers.filled(volume, np.ones(6, bool)), volume.astype(np.float32))


def test_touched_points() -> None:
    lost = np.array([False, True, False, False])
    hit = outliers.touched(np.array([0.0, 0.3, 1.0, 1.9, 2.0]), lost)
    assert hit.tolist() == [False, True, True, True, False]
