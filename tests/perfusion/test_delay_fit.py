from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonolesion.perfusion import delay_curves, delay_fit, kinetic

DELAYS = np.array([0.7, 1.2, 1.7, 2.2, 2.7, 3.2])
LABELLING = np.full(6, 1.8)
OPTIONS: dict[str, Any] = {
    "tissue_t1_s": 1.33, "partition_ml_g": 0.9, "efficiency": 0.85, "transit_range_s": (0.1, 3.0),
    "grid_step_s": 0.1, "tolerance_s": 1e-4, "n_rounds": 3,
}  # fmt: skip
MODEL = delay_curves.pcasl_model(labelling_s=LABELLING, delay_s=DELAYS, blood_t1_s=1.65)


def measured(cbf: Any, transit: Any, t1: float = 1.33) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Difference over M0 of tissue by the general kinetic model, shape (V, D)."""
    cbf, transit = (np.atleast_1d(np.asarray(one, float))[:, None] for one in (cbf, transit))
    stay = kinetic.apparent_t1(tissue_t1_s=t1, cbf=cbf, partition_ml_g=0.9)
    response = kinetic.pcasl_response(
        transit_s=transit, labelling_s=LABELLING, delay_s=DELAYS, blood_t1_s=1.65,
        apparent_t1_s=stay,
    )  # fmt: skip
    return kinetic.signal(response, cbf=cbf, efficiency=0.85, blood_m0=1 / 0.9)


def test_noiseless_signal_gives_its_truth_back() -> None:
    rng = np.random.default_rng(1)
    cbf, transit = rng.uniform(8, 100, 500), rng.uniform(0.75, 2.6, 500)
    found = delay_fit.fit(measured(cbf, transit), np.ones(6), MODEL, **OPTIONS)
    assert found.cbf == pytest.approx(cbf, rel=1e-3)
    assert found.transit_s == pytest.approx(transit, abs=2e-3)
    assert not found.at_limit.any()


@pytest.mark.parametrize(
    ("cbf", "transit", "t1"), [(60.0, 1.1, 1.33), (60.0, 2.0, 1.33), (20.0, 1.6, 0.83)]
)
def test_kinetic_phantom_within_5_percent_at_realistic_noise(
    cbf: float, transit: float, t1: float
) -> None:
    rng = np.random.default_rng(2)
    truth = np.repeat(measured(cbf, transit, t1), 3000, axis=0)
    # Noise of a difference: 1/10 of the largest grey-matter signal, 8 repeats of each delay.
    noise = 0.1 * measured(60.0, 1.1).max() / np.sqrt(8)
    noisy = truth + rng.normal(0, noise, truth.shape)
    found = delay_fit.fit(noisy, np.full(6, 8), MODEL, **OPTIONS | {"tissue_t1_s": t1})
    assert np.median(found.cbf) == pytest.approx(cbf, rel=0.05)
    assert np.median(found.transit_s) == pytest.approx(transit, rel=0.05)
    assert np.mean(found.cbf) == pytest.approx(cbf, rel=0.05)
    # The errors told are those that are made.
    assert np.nanmedian(found.cbf_se) == pytest.approx(found.cbf.std(), rel=0.3)
    assert np.nanmedian(found.transit_se_s) == pytest.approx(found.transit_s.std(), rel=0.3)


def test_fit_is_as_good_as_a_slow_search() -> None:
    rng = np.random.default_rng(3)
    noisy = measured(np.full(20, 45.0), np.full(20, 1.4)) * rng.normal(1, 0.1, (20, 6))
    found = delay_fit.fit(noisy, np.ones(6), MODEL, **OPTIONS)
    for row in range(20):
        flows, transits = np.meshgrid(np.arange(20, 80, 0.5), np.arange(0.8, 2.2, 0.02))
        costs = ((noisy[row] - measured(flows.ravel(), transits.ravel())) ** 2).sum(axis=1)
        assert found.residual[row] ** 2 * 6 <= costs.min() * 1.001 + 1e-12


def test_tissues_have_their_own_t1() -> None:
    both = np.vstack([measured(60.0, 1.1), measured(20.0, 1.5, 0.83)])
    found = delay_fit.fit(
        both, np.ones(6), MODEL, **OPTIONS | {"tissue_t1_s": np.array([1.33, 0.83])}
    )
    assert found.cbf == pytest.approx([60, 20], rel=1e-3)
    # One T1 for all would read white matter low.
    assert delay_fit.fit(both, np.ones(6), MODEL, **OPTIONS).cbf[1] < 18


def test_transit_before_the_shortest_delay_is_a_limit() -> None:
    found = delay_fit.fit(measured([50.0, 50.0], [0.3, 0.6]), np.ones(6), MODEL, **OPTIONS)
    assert found.at_limit.all()
    assert np.isnan(found.cbf_se).all()
    assert found.transit_s == pytest.approx([0.7, 0.7], abs=0.01)
    assert found.cbf == pytest.approx([50, 50], rel=0.07)


def test_pulsed_delays_and_weights() -> None:
    times = np.array([0.9, 1.3, 1.7, 2.1, 2.5])
    stay = kinetic.apparent_t1(tissue_t1_s=1.33, cbf=50.0, partition_ml_g=0.9)
    response = kinetic.pasl_response(
        transit_s=0.9, bolus_s=0.7, inversion_s=times, blood_t1_s=1.65, apparent_t1_s=stay
    )
    signal = kinetic.signal(response, cbf=50.0, efficiency=0.98, blood_m0=1 / 0.9)[None]
    spoiled = signal.copy()
    spoiled[0, 4] *= 3
    model = delay_curves.pasl_model(bolus_s=0.7, inversion_s=times, blood_t1_s=1.65)
    weights = np.array([1.0, 1, 1, 1, 1e-9])
    found = delay_fit.fit(spoiled, weights, model, **OPTIONS | {"efficiency": 0.98})
    assert found.cbf[0] == pytest.approx(50, rel=1e-3)
    assert found.transit_s[0] == pytest.approx(0.9, abs=2e-3)


def test_voxels_that_tell_nothing() -> None:
    ratio = np.vstack([np.full(6, np.nan), np.full(6, -0.01), np.zeros(6)])
    found = delay_fit.fit(ratio, np.ones(6), MODEL, **OPTIONS)
    assert np.isnan(found.cbf[0])
    assert found.cbf[1:] == pytest.approx([0, 0])
    assert np.isnan(found.transit_s).all()
    assert list(found.at_limit) == [False, True, True]


def test_two_delays_leave_no_error_and_one_is_refused() -> None:
    model = delay_curves.pcasl_model(labelling_s=LABELLING[:2], delay_s=DELAYS[:2], blood_t1_s=1.65)
    found = delay_fit.fit(measured(50.0, 0.9)[:, :2], np.ones(2), model, **OPTIONS)
    assert np.isnan(found.cbf_se[0])
    with pytest.raises(ValueError, match="two delays"):
        delay_fit.fit(measured(50.0, 0.9)[:, :1], np.ones(1), model, **OPTIONS)
