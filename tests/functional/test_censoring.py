from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core.errors import InputFault
from sonolesion.functional.censoring import censor, moved_frames, segments, widened


def flags(text: str) -> np.ndarray:
    return np.array([letter == "x" for letter in text])


def test_thresholds_by_hand_and_the_first_frame_is_below_any() -> None:
    displacement = np.array([np.nan, 0.1, 0.3, 0.1, 0.2])
    dvars = np.array([np.nan, 1.0, 1.0, 2.0, 1.5])
    how = {"max_displacement_mm": 0.2, "max_dvars": 1.5}
    assert moved_frames(displacement, dvars, **how).tolist() == [False, False, True, True, False]
    how = {"max_displacement_mm": np.inf, "max_dvars": np.inf}
    assert not moved_frames(displacement, dvars, **how).any()


def test_neighbours_and_short_runs_go_too() -> None:
    how = {"n_before": 1, "n_after": 2, "min_contiguous": 3, "file": "a"}
    found = censor(flags("......x......x..."), 2.0, **how)
    #              kept   xxxxx....xxx....x  the last run has one frame only
    assert "".join("x" if k else "." for k in found.kept) == "xxxxx....xxx....."
    assert found.n_segments == 2
    assert found.minutes == pytest.approx(8 * 2 / 60)
    assert found.moved.sum() == 2


def test_a_still_run_is_kept_as_it_is_even_if_short() -> None:
    found = censor(flags("..."), 2.0, n_before=1, n_after=2, min_contiguous=5, file="a")
    assert found.kept.all()
    assert found.n_segments == 1


def test_a_run_without_a_still_frame_is_refused() -> None:
    how = {"n_before": 0, "n_after": 0, "file": "a.nii.gz"}
    with pytest.raises(InputFault, match="all 4 frames left out, 4 of them for motion"):
        censor(flags("xxxx"), 2.0, min_contiguous=1, **how)
    with pytest.raises(InputFault, match="all 5 frames left out, 2 of them"):
        censor(flags(".x.x."), 2.0, min_contiguous=2, **how)


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(0, 3), st.integers(0, 3))
def test_widening_never_frees_a_frame(moved: list[bool], before: int, after: int) -> None:
    one = np.array(moved)
    wide = widened(one, n_before=before, n_after=after)
    assert wide[one].all()
    for frame in np.flatnonzero(wide):
        assert one[max(0, frame - after) : frame + before + 1].any()


@given(st.lists(st.booleans(), max_size=30))
def test_segments_are_the_kept_frames(kept: list[bool]) -> None:
    rebuilt = np.zeros(len(kept), dtype=bool)
    for begin, end in segments(np.array(kept, dtype=bool)):
        rebuilt[begin:end] = True
    assert rebuilt.tolist() == kept


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="displacements"):
        moved_frames(np.zeros(3), np.zeros(4), max_displacement_mm=0.2, max_dvars=1.5)
