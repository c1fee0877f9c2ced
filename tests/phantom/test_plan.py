from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.phantom import interventions, plan, pose

AC, PC = np.array([0.0, 2.0, -4.0]), np.array([0.0, -24.0, -4.0])
FRAME = pose.acpc_frame(
    ac_mm=AC, pc_mm=PC, midline_mm=np.array([[0.0, 0, 0], [0, 50, 3], [0, 0, 50], [0, -40, 20]])
)
points = st.tuples(*[st.floats(-60, 60)] * 3).map(np.array)


def state(point: np.ndarray, origin: str, axes: str) -> np.ndarray:
    return plan.in_acpc(point, acpc=FRAME, ac_mm=AC, pc_mm=PC, origin=origin, axes=axes)


@pytest.mark.parametrize(
    ("origin", "axes", "expected"),
    [
        ("ac", "RAS", (-8, -22, 7)),
        ("mc", "RAS", (-8, -9, 7)),
        ("pc", "LAS", (8, 4, 7)),
        ("mc", "LPI", (8, 9, -7)),
    ],
)
def test_acpc_numbers_by_hand(origin: str, axes: str, expected: tuple[float, ...]) -> None:
    assert state(np.array([-8.0, -20.0, 3.0]), origin, axes) == pytest.approx(expected)


@given(first=points, second=points)
def test_distances_do_not_depend_on_the_frame(first: np.ndarray, second: np.ndarray) -> None:
    here, there = (state(p, "mc", "LPS") for p in (first, second))
    assert np.linalg.norm(here - there) == pytest.approx(np.linalg.norm(first - second), abs=1e-9)


@pytest.mark.parametrize("axes", ["RAX", "ARS", "RA"])
def test_axes_must_be_one_letter_a_direction(axes: str) -> None:
    with pytest.raises(ValueError, match="axes"):
        plan.along(np.zeros(3), axes=axes)


def test_thermal_dose_by_hand() -> None:
    # 53 degrees for 3 s: 2**10 x 0.05 min; 41 degrees: 0.25**2 x 0.05 min.
    assert interventions.thermal_dose_min(53.0, hold_s=3.0) == pytest.approx(51.2)
    assert interventions.thermal_dose_min(41.0, hold_s=3.0) == pytest.approx(0.0031, abs=1e-4)
