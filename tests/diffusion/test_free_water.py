from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonolesion.diffusion import free_water

Array = NDArray[np.float64]
MODEL = {"water_mm2_s": 3e-3, "tissue_mm2_s": 6e-4, "max_fraction": 1.0}
OPTIONS: dict[str, Any] = {
    "weighting": "ols_prediction",
    "min_signal": 1e-3,
    "b0_max_s_mm2": 50.0,
    "shell_width_s_mm2": 100.0,
    "n_levels": 21,
    **MODEL,
}


def table(shells: tuple[float, ...]) -> tuple[Array, Array]:
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(2 + 20 * len(shells), 3))
    vectors /= np.linalg.norm(vectors, axis=1)[:, None]
    vectors[:2] = 0.0
    return np.concatenate([[0.0, 0.0], np.repeat(shells, 20)]), vectors


def signal(fractions: Array, values: Array, b: Array, vectors: Array) -> Array:
    tissue = np.exp(-b * (vectors**2 @ values))
    water = np.exp(-b * 3e-3)
    return 800.0 * (fractions[:, None] * water + (1 - fractions[:, None]) * tissue)


def test_isotropic_mixture_of_one_shell_by_hand() -> None:
    b, vectors = table((1000.0,))
    truth = np.array([0.0, 0.25, 0.5, 1.0])
    data = signal(truth, np.full(3, 6e-4), b, vectors)
    found = free_water.fit(data, b, vectors, **OPTIONS)
    assert found.exploratory
    assert "one shell" in found.method
    np.testing.assert_allclose(found.fraction, truth, atol=1e-4)


def test_half_and_half_by_hand() -> None:
    # exp(-b MD) of a mixture is (exp(-3) + exp(-0.6)) / 2 = 0.2993.
    mean = -np.log(0.2993) / 1000.0
    value = free_water.from_mean_diffusivity(np.array([mean]), b_s_mm2=1000.0, **MODEL)
    assert value[0] == pytest.approx(0.5, abs=1e-4)


@settings(max_examples=30)
@given(st.floats(0, 4e-3), st.floats(1e-5, 1e-3))
def test_faster_diffusion_is_more_water(mean: float, more: float) -> None:
    one, two = free_water.from_mean_diffusivity(
        np.array([mean, mean + more]), b_s_mm2=1000.0, **MODEL
    )
    assert 0.0 <= one <= two <= 1.0


def test_one_shell_mistakes_faster_tissue_for_water() -> None:
    b, vectors = table((1000.0,))
    data = signal(np.zeros(1), np.array([1.1e-3, 0.9e-3, 0.9e-3]), b, vectors)
    assert free_water.fit(data, b, vectors, **OPTIONS).fraction[0] > 0.3


@settings(max_examples=10, deadline=None)
@given(st.floats(0.02, 0.8))
def test_two_shells_tell_the_fraction_of_any_tissue(truth: float) -> None:
    b, vectors = table((700.0, 2000.0))
    fractions = np.array([truth])
    for values in ([1.1e-3, 0.8e-3, 0.7e-3], [1.5e-3, 0.4e-3, 0.3e-3]):
        data = signal(fractions, np.array(values), b, vectors)
        found = free_water.fit(data, b, vectors, **OPTIONS)
        assert not found.exploratory
        assert found.fraction[0] == pytest.approx(truth, abs=0.01)


def test_dark_voxels_are_nan() -> None:
    for shells in ((1000.0,), (700.0, 2000.0)):
        b, vectors = table(shells)
        data = signal(np.array([0.3, 0.3]), np.full(3, 6e-4), b, vectors)
        data[1] = 0.0
        found = free_water.fit(data, b, vectors, **OPTIONS)
        np.testing.assert_array_equal(np.isnan(found.fraction), [False, True])


@pytest.mark.parametrize(
    ("shells", "changed"), [((), {}), ((1000.0,), {"tissue_mm2_s": 3e-3})], ids=["b0 only", "water"]
)
def test_impossible_input_is_refused(shells: tuple[float, ...], changed: dict[str, float]) -> None:
    b, vectors = table(shells)
    with pytest.raises(ValueError, match="water should diffuse faster"):
        free_water.fit(np.ones((1, len(b))), b, vectors, **OPTIONS | changed)
