from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.lesion import surface

EVEN = surface.sphere_directions(4000)


def test_harmonics_are_orthonormal_over_the_sphere() -> None:
    waves = surface.harmonics(EVEN)
    np.testing.assert_allclose(waves.T @ waves / len(EVEN), np.eye(15), atol=0.01)


def test_zonal_harmonic_by_hand() -> None:
    pole, equator = np.array([[0.0, 0, 1]]), np.array([[1.0, 0, 0]])
    # sqrt(5)/2 (3 z² - 1): sqrt(5) at the pole, -sqrt(5)/2 on the equator.
    assert surface.harmonics(pole)[0, 7] == pytest.approx(np.sqrt(5))
    assert surface.harmonics(equator)[0, 7] == pytest.approx(-np.sqrt(5) / 2)


@given(st.floats(0.1, 20))
def test_volume_of_a_sphere(radius: float) -> None:
    found = float(surface.volume_mm3(np.full(50, radius)))
    assert found == pytest.approx(4 / 3 * np.pi * radius**3)


def test_occupancy_is_half_on_the_surface() -> None:
    found = surface.occupancy(np.array([1.7, 2.0, 2.3, 5.0]), np.full(4, 2.0), edge_mm=0.6)
    np.testing.assert_allclose(found, [1, 0.5, 0, 0], atol=1e-12)


def test_the_direction_at_the_centre_is_finite() -> None:
    found = surface.directions_of(np.array([[0.0, 0, 0], [0, 3, 4]]), np.array([0.0, 5]))
    np.testing.assert_allclose(found, [[0, 0, 0], [0, 0.6, 0.8]])


def test_no_direction_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        surface.sphere_directions(0)
