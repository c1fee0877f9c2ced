"""What is told of a visit."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sonolesion.core.settings.lesion import Earlier
from sonolesion.lesion import earlier, record, visit
from sonolesion.lesion.comparison import UNKNOWN, Change
from sonolesion.lesion.detection import Detection
from sonolesion.lesion.outline import Outline

SHAPE = (20, 20, 20)
AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])
AFFINE[:3, 3] = -20.0
HEAD = visit.Head(
    np.ones(SHAPE, dtype=bool), np.zeros((3, *SHAPE)), AFFINE, np.array([4.0, 0.0, 2.0]),
    np.zeros((0, 3)),
)  # fmt: skip
LABELS = {"day_after": 3.0, "baseline": "ses-pre", "side": "left"}
CHANGE = Change(np.zeros(SHAPE), np.full(SHAPE, 0.04), 5.0, np.ones(SHAPE, dtype=bool))
FOUND = Detection(9.5, 1 / 101, np.linspace(8.0, -1.0, 100), np.array([12, 10, 11]))
COVERAGE = {"T1w": 1.0, "FLAIR": 0.444}
UNSEEN = visit.Outcome({"T1w": CHANGE}, FOUND, None, COVERAGE)


def drawn(*, oedema: bool = True) -> Outline:
    volumes = np.array([[10.0, 40.0, 90.0]]) * np.arange(1.0, 102.0)[:, None] / 51
    zero = np.zeros(SHAPE)
    return Outline(
        zero, zero, zero, volumes, np.tile([4.00004, 0.0, 2.0], (101, 1)),
        {"T1w": np.array([-0.2, -0.1, 0.03][: 3 if oedema else 2])}, {"T1w": 1.2}, 50.0,
        {"T1w": np.arange(101.0), "FLAIR": None},
    )  # fmt: skip


def told(outcome: visit.Outcome, **changed: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"left_out": {}, "interval": 0.9, "near_mm": 5.0} | changed
    return record.record(outcome, head=HEAD, labels=LABELS, **options)


SEEN = replace(UNSEEN, outline=drawn(), log_odds=41.0)


def test_a_lesion_that_is_not_visible_has_no_volume() -> None:
    found = told(UNSEEN)
    assert found["outcome"] == "not_visible"
    assert not {"volume_samples_mm3", "centroid_samples_mm", "zone_change"} & set(found)
    assert found["log_odds"] is None
    assert (found["statistic"], found["p"], found["null_peaks"]) == (9.5, 1 / 101, 100)
    assert found["null_quantiles"]["0.5"] == pytest.approx(3.5)
    assert found["null_quantiles"]["1"] == 8.0
    assert found["target_mm"] == [4.0, 0.0, 2.0]


def test_what_was_left_out_is_told_with_its_reason() -> None:
    found = told(UNSEEN, left_out={"T2w": "a contrast agent was given"})
    assert found["contrasts_used"] == ["T1w"]
    assert found["contrasts_left_out"] == {
        "T2w": "a contrast agent was given",
        "FLAIR": "covers 44% of the place searched",
    }
    assert found["coverage"] == COVERAGE


def test_a_lesion_is_told_with_all_drawn_shapes() -> None:
    found = told(SEEN)
    assert found["outcome"] == "measured"
    assert {name: len(row) for name, row in found["volume_samples_mm3"].items()} == {
        "core": 101, "lesion": 101, "all": 101,
    }  # fmt: skip
    assert np.median(found["volume_samples_mm3"]["lesion"]) == pytest.approx(40)
    assert found["centroid_samples_mm"][0] == [4.0, 0.0, 2.0]
    assert found["zone_change"] == {"T1w": {"core": -0.2, "rim": -0.1, "oedema": 0.03}}
    alone = found["contrast_volumes_mm3"]
    assert alone["T1w"] == pytest.approx({"volume": 50.0, "low": 5.0, "high": 95.0})
    assert alone["FLAIR"] == {"status": "not_visible"}
    bare = told(replace(UNSEEN, outline=drawn(oedema=False)))
    assert bare["zone_change"] == {"T1w": {"core": -0.2, "rim": -0.1}}


@pytest.mark.parametrize("outcome", [UNSEEN, SEEN])
def test_it_is_plain_json_and_nobody_is_unblinded(outcome: visit.Outcome) -> None:
    found = told(outcome)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert not {"kind", "arm"} & set(found)


def test_noise_is_that_round_the_plan() -> None:
    sd = np.where(HEAD.distance_mm(HEAD.target_mm) < 6.9, 0.02, 0.5)
    one = replace(CHANGE, sd=sd)
    found = told(replace(UNSEEN, changes={"T1w": one}))
    assert found["noise"] == {"T1w": {"sd_near_plan": 0.02, "degrees_of_freedom": 5.0}}
    valid = HEAD.distance_mm(HEAD.target_mm) > 3
    half = replace(one, sd=np.where(valid, sd, UNKNOWN), valid=valid)
    assert told(replace(UNSEEN, changes={"T1w": half}))["noise"]["T1w"]["sd_near_plan"] == 0.02


def test_a_later_visit_can_use_it() -> None:
    found = earlier.anchor([told(UNSEEN), told(SEEN)], **Earlier().model_dump())
    assert found is not None
    assert found.centre_mm.tolist() == [4, 0, 2]


def test_intervals_hold_the_share_asked_for() -> None:
    found = record.quantiles(np.arange(1001.0), 0.5)
    assert found == {"volume": 500.0, "low": 250.0, "high": 750.0}


@pytest.mark.parametrize(
    ("contrasts", "oedema", "parted"),
    [(("T1w",), True, False), (("T1w", "FLAIR"), True, True), (("T1w",), False, True)],
)
def test_an_outline_that_may_hold_oedema_says_so(
    contrasts: tuple[str, ...], oedema: bool, parted: bool
) -> None:
    seen = replace(SEEN, changes=dict.fromkeys(contrasts, CHANGE), outline=drawn(oedema=oedema))
    assert (told(seen)["definition"] == record.PARTED) is parted
