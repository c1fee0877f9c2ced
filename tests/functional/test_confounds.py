from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonolesion.functional.confounds import dvars, expanded, mean_signal, motion_24

Array = NDArray[np.float64]


def series(n_frames: int = 60, seed: int = 0) -> tuple[Array, NDArray[np.bool_]]:
    """Return a brain of noise with a smooth course, and its mask."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((6, 6, 6), dtype=bool)
    mask[1:5, 1:5, 1:5] = True
    noise = rng.normal(0, 5, (6, 6, 6, n_frames + 1))
    return 1000 + noise[..., 1:] + 0.4 * noise[..., :-1], mask


def test_24_parameters_by_hand() -> None:
    columns = motion_24(np.array([[1.0, 0, 0, 0, 0, 0.5], [3.0, 0, 0, 0, 0, -0.5]]))
    assert len(columns) == 24
    assert columns["trans_x"].tolist() == [1, 3]
    assert columns["trans_x_lag1"].tolist() == [1, 1]
    assert columns["trans_x_power2"].tolist() == [1, 9]
    assert columns["rot_z_lag1_power2"].tolist() == [0.25, 0.25]


def test_expansion_by_hand() -> None:
    columns = expanded("csf", np.array([1.0, 3.0, 2.0]))
    assert columns["csf_derivative1"].tolist() == [0, 2, -1]
    assert columns["csf_derivative1_power2"].tolist() == [0, 4, 1]
    assert columns["csf_power2"].tolist() == [1, 9, 4]


def test_dvars_by_hand() -> None:
    # Two voxels of median 101.5; differences between frames 4, -2, 4 and 1, 2, -1.
    data = np.array([[98.0, 102, 100, 104], [100, 101, 103, 102]]).reshape(2, 1, 1, 4)
    standardised, scaled = dvars(data, np.ones((2, 1, 1), bool), scale=1015.0)
    assert np.isnan(scaled[0])
    assert scaled[1:] == pytest.approx(10 * np.sqrt([8.5, 4, 8.5]))
    # Quartiles by the lower neighbour: 98 and 102, 100 and 102. Lag 1: of -3 1 -1 3 and
    # -1.5 -0.5 1.5 0.5 the sums of products -7 and 0.75 over 20 and 5.
    expected = np.mean([np.sqrt(2 * 1.35) * 40, np.sqrt(2 * 0.85) * 20]) / 1.349
    assert standardised[1] == pytest.approx(10 * np.sqrt(8.5) / expected)


def test_dvars_of_noise_is_one_however_smooth_in_time() -> None:
    data, mask = series(400)
    standardised, _ = dvars(data, mask, scale=1000.0)
    assert np.nanmean(standardised) == pytest.approx(1.0, abs=0.03)


def test_dvars_shows_a_jump_where_it_is() -> None:
    data, mask = series()
    data[..., 30:] += 40.0
    standardised, _ = dvars(data, mask, scale=1000.0)
    assert np.nanargmax(standardised) == 30
    assert standardised[30] > 4 * np.nanmedian(standardised)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 100))
def test_dvars_does_not_see_the_gain(gain: float) -> None:
    data, mask = series(20)
    for one, two in zip(
        dvars(data, mask, scale=1e3), dvars(gain * data, mask, scale=1e3), strict=True
    ):
        assert np.allclose(one[1:], two[1:], rtol=1e-6)


def test_dvars_and_displacement_are_those_of_nipype(tmp_path: object) -> None:
    nipype = pytest.importorskip("nipype.algorithms.confounds")
    nib = pytest.importorskip("nibabel")
    pytest.importorskip("nitime")
    data, mask = series()
    nib.Nifti1Image(data.astype(np.float32), np.eye(4)).to_filename(f"{tmp_path}/a.nii")
    nib.Nifti1Image(mask.astype(np.uint8), np.eye(4)).to_filename(f"{tmp_path}/m.nii")
    wanted = nipype.compute_dvars(f"{tmp_path}/a.nii", f"{tmp_path}/m.nii")
    found = dvars(data.astype(np.float32), mask, scale=1000.0)
    assert np.allclose(found[0][1:], wanted[0], rtol=1e-4)
    assert np.allclose(found[1][1:], wanted[1], rtol=1e-4)


def test_mean_signal_leaves_the_rest_out() -> None:
    data, mask = series()
    data[~mask] = np.nan
    assert mean_signal(data, mask) == pytest.approx(data[mask].mean(axis=0))


def test_bad_input_is_named() -> None:
    data, mask = series()
    with pytest.raises(ValueError, match="six columns"):
        motion_24(np.zeros((4, 7)))
    with pytest.raises(ValueError, match="not all finite"):
        expanded("csf", np.array([1.0, np.nan]))
    with pytest.raises(ValueError, match="does not fit a mask"):
        mean_signal(data, mask[1:])
    with pytest.raises(ValueError, match="nothing is in the mask"):
        mean_signal(data, mask & False)
    with pytest.raises(ValueError, match="tell no DVARS"):
        dvars(data - 2000, mask, scale=1000.0)
    with pytest.raises(ValueError, match="nothing in the mask varies"):
        dvars(np.full_like(data, 7.0), mask, scale=1000.0)
    data[2, 2, 2, 0] = np.inf
    with pytest.raises(ValueError, match="NaN or infinity"):
        dvars(data, mask, scale=1000.0)
