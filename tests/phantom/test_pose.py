from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.phantom import pose

triples = st.tuples(*[st.floats(-60, 60)] * 3).map(np.array)


def test_quarter_turn_by_hand() -> None:
    matrix = pose.rigid(
        angles_deg=np.array([0.0, 0.0, 90.0]),
        shift_mm=np.array([1.0, 2.0, 3.0]),
        centre_mm=np.array([10.0, 0.0, 0.0]),
    )
    assert pose.apply(matrix, np.array([11.0, 0.0, 0.0])) == pytest.approx([11.0, 3.0, 3.0])


@given(angles=triples, shift=triples, centre=triples)
def test_rigid_keeps_lengths_and_moves_its_centre_by_the_shift(
    angles: np.ndarray, shift: np.ndarray, centre: np.ndarray
) -> None:
    matrix = pose.rigid(angles_deg=angles, shift_mm=shift, centre_mm=centre)
    assert matrix[:3, :3] @ matrix[:3, :3].T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1.0)
    assert pose.apply(matrix, centre) == pytest.approx(centre + shift, abs=1e-9)


@given(angles=triples, shift=triples)
def test_acpc_frame_follows_the_head(angles: np.ndarray, shift: np.ndarray) -> None:
    turned = angles * 0.4
    head = pose.rigid(angles_deg=turned, shift_mm=shift, centre_mm=np.zeros(3))
    midline = np.array([[0.0, y, z] for y in (-50.0, 0.0, 50.0) for z in (0.0, 60.0)])
    frame = pose.acpc_frame(
        ac_mm=pose.apply(head, np.zeros(3)),
        pc_mm=pose.apply(head, np.array([0.0, -25.0, 0.0])),
        midline_mm=pose.apply(head, midline),
    )
    assert frame == pytest.approx(head, abs=1e-9)


def test_coinciding_commissures_are_refused() -> None:
    with pytest.raises(ValueError, match="coincide"):
        pose.acpc_frame(ac_mm=np.zeros(3), pc_mm=np.zeros(3), midline_mm=np.eye(3))


def test_grid_grows_along_its_axes_about_its_centre() -> None:
    affine = pose.grid_affine(
        shape=(3, 5, 7), voxel_mm=np.array([1.0, 2.0, 3.0]), axes="LAS", centre_mm=np.ones(3)
    )
    assert pose.apply(affine, np.array([1.0, 2.0, 3.0])) == pytest.approx([1.0, 1.0, 1.0])
    assert np.diag(affine)[:3] == pytest.approx([-1.0, 2.0, 3.0])
