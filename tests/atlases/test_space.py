from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.atlases import space


def placed(edges: tuple[float, ...], origin: tuple[float, ...]) -> space.Matrix:
    affine = np.diag([*edges, 1.0])
    affine[:3, 3] = origin
    return affine


@pytest.mark.parametrize(
    ("shape", "edges", "origin", "expected"),
    [
        ((182, 218, 182), (-1.0, 1.0, 1.0), (90.0, -126.0, -72.0), "MNI152NLin6Asym"),
        ((193, 229, 193), (1.0, 1.0, 1.0), (-96.0, -132.0, -78.0), "MNI152NLin2009cAsym"),
        ((97, 115, 97), (2.0, 2.0, 2.0), (-96.5, -132.5, -78.5), "MNI152NLin2009cAsym"),
        ((394, 466, 378), (0.5, 0.5, 0.5), (-98.0, -134.0, -72.0), "MNI152NLin2009cAsym"),
        ((91, 109, 91), (-2.0, 2.0, 2.0), (90.0, -126.0, -72.0), ""),
        ((182, 218, 182), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), ""),
    ],
)
def test_grids_that_one_template_alone_has(
    shape: tuple[int, ...], edges: tuple[float, ...], origin: tuple[float, ...], expected: str
) -> None:
    assert space.space_of_grid(shape, placed(edges, origin)) == expected


@given(st.tuples(*[st.floats(-20, 20)] * 3))
def test_a_field_of_one_shift_shifts_every_point(point: tuple[float, ...]) -> None:
    field = np.broadcast_to(np.array([1.0, -2.0, 0.5], dtype=np.float32), (4, 4, 4, 3))
    moved = space.carry(np.array([point], dtype=np.float32), field, np.eye(4))
    np.testing.assert_allclose(moved[0] - np.float32(point), [1.0, -2.0, 0.5], atol=1e-5)


def test_carry_by_hand_between_voxels() -> None:
    field = np.zeros((3, 3, 3, 3), dtype=np.float32)
    field[..., 0] = np.arange(3)[:, None, None]
    affine = placed((2.0, 2.0, 2.0), (0.0, 0.0, 0.0))
    moved = space.carry(np.array([[3.0, 2.0, 2.0]], dtype=np.float32), field, affine)
    assert moved.tolist() == [[4.5, 2.0, 2.0]]


def test_box_lies_on_the_grid_of_the_brain() -> None:
    grid = placed((1.0, 1.0, 1.0), (-96.0, -132.0, -78.0))
    part, affine = space.box_grid(
        (-2.5, 0.0, 1.0), (1.0, 3.0, 500.0), grid_affine=grid, shape=(193, 229, 193)
    )
    assert part == (slice(93, 98), slice(132, 136), slice(79, 193))
    assert affine[:3, 3].tolist() == [-3.0, 0.0, 1.0]


def test_subpoints_average_to_the_centre() -> None:
    points = space.subpoints((2, 1, 1), placed((2.0, 2.0, 2.0), (10.0, 0.0, 0.0)), per_edge=2)
    assert points.shape == (2, 8, 3)
    np.testing.assert_allclose(points.mean(axis=1), [[10, 0, 0], [12, 0, 0]])
    assert sorted(set(points[0, :, 0].tolist())) == [9.5, 10.5]
