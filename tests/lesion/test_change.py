"""Misregistration is taken away; noise grows with edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage, stats

from sonolesion.lesion import change

SHAPE = (32, 32, 32)
EVERYWHERE = np.ones(SHAPE, dtype=bool)
LOCAL = {"edge": 4, "sigma": 2.0, "hole": 0.0, "cut": 4.685, "rounds": 3}


def smooth(seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(SHAPE)
    image = ndimage.gaussian_filter(noise, 3, mode="wrap")
    return np.asarray(image / image.std())


def columns(image: np.ndarray) -> np.ndarray:
    return change.derivatives(image, voxel_mm=np.ones(3), scale_mm=1.0)


def test_derivatives_of_a_parabola_by_hand() -> None:
    x = np.broadcast_to(np.arange(32.0)[:, None, None], SHAPE)
    found = change.derivatives(x**2, voxel_mm=np.full(3, 2.0), scale_mm=2.0)
    # In millimetres the image is (X / 2)²: slope X / 2, curvature 1 / 2.
    assert found[0, 16, 16, 16] == pytest.approx(16, rel=1e-2)
    assert found[3, 16, 16, 16] == pytest.approx(0.5, rel=2e-2)
    np.testing.assert_allclose(found[[1, 2, 4, 5, 6, 7, 8], 16, 16, 16], 0, atol=1e-4)


def test_a_shift_is_explained_and_a_lesion_is_not() -> None:
    image = smooth()
    difference = ndimage.shift(image, (0.3, -0.2, 0.1), order=3, mode="grid-wrap") - image
    lesion = np.zeros(SHAPE)
    lesion[14:18, 14:18, 14:18] = 1.0
    explained = change.misfit(
        difference + lesion, columns(image), applied=columns(image),
        usable=EVERYWHERE & (lesion == 0),
        ridge=0.05, **LOCAL,
    )  # fmt: skip
    inside = (slice(6, 26),) * 3
    rest = (difference - explained)[inside]
    assert rest.std() < 0.2 * difference[inside].std()


def test_noise_is_the_noise_put_in_and_grows_with_edges() -> None:
    rng, table = np.random.default_rng(2), columns(smooth())
    features = change.variance_features(table, np.zeros(SHAPE))
    truth = np.sqrt(0.01 + 0.5 * features[1])
    rest = rng.standard_normal(SHAPE) * truth
    sd = change.noise_sd(rest, features, usable=EVERYWHERE, **LOCAL)
    assert np.median(sd / truth) == pytest.approx(1, abs=0.1)
    assert np.corrcoef(sd.ravel(), truth.ravel())[0, 1] > 0.8


def test_noise_scales_with_the_difference() -> None:
    rest = np.random.default_rng(3).standard_normal(SHAPE)
    features = np.ones((1, *SHAPE), dtype=np.float32)
    one = change.noise_sd(rest, features, usable=EVERYWHERE, **LOCAL)
    np.testing.assert_allclose(
        change.noise_sd(5 * rest, features, usable=EVERYWHERE, **LOCAL), 5 * one, rtol=1e-4
    )


@pytest.mark.parametrize("freedom", [3.0, 30.0])
def test_tails_are_recognised(freedom: float) -> None:
    z = stats.t.rvs(freedom, size=200_000, random_state=4)
    assert change.tail_freedom(z, candidates=(3.0, 30.0)) == freedom
    assert change.tail_freedom(np.zeros(100), candidates=(3.0, 30.0)) == 30.0
