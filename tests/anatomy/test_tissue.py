from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.anatomy import tissue

FIT = {"n_iterations": 40, "start_percentiles": (5.0, 40.0, 85.0)}


def noisy(toy: np.ndarray, sigma: float = 6) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, sigma, toy.shape)
    return np.asarray(np.where(toy > 0, toy + noise, 0), np.float32)


def test_three_gaussians_are_found() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate(
        [rng.normal(30, 6, 3000), rng.normal(60, 5, 8000), rng.normal(100, 4, 9000)]
    )
    means, deviations, shares = tissue.fit_classes(values, **FIT)
    np.testing.assert_allclose(means, [30, 60, 100], atol=1)
    np.testing.assert_allclose(deviations, [6, 5, 4], atol=0.7)
    np.testing.assert_allclose(shares, [0.15, 0.4, 0.45], atol=0.02)


def test_each_tissue_is_recognised(toy: np.ndarray) -> None:
    maps = tissue.classify(
        noisy(toy), toy > 0, smoothness=0.3, n_rounds=3, template_grey=np.zeros_like(toy),
        deep_grey=0.5, **FIT,
    )  # fmt: skip
    for part, level in zip(maps, (30, 60, 100), strict=True):
        assert part[toy == level].mean() > 0.95


@settings(max_examples=5, deadline=None)
@given(st.floats(0, 1), st.integers(0, 3))
def test_probabilities_sum_to_one_in_the_brain_only(smoothness: float, n_rounds: int) -> None:
    rng = np.random.default_rng(1)
    volume = rng.choice([30.0, 60.0, 100.0], (8, 8, 8)).astype(np.float32)
    volume += rng.normal(0, 4, volume.shape).astype(np.float32)
    mask = np.zeros(volume.shape, bool)
    mask[1:-1, 1:-1, 1:-1] = True
    maps = tissue.classify(
        volume, mask, smoothness=smoothness, n_rounds=n_rounds,
        template_grey=np.zeros_like(volume), deep_grey=0.0, **FIT,
    )  # fmt: skip
    np.testing.assert_allclose(maps.sum(axis=0), mask, atol=1e-5)


def test_neighbours_outvote_noise(toy: np.ndarray) -> None:
    loud = noisy(toy, sigma=14)
    wrong = []
    for n_rounds in (0, 4):
        maps = tissue.classify(
            loud, toy > 0, smoothness=0.5, n_rounds=n_rounds, template_grey=np.zeros_like(toy),
            deep_grey=0.0, **FIT,
        )  # fmt: skip
        wrong.append((maps.argmax(axis=0)[toy == 100] != 2).mean())
    assert wrong[1] < 0.5 * wrong[0]


def test_the_template_speaks_for_bright_deep_nuclei(toy: np.ndarray) -> None:
    volume = noisy(toy)
    nucleus = (slice(18, 22), slice(30, 34), slice(22, 25))
    volume[nucleus] = 84
    prior = np.zeros_like(toy)
    prior[nucleus] = 1
    without, with_prior = (
        tissue.classify(
            volume, toy > 0, smoothness=0.0, n_rounds=0, template_grey=prior, deep_grey=trust, **FIT
        )[1][nucleus].mean()
        for trust in (0.0, 0.99)
    )
    assert with_prior > 0.9 > without


def test_deep_nuclei_end_with_their_box() -> None:
    points = np.array([[[[10.0, -18, 8]]], [[[60.0, -18, 8]]]], np.float32)
    grey = np.full((9, 9, 9), 140, np.float32)
    grey[0, 0, 0] = 200  # the largest value means certainty
    out = tissue.deep_nuclei(points, grey,
                             np.array([[40.0, 0, 0, -160], [0, 40, 0, -160], [0, 0, 40, -160],
                                       [0, 0, 0, 1]]))  # fmt: skip
    np.testing.assert_allclose(out.ravel(), [0.7, 0], atol=1e-6)
