from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.maths.orientation import canonical

SHAPE = (2, 3, 4)


@settings(max_examples=30, deadline=None)
@given(st.permutations([0, 1, 2]), st.lists(st.sampled_from([-1.0, 1.0]), min_size=3, max_size=3))
def test_every_voxel_stays_where_it_is(order: list[int], signs: list[float]) -> None:
    volume = np.arange(24.0).reshape(SHAPE)
    affine = np.eye(4)
    affine[:3, :3] = np.diag(signs)[:, order] * 2.0
    affine[:3, 3] = [3.0, -5.0, 7.0]
    turned, after = canonical(volume, affine)
    assert (np.diag(after)[:3] > 0).all()
    for value in (0.0, 7.0, 23.0):
        before = affine @ [*np.argwhere(volume == value)[0], 1.0]
        assert np.allclose(after @ [*np.argwhere(turned == value)[0], 1.0], before)
