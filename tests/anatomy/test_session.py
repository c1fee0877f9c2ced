from __future__ import annotations

import numpy as np
import pytest

from sonolesion.anatomy import geometry, session

from .conftest import TOY_AFFINE, toy_brain


@pytest.mark.parametrize("shift_mm", [5.0, 150.0])
def test_a_scan_is_found_near_its_header_and_far_from_it(toy: np.ndarray, shift_mm: float) -> None:
    pose = geometry.about(
        np.zeros(3), geometry.rotation((0, 0.5, 1), 6), np.array([3.0, 4, shift_mm])
    )
    affine = TOY_AFFINE.copy()
    affine[2, 3] += shift_mm
    points = geometry.grid_points((44, 50, 40), affine)
    inner = toy_brain(geometry.apply(np.linalg.inv(pose), points))
    found = session.align(
        toy, TOY_AFFINE, np.where(inner > 0, 160 - inner, 0).astype(np.float32), affine,
        brain=toy > 0, header=np.eye(4), margin_mm=2, metric="NMI", iterations=(60, 30, 10),
        jitter_voxels=0.1, seed=1, n_bins=16, n_threads=1,
    )  # fmt: skip
    places = np.array([[18.0, 30, -8], [-20, -25, 10], [0, 0, 2]])
    error = geometry.apply(found, places) - geometry.apply(pose, places)
    assert np.linalg.norm(error, axis=1).max() < 4.0


def test_thinning_keeps_every_second_voxel() -> None:
    thin, points = session.thinned(np.ones((4, 4, 4), bool), np.eye(4), step_voxels=2)
    assert thin.sum() == 8
    assert points.max() == 2
