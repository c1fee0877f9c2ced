from __future__ import annotations

import numpy as np
import pytest

from sonolesion.core.errors import InputFault
from sonolesion.diffusion import denoising

SIGMA = 20.0


def test_noise_is_measured_and_taken_away() -> None:
    rng = np.random.default_rng(0)
    weights = rng.uniform(0.3, 1.0, 30)
    clean = 800 * np.ones((9, 9, 9, 1)) * weights
    clean[4:] *= 0.7
    noisy = clean + rng.normal(0, SIGMA, clean.shape)
    mask = np.ones((9, 9, 9), dtype=bool)
    mask[0] = False
    found, noise = denoising.denoise(noisy, mask, patch_radius_voxels=1)
    middle = (slice(2, 7),) * 3
    assert np.median(noise[middle]) == pytest.approx(SIGMA, rel=0.15)
    assert (found - clean)[middle].std() < 0.6 * SIGMA
    assert np.isnan(noise[0]).all()
    assert np.array_equal(found[0], noisy[0].astype(np.float32))


def test_denoising_refuses_another_grid() -> None:
    with pytest.raises(InputFault, match="one grid"):
        denoising.denoise(np.ones((4, 4, 4, 12)), np.ones((4, 4, 3), bool), patch_radius_voxels=1)


def test_ringing_is_taken_away_and_a_flat_slice_stays() -> None:
    sharp = np.zeros((64, 64))
    sharp[20:44, 20:44] = 1000.0
    spectrum = np.fft.fftshift(np.fft.fft2(sharp))[16:48, 16:48]
    ringing = np.abs(np.fft.ifft2(np.fft.ifftshift(spectrum))) / 4
    slices = np.stack([ringing, np.full((32, 32), 500.0)], axis=-1)
    found = denoising.unring(slices)
    flat = (slice(12, 20), slice(12, 20), 0)
    assert found[flat].std() < 0.7 * slices[flat].std()
    assert found[..., 1] == pytest.approx(np.full((32, 32), 500.0), rel=1e-3)


@pytest.mark.parametrize(
    ("zero_filled", "n_volumes", "reason"),
    [(True, 30, "zero-filled"), (False, 9, "9 volumes are too few"), (False, 10, "")],
)
def test_reason_why_noise_is_left(zero_filled: bool, n_volumes: int, reason: str) -> None:
    told = denoising.why_not_denoised(zero_filled=zero_filled, n_volumes=n_volumes, min_volumes=10)
    assert reason in told
    assert bool(told) == bool(reason)


@pytest.mark.parametrize(
    ("zero_filled", "partial", "reason"),
    [(True, False, "zero-filled"), (False, True, "partial Fourier"), (False, False, "")],
)
def test_reason_why_ringing_is_left(zero_filled: bool, partial: bool, reason: str) -> None:
    told = denoising.why_not_unringed(zero_filled=zero_filled, partial_fourier=partial)
    assert reason in told
    assert bool(told) == bool(reason)
