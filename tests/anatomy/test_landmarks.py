from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.anatomy import geometry, landmarks


def test_commissures_of_a_turned_head_come_to_the_axes() -> None:
    pose = geometry.about(np.array([4.0, 5, 6]), geometry.rotation((1, 2, 1), 20))
    ac, pc, right = geometry.apply(pose, np.array([[0, 0, 0], [0, -26, 0], [10, 0, 0]]))
    matrix = landmarks.acpc_matrix(ac, pc, right - ac)
    np.testing.assert_allclose(matrix, pose, atol=1e-9)


@given(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_axes_are_orthonormal_and_pc_lies_behind(tilt: float, roll: float) -> None:
    ac, pc = np.array([1.0, 2, 3]), np.array([1.5, -23, 3 + 10 * tilt])
    matrix = landmarks.acpc_matrix(ac, pc, np.array([1, 0.1, roll]))
    np.testing.assert_allclose(matrix[:3, :3].T @ matrix[:3, :3], np.eye(3), atol=1e-9)
    there = geometry.apply(np.linalg.inv(matrix), pc)
    np.testing.assert_allclose(there, [0, -np.linalg.norm(ac - pc), 0], atol=1e-9)


def test_commissures_that_coincide_are_refused() -> None:
    with pytest.raises(ValueError, match="coincide"):
        landmarks.acpc_matrix(np.ones(3), np.ones(3), np.array([1.0, 0, 0]))


def test_a_plane_with_outliers_is_still_found() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(-40, 40, (200, 3))
    points[:, 0] = 0.1 * points[:, 2] + rng.normal(0, 0.2, 200)
    points[:15, 0] += 12
    normal = landmarks.fit_plane(points, n_rounds=3, keep_fraction=0.8)
    wanted = np.array([1, 0, -0.1]) / np.sqrt(1.01)
    assert np.rad2deg(np.arccos(normal @ wanted)) < 0.3


def test_two_points_make_no_plane() -> None:
    with pytest.raises(ValueError, match="three points"):
        landmarks.fit_plane(np.eye(3)[:2], n_rounds=0, keep_fraction=1)


def test_midplane_points_lie_on_the_plane_in_the_brain() -> None:
    brain = np.zeros((9, 6, 6), bool)
    brain[4, 2:4, 2:4] = True
    affine = np.eye(4)
    affine[0, 3] = -4
    points = landmarks.midplane_points(brain, affine, step_voxels=1)
    assert len(points) == 4
    assert (points[:, 0] == 0).all()


def test_template_points_are_apart_as_in_an_adult() -> None:
    distance = np.linalg.norm(np.subtract(landmarks.TEMPLATE_AC_MM, landmarks.TEMPLATE_PC_MM))
    assert 27 < distance < 29
    assert np.abs(np.array(landmarks.TEMPLATE_MIDLINE_MM)[:, 0]).max() < 0.5
