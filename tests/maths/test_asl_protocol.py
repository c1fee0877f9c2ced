from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonolesion.core.errors import InputFault
from sonolesion.maths import asl_protocol

USUAL = {"PCASL": 0.85, "PASL": 0.98}


def recovery(value: Any) -> float:
    return asl_protocol.recovery_s(value, np.array([0, 1]), n_volumes=4, max_s=60.0, file="a.json")


def test_repetition_time_of_the_calibration_counts() -> None:
    assert recovery(4.25) == 4.25
    assert recovery([6.0, 6.0, 4.0, 4.0]) == 6.0


@pytest.mark.parametrize("value", [None, 4250.0, [6.0, 4.0], [6.0, 5.0, 4.0, 4.0], 0.0])
def test_unknown_recovery_is_named(value: Any) -> None:
    with pytest.raises(InputFault, match="RepetitionTimePreparation"):
        recovery(value)


def efficiency(**change: Any) -> asl_protocol.Efficiency:
    given: dict[str, Any] = {
        "labelling_type": "PCASL", "measured": None, "usual": USUAL,
        "background_suppression": False, "n_pulses": None, "pulse_efficiency": 0.95,
        "total": None, "file": "a.json",
    }  # fmt: skip
    return asl_protocol.labelling_efficiency(**given | change)


def test_efficiencies_by_hand() -> None:
    assert efficiency().value == 0.85
    assert efficiency(measured=0.8).value == 0.8
    suppressed = efficiency(background_suppression=True, n_pulses=4)
    assert suppressed.value == pytest.approx(0.85 * 0.95**4)
    assert "0.95^4" in suppressed.words
    assert efficiency(total=0.6, background_suppression=None).value == 0.6


@pytest.mark.parametrize(("change", "told"), [
    ({"background_suppression": True}, "BackgroundSuppressionNumberPulses None"),
    ({"background_suppression": None}, "no BackgroundSuppression"),
    ({"labelling_type": "CASL"}, "LabelingEfficiency None of CASL"),
    ({"measured": 85.0}, "LabelingEfficiency 85"),
])  # fmt: skip
def test_unknown_efficiency_is_named(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputFault, match=told):
        efficiency(**change)


def test_blood_at_its_field() -> None:
    known = {"1.5": 1.35, "3": 1.65}
    assert asl_protocol.blood_t1(2.89, known=known, file="a.json") == 1.65
    assert asl_protocol.blood_t1(1.5, known=known, file="a.json") == 1.35
    for field in (None, 7.0, 30000.0):
        with pytest.raises(InputFault, match="MagneticFieldStrength"):
            asl_protocol.blood_t1(field, known=known, file="a.json")


@pytest.mark.parametrize(
    ("step", "unit"),
    [(4.25, "sec"), (4250.0, "msec"), (51.0, "sec"), (0.0, "sec"), (1.0, "sec"), (2.0, "")],
)
def test_a_header_of_whole_repetitions_or_of_none_passes(step: float, unit: str) -> None:
    asl_protocol.require_header(step, unit, 4.25, tolerance=0.02, file="a.json")


@pytest.mark.parametrize("step", [2.0, 6.0, 49.0])
def test_a_header_at_odds_is_named(step: float) -> None:
    with pytest.raises(InputFault, match=r"Preparation 4.25 s, but .* in the NIfTI header"):
        asl_protocol.require_header(step, "sec", 4.25, tolerance=0.02, file="a.json")


def test_voxels_before_interpolation() -> None:
    grid = [2.0, 2.0, 4.0]
    assert asl_protocol.voxel_ratio(None, grid, file="a.json") == 1.0
    assert asl_protocol.voxel_ratio([4.0, 4.0, 4.0], grid, file="a.json") == 4.0
    assert asl_protocol.voxel_ratio([1.0, 1.0, 1.0], grid, file="a.json") == 1.0
    for wrong in ([4.0, 4.0], 4.0, [4.0, 4.0, 0.0]):
        with pytest.raises(InputFault, match="AcquisitionVoxelSize"):
            asl_protocol.voxel_ratio(wrong, grid, file="a.json")
