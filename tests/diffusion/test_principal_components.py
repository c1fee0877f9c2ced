"""Noise by the principal components of patches, against dipy and by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonolesion.diffusion import principal_components


def scan(seed: int = 0, n_volumes: int = 12) -> NDArray[np.float64]:
    """Return a scan of two components with noise."""
    rng = np.random.default_rng(seed)
    shape = (12, 11, 9)
    maps = rng.uniform(200, 400, (*shape, 2))
    return maps @ rng.uniform(0.5, 1.0, (2, n_volumes)) + rng.normal(0, 10, (*shape, n_volumes))


@settings(max_examples=30, deadline=None)
@given(
    shape=st.tuples(*[st.integers(5, 8)] * 3),
    width=st.integers(1, 5),
    seed=st.integers(0, 100),
)
def test_window_sums_are_sums_over_cubes(
    shape: tuple[int, int, int], width: int, seed: int
) -> None:
    values = np.random.default_rng(seed).normal(size=shape)
    before = values.copy()
    cubes = np.lib.stride_tricks.sliding_window_view(values, (width, width, width))
    found = principal_components.window_sums(values, width)
    assert found == pytest.approx(cubes.sum(axis=(3, 4, 5)), abs=1e-10)
    assert np.array_equal(values, before)


def test_variance_of_a_spectrum_by_hand() -> None:
    spectra = np.array([[1.0, 1.2, 1.4, 90.0], [1.0, 1.2, 1.4, 1.6], [0.0, 0.0, 0.0, 0.0]])
    found = principal_components.noise_variance(spectra, n_samples=125)
    assert found == pytest.approx([1.2, 1.3, 0.0])


def test_spectrum_of_few_voxels_has_no_more_values_than_they_tell() -> None:
    spectra = np.array([[0.0, 0.0, 2.0, 2.0]])
    assert principal_components.noise_variance(spectra, n_samples=3) == pytest.approx([2.0])


def test_result_is_that_of_dipy() -> None:
    from dipy.denoise.localpca import mppca

    data = scan()
    mask = np.ones(data.shape[:3], dtype=bool)
    mask[:4] = mask[:, :3] = False
    with warnings.catch_warnings():
        # dipy divides by zero where no patch reaches.
        warnings.simplefilter("ignore", RuntimeWarning)
        wanted, noise = mppca(data, mask=mask, patch_radius=2, return_sigma=True)
    found, variance = principal_components.denoised(data, mask, patch_radius_voxels=2, threads=1)
    assert found[mask] == pytest.approx(wanted[mask], rel=1e-9)
    assert np.sqrt(variance[mask]) == pytest.approx(noise[mask], rel=1e-9)


def test_threads_change_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(principal_components, "SLAB_BYTES", 100 * 8 * 12**2)
    data, mask = scan(), np.ones((12, 11, 9), dtype=bool)
    one, two = (
        principal_components.denoised(data, mask, patch_radius_voxels=1, threads=n) for n in (1, 2)
    )
    assert np.array_equal(one[0], two[0])
    assert np.array_equal(one[1], two[1])


def test_slabs_hold_every_centre_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data, mask = scan(), np.zeros((12, 11, 9), dtype=bool)
    mask[3:9, 2:9, 2:7] = True
    mask[6] = False
    whole = principal_components.denoised(data, mask, patch_radius_voxels=1, threads=1)
    monkeypatch.setattr(principal_components, "SLAB_BYTES", 1)
    parts = principal_components.denoised(data, mask, patch_radius_voxels=1, threads=1)
    assert parts[0] == pytest.approx(whole[0], rel=1e-12, nan_ok=True)


def test_signal_without_noise_stays() -> None:
    maps = np.random.default_rng(1).uniform(1, 2, (7, 7, 7, 1))
    data, mask = maps * np.linspace(1, 2, 10), np.ones((7, 7, 7), dtype=bool)
    found, variance = principal_components.denoised(data, mask, patch_radius_voxels=2, threads=1)
    assert found == pytest.approx(data, rel=1e-6)
    assert variance == pytest.approx(np.zeros((7, 7, 7)), abs=1e-9)


def test_nothing_is_told_where_no_patch_reaches() -> None:
    data, mask = scan(), np.zeros((12, 11, 9), dtype=bool)
    assert np.isnan(
        principal_components.denoised(data, mask, patch_radius_voxels=2, threads=1)[0]
    ).all()
    mask[5, 5, 4] = True
    known = np.isfinite(
        principal_components.denoised(data, mask, patch_radius_voxels=1, threads=1)[1]
    )
    assert np.array_equal(np.argwhere(known).min(axis=0), [4, 4, 3])
    assert known.sum() == 27


def test_scan_smaller_than_a_patch_is_left() -> None:
    data = scan()[:3, :3, :3]
    found = principal_components.denoised(
        data, np.ones((3, 3, 3), dtype=bool), patch_radius_voxels=2, threads=1
    )
    assert np.isnan(found[0]).all()
