"""Transit times near those of the surroundings: nothing lost with signal, no bias without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.perfusion import delay_curves, delay_fit, kinetic
from sonolesion.perfusion.delay_fit import Surroundings

DELAYS = np.array([0.7, 1.2, 1.7, 2.2, 2.7, 3.2])
LABELLING = np.full(6, 1.8)
EIGHT = np.full(6, 8)
SEARCH: dict[str, Any] = {
    "partition_ml_g": 0.9, "efficiency": 0.85, "transit_range_s": (0.1, 3.0), "grid_step_s": 0.1,
    "tolerance_s": 1e-4,
}  # fmt: skip
MODEL = delay_curves.pcasl_model(labelling_s=LABELLING, delay_s=DELAYS, blood_t1_s=1.65)
GREY, WHITE = {"cbf": 60.0, "t1_s": 1.33}, {"cbf": 20.0, "t1_s": 0.83}
Array = np.ndarray[Any, np.dtype[np.float64]]


def signal(transit_s: Any, *, cbf: float, t1_s: float) -> Array:
    """Difference over M0 of tissue, shape (V, D)."""
    transit = np.atleast_1d(np.asarray(transit_s, float))[:, None]
    response = kinetic.pcasl_response(
        transit_s=transit, labelling_s=LABELLING, delay_s=DELAYS, blood_t1_s=1.65,
        apparent_t1_s=kinetic.apparent_t1(tissue_t1_s=t1_s, cbf=cbf, partition_ml_g=0.9),
    )  # fmt: skip
    return kinetic.signal(response, cbf=cbf, efficiency=0.85, blood_m0=1 / 0.9)


def about(n: int, centre_s: float, *, cbf: float, t1_s: float) -> Surroundings:
    """Return surroundings of one tissue."""
    stay = kinetic.apparent_t1(tissue_t1_s=t1_s, cbf=cbf, partition_ml_g=0.9)
    return Surroundings(np.ones((n, 1)), np.full((n, 1), centre_s), np.full((n, 1), stay))


def near(ratio: Array, around: Surroundings, noise: Any, **change: Any) -> delay_curves.DelayFit:
    variance = np.broadcast_to(np.asarray(noise, float), len(ratio))
    options = SEARCH | {"transit_sd_s": 0.1} | change
    return delay_fit.fit_near(ratio, EIGHT, MODEL, around, noise=variance, **options)


# Noise of a difference as large as the largest signal of grey matter; 8 of each delay.
LOUD = float(signal(1.1, **GREY).max()) / np.sqrt(8)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.1, 3.0), st.floats(0.5, 1.5))
def test_the_fast_model_is_the_kinetic_one(transit: float, stay: float) -> None:
    fast = MODEL(np.array([[stay]]))(np.array([[transit]]))[0]
    assert fast == pytest.approx(
        kinetic.pcasl_response(
            transit_s=transit, labelling_s=LABELLING, delay_s=DELAYS, blood_t1_s=1.65,
            apparent_t1_s=stay,
        ), rel=1e-12, abs=1e-14,
    )  # fmt: skip


def test_with_signal_a_voxel_goes_its_own_way() -> None:
    truth = np.linspace(0.8, 2.4, 9)
    found = near(signal(truth, **GREY), about(9, 1.5, **GREY), (LOUD / 1000) ** 2)
    assert found.cbf == pytest.approx(np.full(9, 60.0), rel=1e-3)
    assert found.transit_s == pytest.approx(truth, abs=1e-3)
    assert not found.at_limit.any()


@pytest.mark.parametrize("tissue", [GREY, WHITE], ids=["grey", "white"])
def test_noise_as_large_as_signal_makes_no_bias(tissue: dict[str, float]) -> None:
    rng = np.random.default_rng(5)
    truth = rng.normal(1.5, 0.1, 8000)
    noisy = signal(truth, **tissue) + rng.normal(0, LOUD, (8000, 6))
    found = near(noisy, about(8000, 1.5, **tissue), LOUD**2)
    assert np.mean(found.cbf) == pytest.approx(tissue["cbf"], rel=0.02)
    assert np.median(found.cbf) == pytest.approx(tissue["cbf"], rel=0.02)
    told = np.isfinite(found.transit_s)
    assert np.mean(found.transit_s[told] - truth[told]) == pytest.approx(0.0, abs=0.01)
    # The errors told are those that are made.
    assert np.nanmedian(found.cbf_se) == pytest.approx(found.cbf.std(), rel=0.1)
    error = (found.transit_s - truth)[told]
    assert np.nanmedian(found.transit_se_s) == pytest.approx(error.std(), rel=0.1)
    # A free transit time turns the same noise into flow.
    free = delay_fit.fit(
        noisy, EIGHT, MODEL, tissue_t1_s=tissue["t1_s"], n_rounds=3, **SEARCH
    )  # fmt: skip
    assert np.mean(free.cbf) > 1.05 * tissue["cbf"]


def test_no_flow_is_none_on_average_and_has_no_transit_time() -> None:
    noise = np.random.default_rng(6).normal(0, LOUD, (4000, 6))
    found = near(noise, about(4000, 1.5, **WHITE), LOUD**2)
    assert np.mean(found.cbf) == pytest.approx(0.0, abs=0.5)
    none = found.cbf <= 0
    assert 0.4 < none.mean() < 0.6
    assert np.isnan(found.transit_s[none]).all()
    assert found.at_limit[none].all()


def test_a_mixed_voxel_is_the_sum_of_two_curves() -> None:
    share = np.linspace(0, 1, 5)[:, None]
    mixed = share * signal(1.1, **GREY) + (1 - share) * signal(1.5, **WHITE)
    flow = 60 * share[:, 0] + 20 * (1 - share[:, 0])
    to_grey = 60 * share / flow[:, None]
    parts = [about(5, 1.1, **GREY), about(5, 1.5, **WHITE)]
    around = Surroundings(
        np.hstack([to_grey, 1 - to_grey]),
        np.hstack([one.transit_s for one in parts]),
        np.hstack([one.stay_s for one in parts]),
    )
    found = near(mixed, around, 1e-20, tolerance_s=1e-8)
    # The end of the search: sums of squares alike to 1e-10 are even.
    assert found.cbf == pytest.approx(flow, rel=3e-5)
    assert found.transit_s == pytest.approx(around.mean_transit_s, abs=5e-5)
    # One T1 and one transit time don't hold it.
    t1_s = share[:, 0] * 1.33 + (1 - share[:, 0]) * 0.83
    single = delay_fit.fit(mixed, EIGHT, MODEL, tissue_t1_s=t1_s, n_rounds=3, **SEARCH)
    assert (single.cbf[1:4] > 1.03 * flow[1:4]).all()


def test_unknown_noise_or_surroundings() -> None:
    around = about(2, 1.5, **GREY)
    around.transit_s[1] = np.nan
    found = near(signal([1.4, 1.4], **GREY), around, np.nan)
    assert found.transit_s[0] == pytest.approx(1.5)
    assert np.isnan(found.cbf_se).all()
    assert np.isnan(found.cbf[1])
    with pytest.raises(ValueError, match="two delays"):
        near(np.ones((2, 1)), around, 1.0)


def test_noise_is_what_flow_and_transit_time_leave() -> None:
    rng = np.random.default_rng(7)
    truth = rng.uniform(1.3, 1.7, 6000)
    around = about(6000, 1.5, **GREY)
    clean = delay_fit.noise_variance(signal(truth, **GREY), EIGHT, MODEL, around)
    noisy = signal(truth, **GREY) + rng.normal(0, LOUD, (6000, 6))
    found = delay_fit.noise_variance(noisy, EIGHT, MODEL, around)
    assert found.mean() == pytest.approx(LOUD**2, rel=0.05)
    assert clean.max() < 0.01 * LOUD**2
    # All before the shortest delay: a transit time says nothing, and nothing breaks.
    early = delay_fit.noise_variance(noisy, EIGHT, MODEL, about(6000, 0.5, **GREY))
    assert np.isfinite(early).all()
    two = delay_curves.pcasl_model(labelling_s=LABELLING[:2], delay_s=DELAYS[:2], blood_t1_s=1.65)
    assert np.isnan(delay_fit.noise_variance(noisy[:, :2], EIGHT[:2], two, around)).all()
