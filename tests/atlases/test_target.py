from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.atlases import target


@given(st.floats(50, 2000), st.tuples(*[st.floats(0.5, 3)] * 3))
def test_semi_axes_give_back_the_volume(volume: float, ratio: tuple[float, ...]) -> None:
    axes = target.semi_axes_mm(volume, ratio)
    assert 4 / 3 * np.pi * axes.prod() == pytest.approx(volume)
    assert axes / axes[0] == pytest.approx(np.array(ratio) / ratio[0])


def test_ellipsoid_has_the_published_centre_and_volume() -> None:
    centre = (-6.7, -18.9, 8.7)
    volume, affine = target.ellipsoid(centre, volume_mm3=847, ratio=(1, 2, 1.5), spacing_mm=0.5)
    assert volume.sum() * 0.125 == pytest.approx(847, rel=0.02)
    places = np.argwhere(volume) @ affine[:3, :3].T + affine[:3, 3]
    assert places.mean(axis=0) == pytest.approx(centre)
    assert np.ptp(places, axis=0) == pytest.approx([8.1, 16.3, 12.2], abs=1.1)
