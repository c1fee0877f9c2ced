from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.report import curve
from sonolesion.report.findings import Finding


def seen(session: str, day: float, volume: float) -> Finding:
    return Finding(session, "t1", day, "measured", {"volume": volume})


def test_zero_not_visible_and_missing_are_three_things() -> None:
    found = [
        seen("a", 3, 120.0),
        seen("b", 30, 0.0),
        Finding("c", "t1", 90, "not_visible"),
        Finding("d", "t1", 180, "failed"),
    ]
    laid = curve.lay_out(found, width=500, height=300)
    assert laid.points[1].y == laid.bottom
    assert [point.y is None for point in laid.points] == [False, False, True, True]
    assert [point.status for point in laid.points[2:]] == ["not_visible", "failed"]
    assert len(laid.lines) == 1


def test_a_visit_without_value_breaks_the_line() -> None:
    found = [seen("a", 3, 120.0), Finding("b", "t1", 30, "absent"), seen("c", 90, 60.0)]
    assert curve.lay_out(found, width=500, height=300).lines == ()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2000), st.floats(0, 5000)), min_size=1, max_size=8))
def test_points_lie_inside_and_in_order(values: list[tuple[int, float]]) -> None:
    found = [seen(str(n), day, v) for n, (day, v) in enumerate(sorted(values))]
    laid = curve.lay_out(found, width=500, height=300)
    xs = [point.x for point in laid.points]
    assert xs == sorted(xs)
    assert all(laid.left <= x <= laid.right for x in xs)
    assert all(0 <= (p.y or 0) <= laid.bottom for p in laid.points)
    assert 2 <= len(laid.y_ticks) <= 7


@pytest.mark.parametrize(("largest", "step"), [(100.0, 20.0), (142.0, 50.0), (9.0, 2.0)])
def test_steps_are_round(largest: float, step: float) -> None:
    assert curve.round_step(largest) == pytest.approx(step)


def test_no_findings_give_an_empty_curve() -> None:
    assert curve.lay_out([], width=500, height=300).points == ()


def test_the_interval_is_a_bar_round_its_point_and_inside_the_axes() -> None:
    values = {"volume": 100.0, "volume_low": 80.0, "volume_high": 300.0}
    found = [Finding("a", "t1", 3, "measured", values), seen("b", 90, 50.0)]
    first, second = curve.lay_out(found, width=500, height=300).points
    assert first.bar is not None
    low, high = first.bar
    assert low > (first.y or 0) > high >= 0
    assert second.bar is None
    assert "(80 to 300)" in first.title
