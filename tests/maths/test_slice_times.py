from __future__ import annotations

import pytest

from sonolesion.core.errors import InputFault
from sonolesion.maths.slice_times import slice_times

TR = 2.0


def test_times_are_read_and_turned_around() -> None:
    how = {"n_slices": 3, "repetition_s": TR, "file": "a.json"}
    assert slice_times(None, reverse=False, **how) is None
    found = slice_times([0, 0.6, 1.2], reverse=True, **how)
    assert found is not None
    assert found.tolist() == [1.2, 0.6, 0.0]


@pytest.mark.parametrize(
    ("given_times", "match"),
    [
        ([0, 600, 1200], "milliseconds"),
        ([0, 0.6], "2 times for 3 slices"),
        ([0, 0.6, -0.1], "below 0"),
        ([0, 0.6, float("nan")], "below 0"),
        ([0, 0.6, 2.4], "2.4 at a RepetitionTime of 2 s"),
        ([0, 0.6, "1"], "SliceTiming"),
        (0.5, "SliceTiming 0.5"),
    ],
)
def test_wrong_times_are_refused(given_times: object, match: str) -> None:
    with pytest.raises(InputFault, match=match):
        slice_times(given_times, n_slices=3, repetition_s=TR, reverse=False, file="a.json")
