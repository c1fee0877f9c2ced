from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from campaign import pages, tables
from campaign.scores import LESION_REGION
from hypothesis import given
from hypothesis import strategies as st

PLACE = "<!-- table:one -->\nold\n<!-- end -->"


def said(visit: str, *, found: bool, there: bool = True, **more: object) -> dict[str, object]:
    volume = {"true_mm3": 70.0, "volume_mm3": 77.0, "low_mm3": 60.0, "high_mm3": 90.0}
    names = {"condition": "reference", "patient": "f01", "arm": "treated", "plan": "I1"}
    return {**names, **volume, "visit": visit, "found": found, "there": there, "p": 0.02,
            "plan_to_lesion_mm": 1.0, "off_target": 0.0, **more}  # fmt: skip


def outline(dice: float, **more: object) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(
        ("surface_dice", "hd95_mm", "in_plane_mm", "through_plane_mm", "sphere_dice",
         "sphere_hd95_mm"), 1.0,
    )  # fmt: skip
    names = {"condition": "reference", "patient": "f01", "visit": "3d", "plan": "I1", "scan": "T1w"}
    sizes = {"region": LESION_REGION, "dice": dice, "volume_error": 0.1, "slice_mm": 2.0}
    return {**row, **names, **sizes, **more}


def test_upper_limit_of_none_seen() -> None:
    # 0 of n: 1 - 0.05^(1/n), Hanley and Lippman-Hand 1983.
    assert tables.upper_limit(0, 10) == pytest.approx(1 - 0.05**0.1)
    assert tables.count_below(0, 10) == "0 of 10 (≤ 26 %)"


@given(st.integers(1, 60), st.data())
def test_upper_limit_lies_above_the_rate(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    assert k / n <= tables.upper_limit(k, n) <= 1


def test_spread_by_hand_and_without_numbers() -> None:
    assert tables.spread([1, 2, 3, 4, 5, float("nan")], ".0f") == "3 (2 to 4)"
    assert tables.spread([float("nan")]) == tables.NONE


def test_variation_by_hand() -> None:
    # 90 and 110: difference over mean 0.2; over the root of two 0.1414.
    assert tables.variation([(90.0, 110.0), (110.0, 90.0)]) == pytest.approx(0.2 / np.sqrt(2))


def test_statements_count_coverage_of_what_is_seen() -> None:
    rows = [
        said("3d", found=True),
        said("3d", found=True, low_mm3=75.0),
        said("3d", found=False),
    ]
    table = tables.statements(rows)
    assert "2 of 3" in table
    assert "1 of 2" in table
    assert "10 (10 to 10)" in table


def test_false_alarms_by_reason() -> None:
    rows = [
        said("3d", found=True, there=False, arm="untreated"),
        said("3m", found=False, there=False, arm="untreated"),
        said("12m", found=False, there=False),
    ]
    table = tables.false_alarms(rows)
    assert "| never treated | all | 1 of 2" in table
    assert "| healed | all | 0 of 1" in table


def test_coarse_scans_stand_in_the_table_by_scan_alone() -> None:
    rows = [outline(0.8), outline(0.1, scan="dwi")]
    assert "| reference | 3d | 1 | 0.80" in tables.by_condition(rows)
    assert "| 3d | dwi | I+II | 1 | 0.10" in tables.by_scan(rows)
    assert "| Dice, day 3 | ≥ 0.80 | 0.80 (0.80 to 0.80) |" in tables.demands([], rows)


def test_off_target_counts_visits_that_were_looked_at() -> None:
    rows = [
        said("3d", found=True),
        said("3d", found=True, off_target=3.0),
        said("3d", found=True, off_target=float("nan")),
    ]
    assert "| treated | 3d | 1 of 2 (≤ 97 %) | 3 |" in tables.off_target(rows)


def test_dice_lost_by_a_shifted_plan() -> None:
    moved = {"condition": "plan up", "plan": "up"}
    table = tables.shifts([said("3d", found=True, **moved)], [outline(0.8), outline(0.7, **moved)])
    assert "0.70 (0.70 to 0.70) | 0.10 (0.10 to 0.10) | 0.10" in table


def test_all_tables_without_any_row() -> None:
    made = tables.all_tables([], [], [])
    assert all(table.startswith("| ") for table in made.values())


def test_fill_replaces_what_is_marked(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"a\n{PLACE}\nb\n")
    assert pages.fill(page, {"one": "| new\\1 |", "two": "x"}) == ["two"]
    assert page.read_text() == "a\n<!-- table:one -->\n| new\\1 |\n<!-- end -->\nb\n"
    pages.fill(page, {"one": "again"})
    assert "new" not in page.read_text()


def test_every_table_has_its_place_on_the_page(root: Path) -> None:
    page = (root / "docs" / "accuracy.md").read_text(encoding="utf-8")
    names = [*tables.all_tables([], [], []), "implant", "implant_statements", "speed"]
    assert [name for name in names if f"<!-- table:{name} -->" not in page] == []
