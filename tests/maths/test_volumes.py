from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core.errors import InputFault
from sonolesion.maths.volumes import (
    clean_minutes,
    non_steady,
    repetition_time,
    require_minutes,
    to_discard,
)


@pytest.mark.parametrize(("repetition_s", "wanted"), [(2.0, 3), (2.5, 2), (5.0, 1), (1.25923, 4)])
def test_volumes_to_discard_by_hand(repetition_s: float, wanted: int) -> None:
    assert to_discard(repetition_s, steady_s=5.0) == wanted
    assert to_discard(repetition_s, steady_s=0.0) == 0


def test_bright_first_volumes_are_not_steady() -> None:
    steady = 100.0 + np.sin(np.arange(60.0))
    assert non_steady(steady, max_z=3.5, n_looked_at=50) == 0
    assert non_steady(np.r_[180.0, 130.0, steady], max_z=3.5, n_looked_at=50) == 2
    # A spike later in the run is motion, no approach to the steady state.
    late = steady.copy()
    late[10] = 200.0
    assert non_steady(late, max_z=3.5, n_looked_at=50) == 0


@given(st.floats(0.1, 100), st.integers(0, 3))
def test_scale_of_the_signal_does_not_matter(gain: float, n_bright: int) -> None:
    signal = np.r_[[500.0] * n_bright, 100.0 + np.cos(np.arange(40.0))]
    assert non_steady(gain * signal, max_z=3.5, n_looked_at=50) == n_bright


def test_a_constant_signal_is_steady() -> None:
    assert non_steady(np.full(10, 5.0), max_z=3.5, n_looked_at=50) == 0


def test_repetition_time_agrees_within_the_tolerance() -> None:
    how = {"tolerance": 0.005, "max_s": 30.0, "file": "a.json"}
    assert repetition_time(1.2592324, "sec", 1.25923, **how) == 1.25923
    assert repetition_time(2000, "msec", 2, **how) == 2.0
    assert repetition_time(2e6, "usec", 2, **how) == 2.0


@pytest.mark.parametrize(
    ("header", "unit", "sidecar", "match"),
    [
        (2.0, "sec", None, "RepetitionTime None"),
        (2.0, "sec", "2", "RepetitionTime '2'"),
        (2.0, "sec", True, "RepetitionTime True"),
        (2.0, "sec", -2.0, "RepetitionTime -2 s"),
        (2.0, "sec", float("nan"), "RepetitionTime nan"),
        (2.0, "sec", 2000.0, "RepetitionTime is in milliseconds"),
        (1.0, "sec", 2.0, "correct whichever is wrong"),
        (2000.0, "sec", 2000.0, "both are in milliseconds"),
        (2.0, "unknown", 2.0, "2 unknown in the NIfTI header"),
        (0.0, "sec", 2.0, "0 sec in the NIfTI header"),
    ],
)
def test_wrong_repetition_times_are_refused(
    header: float, unit: str, sidecar: object, match: str
) -> None:
    with pytest.raises(InputFault, match=match):
        repetition_time(header, unit, sidecar, tolerance=0.005, max_s=30.0, file="a.json")


def test_short_runs_are_refused_unless_accepted_and_then_marked() -> None:
    how = {"min_minutes": 5.0, "file": "a.nii.gz"}
    assert clean_minutes(75, 1.25923) == pytest.approx(1.574, abs=1e-3)
    assert require_minutes(150, 2.0, accept_short=False, **how) == ""
    with pytest.raises(InputFault, match=r"1\.6 min of clean data \(75 volumes"):
        require_minutes(75, 1.25923, accept_short=False, **how)
    assert "by override" in require_minutes(75, 1.25923, accept_short=True, **how)
