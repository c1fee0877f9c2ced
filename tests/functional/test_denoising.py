from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import butter, sosfreqz

from sonolesion.core.errors import InputFault
from sonolesion.functional.denoising import (
    Band,
    Freedom,
    cleaned,
    freedom,
    interpolated,
    require_freedom,
)
from sonolesion.functional.strategies import STRATEGIES, confounds_of

Array = NDArray[np.float64]
TR = 2.0
BAND = Band(high_pass_hz=0.01, low_pass_hz=0.08, order=2)
OPEN = Band(high_pass_hz=None, low_pass_hz=None, order=2)
N = 200


def rest(seed: int = 0) -> tuple[Array, Array]:
    """Return slow waves of four voxels, and three confounds."""
    rng = np.random.default_rng(seed)
    time = TR * np.arange(N)[:, None]
    waves = np.sin(2 * np.pi * rng.uniform(0.02, 0.06, 4) * time + rng.uniform(0, 6, 4))
    return 500 + 10 * waves, rng.normal(size=(N, 3))


def dropping(*frames: int) -> NDArray[np.bool_]:
    kept = np.ones(N, dtype=bool)
    kept[list(frames)] = False
    return kept


def test_it_is_nilearns_cleaning() -> None:
    from nilearn import signal

    series, confounds = rest()
    found = cleaned(series, confounds, dropping(), repetition_s=TR, band=BAND)
    with pytest.warns(DeprecationWarning):
        wanted = signal.clean(
            series,
            confounds=confounds,
            standardize=None,
            low_pass=0.08,
            high_pass=0.01,
            t_r=TR,
            butterworth__order=2,
            butterworth__padtype="even",
            butterworth__padlen=N - 1,
        )
    assert np.allclose(found, wanted - wanted.mean(axis=0), atol=1e-6)


# nilearn leaves the frame 60 as it is if the frame 139 is dropped too.
@pytest.mark.parametrize(
    "frames", [(60,), (60, 139), (0,), (0, 199), (0, 1, 199), (50, 51, 52, 120), (0, 30, 169, 199)]
)
def test_dropped_frames_leave_no_trace(frames: tuple[int, ...]) -> None:
    series, confounds = rest()
    kept = dropping(*frames)
    clean = cleaned(series, confounds, kept, repetition_s=TR, band=BAND)
    series[list(frames)] += 1e4
    confounds[list(frames)] -= 50.0
    spiked = cleaned(series, confounds, kept, repetition_s=TR, band=BAND)
    assert clean.shape == (N - len(frames), 4)
    assert np.allclose(clean, spiked, atol=1e-6)


def test_signal_of_the_band_stays_and_the_rest_goes() -> None:
    series, _ = rest()
    time = TR * np.arange(N)[:, None]
    spoiled = series + 30 * np.cos(2 * np.pi * 0.2 * time) + 0.1 * time
    found = cleaned(spoiled, None, dropping(), repetition_s=TR, band=BAND)
    for column in range(4):
        assert np.corrcoef(found[:, column], series[:, column])[0, 1] > 0.98
    assert np.abs(found.mean(axis=0)).max() < 1e-9


def test_the_ends_of_a_run_do_not_swing_out() -> None:
    response = cleaned(np.eye(75), None, np.ones(75, bool), repetition_s=1.259, band=BAND)
    variance = (response**2).sum(axis=1)
    assert variance.max() < 2.5 * np.median(variance)


def test_what_is_left_is_orthogonal_to_the_filtered_confounds() -> None:
    series, confounds = rest()
    spoiled = series + confounds @ np.random.default_rng(1).normal(0, 20, (3, 4))
    kept = dropping(40, 41, 159, 160)
    found = cleaned(spoiled, confounds, kept, repetition_s=TR, band=BAND)
    filtered = cleaned(confounds, None, kept, repetition_s=TR, band=BAND)
    overlap = np.abs(filtered.T @ series[kept]).max()
    assert np.abs(filtered.T @ found).max() < 1e-9 * overlap
    again = cleaned(series, confounds, kept, repetition_s=TR, band=BAND)
    assert np.allclose(found, again, atol=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.floats(0.1, 10), st.floats(-100, 100))
def test_gain_and_mean_do_not_matter(gain: float, mean: float) -> None:
    series, confounds = rest()
    one, two = (
        cleaned(s, confounds, dropping(9), repetition_s=TR, band=BAND)
        for s in (series, gain * series + mean)
    )
    assert np.allclose(gain * one, two, atol=1e-6)


def test_interpolation_by_hand_of_a_cubic() -> None:
    frames = np.arange(12.0)[:, None]
    series = np.hstack([frames**3, 2 * frames - 1])
    spoiled = series.copy()
    spoiled[[4, 5, 8]] = 1e5
    kept = np.ones(12, dtype=bool)
    kept[[4, 5, 8]] = False
    assert interpolated(spoiled, kept) == pytest.approx(series)
    assert interpolated(series, np.ones(12, dtype=bool)) is series


def test_freedom_by_hand_without_a_filter() -> None:
    _, confounds = rest()
    found = freedom(confounds, dropping(3, 4), repetition_s=TR, band=OPEN)
    # Mean and trend, then three confounds of their own.
    assert found.n_dropped == 2
    assert found.filtered == pytest.approx(2.0, abs=0.5)
    assert found.regressed == pytest.approx(3.0, abs=0.1)
    assert found.left == pytest.approx(N - 2 - found.filtered - found.regressed)


def test_the_band_leaves_its_share_of_the_freedom() -> None:
    found = freedom(None, dropping(), repetition_s=TR, band=BAND)
    # Run both ways, the filter leaves |H|⁴ of the variance at each frequency.
    filters = butter(2, [0.01, 0.08], btype="band", output="sos", fs=1 / TR)
    share = np.mean(np.abs(sosfreqz(filters, worN=5000)[1]) ** 4)
    assert found.left == pytest.approx(N * share, rel=0.05)
    assert found.left < 2 * N * TR * 0.07
    assert found.regressed == 0.0


def test_a_confound_that_never_varies_or_comes_twice_costs_nothing() -> None:
    _, confounds = rest()
    more = np.hstack([confounds, confounds[:, :1], np.full((N, 1), 7.0)])
    one, two = (freedom(c, dropping(), repetition_s=TR, band=BAND) for c in (confounds, more))
    assert one.left == pytest.approx(two.left, abs=1e-6)


def test_more_confounds_than_the_band_holds_leave_nothing_and_are_refused() -> None:
    confounds = np.random.default_rng(0).normal(size=(75, 40))
    kept = np.ones(75, dtype=bool)
    found = freedom(confounds, kept, repetition_s=1.259, band=BAND)
    assert found.left < 1
    with pytest.raises(InputFault, match=r"of 75 degrees of freedom left by 36p"):
        require_freedom(found, least=10.0, strategy="36p", file="a.nii.gz")
    require_freedom(Freedom(75, 0, 30.0, 5.0, 40.0), least=10.0, strategy="36p", file="a.nii.gz")


def test_bad_input_is_named() -> None:
    series, confounds = rest()
    how = {"repetition_s": TR, "band": BAND}
    with pytest.raises(ValueError, match="frames to keep do not fit"):
        cleaned(series, confounds, dropping()[1:], **how)
    with pytest.raises(ValueError, match="confounds of shape"):
        cleaned(series, confounds[1:], dropping(), **how)
    with pytest.raises(ValueError, match="frames are too few"):
        cleaned(series, confounds, np.arange(N) < 3, **how)
    confounds[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN or infinity"):
        cleaned(series, confounds, dropping(), **how)


def test_strategies_have_the_confounds_they_are_named_for() -> None:
    components = [f"a_comp_cor_{t}_{n:02d}" for t in ("wm", "csf") for n in range(5)]
    available = [*STRATEGIES["36p"].columns, *components, "t_comp_cor_00"]
    assert len(confounds_of("36p", available)) == 36
    assert len(confounds_of("24p_acompcor", available)) == 34
    assert len(confounds_of("minimal", available)) == 8
    assert set(confounds_of("scrubbing_0.2", available)) == set(confounds_of("36p", available))
    assert STRATEGIES["scrubbing_0.5"].max_displacement_mm == 0.5
    with pytest.raises(ValueError, match=r"lacks the confounds a_comp_cor_wm_\*"):
        confounds_of("24p_acompcor", STRATEGIES["36p"].columns)
    with pytest.raises(ValueError, match="lacks the confounds global_signal"):
        confounds_of("36p", [c for c in available if c != "global_signal"])
    with pytest.raises(ValueError, match="no strategy '9p'"):
        confounds_of("9p", available)
