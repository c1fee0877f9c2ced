from __future__ import annotations

import pytest

from sonolesion.report import records
from sonolesion.report.records import File


@pytest.mark.parametrize(
    ("word", "key"), [("run", "ran"), ("not reached", "not_reached"), ("Stale", "stale")]
)
def test_states_of_the_tables_are_known(word: str, key: str) -> None:
    assert records.state_of(word) == key
    assert key in records.STATES


def test_treatments_carry_no_arm() -> None:
    plan = {"interventions": {"b": {"day": 40, "side": "left", "kind": "sham"}, "a": {"day": 50}}}
    found = records.interventions(plan)
    assert [item.id for item in found] == ["b", "a"]
    assert "sham" not in repr(found)


def test_a_visit_belongs_to_the_last_treatment_of_a_side() -> None:
    sides = {"a": (0, "left"), "b": (100, "left"), "c": (50, "right")}
    plan = {"interventions": {name: {"day": d, "side": s} for name, (d, s) in sides.items()}}
    first, other, second = records.interventions(plan)
    assert [first.covers(day) for day in (-1, 0, 99, 100, None)] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert other.covers(1000)
    assert second.covers(1000)


def test_visits_sort_by_day_and_unknown_days_come_last() -> None:
    inventory = [
        {"session_id": "ses-12m", "days_from_treatment": "365"},
        {"session_id": "ses-x", "days_from_treatment": "n/a"},
        {"session_id": "ses-3d", "days_from_treatment": "3"},
        {"session_id": "n/a", "days_from_treatment": "n/a"},
    ]
    found = records.visits(inventory, {"baseline": "3d"})
    assert [visit.session for visit in found] == ["3d", "12m", "x"]
    assert found[0].baseline


def test_files_are_found_by_what_their_names_say() -> None:
    own = File("sub-1/anat/sub-1_desc-a_T1w.nii.gz", {"sub": "1", "desc": "a"}, "T1w")
    visit = File("x_T1w.nii.gz", {"sub": "1", "ses": "2", "desc": "a"}, "T1w")
    assert records.find([visit, own], "T1w", ".nii.gz", ses="", desc="a") is own
    assert records.find([visit, own], "T1w", ".nii.gz", ses="2") is visit
    assert records.find([visit, own], "T1w", ".json") is None
    assert own.name == "sub-1_desc-a_T1w.nii.gz"
