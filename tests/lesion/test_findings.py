"""What is written of a visit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonolesion.lesion import findings, picture, visit
from tests.lesion.conftest import Study, read

LABELS = {
    "participant_id": "sub-01", "session_id": "ses-3d", "intervention_id": "a", "day_after": 3.0,
    "side": "left", "baseline": "ses-baseline",
}  # fmt: skip


def values(found: findings.Findings) -> dict[tuple[object, object], Any]:
    return {(row["region"], row["statistic"]): row.get("value") for row in found.rows}


def test_a_visible_lesion_has_numbers(treated: Study, outcome: visit.Outcome) -> None:
    found = findings.measured(outcome, head=treated.head, labels=LABELS)
    table, record = values(found), found.record
    assert record["outcome"] == "measured"
    assert record["contrasts_left_out"] == {"T2w": "not usable at both visits"}
    assert table["lesion", "volume"] == found.mask.sum() * 8.0
    assert table["lesion", "error_ml"] == pytest.approx(-1.0, abs=0.6)
    assert table["lesion", "error_ap"] == pytest.approx(-2.0, abs=0.6)
    assert table["search", "detection_p"] <= 0.05
    assert {row["status"] for row in found.rows} == {"measured"}
    assert all(set(row) <= set(findings.COLUMNS) for row in found.rows)
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_what_is_not_visible_has_a_statistic_and_no_volume(untreated: Study) -> None:
    found = findings.measured(read(untreated), head=untreated.head, labels=LABELS)
    table = values(found)
    assert found.record["outcome"] == "not_visible"
    assert not found.mask.any()
    assert not found.lesion.any()
    assert table["lesion", "volume"] is None
    assert table["search", "detection_p"] > 0.05
    status = {row["region"]: row["status"] for row in found.rows}
    assert status == {"search": "measured", "lesion": "not_visible", "oedema": "not_visible"}


def test_no_row_tells_the_arm(treated: Study, outcome: visit.Outcome) -> None:
    found = findings.measured(outcome, head=treated.head, labels=LABELS)
    written = json.dumps([found.record, *found.rows]).lower()
    assert not any(word in written for word in ("sham", '"fus', '"arm"', '"kind"'))


@pytest.mark.parametrize("seen", [True, False])
def test_the_picture_is_drawn_and_the_same_twice(
    treated: Study, outcome: visit.Outcome, tmp_path: Path, seen: bool
) -> None:
    shown = outcome if seen else visit.Outcome(outcome.changes, outcome.detection, None)
    found = findings.measured(shown, head=treated.head, labels=LABELS)
    files = [tmp_path / name for name in ("a.png", "b.png")]
    for file in files:
        picture.draw(
            str(file), treated.late, treated.early, head=treated.head, found=found, half_mm=24.0
        )
    assert files[0].read_bytes() == files[1].read_bytes()
    assert len(files[0].read_bytes()) > 10_000
    assert np.shape(found.mask) == treated.head.brain.shape
