from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonolesion.perfusion import partial_volume as pv

OPTIONS: dict[str, Any] = {
    "window_voxels": (5, 5, 1), "min_amount": 1.0, "min_independence": 0.02,
}  # fmt: skip
SHAPE = (14, 13, 4)


def mixed() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return random shares of three tissues, and a mask."""
    rng = np.random.default_rng(6)
    shares = rng.dirichlet([0.6, 0.6, 0.3], SHAPE)
    return shares, rng.uniform(size=SHAPE) > 0.1


@pytest.mark.parametrize("n_tissues", [2, 3])
@pytest.mark.parametrize("window", [(5, 5, 1), (3, 5, 3)])
def test_same_as_a_slow_loop(n_tissues: int, window: tuple[int, int, int]) -> None:
    shares, mask = mixed()
    shares = shares[..., :n_tissues]
    signal = np.random.default_rng(7).normal(50, 20, SHAPE)
    found = pv.regress(signal, shares, mask, **OPTIONS | {"window_voxels": window})
    half = [edge // 2 for edge in window]
    checked = 0
    for voxel in np.argwhere(mask)[::4]:
        box = tuple(slice(max(v - h, 0), v + h + 1) for v, h in zip(voxel, half, strict=True))
        inside = mask[box]
        told = found[tuple(voxel)]
        if np.isnan(told).any():
            continue
        slow = np.linalg.lstsq(shares[box][inside], signal[box][inside], rcond=None)[0]
        assert told == pytest.approx(slow, rel=1e-5, abs=1e-5 * np.abs(slow).max())
        checked += 1
    assert checked > 100


def test_exact_in_double_precision() -> None:
    shares, mask = mixed()
    signal = np.random.default_rng(8).normal(50, 20, SHAPE)
    normal, right = pv._sums(signal, shares, mask, [5, 5, 1])
    found = pv._solved(normal, right, min_amount=1.0, min_independence=0.02)
    for number, voxel in enumerate(np.argwhere(mask)[::25]):
        box = tuple(slice(max(v - h, 0), v + h + 1) for v, h in zip(voxel, (2, 2, 0), strict=True))
        slow = np.linalg.lstsq(shares[box][mask[box]], signal[box][mask[box]], rcond=None)[0]
        told = found[25 * number]
        if np.isfinite(told).all():
            assert told == pytest.approx(slow, rel=1e-6)


def test_pure_signals_come_back_from_their_mixture() -> None:
    shares, mask = mixed()
    signal = shares @ np.array([60.0, 20.0, 0.0])
    found = pv.regress(signal, shares[..., :2], mask, **OPTIONS)
    assert np.nanmax(np.abs(found - [60.0, 20.0])) < 1e-3
    assert np.isfinite(found[mask]).mean() > 0.95
    assert np.isnan(found[~mask]).all()


def test_flow_is_told_apart_when_m0_differs_by_tissue() -> None:
    shares, mask = mixed()
    m0 = shares @ np.array([1000.0, 800.0, 1400.0])
    difference = shares @ np.array([8.0, 2.0, 0.0])
    grey, white = pv.corrected_ratio(difference, m0, shares, mask, min_share=0.1, **OPTIONS)
    assert np.nanmax(np.abs(grey - 8e-3)) < 1e-6
    assert np.nanmax(np.abs(white - 2.5e-3)) < 1e-6
    assert np.isnan(grey[shares[..., 0] < 0.1]).all()
    number, _ = pv.corrected_ratio(difference, 1000.0, shares, mask, min_share=0.1, **OPTIONS)
    assert np.nanmax(np.abs(number - 8e-3)) < 1e-6


def test_tissues_that_cannot_be_told_apart_are_not_told() -> None:
    shares = np.full((*SHAPE, 2), 0.5)
    found = pv.regress(np.ones(SHAPE), shares, np.ones(SHAPE, bool), **OPTIONS)
    assert np.isnan(found).all()


def test_tissue_that_is_not_there_leaves_the_other() -> None:
    shares = np.zeros((*SHAPE, 2))
    shares[..., 0] = np.random.default_rng(9).uniform(0.5, 1.0, SHAPE)
    found = pv.regress(shares[..., 0] * 60, shares, np.ones(SHAPE, bool), **OPTIONS)
    assert found[..., 0] == pytest.approx(np.full(SHAPE, 60.0), rel=1e-6)
    assert np.isnan(found[..., 1]).all()


@pytest.mark.parametrize("window", [(4, 5, 1), (5, 5), (0, 1, 1)])
def test_impossible_windows(window: tuple[int, ...]) -> None:
    shares, mask = mixed()
    with pytest.raises(ValueError, match="odd edges"):
        pv.regress(np.ones(SHAPE), shares, mask, **OPTIONS | {"window_voxels": window})


def test_arrays_that_do_not_fit_and_missing_voxels() -> None:
    shares, mask = mixed()
    with pytest.raises(ValueError, match="shares"):
        pv.regress(np.ones((3, 3, 3)), shares, mask, **OPTIONS)
    signal = shares @ np.array([60.0, 20.0, 0.0])
    signal[5, 5, 1] = np.nan
    found = pv.regress(signal, shares[..., :2], mask, **OPTIONS)
    assert np.isnan(found[5, 5, 1]).all()
    assert np.nanmax(np.abs(found - [60.0, 20.0])) < 1e-3
