"""Confounds by nipype: what reaches it, and what comes back, in values by hand."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonolesion.core.nipype_confounds import acompcor, dvars, framewise_displacement, tcompcor

Array = NDArray[np.float64]
HOW = {"repetition_s": 2.0, "period_s": 128.0}


def noise(n_frames: int, n_voxels: int = 64, seed: int = 0) -> Array:
    """Return voxels (V, N) of noise with a smooth course."""
    drawn = np.random.default_rng(seed).normal(0, 5, (n_voxels, n_frames + 1))
    return 1000 + drawn[:, 1:] + 0.4 * drawn[:, :-1]


def tissue() -> tuple[Array, Array]:
    """Return 512 voxels, of which 256 carry two known courses, and the courses (2, N)."""
    rng = np.random.default_rng(3)
    courses = rng.normal(size=(2, 80))
    series = 1000 + rng.normal(0, 1, (512, 80))
    series[:256] += rng.normal(0, 4, (256, 2)) @ courses
    return series, courses


def shared(found: Array, wanted: Array) -> float:
    """Return the least cosine between the span of courses (K, N) and columns (N, K)."""
    left = wanted.T - wanted.mean(axis=1)
    axes = [np.linalg.qr(one)[0] for one in (left, found)]
    return float(np.linalg.svd(axes[0].T @ axes[1])[1].min())


def test_displacement_by_hand() -> None:
    rows = np.array([[0, 0, 0, 0, 0, 0], [0.1, -0.2, 0.3, 0.001, -0.002, 0], [0.1] * 3 + [0] * 3])
    found = framewise_displacement(rows, radius_mm=50.0)
    assert np.isnan(found[0])
    assert found[1:] == pytest.approx([0.6 + 0.15, 0.3 + 0.2 + 0.15])
    assert os.environ["NIPYPE_NO_ET"] == "1"


@settings(max_examples=10, deadline=None)
@given(arrays(float, (5, 6), elements=st.floats(-3, 3)), st.floats(-5, 5))
def test_displacement_does_not_see_where_the_head_began(rows: Array, offset: float) -> None:
    one, two = (framewise_displacement(r, radius_mm=50.0) for r in (rows, rows + offset))
    assert np.allclose(one[1:], two[1:])


@pytest.mark.parametrize("n_frames", [0, 1])
def test_a_frame_alone_has_no_displacement(n_frames: int) -> None:
    assert np.isnan(framewise_displacement(np.zeros((n_frames, 6)), radius_mm=50.0)).all()


def test_dvars_by_hand() -> None:
    # Two voxels of median 101.5; differences between frames 4, -2, 4 and 1, 2, -1.
    series = np.array([[98.0, 102, 100, 104], [100, 101, 103, 102]])
    standardised, scaled = dvars(series, scale=1015.0)
    assert np.isnan(scaled[0])
    assert scaled[1:] == pytest.approx(10 * np.sqrt([8.5, 4, 8.5]), rel=1e-6)
    # Quartiles by the lower neighbour: 98 and 102, 100 and 102. Lag 1: of -3 1 -1 3 and
    # -1.5 -0.5 1.5 0.5 the sums of products -7 and 0.75 over 20 and 5.
    expected = np.mean([np.sqrt(2 * 1.35) * 40, np.sqrt(2 * 0.85) * 20]) / 1.349
    assert standardised[1] == pytest.approx(10 * np.sqrt(8.5) / expected, rel=1e-5)


def test_dvars_of_noise_is_one_however_smooth_in_time_and_of_any_gain() -> None:
    series = noise(400)
    standardised, _ = dvars(series, scale=1000.0)
    assert np.nanmean(standardised) == pytest.approx(1.0, abs=0.03)
    louder, _ = dvars(7.0 * series, scale=1000.0)
    assert np.allclose(louder[1:], standardised[1:], rtol=1e-4)


def test_dvars_shows_a_jump_where_it_is_and_no_dark_voxel() -> None:
    series = noise(60)
    series[:, 30:] += 40.0
    standardised, scaled = dvars(series, scale=1000.0)
    assert np.nanargmax(standardised) == 30
    assert standardised[30] > 4 * np.nanmedian(standardised)
    # More voxels than a row of the file holds, none of which varies.
    dark = np.full((600, 60), 7.0)
    again = dvars(np.vstack([series, dark]), scale=1000.0)
    np.testing.assert_allclose(again[0][1:], standardised[1:])
    np.testing.assert_allclose(again[1][1:], scaled[1:])


def test_common_courses_of_a_tissue_are_found() -> None:
    series, courses = tissue()
    found = acompcor(series[:256], n_components=2, **HOW)
    assert shared(found.series, courses) > 0.99
    assert found.series.T @ found.series == pytest.approx(np.eye(2), abs=1e-5)
    assert found.explained[0] >= found.explained[1] > 0.2


def test_a_slow_trend_a_gain_and_a_dark_voxel_change_no_component() -> None:
    series, _ = tissue()
    gain = np.random.default_rng(0).uniform(1, 9, (256, 1))
    # Half a cosine of the run of 160 s, slower than 128 s: the first of nipype's basis.
    trend = 5 * np.cos(np.pi / 80 * (np.arange(80) + 0.5))
    one = acompcor(series[:256], n_components=2, **HOW).series
    spoilt = np.vstack([gain * (series[:256] + trend), np.full(80, 7.0)])
    two = acompcor(spoilt, n_components=2, **HOW).series
    assert np.abs((one * two).sum(axis=0)) == pytest.approx(1.0, abs=1e-3)


def test_the_voxels_that_vary_most_are_chosen_trends_aside() -> None:
    series, courses = tissue()
    series[400] += 300 * np.linspace(-1, 1, 80) ** 2
    found = tcompcor(series, share=0.1, n_components=2, **HOW)
    assert found.shape == (80, 2)
    assert shared(found, courses) > 0.98


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="six columns"):
        framewise_displacement(np.zeros((4, 5)), radius_mm=50.0)
    with pytest.raises(ValueError, match="not all finite"):
        framewise_displacement(np.full((4, 6), np.nan), radius_mm=50.0)
    dark = np.full((8, 60), 7.0)
    for work in (
        lambda: dvars(dark, scale=1000.0),
        lambda: acompcor(dark, n_components=2, **HOW),
        lambda: tcompcor(dark, share=0.1, n_components=2, **HOW),
    ):
        with pytest.raises(ValueError, match="nothing in the mask varies"):
            work()
