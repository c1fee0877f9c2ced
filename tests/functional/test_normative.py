"""The lesion's network in healthy people: where the lesion lies there, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sonolesion.core.errors import InputFault
from sonolesion.functional.normative import Person, in_template, mapped

SHAPE = (6, 7, 8)
AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])


def people(number: int, coupling: float) -> list[Person]:
    """Return people in whom the lower half of the brain follows one course."""
    found = []
    for seed in range(number):
        rng = np.random.default_rng(seed)
        series = rng.normal(size=(*SHAPE, 80)).astype(np.float32)
        series[:, :, :4] += coupling * rng.normal(size=80)
        series[0] = 5.0
        found.append(Person(series, AFFINE, f"{seed}.nii.gz"))
    return found


def lesion() -> np.ndarray:
    share = np.zeros(SHAPE, dtype=np.float32)
    share[2:4, 2:4, 1:3] = 1.0
    return share


def test_a_lesions_network_is_found_over_people() -> None:
    found = mapped(people(6, 2.0), lesion(), affine=AFFINE, min_voxels=2.0)
    mean, t = found.mean.reshape(SHAPE), found.t.reshape(SHAPE)
    assert found.n_scans == 6
    assert mean[1:, :, :4].min() > 0.9
    assert t[1:, :, :4].min() > 8
    assert np.abs(np.median(t[1:, :, 4:])) < 0.5
    assert np.isnan(mean[0]).all()


def test_a_ball_lies_where_the_warp_says() -> None:
    """Points of the template lie 3 mm to the right of those of acpc."""
    index = np.moveaxis(np.indices((40, 40, 40)), 0, -1).astype(float)
    ball = (np.square(index - 20).sum(-1) <= 36).astype(np.float32)
    acpc = np.eye(4)
    field = np.zeros((12, 12, 12, 3), dtype=np.float32)
    field[..., 0] = -3.0
    place = np.diag([4.0, 4.0, 4.0, 1.0])
    share = in_template(ball, acpc, [(field, place)], shape=(24, 24, 24), affine=AFFINE)
    where = np.argwhere(share > 0.01)
    centre = AFFINE[:3, :3] @ np.average(where, axis=0, weights=share[share > 0.01])
    assert centre == pytest.approx([23.0, 20.0, 20.0], abs=0.1)
    assert share.sum() * 8 == pytest.approx(ball.sum(), rel=0.05)


def test_people_on_other_grids_or_alone_are_refused() -> None:
    first, second = people(2, 1.0)
    how = {"affine": AFFINE, "min_voxels": 2.0}
    with pytest.raises(InputFault, match=r"1\.nii\.gz.*one grid of the template"):
        mapped([first, replace(second, affine=2 * AFFINE)], lesion(), **how)
    with pytest.raises(InputFault, match="4 dimensions"):
        mapped([first, replace(second, series=second.series[..., 0])], lesion(), **how)
    with pytest.raises(InputFault, match="too small"):
        mapped([first, second], 0.01 * lesion(), **how)
    with pytest.raises(ValueError, match="1 scans"):
        mapped([first], lesion(), **how)
