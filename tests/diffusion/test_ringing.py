"""Gibbs ringing, against dipy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonolesion.diffusion import ringing


def discs(size: int, n_volumes: int) -> NDArray[np.float32]:
    """Return slices with ringing edges, and noise."""
    rng = np.random.default_rng(0)
    x, y = np.mgrid[-1 : 1 : 4 * size * 1j, -1 : 1 : 4 * size * 1j]
    found = np.empty((size, size, 2, n_volumes))
    for z in range(2):
        for n in range(n_volumes):
            sharp = 100.0 + 900.0 * (x**2 + (y - 0.1 * n) ** 2 < (0.4 + 0.2 * z) ** 2)
            low = slice(3 * size // 2, 5 * size // 2)
            spectrum = np.fft.fftshift(np.fft.fft2(sharp))[low, low]
            found[..., z, n] = np.abs(np.fft.ifft2(np.fft.ifftshift(spectrum))) / 16
    return np.abs(found + rng.normal(0, 5, found.shape)).astype(np.float32)


def test_variation_by_hand() -> None:
    line = np.array([[0, 0, 0, 0, 1, 3, 3, 3, 3, 3]], dtype=np.float32).T
    assert ringing.variation(line).ravel().tolist() == [0, 1, 3, 0, 1, 0, 0, 2, 0, 0]


@settings(max_examples=10, deadline=None)
@given(power=st.integers(-8, 12), seed=st.integers(0, 50))
def test_scale_goes_through(power: int, seed: int) -> None:
    lines = np.random.default_rng(seed).uniform(1, 2, (16, 3)).astype(np.float32)
    scale = np.float32(2.0**power)
    assert np.array_equal(
        ringing.unringed_lines(lines * scale), ringing.unringed_lines(lines) * scale
    )


@pytest.mark.parametrize(("size", "odds"), [(24, 0.01), (25, 1e-4)])
def test_result_is_that_of_dipy(size: int, odds: float) -> None:
    """Shifted by a part of a voxel, the highest frequency of an even line is dipy's to choose."""
    from dipy.denoise.gibbs import gibbs_removal

    data = discs(size, 3)
    wanted = gibbs_removal(data.astype(np.float64), slice_axis=2, inplace=False)
    found = ringing.unringed(data, threads=1)
    change = np.abs(wanted - data).mean()
    assert change > 3.0
    assert np.abs(found - wanted).mean() < odds * change


def test_an_edge_rings_less() -> None:
    data = discs(32, 1)
    found = ringing.unringed(data, threads=1)
    inside = (slice(13, 19), slice(13, 19), 0, 0)
    assert found[inside].std() < 0.7 * data[inside].std()


def test_threads_change_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ringing, "CHUNK_LINES", 16)
    data = discs(24, 2)
    assert np.array_equal(ringing.unringed(data, threads=1), ringing.unringed(data, threads=2))


def test_flat_slices_stay_and_nothing_is_negative() -> None:
    flat = np.full((16, 20, 2, 1), 7.0, dtype=np.float32)
    assert ringing.unringed(flat, threads=1) == pytest.approx(flat, rel=1e-5)
    assert ringing.unringed(np.zeros_like(flat), threads=1).min() >= 0.0
