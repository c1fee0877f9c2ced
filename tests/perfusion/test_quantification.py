from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.perfusion import quantification as q
from sonolesion.perfusion.kinetic import pasl_response, pcasl_response, signal

BLOOD: dict[str, float] = {"blood_t1_s": 1.65, "partition_ml_g": 0.9}
GE: dict[str, float] = {
    "labelling_s": 1.45, "delay_s": 2.025, "saturation_s": 2.0, "tissue_t1_s": 1.2,
    "blood_t1_s": 1.6, "efficiency": 0.6, "partition_ml_g": 0.9, "n_excitations": 3.0,
    "scale": 32.0,
}  # fmt: skip


def test_worked_values_of_both_equations_with_ge_timing() -> None:
    assert q.ge_factor(**GE) == pytest.approx(141.4, abs=0.05)
    consensus = q.pcasl_factor(labelling_s=1.45, delay_s=2.025, efficiency=0.85, **BLOOD)
    assert consensus == pytest.approx(11_233, abs=1)


def test_equation_1_by_hand() -> None:
    # 6000 * 0.9 * e / (2 * 0.85 * 1 * (1 - 1/e)), all times one T1 of 1 s.
    factor = q.pcasl_factor(
        labelling_s=1.0, delay_s=1.0, blood_t1_s=1.0, efficiency=0.85, partition_ml_g=0.9
    )
    assert factor == pytest.approx(5400 * np.e / (1.7 * (1 - np.exp(-1))))


def test_equation_2_by_hand() -> None:
    factor = q.pasl_factor(bolus_s=0.8, inversion_s=1.65, efficiency=0.98, **BLOOD)
    assert factor == pytest.approx(5400 * np.e / (2 * 0.98 * 0.8))


def test_ge_equation_is_the_consensus_of_what_its_images_stand_for() -> None:
    own = {name: GE[name] for name in ("labelling_s", "delay_s", "blood_t1_s", "efficiency")}
    difference, m0 = 0.007, 1.0
    weighted, density = difference * 32 * 3, m0 * (1 - np.exp(-2.0 / 1.2))
    assert q.ge_factor(**GE) * weighted / density == pytest.approx(
        q.pcasl_factor(**own, partition_ml_g=0.9) * difference / m0, rel=1e-12
    )


@settings(max_examples=30, deadline=None)
@given(st.floats(5, 150), st.floats(0.5, 3.0), st.floats(0.5, 3.0), st.floats(0.3, 1.0),
       st.floats(0, 1))  # fmt: skip
def test_consensus_is_exact_on_its_own_forward_model(
    cbf: float, labelling: float, delay: float, efficiency: float, share: float
) -> None:
    # Its model: label stays in blood and has all arrived, whenever.
    response = pcasl_response(
        transit_s=share * delay, labelling_s=labelling, delay_s=delay, blood_t1_s=1.65,
        apparent_t1_s=1.65,
    )  # fmt: skip
    measured = signal(response, cbf=cbf, efficiency=efficiency, blood_m0=1000 / 0.9)
    factor = q.pcasl_factor(labelling_s=labelling, delay_s=delay, efficiency=efficiency, **BLOOD)
    found = q.blood_flow(np.full((1, 1, 1), measured), 1000.0, factor=factor)
    assert found[0, 0, 0] == pytest.approx(cbf, rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.floats(5, 150), st.floats(0.3, 1.0), st.floats(0.2, 2.0), st.floats(0, 1))
def test_quipss_is_exact_on_its_own_forward_model(
    cbf: float, bolus: float, later: float, share: float
) -> None:
    response = pasl_response(
        transit_s=share * later, bolus_s=bolus, inversion_s=bolus + later, blood_t1_s=1.65,
        apparent_t1_s=1.65,
    )  # fmt: skip
    measured = signal(response, cbf=cbf, efficiency=0.98, blood_m0=1000 / 0.9)
    factor = q.pasl_factor(bolus_s=bolus, inversion_s=bolus + later, efficiency=0.98, **BLOOD)
    found = q.blood_flow(np.full((1, 1, 1), measured), 1000.0, factor=factor)
    assert found[0, 0, 0] == pytest.approx(cbf, rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.floats(5, 150))
def test_ge_equation_is_exact_on_its_own_forward_model(cbf: float) -> None:
    response = pcasl_response(
        transit_s=1.0, labelling_s=1.45, delay_s=2.025, blood_t1_s=1.6, apparent_t1_s=1.6
    )
    weighted = 96 * signal(response, cbf=cbf, efficiency=0.6, blood_m0=500 / 0.9)
    density = np.full((1, 1, 1), 500 * (1 - np.exp(-2 / 1.2)))
    found = q.blood_flow(np.full((1, 1, 1), weighted), density, factor=q.ge_factor(**GE))
    assert found[0, 0, 0] == pytest.approx(cbf, rel=1e-6)


def test_slices_that_are_later_count_more() -> None:
    delays = np.array([1.8, 1.8 + 1.65]).reshape(1, 1, 2)
    factor = q.pcasl_factor(labelling_s=1.8, delay_s=delays, efficiency=0.85, **BLOOD)
    flow = q.blood_flow(np.ones((2, 2, 2)), 1000.0, factor=factor)
    assert flow[..., 1] / flow[..., 0] == pytest.approx(np.e)


def test_no_calibration_no_value_and_inputs_are_kept() -> None:
    m0 = np.array([[[0.0, -1.0, np.nan, 2.0]]])
    difference = np.array([[[1.0, 1.0, 1.0, np.nan]]])
    before = m0.copy(), difference.copy()
    assert np.isnan(q.blood_flow(difference, m0, factor=1.0)).all()
    assert np.array_equal(m0, before[0], equal_nan=True)
    assert np.array_equal(difference, before[1], equal_nan=True)


@pytest.mark.parametrize(
    "change", [{"efficiency": 1.2}, {"delay_s": -0.1}, {"scale": -1.0}, {"blood_t1_s": np.nan}]
)
def test_impossible_constants_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"above 0|inverts more"):
        q.ge_factor(**GE | change)


def test_readout_before_the_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="not after the cut"):
        q.pasl_factor(bolus_s=0.8, inversion_s=0.7, efficiency=0.98, **BLOOD)
