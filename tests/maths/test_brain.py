from __future__ import annotations

import numpy as np

from sonolesion.maths import brain

GRID = np.diag([2.0, 2.0, 2.0, 1.0])


def ball(shape: tuple[int, int, int], radius: float) -> np.ndarray:
    index = np.indices(shape) - (np.array(shape) - 1)[:, None, None, None] / 2
    return (index**2).sum(axis=0) <= radius**2


def test_volume_is_carried_by_the_transform() -> None:
    volume = np.zeros((20, 20, 20), dtype=np.float32)
    volume[8, 10, 12] = 1.0
    to_scan = np.eye(4)
    to_scan[:3, 3] = [4.0, 0.0, -2.0]
    found = brain.carried(volume, GRID, to_scan, shape=(20, 20, 20), affine=GRID)
    # 4 mm to the right are two voxels of 2 mm.
    assert np.argwhere(found > 0.5).tolist() == [[10, 10, 11]]


def test_a_finer_volume_is_averaged_over_the_voxel() -> None:
    volume = np.zeros((40, 40, 40), dtype=np.float32)
    volume[::2] = 1.0
    fine = np.diag([1.0, 1.0, 1.0, 1.0])
    found = brain.carried(volume, fine, np.eye(4), shape=(18, 18, 18), affine=GRID)
    assert np.ptp(found[3:-3, 3:-3, 3:-3]) < np.ptp(volume)
    assert abs(found[3:-3, 3:-3, 3:-3].mean() - 0.5) < 0.3


def test_mask_holds_what_is_bright_near_the_brain_alone() -> None:
    share = ball((24, 24, 24), 6.0).astype(float)
    scan = 1.0 + 99.0 * ball((24, 24, 24), 7.5)
    scan[0:3, 0:3, 0:3] = 100.0
    found = brain.mask(
        share, scan, voxel_mm=np.array([2.0, 2.0, 2.0]), margin_mm=4.0, bright_share=0.1
    )
    assert found[12, 12, 12]
    assert not found[0, 0, 0]
    assert found.sum() > share.sum()
    assert not found[scan < 10].any()


def test_no_brain_is_an_empty_mask() -> None:
    nothing = np.zeros((5, 5, 5))
    found = brain.mask(nothing, nothing + 1, voxel_mm=np.ones(3), margin_mm=4.0, bright_share=0.1)
    assert not found.any()
