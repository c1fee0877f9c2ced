from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from sonolesion.core.errors import InputFault
from sonolesion.core.settings.diffusion_gradients import ZeroFilling
from sonolesion.diffusion import acquisition
from sonolesion.diffusion.acquisition import Fill, PartialFourier

N = 96


def measured(keep: np.ndarray, *, seed: int = 0, noise: float = 0.02) -> np.ndarray:
    """Return the complex image of a head of which `keep` of k-space (N, N) was measured."""
    rng = np.random.default_rng(seed)
    x, y, z = np.mgrid[-1 : 1 : N * 1j, -1 : 1 : N * 1j, -1:1:8j]
    texture = ndimage.gaussian_filter(rng.normal(size=x.shape), 0.7)
    head = (x**2 + y**2 < 0.7) * (1.0 + 0.5 * texture / texture.std() * 0.5)
    image = head * np.exp(1j * (1.5 * x + y**2 + z))
    white = rng.normal(size=(2, *x.shape)) * noise
    spectrum = np.fft.fftshift(np.fft.fft2(image + white[0] + 1j * white[1], axes=(0, 1)), (0, 1))
    spectrum[~keep] = 0
    return np.fft.ifft2(np.fft.ifftshift(spectrum, (0, 1)), axes=(0, 1))


def block(first: float, second: float) -> np.ndarray:
    axis = np.abs(np.arange(N) - N // 2) / (N // 2)
    return np.outer(axis <= first, axis <= second)


def fill(volume: np.ndarray) -> Fill:
    return acquisition.zero_filled(volume, **ZeroFilling().model_dump())


def partial(volume: np.ndarray, **stated: float | bool | None) -> PartialFourier:
    given = {"stated_fraction": None, "stated_enabled": None} | stated
    return acquisition.partial_fourier(volume, axis=1, **given, **ZeroFilling().model_dump())


def test_full_k_space_is_full() -> None:
    found = fill(np.abs(measured(block(1, 1))))
    assert found.outcome == "no"
    assert found.share == (0.0, 0.0)


@settings(max_examples=12, deadline=None)
@given(st.floats(0.4, 0.8), st.floats(0.4, 0.8), st.integers(0, 100))
def test_empty_share_is_found_along_each_axis(first: float, second: float, seed: int) -> None:
    found = fill(np.abs(measured(block(first, second), seed=seed)))
    assert found.outcome == "yes"
    assert found.share == pytest.approx((1 - first, 1 - second), abs=0.06)


def test_one_filled_axis_is_enough() -> None:
    found = fill(np.abs(measured(block(0.6, 1))))
    assert [rim.answer for rim in found.rims] == ["yes", "no"]
    assert found.outcome == "yes"


def test_air_cut_away_hides_nothing() -> None:
    volume = np.abs(measured(block(0.5, 0.5)))
    volume[volume < 0.3] = 0
    assert fill(volume).share == pytest.approx((0.5, 0.5), abs=0.06)


def test_brightness_does_not_matter() -> None:
    volume = np.abs(measured(block(0.6, 0.7)))
    assert fill(1e4 * volume).share == pytest.approx(fill(volume).share)


@pytest.mark.parametrize("volume", [np.zeros((64, 64, 8)), np.ones((20, 20, 8))])
def test_nothing_is_told_without_a_head(volume: np.ndarray) -> None:
    found = fill(volume)
    assert found.outcome == "undecidable"
    assert np.isnan(found.share).all()


def test_only_magnitude_of_one_volume_is_taken() -> None:
    with pytest.raises(ValueError, match="magnitude"):
        fill(measured(block(1, 1)))
    with pytest.raises(ValueError, match="one magnitude volume"):
        fill(np.ones((8, 8, 8, 2)))


def three_quarters() -> np.ndarray:
    keep = block(1, 1)
    keep[:, : N // 4] = False
    return keep


def test_partial_fourier_from_the_sidecar() -> None:
    magnitude = np.abs(measured(block(1, 1)))
    assert partial(magnitude, stated_fraction=0.75) == PartialFourier("yes", 0.75, "sidecar")
    assert partial(magnitude, stated_fraction=1.0) == PartialFourier("no", 1.0, "sidecar")
    enabled = partial(magnitude, stated_enabled=True)
    assert enabled.answer == "yes"
    assert np.isnan(enabled.fraction)
    assert partial(magnitude, stated_enabled=False).answer == "no"


def test_partial_fourier_from_complex_data() -> None:
    found = partial(measured(three_quarters()))
    assert found.answer == "yes"
    assert found.fraction == pytest.approx(0.75, abs=0.03)
    assert partial(measured(block(1, 1))).answer == "no"


def test_symmetric_filling_is_no_partial_fourier() -> None:
    assert partial(measured(block(0.6, 0.6))).answer == "no"


def test_magnitude_alone_does_not_tell_partial_fourier() -> None:
    found = partial(np.abs(measured(three_quarters())))
    assert found.answer == "undecidable"
    assert "magnitude" in found.source


def test_impossible_fraction_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.5 to 1"):
        partial(np.ones((8, 8, 8)), stated_fraction=6.0)


def test_complex_noise_is_undecidable() -> None:
    assert partial(np.zeros((8, 8, 8), dtype=complex)).answer == "undecidable"


def test_empty_volume_is_named() -> None:
    data = np.random.default_rng(0).uniform(1, 2, (3, 3, 3, 5))
    acquisition.require_filled(data, file="a.nii.gz")
    data[..., 2] = 0
    data[..., 4] = np.nan
    with pytest.raises(InputFault, match="volume 2, 4 empty"):
        acquisition.require_filled(data, file="a.nii.gz")
    with pytest.raises(InputFault, match="3 axes"):
        acquisition.require_filled(data[..., 0], file="a.nii.gz")
