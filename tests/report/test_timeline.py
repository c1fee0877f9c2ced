from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.report import timeline
from sonolesion.report.records import Intervention, Visit

POSITIONS = st.lists(st.floats(0, 1000), max_size=12).map(sorted)


def test_marks_stand_to_scale() -> None:
    visits = [Visit("a", -10.0, True), Visit("b", 40.0, False), Visit("c", 90.0, False)]
    laid = timeline.lay_out(
        visits, [Intervention("t1", 0.0, "left")], width=300, margin=50, label_width=20
    )
    assert [mark.x for mark in laid.visits] == [50.0, 150.0, 250.0]
    assert [mark.x for mark in laid.treatments] == [70.0]
    assert laid.treatments[0].note == "day 0, left"


def test_visits_without_a_day_are_left_out() -> None:
    laid = timeline.lay_out([Visit("a", None, False)], [], width=300, margin=50, label_width=20)
    assert laid.visits == ()


@settings(deadline=None)
@given(POSITIONS, st.floats(1, 80))
def test_labels_keep_their_distance_inside_the_drawing(positions: list[float], gap: float) -> None:
    moved = timeline.spread(positions, gap=gap, low=0, high=1000)
    assert all(-1e-9 <= x <= 1000 + 1e-9 for x in moved)
    assert all(b - a >= gap - 1e-6 for a, b in pairwise(moved))


def test_labels_with_room_stay_where_they_are() -> None:
    assert timeline.spread([10, 50, 90], gap=20, low=0, high=100) == [10, 50, 90]
    assert timeline.spread([10, 12], gap=20, low=0, high=100) == [10, 30]
    assert timeline.spread([95, 99], gap=20, low=0, high=100) == [80, 100]
    assert timeline.spread([1, 2, 3], gap=90, low=0, high=100) == [0, 50, 100]


@settings(deadline=None)
@given(st.integers(-3000, 0), st.integers(1, 5000))
def test_ticks_are_few_and_lie_on_the_axis(first: int, last: int) -> None:
    found = timeline.ticks(first, last)
    assert len(found) <= 8
    assert all(first <= day <= last for day in found)
