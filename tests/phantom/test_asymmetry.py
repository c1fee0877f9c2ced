from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.phantom import asymmetry


def test_poles_move_by_the_petalia() -> None:
    poles = np.stack([asymmetry.LEFT_OCCIPITAL, asymmetry.RIGHT_FRONTAL])
    found = asymmetry.imposed(poles, petalia_mm=5.0, ventricle_gain=0.0)
    assert found[:, 1] == pytest.approx([5.0, -5.0], abs=1e-3)
    mirrored = asymmetry.imposed(poles * [-1, 1, 1], petalia_mm=5.0, ventricle_gain=0.0)
    assert np.abs(mirrored[:, 1]).max() < 1.0


@given(seed=st.integers(0, 100), share=st.floats(0, 1))
def test_balance_scales_the_odd_part_alone(seed: int, share: float) -> None:
    field = np.random.default_rng(seed).standard_normal((7, 3, 4, 3))
    found = asymmetry.balance(field, asymmetric_share=share)
    flip = np.array([-1.0, 1.0, 1.0])
    odd, was = found - found[::-1] * flip, field - field[::-1] * flip
    assert odd == pytest.approx(share * was, abs=1e-12)
    assert found + found[::-1] * flip == pytest.approx(field + field[::-1] * flip, abs=1e-12)


def test_volumes_by_hand() -> None:
    x = np.array([-20.0, -21.0, 20.0], dtype=np.float32).reshape(3, 1, 1)
    points = (x, np.full_like(x, -90.0), np.zeros_like(x))
    maps = {"brain": np.ones_like(x), "fluid": np.zeros_like(x)}
    found = asymmetry.compare(maps, points, cell_mm3=1000.0)
    assert found["occipital"] == {"left": 2.0, "right": 1.0}
    assert found["frontal"] == {"left": 0.0, "right": 0.0}


def test_gain_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match="gain"):
        asymmetry.imposed(np.zeros((1, 3)), petalia_mm=1.0, ventricle_gain=1.0)
