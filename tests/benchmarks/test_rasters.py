from __future__ import annotations

import numpy as np
import pytest
from campaign import rasters

from sonolesion.core.images import Image

WHOLE = (slice(0, 12), slice(0, 12), slice(0, 12))


def cube() -> Image:
    data = np.zeros((12, 12, 12), dtype=np.float32)
    data[4:8, 4:8, 4:8] = 1
    return Image(data, np.eye(4))


def test_a_volume_keeps_its_mass_on_thick_slices() -> None:
    thick = Image(np.zeros((12, 12, 4), np.float32), np.diag([1.0, 1.0, 3.0, 1.0]))
    thick.affine[2, 3] = 1.0  # the first slice spans what voxels 0 to 2 span
    box = (slice(0, 12), slice(0, 12), slice(0, 4))
    mass = rasters.carried(cube(), thick, np.eye(4), box)
    assert mass.sum() * 3 == pytest.approx(64, rel=0.02)
    assert mass[6, 6] == pytest.approx([0.0, 2 / 3, 2 / 3, 0.0], abs=0.06)


def test_carried_follows_the_transform() -> None:
    shift = np.eye(4)
    shift[:3, 3] = (2.0, 0.0, -1.0)
    mass = rasters.carried(cube(), cube(), shift, WHOLE)
    found = np.argwhere(mass >= rasters.HALF)
    assert found.mean(axis=0) == pytest.approx([7.5, 5.5, 4.5])


def test_a_box_only_cuts() -> None:
    box = (slice(3, 9), slice(2, 10), slice(5, 8))
    whole = rasters.carried(cube(), cube(), np.eye(4), WHOLE)
    assert rasters.carried(cube(), cube(), np.eye(4), box) == pytest.approx(whole[box])


def test_compared_by_hand() -> None:
    ours = cube().data > 0
    truth = np.roll(ours, 1, axis=2)
    score = rasters.compared(ours, truth, np.array([1.0, 1.0, 3.0]))
    assert score.dice == pytest.approx(0.75)
    assert (score.in_plane_mm, score.through_plane_mm) == pytest.approx((0.0, 3.0))
    assert (score.truth_mm3, score.volume_error) == pytest.approx((192.0, 0.0))
    assert score.hd95_mm == pytest.approx(3.0)


def test_ball_holds_as_many_voxels_as_asked_for() -> None:
    inside = rasters.ball(cube(), WHOLE, np.array([5.0, 6.0, 7.0]), 33)
    assert inside.sum() == 33
    assert np.argwhere(inside).mean(axis=0) == pytest.approx([5, 6, 7])


@pytest.mark.parametrize(
    ("edges", "axis"), [((0.9, 0.9, 2.0), 2), ((3.0, 1.0, 1.0), 0), ((1.0, 1.0, 1.0), 2)]
)
def test_through_axis(edges: tuple[float, ...], axis: int) -> None:
    assert rasters.through_axis(np.array(edges)) == axis


def test_dice_near_the_truth_leaves_out_what_is_far() -> None:
    truth = cube().data > 0
    ours = truth.copy()
    ours[0, 0, 0] = True
    assert rasters.dice_near(ours, truth, np.ones(3), 5.0) == 1.0
    assert np.isnan(rasters.dice_near(ours, truth, np.ones(3), float("nan")))


def test_window_is_cut_at_the_edge() -> None:
    box = rasters.window(cube(), np.array([[5.0, 5.0, 5.0], [6.0, 6.0, 11.0]]))
    assert box == (slice(0, 12), slice(0, 12), slice(0, 12))
