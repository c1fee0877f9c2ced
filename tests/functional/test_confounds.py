from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sonolesion.functional.confounds import expanded, mean_signal, motion_24

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
    data[2, 2, 2, 0] = np.inf
    with pytest.raises(ValueError, match="NaN or infinity"):
        mean_signal(data, mask)
