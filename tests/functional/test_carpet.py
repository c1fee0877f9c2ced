from __future__ import annotations

import numpy as np

from sonolesion.functional.carpet import draw, rows

rng = np.random.default_rng(0)
GREY = np.zeros((6, 6, 6), dtype=bool)
GREY[:4] = True
TISSUES = {"GM": GREY, "WM": ~GREY, "CSF": np.zeros_like(GREY)}


def test_rows_are_ordered_by_tissue_and_standard_scores() -> None:
    course = rng.normal(size=50)
    data = 100 + rng.normal(0, 0.1, (6, 6, 6, 50))
    data[GREY] += course
    data[~GREY] -= course
    carpet, ends = rows(data, TISSUES, n_rows=30, degree=0)
    assert ends == [20, 30, 30]
    assert np.corrcoef(carpet[:20].mean(axis=0), course)[0, 1] > 0.99
    assert np.corrcoef(carpet[20:].mean(axis=0), course)[0, 1] < -0.99
    assert np.allclose(carpet.std(axis=1), 1.0)


def test_a_voxel_counts_once_and_constant_voxels_are_grey() -> None:
    carpet, ends = rows(np.full((6, 6, 6, 9), 4.0), {"GM": GREY, "WM": GREY}, n_rows=10, degree=0)
    assert ends == [5, 5]
    assert not carpet.any()


def test_the_picture_shows_a_frame_that_is_left_out() -> None:
    data = 100 + rng.normal(size=(6, 6, 6, 20))
    motion = np.r_[np.nan, rng.uniform(0, 0.2, 19)]
    how = {"repetition_s": 2.0, "max_displacement_mm": 0.5, "degree": 2, "title": "run"}
    pictures = [
        draw(data, TISSUES, motion, motion + 1, dropped=np.arange(20) == n, **how) for n in (5, 12)
    ]
    assert pictures[0].size == (900, 640)
    assert not np.array_equal(np.asarray(pictures[0]), np.asarray(pictures[1]))
