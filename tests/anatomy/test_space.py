from __future__ import annotations

import numpy as np

from sonolesion.anatomy import geometry, landmarks, space, template

SEARCH = {
    "radius_mm": 12.0, "spacing_mm": 4.0, "reach_mm": 2.0, "step_mm": 1.0,
    "trusted_likeness": 2.0,
}  # fmt: skip


def still_fit(pose: np.ndarray) -> template.TemplateFit:
    """A fit that only moves the head."""
    field = np.zeros((21, 21, 21, 3), np.float32)
    affine = np.diag([20.0, 20, 20, 1])
    affine[:3, 3] = -200
    return template.TemplateFit(pose, field, field, affine, 1.0)


def test_ac_is_the_origin_and_pc_behind_it() -> None:
    pose = geometry.about(np.zeros(3), geometry.rotation((1, 1, 1), 15), np.array([9.0, 8, 7]))
    volume = np.zeros((21, 21, 21), np.float32)
    volume[4:17, 4:17, 4:17] = 1
    affine = np.diag([10.0, 10, 10, 1])
    affine[:3, 3] = -100
    matrix, first, second = space.find_acpc(
        still_fit(pose), volume, affine, volume, affine, commissure=SEARCH
    )
    ac, pc = first.place_mm, second.place_mm
    np.testing.assert_allclose(ac, geometry.apply(pose, np.array(landmarks.TEMPLATE_AC_MM)))
    np.testing.assert_allclose(geometry.apply(np.linalg.inv(matrix), ac), 0, atol=1e-6)
    there = geometry.apply(np.linalg.inv(matrix), pc)
    table = space.landmark_table(first, second)
    np.testing.assert_allclose(there, table["pc_mm"], atol=1e-3)
    assert table["pc_moved_mm"] == 0
    right = geometry.apply(np.linalg.inv(matrix) @ pose, np.array([50.0, 0, 0]))
    assert right[0] > 49


def test_the_carried_brain_moves_with_the_head() -> None:
    volume = np.zeros((21, 21, 21), np.float32)
    volume[9:12, 9:12, 9:12] = 1
    affine = np.diag([10.0, 10, 10, 1])
    affine[:3, 3] = -100
    shift = np.eye(4)
    shift[:3, 3] = [12, -8, 4]
    mask = space.carried_brain(still_fit(shift), volume, affine, np.eye(4))
    centre = geometry.grid_points(space.ACPC_SHAPE, space.ACPC_AFFINE)[mask].mean(axis=0)
    np.testing.assert_allclose(centre, [12, -8, 4], atol=0.1)


def test_the_template_start_puts_ac_at_the_origin() -> None:
    moved = geometry.apply(
        space.template_start(), np.array([landmarks.TEMPLATE_AC_MM, landmarks.TEMPLATE_PC_MM])
    )
    np.testing.assert_allclose(moved[0], 0, atol=1e-9)
    np.testing.assert_allclose(moved[1, [0, 2]], 0, atol=1e-9)


def test_widening_by_two_millimetres() -> None:
    mask = np.zeros((9, 9, 9), bool)
    mask[4, 4, 4] = True
    assert space.widened(mask, margin_mm=2.0).sum() == 33
