"""Maps of several delays: tissue by tissue, slice by slice, with noise."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from sonolesion.core.settings.perfusion import Perfusion
from sonolesion.perfusion import delay_maps, kinetic

SETTINGS = Perfusion().model_dump(mode="json")["delays"]
SHAPE = (24, 20, 8)
DELAYS = np.array([0.7, 1.2, 1.7, 2.2, 2.7, 3.2])
VALUE: dict[str, Any] = {
    "partition_ml_g": 0.9, "efficiency": 0.85, "blood_t1_s": 1.65, "grey_t1_s": 1.33,
    "white_t1_s": 0.83, "delay_s": DELAYS.tolist(), "labelling_s": [1.8] * 6,
}  # fmt: skip
TRUTH = {0: (60.0, 1.1, 1.33), 1: (20.0, 1.5, 0.83)}
Array = np.ndarray[Any, np.dtype[np.float64]]


def scan(offsets_s: Any = ((([0.0]),),), **change: Any) -> delay_maps.Scan:
    return delay_maps.Scan(
        "kinetic", VALUE, np.full(6, 8), np.asarray(offsets_s, float), np.array([3.0, 3.0, 4.0]),
        SETTINGS | change,
    )  # fmt: skip


def shares() -> Array:
    """Grey matter, a ramp of mixed voxels, white matter."""
    grey = np.clip((16 - np.arange(SHAPE[0])) / 8, 0, 1)[:, None, None] * np.ones(SHAPE)
    return np.stack([grey, 1 - grey, np.zeros(SHAPE)], axis=3)


def curve(tissue: int, late_s: Any = 0.0, transit_s: float | None = None) -> Array:
    """ΔM/M0 of a pure tissue in each slice, shape (1, 1, Z, D) or (1, 1, 1, D)."""
    cbf, transit, t1_s = TRUTH[tissue]
    stay = kinetic.apparent_t1(tissue_t1_s=t1_s, cbf=cbf, partition_ml_g=0.9)
    response = kinetic.pcasl_response(
        transit_s=transit_s or transit, labelling_s=1.8,
        delay_s=DELAYS + np.asarray(late_s, float)[..., None], blood_t1_s=1.65, apparent_t1_s=stay,
    )  # fmt: skip
    found = kinetic.signal(response, cbf=cbf, efficiency=0.85, blood_m0=1 / 0.9)
    return np.broadcast_to(found, (*SHAPE, 6))


def test_mixed_voxels_and_late_slices_are_exact_without_noise() -> None:
    offsets = 0.04 * np.arange(SHAPE[2])[None, None, :]
    part = shares()
    pure = [curve(k, offsets) for k in TRUTH]
    ratio = part[..., :1] * pure[0] + part[..., 1:2] * pure[1]
    found = delay_maps.fitted(ratio, pure, part, scan(offsets, tolerance_s=1e-8, n_rounds=6))
    flow = 60 * part[..., 0] + 20 * part[..., 1]
    # The end of the search: sums of squares alike to 1e-10 are even.
    assert found.flow == pytest.approx(flow, rel=3e-5)
    assert found.grey == pytest.approx(60, rel=3e-5)
    assert found.white == pytest.approx(20, rel=3e-5)
    arriving = (60 * 1.1 * part[..., 0] + 20 * 1.5 * part[..., 1]) / flow
    assert found.transit_s == pytest.approx(arriving, abs=1e-4)


def test_noise_as_large_as_the_signal_makes_no_bias() -> None:
    rng = np.random.default_rng(8)
    part = shares()
    noise = curve(0).max() / np.sqrt(8)
    ratio = part[..., :1] * curve(0) + part[..., 1:2] * curve(1)
    ratio = ratio + rng.normal(0, noise, ratio.shape)
    # What the regression over 25 voxels leaves of the noise.
    pure = [curve(k) + rng.normal(0, noise / 5, ratio.shape) for k in TRUTH]
    found = delay_maps.fitted(ratio, pure, part, scan())
    for k, own in ((0, found.grey), (1, found.white)):
        assert own.mean() == pytest.approx(TRUTH[k][0], rel=0.03)
        inside = part[..., k] == 1
        assert found.flow[inside].mean() == pytest.approx(TRUTH[k][0], rel=0.05)
        assert np.nanmedian(found.transit_s[inside]) == pytest.approx(TRUTH[k][1], abs=0.05)
    assert (np.isfinite(found.transit_s) == (found.flow > 0)).all()


def test_pulsed_label_is_fitted_by_its_own_model() -> None:
    times = np.array([0.9, 1.3, 1.7, 2.1, 2.5])
    part = np.zeros((6, 6, 2, 3))
    part[..., 0] = 1.0
    stay = kinetic.apparent_t1(tissue_t1_s=1.33, cbf=50.0, partition_ml_g=0.9)
    response = kinetic.pasl_response(
        transit_s=1.0, bolus_s=0.7, inversion_s=times, blood_t1_s=1.65, apparent_t1_s=stay
    )
    taken = kinetic.signal(response, cbf=50.0, efficiency=0.98, blood_m0=1 / 0.9)
    taken = np.broadcast_to(taken, (6, 6, 2, 5))
    value = VALUE | {"delay_s": times.tolist(), "bolus_s": 0.7, "efficiency": 0.98}
    pulsed = dataclasses.replace(
        scan(), equation="kinetic_pasl", value=value, counts=np.full(5, 4)
    )  # fmt: skip
    found = delay_maps.fitted(taken, [taken, np.full_like(taken, np.nan)], part, pulsed)
    assert found.flow == pytest.approx(50.0, rel=1e-3)
    assert found.transit_s == pytest.approx(1.0, abs=2e-3)


def test_label_before_the_shortest_delay_tells_no_transit_time() -> None:
    part = np.zeros((*SHAPE, 3))
    part[..., 0] = 1.0
    early = curve(0, transit_s=0.4)
    nothing = np.full((*SHAPE, 6), np.nan)
    found = delay_maps.fitted(early, [early, nothing], part, scan())
    assert np.isnan(found.transit_s).all()
    assert found.flow == pytest.approx(60, rel=0.07)
    assert np.isnan(found.white).all()


def test_a_tissue_that_is_nowhere_told_takes_after_the_other() -> None:
    part = shares()
    nothing = np.full((*SHAPE, 6), np.nan)
    found = delay_maps.fitted(curve(0), [curve(0), nothing], part, scan())
    assert found.flow[part[..., 0] == 1] == pytest.approx(60, rel=1e-3)
    assert np.isfinite(found.flow).all()
    none = delay_maps.fitted(curve(0), [nothing, nothing], part, scan())
    assert np.isnan(none.flow).all()
    assert np.isnan(none.transit_s).all()


def test_a_voxel_without_flow_reads_none() -> None:
    part = shares()
    ratio = np.array(curve(0))
    ratio[4, 10, 4] = 0.0
    found = delay_maps.fitted(ratio, [curve(0), curve(1)], part, scan())
    assert found.flow[4, 10, 4] == pytest.approx(0.0, abs=1e-6)
    assert np.isnan(found.transit_s[4, 10, 4])
    assert found.flow[3, 10, 4] == pytest.approx(60.0, rel=1e-3)
