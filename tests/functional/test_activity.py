from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import signal

from sonolesion.core.errors import InputFault
from sonolesion.functional import activity

TR_S = 1.26
BAND: dict[str, Any] = {"tr_s": TR_S, "low_hz": 0.01, "high_hz": 0.08, "highest_hz": None}
Array = NDArray[np.float64]


def walks(n_voxels: int, n_frames: int, seed: int = 0) -> Array:
    return np.cumsum(np.random.default_rng(seed).normal(size=(n_voxels, n_frames)), axis=1)


def gaps_of(n_frames: int) -> NDArray[np.bool_]:
    kept = np.random.default_rng(1).random(n_frames) > 0.2
    kept[:2], kept[10:14] = False, False
    return kept


def published(rows: Array) -> tuple[Array, Array]:
    """ALFF and fALFF by the definition: mean and share of the roots of the power spectrum."""
    alff, falff = [], []
    for row in rows:
        hz, power = signal.periodogram(row, 1 / TR_S, detrend="linear", scaling="spectrum")
        root = np.sqrt(power[1:])
        band = (hz[1:] >= 0.01) & (hz[1:] <= 0.08)
        alff.append(root[band].mean())
        falff.append(root[band].sum() / root.sum())
    return np.array(alff), np.array(falff)


def straight(rows: Array, time: Array) -> Array:
    return np.array([row - np.polyval(np.polyfit(time, row, 1), time) for row in rows])


def assert_same(found: activity.Activity, alff: Array, falff: Array) -> None:
    np.testing.assert_allclose(found.alff, alff, rtol=1e-6)
    np.testing.assert_allclose(found.falff, falff, rtol=1e-6)


@pytest.mark.parametrize("n_frames", [75, 80])
@pytest.mark.parametrize("gaps", ["interpolate", "lomb_scargle"])
def test_equals_the_published_definition(n_frames: int, gaps: Any) -> None:
    rows = walks(30, n_frames)
    kept = np.ones(n_frames, dtype=bool)
    assert_same(activity.amplitude(rows, kept, gaps=gaps, **BAND), *published(rows))


@pytest.mark.parametrize("n_frames", [75, 80])
def test_fit_to_the_frames_kept_equals_scipy(n_frames: int) -> None:
    rows, kept = walks(20, n_frames), gaps_of(n_frames)
    hz = activity.frequencies(n_frames, tr_s=TR_S)
    time = np.flatnonzero(kept) * TR_S
    told = straight(rows[:, kept], time)
    power = np.array([signal.lombscargle(time, row, 2 * np.pi * hz) for row in told])
    root, band = np.sqrt(2 * power / len(time)), (hz >= 0.01) & (hz <= 0.08)
    found = activity.amplitude(rows, kept, gaps="lomb_scargle", **BAND)
    assert_same(found, root[:, band].mean(axis=1), root[:, band].sum(axis=1) / root.sum(axis=1))


def test_straight_lines_over_gaps() -> None:
    rows, kept, frames = walks(20, 75), gaps_of(75), np.arange(75)
    told = straight(rows[:, kept], frames[kept].astype(float))
    filled = np.array([np.interp(frames, frames[kept], row) for row in told])
    assert_same(activity.amplitude(rows, kept, gaps="interpolate", **BAND), *published(filled))


def test_value_by_hand() -> None:
    """Two waves of root mean square 3 and 1, five frequencies in the band of fifty in all."""
    # Even about the middle of the scan, so that no straight line is in it.
    time = 2.0 * (np.arange(100) + 0.5)
    wave = 3 * np.cos(2 * np.pi * 0.05 * time) + np.cos(2 * np.pi * 0.2 * time)
    found = activity.amplitude(
        np.sqrt(2) * wave[None], np.ones(100, bool), tr_s=2.0, low_hz=0.04, high_hz=0.06,
        highest_hz=None, gaps="interpolate",
    )  # fmt: skip
    assert found.alff[0] == pytest.approx(3 / 5, rel=1e-5)
    assert found.falff[0] == pytest.approx(3 / 4, rel=1e-5)


def test_powers_of_all_frequencies_sum_to_the_variance() -> None:
    rows = straight(walks(5, 64), np.arange(64.0))
    power = activity._one_sided(rows.astype(np.float32))
    np.testing.assert_allclose(power.sum(axis=1), rows.var(axis=1), rtol=1e-5)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.01, 1000), st.floats(-1e3, 1e3), st.floats(-5, 5), st.integers(0, 99), st.booleans()
)
def test_gain_scales_alff_alone_and_offset_and_line_change_nothing(
    gain: float, offset: float, slope: float, seed: int, interpolated: bool
) -> None:
    rows, kept = walks(6, 60, seed), gaps_of(60)
    gaps: Any = "interpolate" if interpolated else "lomb_scargle"
    one = activity.amplitude(rows, kept, gaps=gaps, **BAND)
    changed = gain * (rows + offset + slope * np.arange(60))
    order = np.random.default_rng(seed).permutation(6)
    two = activity.amplitude(changed[order], kept, gaps=gaps, **BAND)
    np.testing.assert_allclose(two.alff, gain * one.alff[order], rtol=1e-4)
    np.testing.assert_allclose(two.falff, one.falff[order], rtol=1e-4)
    assert ((one.falff >= 0) & (one.falff <= 1)).all()


def test_censored_values_are_not_looked_at() -> None:
    rows, kept = walks(4, 60), gaps_of(60)
    spoilt = np.where(kept, rows, np.nan)
    for gaps in ("interpolate", "lomb_scargle"):
        one = activity.amplitude(rows, kept, gaps=gaps, **BAND)
        np.testing.assert_array_equal(
            activity.amplitude(spoilt, kept, gaps=gaps, **BAND).alff, one.alff
        )


def test_constant_and_broken_series_tell_nothing() -> None:
    rows = walks(3, 60)
    rows[0], rows[1, 5] = 7.0, np.nan
    found = activity.amplitude(rows, np.ones(60, bool), gaps="interpolate", **BAND)
    assert np.isnan(found.alff).tolist() == [True, True, False]
    assert np.isnan(found.falff).tolist() == [True, True, False]


def test_scaled_maps_by_hand() -> None:
    values, counted = np.array([1.0, 3.0, np.nan, 100.0]), np.array([True, True, True, False])
    np.testing.assert_allclose(activity.over_mean(values, counted), [0.5, 1.5, np.nan, 50])
    z = activity.z_scores(values, counted)
    np.testing.assert_allclose(z[:2], [-1 / np.sqrt(2), 1 / np.sqrt(2)], rtol=1e-6)
    with pytest.raises(ValueError, match="fewer than two"):
        activity.z_scores(values, ~counted & (values < 0))


def test_series_that_were_band_passed_are_refused() -> None:
    noise, kept = np.random.default_rng(2).normal(size=(200, 200)), np.ones(200, bool)
    spectrum = np.fft.rfft(noise, axis=1)
    spectrum[:, np.fft.rfftfreq(200, TR_S) > 0.08] = 0
    filtered = np.fft.irfft(spectrum, 200, axis=1)
    limits: Any = {"file": "a.nii.gz", "max_median": 0.7, "n_counted": 100}
    whole, narrow = (
        activity.amplitude(rows, kept, gaps="interpolate", **BAND).falff
        for rows in (noise, filtered)
    )
    share = activity.require_whole_spectrum(whole, n_band=18, **limits)
    assert share == pytest.approx(0.18, abs=0.03)
    with pytest.raises(InputFault, match=r"a\.nii\.gz.*nothing is left outside the band"):
        activity.require_whole_spectrum(narrow, n_band=18, **limits)
    assert activity.require_whole_spectrum(narrow, n_band=100, **limits) > 0.7


def test_impossible_input_is_refused() -> None:
    rows, kept = walks(3, 60), np.ones(60, bool)
    with pytest.raises(ValueError, match=r"\(V, N\)"):
        activity.amplitude(rows, kept[:-1], gaps="interpolate", **BAND)
    with pytest.raises(ValueError, match="int64"):
        activity.amplitude(rows, np.arange(60), gaps="interpolate", **BAND)
    with pytest.raises(ValueError, match="3 frames were kept"):
        activity.amplitude(rows, np.arange(60) < 3, gaps="interpolate", **BAND)
    with pytest.raises(InputFault, match=r"0\.0132 to .* Hz.*repetition time"):
        activity.amplitude(rows, kept, gaps="interpolate", **BAND | {"high_hz": 0.012})
    wrong: Any = "nothing"
    with pytest.raises(ValueError, match="neither"):
        activity.amplitude(rows, kept, gaps=wrong, **BAND)
