from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonolesion.core.errors import InputFault
from sonolesion.maths import asl_timing as timing

TOLD = ("m0scan", "control", "label")


def made(**change: Any) -> timing.Timing:
    given: dict[str, Any] = {
        "labelling_type": "PCASL", "delay_s": 2.0, "labelling_s": 1.8, "told": TOLD, "max_s": 20.0,
        "file": "a.json",
    }  # fmt: skip
    return timing.timing(**given | change)


def test_one_number_and_a_list_say_the_same() -> None:
    one, many = made(), made(delay_s=[0, 2.0, 2.0], labelling_s=[0, 1.8, 1.8])
    assert np.array_equal(one.delay_s, many.delay_s, equal_nan=True)
    assert np.isnan(one.delay_s[0])
    assert timing.single(many.delay_s[1:], name="PostLabelingDelay", file="a.json") == 2.0


def test_pulsed_labelling_has_no_duration() -> None:
    assert np.isnan(made(labelling_type="PASL", labelling_s=None).labelling_s).all()


@pytest.mark.parametrize(("change", "told"), [
    ({"delay_s": None}, "no PostLabelingDelay"),
    ({"labelling_s": None}, "no LabelingDuration"),
    ({"delay_s": 2000.0}, "PostLabelingDelay 2000"),
    ({"labelling_s": 1800.0}, "LabelingDuration 1800"),
    ({"labelling_s": 0.0}, "LabelingDuration 0"),
    ({"delay_s": -1.0}, "PostLabelingDelay -1"),
    ({"delay_s": [2.0, 2.0]}, "2 entries of PostLabelingDelay for 3 volumes"),
    ({"delay_s": [0.0, float("nan"), 2.0]}, "PostLabelingDelay nan"),
    ({"labelling_type": None}, "ArterialSpinLabelingType None"),
])  # fmt: skip
def test_missing_or_impossible_times_are_named(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputFault, match=told):
        made(**change)


def test_several_delays_are_no_single_one() -> None:
    many = made(delay_s=[0, 1.0, 2.0])
    with pytest.raises(InputFault, match=r"2 values of PostLabelingDelay \(1, 2 s\)"):
        timing.single(many.delay_s[1:], name="PostLabelingDelay", file="a.json")


def test_groups_are_timings_in_order() -> None:
    when = timing.Timing(np.array([2.0, 1.0, 2.0, 1.0]), np.array([1.8, 1.8, 1.8, 0.9]))
    found = [group.tolist() for group in when.groups(np.arange(4))]
    assert found == [[3], [1], [0, 2]]
    assert when.groups(np.array([], dtype=np.intp)) == []


def test_map_alone_needs_no_timing() -> None:
    assert np.isnan(made(told=("cbf",), delay_s=None, labelling_s=None).delay_s).all()


def bolus(**change: Any) -> float:
    given: dict[str, Any] = {
        "cut_off": True, "technique": "QUIPSSII", "delay_s": 0.8, "max_s": 20.0, "file": "a.json",
    }  # fmt: skip
    return timing.bolus_s(**given | change)


def test_cut_of_a_bolus() -> None:
    assert bolus() == 0.8
    assert bolus(technique="Q2TIPS", delay_s=[0.7, 1.6]) == 0.7


@pytest.mark.parametrize("change", [
    {"cut_off": False}, {"cut_off": None}, {"technique": "QUIPSS"}, {"technique": None},
    {"delay_s": None}, {"delay_s": 800.0},
])  # fmt: skip
def test_unknown_bolus_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputFault, match="BolusCutOff"):
        bolus(**change)
