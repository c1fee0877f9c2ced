from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from sonolesion.perfusion import kinetic

TIMING: dict[str, float] = {"labelling_s": 1.8, "delay_s": 2.0, "blood_t1_s": 1.65}


def arriving(
    kind: str, *, start: float, width: float, readout: float, t1: float, tissue: float, at: float
) -> float:
    """Integrate what arrives against what is left of it: eq. 1 of Buxton 1998, by quadrature."""
    end = min(readout, at + width)
    if end <= at:
        return 0.0
    decay = (
        (lambda _: np.exp(-at / t1)) if kind == "pcasl" else (lambda u: np.exp(-(start + u) / t1))
    )
    return float(quad(lambda u: decay(u) * np.exp(-(readout - u) / tissue), at, end)[0])


@pytest.mark.parametrize("transit", [0.3, 1.2, 2.0, 2.7, 3.9])
def test_responses_are_the_convolution_they_stand_for(transit: float) -> None:
    pcasl = kinetic.pcasl_response(transit_s=transit, apparent_t1_s=1.3, **TIMING)
    by_hand = arriving("pcasl", start=0, width=1.8, readout=3.8, t1=1.65, tissue=1.3, at=transit)
    assert pcasl == pytest.approx(by_hand, abs=1e-9)
    pasl = kinetic.pasl_response(
        transit_s=transit, bolus_s=0.8, inversion_s=2.5, blood_t1_s=1.65, apparent_t1_s=1.3
    )
    by_hand = arriving("pasl", start=0, width=0.8, readout=2.5, t1=1.65, tissue=1.3, at=transit)
    assert pasl == pytest.approx(by_hand, abs=1e-9)


def test_value_by_hand() -> None:
    # T1' = 1, all delays 1, T1b 1: e^-1 * (1 - e^-1).
    found = kinetic.pcasl_response(
        transit_s=0.5, labelling_s=1.0, delay_s=1.0, blood_t1_s=1.0, apparent_t1_s=1.0
    )
    assert found == pytest.approx(np.exp(-1) * (1 - np.exp(-1)))
    assert kinetic.signal(found, cbf=60.0, efficiency=0.5, blood_m0=100.0) == pytest.approx(found)


def test_outflow_shortens_t1() -> None:
    short = kinetic.apparent_t1(tissue_t1_s=1.0, cbf=np.array([0.0, 5400.0]), partition_ml_g=0.9)
    assert short == pytest.approx([1.0, 0.5])


def test_bias_of_the_consensus_is_what_theory_tells() -> None:
    own: dict[str, Any] = TIMING | {"partition_ml_g": 0.9}
    grey = kinetic.consensus_bias(
        cbf=60.0, transit_s=np.array([0.8, 1.0, 1.2, 1.4]), tissue_t1_s=1.33, **own
    )
    white = kinetic.consensus_bias(
        cbf=20.0, transit_s=np.array([1.2, 1.4, 1.6, 1.8]), tissue_t1_s=0.83, **own
    )
    assert grey == pytest.approx([0.740, 0.763, 0.788, 0.813], abs=1e-3)
    assert white == pytest.approx([0.413, 0.466, 0.526, 0.593], abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.1, 1.9), st.floats(5, 120), st.floats(0.6, 1.6))
def test_bias_is_below_one_while_all_label_arrives(transit: float, cbf: float, t1: float) -> None:
    bias = kinetic.consensus_bias(
        cbf=cbf, transit_s=transit, tissue_t1_s=t1, partition_ml_g=0.9, **TIMING
    )
    assert 0 < bias < 1


def test_nothing_arrives_after_the_readout() -> None:
    assert kinetic.pcasl_response(transit_s=3.8, apparent_t1_s=1.3, **TIMING) == 0
    late = kinetic.pasl_response(
        transit_s=3.0, bolus_s=0.8, inversion_s=2.5, blood_t1_s=1.65, apparent_t1_s=1.3
    )
    assert late == 0
