"""Tables of the lesion stage alone, by hand."""

from __future__ import annotations

from typing import Any

from campaign import stage_tables


def row(**changed: Any) -> dict[str, Any]:
    return {
        "condition": "reference", "patient": "f01", "visit": "3d", "treated": "True",
        "plan": "own", "outcome": "measured", "p": "0.01", "true_mm3": "100", "volume_mm3": "110",
        "low_mm3": "90", "high_mm3": "120", "true_all_mm3": "300", "all_mm3": "330",
        "all_low_mm3": "310", "all_high_mm3": "350", "scan": "T1w", "region": "I+II",
        "dice": "0.9", "surface_dice": "1.0", "hd95_mm": "0.7", "in_plane_mm": "0.2",
        "through_mm": "0.1", "sphere_dice": "0.6",
    } | changed  # fmt: skip


ROWS = [
    row(),
    row(region="I-III", dice="0.95"),
    row(plan="up 4 mm", dice="0.88", sphere_dice="0.1"),
    row(plan="mirrored", outcome="not_visible", p="0.5", scan="n/a", region="n/a"),
    row(patient="u01", treated="False", outcome="not_visible", p="0.04", scan="n/a", region="n/a"),
    row(
        patient="u01",
        treated="False",
        plan="mirrored",
        outcome="measured",
        p="0.2",
        scan="n/a",
        region="n/a",
    ),
]


def cells(table: str, start: str) -> list[str]:
    line = next(line for line in table.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_outlines_hold_the_own_plan_alone() -> None:
    found = cells(stage_tables.outlines(ROWS), "reference")
    assert found[:3] == ["reference", "3d", "1 (1)"]
    assert found[3].startswith("0.90")
    assert found[9].startswith("0.95")


def test_volume_error_and_interval_by_hand() -> None:
    found = cells(stage_tables.statements(ROWS), "reference")
    assert found[2].startswith("1 of 1")
    assert found[4].startswith("10 ")
    assert found[5].startswith("1 of 1")
    assert found[7].startswith("0 of 1")


def test_false_alarms_are_of_patients_never_treated() -> None:
    table = stage_tables.false_alarms(ROWS)
    both = cells(table, "never treated, both")
    assert both[1] == "2 (1)"
    assert both[2].startswith("1 of 2")
    assert both[4] == "0.50"
    assert cells(table, "treated, plan mirrored")[2].startswith("0 of 1")


def test_shifted_plans_stand_beside_the_own() -> None:
    table = stage_tables.shifts(ROWS)
    assert cells(table, "own")[1] == "0.90"
    assert cells(table, "up 4 mm")[1] == "0.88"
