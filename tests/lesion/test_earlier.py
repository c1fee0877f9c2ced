"""Which earlier visit tells where to look."""

from __future__ import annotations

from typing import Any

import pytest

from sonolesion.lesion import earlier

WIDTHS = {"flat_mm": 0.7, "fall_mm": 0.6}
NOTHING = {"outcome": "not_visible", "p": 0.4}


def seen(log_odds: float, *centres: list[float]) -> dict[str, Any]:
    return {"outcome": "measured", "log_odds": log_odds, "centroid_samples_mm": list(centres)}


def test_the_clearest_visit_tells_the_mean_of_its_shapes() -> None:
    records = [
        seen(4.0, [0, 0, 0]),
        NOTHING,
        seen(90.0, [1, 2, 3], [3, 2, 5]),
        seen(8.0, [9, 9, 9]),
    ]
    found = earlier.anchor(records, **WIDTHS)
    assert found is not None
    assert found.centre_mm.tolist() == [2, 2, 4]
    assert (found.flat_mm, found.fall_mm) == (0.7, 0.6)


@pytest.mark.parametrize("records", [[], [NOTHING], [NOTHING, NOTHING]])
def test_visits_that_saw_nothing_tell_nothing(records: list[dict[str, Any]]) -> None:
    assert earlier.anchor(records, **WIDTHS) is None
