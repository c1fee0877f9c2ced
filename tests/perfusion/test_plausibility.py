from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.core.errors import GateFailure
from sonolesion.perfusion import plausibility

LIMITS = {"min_cbf": 15.0, "max_cbf": 120.0, "usual_cbf": 40.0, "tolerance": 2.2}


def known(**change: Any) -> dict[str, float]:
    given: dict[str, Any] = {
        "labelling_s": 1.45, "delay_s": 2.025, "blood_t1_s": 1.65, "m0_recovered": 0.811,
        "scale": 32.0, "n_excitations": None, "usual_excitations": 3.0, "usual_delay_s": 1.8,
        "n_differences": 1,
    }  # fmt: skip
    return plausibility.mistakes(**given | change)


@pytest.mark.parametrize(("ratio", "words"), [
    (32.0, "not divided by the scale 32"),
    (96.0, "not divided by 96 = 32 x NEX 3"),
    (1 / 96.0, "divided by 96 = 32 x NEX 3, which it hasn't"),
    (1 / 32.0, "divided by the scale 32, which it hasn't"),
    (1 / 60.0, "not per minute"),
    (1 / 6000.0, "mL/g/s"),
    (-1.0, "control and label are exchanged"),
    (np.exp(-2.025 / 1.65), "PLD was not applied"),
    (0.1, "scales that differ by 10"),
])  # fmt: skip
@pytest.mark.parametrize("truth", [40.0, 50.0, 60.0])
def test_mistake_is_named(ratio: float, words: str, truth: float) -> None:
    # Half of what grey matter has would still be believed, so the smaller ratios need a low flow.
    verdict = plausibility.judge(truth * ratio, known(), **LIMITS | {"min_cbf": 20.0})
    assert not verdict.passed
    assert any(words in one for one in verdict.explanations)


@pytest.mark.parametrize(("change", "words"), [
    ({"delay_s": 5.0}, "PLD is not the 5 s"),
    ({"delay_s": 0.0}, "PLD is not the 0 s"),
    ({"delay_s": 0.002}, "PLD of 0.002 s was divided by 1000 twice"),
    ({"labelling_s": 0.00145}, "labelling of 0.00145 s was divided by 1000 twice"),
])  # fmt: skip
@pytest.mark.parametrize("truth", [24.5, 55.0])
def test_a_wrong_time_is_named(change: dict[str, float], words: str, truth: float) -> None:
    told = {"labelling_s": 1.45, "delay_s": 2.0} | change

    def flow(labelling_s: float, delay_s: float) -> float:
        return float(np.exp(delay_s / 1.65) / (1 - np.exp(-labelling_s / 1.65)))

    read = truth * flow(**told) / flow(labelling_s=1.45, delay_s=2.0)
    verdict = plausibility.judge(read, known(**told), **LIMITS | {"min_cbf": 17.0, "max_cbf": 120})
    assert not verdict.passed
    assert any(words in one for one in verdict.explanations)


def test_flow_of_a_brain_passes() -> None:
    verdict = plausibility.judge(48.0, known(), **LIMITS)
    assert verdict.passed
    plausibility.require_plausible(verdict, min_cbf=15, max_cbf=120, file="cbf.nii.gz")


def test_sum_of_differences_is_named() -> None:
    verdict = plausibility.judge(30 * 55.0, known(n_differences=30), **LIMITS)
    assert any("sum of 30 differences" in one for one in verdict.explanations)


@settings(max_examples=30, deadline=None)
@given(st.floats(-1e5, 1e5))
def test_every_explanation_brings_the_median_near_the_usual(median: float) -> None:
    table = known()
    for words in plausibility.judge(median, table, **LIMITS).explanations:
        assert 40 / 2.2 * 0.999 <= median / table[words] <= 40 * 2.2 * 1.001


@pytest.mark.parametrize("median", [float("nan"), 0.0, 1e9])
def test_what_nothing_explains(median: float) -> None:
    verdict = plausibility.judge(median, known(), **LIMITS)
    assert not verdict.passed
    assert verdict.explanations == ()
    with pytest.raises(GateFailure, match="none of the known mistakes"):
        plausibility.require_plausible(verdict, min_cbf=15, max_cbf=120, file="cbf.nii.gz")


def test_failure_tells_cause_and_range() -> None:
    verdict = plausibility.judge(96 * 52.0, known(n_excitations=3), **LIMITS)
    with pytest.raises(GateFailure, match=r"4992 .* 15 to 120 .*96 = 32 x NEX 3"):
        plausibility.require_plausible(verdict, min_cbf=15, max_cbf=120, file="cbf.nii.gz")
