from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonolesion.functional.slice_timing import Method, shifted

METHODS: list[Method] = ["linear", "cubic", "fourier"]
TR = 2.0


def waves(times_s: NDArray[np.float64], n_frames: int, hz: float) -> NDArray[np.float64]:
    """Return a series of one wave, each slice seen at its own time."""
    frames = TR * np.arange(n_frames)
    seen = np.sin(2 * np.pi * hz * (frames[None] + times_s[:, None]))
    return np.broadcast_to(100 + seen, (2, 3, len(times_s), n_frames)).copy()


@pytest.mark.parametrize(
    ("method", "limit"), [("linear", 0.06), ("cubic", 0.003), ("fourier", 0.02)]
)
def test_a_wave_is_seen_at_one_time(method: Method, limit: float) -> None:
    times = np.array([0.0, 1.0, 0.5, 1.5, 0.0])
    found = shifted(
        waves(times, 120, 0.05), times, repetition_s=TR, reference_s=0.75, method=method
    )
    wanted = waves(np.full(5, 0.75), 120, 0.05)
    assert np.abs(found - wanted)[..., 10:-10].max() < limit
    assert np.abs(waves(times, 120, 0.05) - wanted).max() > 0.2


@pytest.mark.parametrize("method", METHODS)
def test_slices_of_one_band_are_moved_alike_and_the_reference_not_at_all(method: Method) -> None:
    times = np.array([0.0, 1.0, 0.0, 1.0])
    data = np.random.default_rng(0).normal(size=(2, 2, 1, 30)).repeat(4, axis=2)
    found = shifted(data, times, repetition_s=TR, reference_s=0.0, method=method)
    assert np.array_equal(found[:, :, 0], found[:, :, 2])
    assert np.allclose(found[:, :, 0], data[:, :, 0])
    assert np.array_equal(found[:, :, 1], found[:, :, 3])


def test_linear_interpolation_by_hand() -> None:
    data = np.array([10.0, 20, 40]).reshape(1, 1, 1, 3)
    how = {"repetition_s": TR, "method": "linear"}
    later = shifted(data, np.array([0.0]), reference_s=0.5, **how)
    assert later[0, 0, 0] == pytest.approx([12.5, 25, 40])
    earlier = shifted(data, np.array([0.5]), reference_s=0.0, **how)
    assert earlier[0, 0, 0] == pytest.approx([10, 17.5, 35])


@settings(max_examples=25, deadline=None)
@given(st.floats(0, TR), st.floats(0, TR), st.sampled_from(METHODS), st.integers(4, 31))
def test_a_constant_stays(time: float, reference: float, method: Method, n_frames: int) -> None:
    data = np.full((1, 2, 1, n_frames), 37.0)
    found = shifted(data, np.array([time]), repetition_s=TR, reference_s=reference, method=method)
    assert np.allclose(found, 37.0, rtol=1e-5)


def test_shapes_and_reference_are_checked() -> None:
    data = np.zeros((2, 2, 3, 5))
    with pytest.raises(ValueError, match="do not fit"):
        shifted(data, np.zeros(2), repetition_s=TR, reference_s=0.0, method="cubic")
    with pytest.raises(ValueError, match="outside"):
        shifted(data, np.zeros(3), repetition_s=TR, reference_s=3.0, method="cubic")
