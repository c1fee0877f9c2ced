"""Overlap and distances of two outlines, computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonolesion.maths import overlap_metrics as metrics

ONE = (1.0, 1.0, 1.0)
EMPTY = np.zeros((6, 7, 8), dtype=bool)


def box(start: tuple[int, ...], size: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros((20, 20, 20), dtype=bool)
    mask[tuple(slice(s, s + n) for s, n in zip(start, size, strict=True))] = True
    return mask


CUBE = box((5, 5, 5), (5, 5, 5))
NEXT = box((6, 5, 5), (5, 5, 5))


def test_a_cube_moved_by_one_voxel() -> None:
    # Common: 4 x 5 x 5 of 125. Faces off by one: both 25 across x; of each of the four other
    # sides a strip of 5; the rest, 4 x 20 of 150, touches.
    assert metrics.dice(CUBE, NEXT) == 0.8
    near = metrics.surface_dice(CUBE, NEXT, voxel_mm=ONE, tolerance_mm=0.5)
    assert near == pytest.approx(80 / 150)
    assert metrics.surface_dice(CUBE, NEXT, voxel_mm=ONE, tolerance_mm=1.0) == 1.0
    assert metrics.hd95_mm(CUBE, NEXT, voxel_mm=ONE) == 1.0
    assert metrics.volume_error(CUBE, NEXT) == 0.0
    across = metrics.centroid_distances_mm(CUBE, NEXT, voxel_mm=ONE, through_axis=2)
    assert across == (1.0, 0.0)


def test_thick_slices_count_by_their_size() -> None:
    edges = (0.5, 0.5, 3.0)
    higher = box((5, 5, 6), (5, 5, 5))
    # Of 162.5 mm², 6.25 lie 3 mm off (bottom) and 10 a millimetre of the 3 mm below the other's.
    hd95 = metrics.hd95_mm(CUBE, higher, voxel_mm=edges)
    assert hd95 == pytest.approx(3 - (0.05 * 162.5 - 6.25) / 10, abs=0.1)
    near = metrics.surface_dice(CUBE, higher, voxel_mm=edges, tolerance_mm=1.0)
    assert near == pytest.approx(1 - (6.25 + 20) / 162.5, abs=0.02)
    plane, through = metrics.centroid_distances_mm(CUBE, higher, voxel_mm=edges, through_axis=2)
    assert (plane, through) == (0.0, 3.0)


def test_a_twentieth_of_the_surface_may_stray() -> None:
    spike = CUBE.copy()
    spike[10:14, 7, 7] = True
    # 17 more faces of 166: more than 5 %.
    assert metrics.hd95_mm(spike, CUBE, voxel_mm=ONE) > 1.0
    bump = CUBE.copy()
    bump[10, 7, 7] = True
    assert metrics.hd95_mm(bump, CUBE, voxel_mm=ONE) == 0.0


def test_nothing_against_nothing_agrees_and_against_something_does_not() -> None:
    some = EMPTY.copy()
    some[2, 3, 4] = True
    assert metrics.dice(EMPTY, EMPTY) == 1.0
    assert metrics.surface_dice(EMPTY, EMPTY, voxel_mm=ONE, tolerance_mm=1) == 1.0
    assert metrics.hd95_mm(EMPTY, EMPTY, voxel_mm=ONE) == 0.0
    assert metrics.volume_error(EMPTY, EMPTY) == 0.0
    for a, b in ((some, EMPTY), (EMPTY, some)):
        assert metrics.dice(a, b) == 0.0
        assert metrics.surface_dice(a, b, voxel_mm=ONE, tolerance_mm=1) == 0.0
        assert math.isnan(metrics.hd95_mm(a, b, voxel_mm=ONE))
        distances = metrics.centroid_distances_mm(a, b, voxel_mm=ONE, through_axis=0)
        assert all(math.isnan(value) for value in distances)
    assert metrics.volume_error(EMPTY, some) == -1.0
    assert math.isnan(metrics.volume_error(some, EMPTY))


def test_masks_at_the_border_have_faces_there() -> None:
    whole = np.ones((3, 3, 3), dtype=bool)
    inner = np.zeros((3, 3, 3), dtype=bool)
    inner[1, 1, 1] = True
    # 24 of the 54 outer faces lie at a corner, 1 mm off along each axis.
    assert metrics.hd95_mm(inner, whole, voxel_mm=ONE) == pytest.approx(math.sqrt(3))
    assert metrics.surface_dice(whole, whole, voxel_mm=ONE, tolerance_mm=0.0) == 1.0


@pytest.mark.parametrize("edges", [(1.0, 1.0), (1.0, 1.0, 0.0), (1.0, -1.0, 1.0)])
def test_edges_that_are_none_are_refused(edges: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="three positive lengths"):
        metrics.hd95_mm(CUBE, NEXT, voxel_mm=edges)


def test_masks_of_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="can't be compared"):
        metrics.dice(CUBE, EMPTY)


masks = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).random((5, 6, 4)) < 0.3
)


@settings(max_examples=40, deadline=None)
@given(masks, masks, st.floats(0.3, 3.0))
def test_the_order_of_raters_does_not_matter(
    a: NDArray[np.bool_], b: NDArray[np.bool_], edge: float
) -> None:
    voxel = (1.0, 0.7, edge)
    assert metrics.dice(a, b) == metrics.dice(b, a)
    assert metrics.dice(a, a) == 1.0
    there = metrics.hd95_mm(a, b, voxel_mm=voxel)
    np.testing.assert_allclose(there, metrics.hd95_mm(b, a, voxel_mm=voxel))
    assert metrics.hd95_mm(a, a, voxel_mm=voxel) == 0.0
    near = [metrics.surface_dice(a, b, voxel_mm=voxel, tolerance_mm=t) for t in (0.0, 0.5, 9.0)]
    assert near == sorted(near)
    assert near[-1] in (0.0, 1.0)


@settings(max_examples=20, deadline=None)
@given(masks, masks, st.floats(0.5, 4.0))
def test_distances_grow_with_the_voxel(
    a: NDArray[np.bool_], b: NDArray[np.bool_], scale: float
) -> None:
    small = metrics.hd95_mm(a, b, voxel_mm=(1.0, 0.7, 2.0))
    large = metrics.hd95_mm(a, b, voxel_mm=(scale, 0.7 * scale, 2.0 * scale))
    np.testing.assert_allclose(large, small * scale, rtol=1e-9)
