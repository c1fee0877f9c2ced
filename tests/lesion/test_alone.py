"""One contrast by itself: its own size, whatever the others say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sonolesion.core.settings.lesion import Fit
from sonolesion.lesion import posterior, shape, surface
from sonolesion.lesion.alone import DRAWS, fit_alone
from sonolesion.lesion.extent import Lattice, extent_of
from sonolesion.lesion.outline import FitPlan

PLAN = FitPlan(**Fit().model_dump())
FINE = shape.fine_lattice(np.zeros(3), reach_mm=7, step_mm=0.5)
FIELD = posterior.Field(FINE, np.ones(len(FINE.points_mm())), PLAN.edge_mm)
GRID = Lattice((11,) * 3, np.array([[1.0, 0, 0, -5], [0, 1, 0, -5], [0, 0, 1, -5], [0, 0, 0, 1]]))
EXTENT = extent_of(GRID.affine, fine=FINE, points_mm=GRID.points_mm(), order=1, step_mm=0.25)
MEAN, SD = PLAN.prior(68.5).normal(np.zeros(3), oedema=True)
NOISE = 0.03


def scan(*, radius_mm: float, change: float) -> posterior.Seen:
    """Return one ball of one brightness, with noise."""
    away = np.linalg.norm(FIELD.points_mm, axis=1)
    ball = surface.occupancy(away, np.full(len(away), radius_mm), edge_mm=PLAN.edge_mm)
    value = change * EXTENT(ball[None], on=np.arange(len(ball)))[0]
    value += NOISE * np.random.default_rng(2).standard_normal(len(value))
    return posterior.Seen(
        value, np.full(len(value), NOISE), EXTENT, np.full(3, 0.7 * change), np.full(3, 0.3)
    )


def joint(radius_mm: float) -> np.ndarray:
    """Return the shape that all contrasts share."""
    start = MEAN.copy()
    start[shape.SIZE] = np.log(radius_mm)
    return start


def alone(one: posterior.Seen, seed: int = 1, start: np.ndarray | None = None) -> np.ndarray | None:
    return fit_alone(
        one, FIELD, start=joint(2.4) if start is None else start, mean=MEAN, sd=SD,
        rounds=20, tolerance=0.05, least_gain=PLAN.least_gain, seed=seed,
    ).volumes_mm3  # fmt: skip


@pytest.mark.parametrize(
    ("radius_mm", "change", "joint_mm"),
    [(2.0, -0.3, 2.0), (2.0, -0.3, 2.4), (2.5, 0.3, 2.2), (3.0, 0.4, 2.4)],
)
def test_each_contrast_has_its_own_size_and_sign(
    radius_mm: float, change: float, joint_mm: float
) -> None:
    volumes = alone(scan(radius_mm=radius_mm, change=change), start=joint(joint_mm))
    assert volumes is not None
    assert volumes.shape == (DRAWS,)
    assert np.median(volumes) == pytest.approx(4 / 3 * np.pi * radius_mm**3, rel=0.15)
    low, high = np.quantile(volumes, [0.005, 0.995])
    assert low < 4 / 3 * np.pi * radius_mm**3 < high


def test_the_oedema_of_the_joint_fit_does_not_matter() -> None:
    one, start = scan(radius_mm=2.5, change=-0.3), joint(2.4)
    start[shape.OEDEMA_SIZE] = 1.5
    np.testing.assert_array_equal(alone(one), alone(one, start=start))


def test_noise_shows_nothing() -> None:
    one = scan(radius_mm=2.5, change=-0.3)
    noise = NOISE * np.random.default_rng(8).standard_normal(len(one.value))
    assert alone(replace(one, value=noise)) is None


def test_the_seed_decides_the_draws() -> None:
    one = scan(radius_mm=2.5, change=-0.3)
    first, other = alone(one), alone(one, seed=2)
    assert first is not None
    assert other is not None
    np.testing.assert_array_equal(first, alone(one))
    assert not np.array_equal(first, other)
    assert np.median(first) == pytest.approx(np.median(other), rel=0.05)
