from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core.settings.lesion import Fit
from sonolesion.lesion import shape
from sonolesion.lesion.outline import FitPlan

PLAN = FitPlan(**Fit().model_dump())
CENTRE = np.array([1.0, -2.0, 3.0])
FINE = shape.fine_lattice(CENTRE, reach_mm=9, step_mm=0.5)
POINTS = FINE.points_mm()
TISSUE = np.ones(len(POINTS))


def drawn(*, oedema: bool, seed: int) -> np.ndarray:
    mean, sd = PLAN.prior(68.5).normal(CENTRE, oedema=oedema)
    assert (sd > 0).all()
    return mean + 0.4 * sd * np.random.default_rng(seed).standard_normal(len(mean))


def test_the_prior_is_centred_on_the_volume() -> None:
    mean, _ = PLAN.prior(68.5).normal(CENTRE, oedema=True)
    core, lesion, whole = shape.volumes_mm3(mean, shape.DIRECTIONS)
    assert lesion == pytest.approx(68.5)
    assert core == pytest.approx(68.5 * PLAN.core_ratio**3)
    assert whole == pytest.approx(68.5 * PLAN.oedema_ratio**3)


@given(st.integers(0, 50))
def test_volumes_agree_with_the_fine_points(seed: int) -> None:
    parameters = drawn(oedema=True, seed=seed)
    laid = shape.regions(parameters, POINTS, TISSUE, edge_mm=0.6, slopes=False)
    counted = np.cumsum(laid.zones.sum(axis=1)) * 0.5**3
    np.testing.assert_allclose(counted, shape.volumes_mm3(parameters, shape.DIRECTIONS), rtol=0.06)


def test_zones_never_overlap_and_spare_fluid() -> None:
    fluid = POINTS[:, 0] > 2
    laid = shape.regions(
        drawn(oedema=True, seed=3), POINTS, np.where(fluid, 0.0, 1.0), edge_mm=0.6, slopes=False
    )
    assert (laid.zones >= -1e-12).all()
    assert (laid.zones.sum(axis=0) <= 1 + 1e-12).all()
    assert not laid.zones[:, fluid].any()


@pytest.mark.parametrize("oedema", [False, True])
def test_slopes_are_those_of_finite_differences(oedema: bool) -> None:
    parameters = drawn(oedema=oedema, seed=5)
    laid = shape.regions(parameters, POINTS, TISSUE, edge_mm=0.6, slopes=True)
    step = 1e-5
    names = [shape.SIZE, shape.CORE, 5, 10]
    for name in names + ([shape.OEDEMA_SIZE, 20] if oedema else []):
        moved = []
        for sign in (-1, 1):
            tried = parameters.copy()
            tried[name] += sign * step
            zones = shape.regions(tried, POINTS, TISSUE, edge_mm=0.6, slopes=False).zones
            moved.append(np.cumsum(zones, axis=0).sum(axis=1))
        numeric = (moved[1] - moved[0]) / (2 * step)
        for index, (_, slopes) in enumerate(laid.shells):
            if index < 2 or name >= shape.OEDEMA_SIZE:
                assert slopes[:, name].sum() == pytest.approx(numeric[index], rel=1e-3, abs=0.05)
