from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.maths.regrid import regridded

GRID = np.diag([2.0, 2.0, 2.0, 1.0])


def test_volume_on_the_grid_of_a_scan() -> None:
    volume = np.zeros((8, 8, 8))
    volume[3, 4, 5] = 1.0
    to_scan = np.eye(4)
    to_scan[0, 3] = 2.0
    found = regridded(volume, GRID, to_scan, shape=(8, 8, 8), affine=GRID)
    assert np.argwhere(found == 1).tolist() == [[4, 4, 5]]


@given(st.floats(-3.0, 3.0), st.integers(0, 2))
def test_a_slope_is_kept_and_nothing_is_known_outside(shift_mm: float, axis: int) -> None:
    slope = np.broadcast_to(np.arange(10.0), (10, 10, 10)).swapaxes(axis, 2)
    to_scan = np.eye(4)
    to_scan[axis, 3] = shift_mm
    found = regridded(slope, GRID, to_scan, shape=(10, 10, 10, 4), affine=GRID).swapaxes(axis, 2)
    expected = np.arange(10) - shift_mm / 2
    inside = (expected >= 0) & (expected <= 9)
    np.testing.assert_allclose(found[4, 4, inside], expected[inside], atol=1e-5)
    beyond = (expected < -1) | (expected > 10)
    assert not found[4, 4, beyond].any()
