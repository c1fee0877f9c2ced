from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.phantom import ablation

STEP_MM = 0.35
AXIS = np.arange(-7, 7, STEP_MM) + STEP_MM / 2
POINTS = np.stack(np.meshgrid(AXIS, AXIS, AXIS, indexing="ij"), axis=-1).reshape(-1, 3)
TISSUE = np.ones(len(POINTS))


def shape(irregularity: float, seed: int = 0) -> ablation.Shape:
    return ablation.draw_shape(
        centre_mm=np.zeros(3),
        frame=np.eye(3),
        irregularity=irregularity,
        rng=np.random.default_rng(seed),
    )


def test_sphere_by_hand() -> None:
    (level,) = ablation.levels(POINTS, shape=shape(0.0), elongations=(1.0,))
    found = ablation.level_of_volume(
        level, tissue=TISSUE, cell_mm3=STEP_MM**3, volume_mm3=4 / 3 * np.pi * 3**3
    )
    assert found == pytest.approx(3.0, abs=0.03)


def test_elongation_is_the_ratio_of_the_axes() -> None:
    ends = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.5]])
    (level,) = ablation.levels(ends, shape=shape(0.0), elongations=(1.5,))
    assert level[0] == pytest.approx(level[1])


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 1000),
    volumes=st.tuples(st.floats(5, 30), st.floats(0, 60), st.floats(0, 250)),
)
def test_zones_hold_their_volumes_and_nest(seed: int, volumes: tuple[float, float, float]) -> None:
    inner, outer = ablation.levels(POINTS, shape=shape(0.12, seed), elongations=(1.2, 1.7))
    limits = ablation.limits(
        inner, outer, tissue=TISSUE, cell_mm3=STEP_MM**3, volumes_mm3=np.array(volumes)
    )
    zone = ablation.zones(inner, outer, limits_mm=limits)
    held = [(zone == k).sum() * STEP_MM**3 for k in (1, 2, 3)]
    assert held == pytest.approx(volumes, abs=0.1)
    assert inner[zone == 1].max() <= inner[zone == 2].min(initial=np.inf)


def test_fluid_does_not_count() -> None:
    half = (POINTS[:, 0] > 0).astype(float)
    (level,) = ablation.levels(POINTS, shape=shape(0.0), elongations=(1.0,))
    whole, part = (
        ablation.level_of_volume(level, tissue=t, cell_mm3=STEP_MM**3, volume_mm3=v)
        for t, v in ((TISSUE, 60.0), (half, 30.0))
    )
    assert whole == pytest.approx(part, abs=0.06)


def test_too_little_tissue_is_refused() -> None:
    with pytest.raises(ValueError, match="only 0 mm3"):
        ablation.level_of_volume(np.ones(8), tissue=np.zeros(8), cell_mm3=1.0, volume_mm3=3.0)


def test_course_is_linear_in_the_logarithm_and_holds_its_ends() -> None:
    assert ablation.course((1.0, 3.0), days=(1.0, 100.0), day=10.0) == pytest.approx(2.0)
    assert ablation.course((1.0, 3.0), days=(1.0, 100.0), day=1000.0) == 3.0
    with pytest.raises(ValueError, match="after treatment"):
        ablation.course((1.0, 3.0), days=(1.0, 100.0), day=-7.0)
