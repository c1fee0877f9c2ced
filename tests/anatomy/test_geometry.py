from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.anatomy import geometry


def test_quarter_turn_about_z_takes_x_to_y() -> None:
    turn = geometry.rotation((0, 0, 2), 90)
    np.testing.assert_allclose(turn @ [1, 0, 0], [0, 1, 0], atol=1e-12)


@given(st.floats(-180, 180), st.tuples(*[st.floats(0.1, 1)] * 3))
def test_a_rotation_keeps_lengths_and_hands(angle: float, axis: tuple[float, ...]) -> None:
    turn = geometry.rotation(axis, angle)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-9)
    assert np.isclose(np.linalg.det(turn), 1)


def test_a_turn_about_a_point_leaves_it_there() -> None:
    centre = np.array([3.0, -4.0, 5.0])
    matrix = geometry.about(centre, geometry.rotation((1, 1, 0), 30), np.array([1.0, 0, 0]))
    np.testing.assert_allclose(geometry.apply(matrix, centre), centre + np.array([1.0, 0, 0]))


def test_grid_points_are_the_affine_of_the_indices(rotated_affine: np.ndarray) -> None:
    points = geometry.grid_points((3, 4, 5), rotated_affine)
    np.testing.assert_allclose(
        points[2, 1, 4], geometry.apply(rotated_affine, np.array([2.0, 1, 4])), rtol=1e-5
    )


def test_itk_sees_the_same_place(rotated_affine: np.ndarray) -> None:
    image = geometry.to_itk(np.zeros((3, 4, 5), np.float32), rotated_affine)
    lps = np.array(image.TransformIndexToPhysicalPoint((2, 1, 4)))
    np.testing.assert_allclose(
        lps * [-1, -1, 1], geometry.apply(rotated_affine, np.array([2.0, 1, 4]))
    )


def test_cropping_keeps_voxels_in_place() -> None:
    mask = np.zeros((10, 10, 10), bool)
    mask[4:6, 2, 7] = True
    box = geometry.crop_box(mask, margin_voxels=3)
    assert box == (slice(1, 9), slice(0, 6), slice(4, 10))
    moved = geometry.cropped_affine(np.diag([2.0, 2, 2, 1]), box)
    np.testing.assert_allclose(moved[:3, 3], [2, 0, 8])
