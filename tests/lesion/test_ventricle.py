"""The wall of a ventricle that is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonolesion.core.settings.lesion import Lesion
from sonolesion.lesion import ventricle

PLAN = ventricle.Wall(**Lesion().measure.ventricle.model_dump())
AFFINE = np.diag([1.0, 1.0, 1.0, 1.0])
AFFINE[:3, 3] = (-20, -30, -10)
SHAPE = (41, 40, 30)


def fluid(left: float, right: float, top: float = 8.0) -> NDArray[np.float64]:
    """Return a slit from `left` to `right` up to `top` [mm], voxels at its border in part."""
    x = np.arange(SHAPE[0]) - 20.0
    part = np.clip(np.minimum(x + 0.5, right) - np.maximum(x - 0.5, left), 0, 1)
    z = np.arange(SHAPE[2]) - 10.0
    return np.broadcast_to(part[:, None, None], SHAPE) * (z <= top)


@pytest.mark.parametrize(("side", "wall"), [("left", -1.8), ("right", 2.4)])
def test_the_wall_is_where_the_fluid_ends(side: str, wall: float) -> None:
    found = ventricle.wall_mm(
        fluid(-1.8, 2.4), AFFINE, np.array([-7.0, -15.0, 2.0]), side=side, plan=PLAN
    )
    assert found is not None
    assert found[0] == pytest.approx(wall, abs=0.15)
    assert found[1] == 2.0


@given(st.floats(-3, -0.6), st.floats(0.6, 3))
def test_a_slit_thinner_than_voxels_has_its_width(left: float, right: float) -> None:
    walls = [
        ventricle.wall_mm(fluid(left, right), AFFINE, np.array([0.0, -15, 2]), side=s, plan=PLAN)
        for s in ("left", "right")
    ]
    ends = [wall[0] for wall in walls if wall is not None]
    assert len(ends) == 2
    # Fluid below a tenth of a voxel at a border is not followed.
    assert ends[1] - ends[0] == pytest.approx(right - left, abs=0.2)


def test_above_the_roof_the_wall_below_counts() -> None:
    point = np.array([-7.0, -15.0, 8.0])
    found = ventricle.wall_mm(fluid(-2, 2, top=3.0), AFFINE, point, side="left", plan=PLAN)
    assert found is not None
    assert found[0] == pytest.approx(-2, abs=0.2)
    assert 3.0 <= found[1] < 8.0


def test_no_ventricle_no_wall() -> None:
    point = np.array([-7.0, -15.0, 8.0])
    assert ventricle.wall_mm(np.zeros(SHAPE), AFFINE, point, side="left", plan=PLAN) is None
    # A lake of fluid that goes on sideways is another cistern.
    lake = fluid(-15, 15)
    assert ventricle.wall_mm(lake, AFFINE, point, side="left", plan=PLAN) is None
