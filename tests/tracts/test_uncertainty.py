from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.tracts import uncertainty

Array = np.ndarray[Any, Any]


def table(n_directions: int = 30, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n_directions + 4, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[:4] = 0
    return np.where(np.arange(n_directions + 4) < 4, 0.0, 1000.0), vectors


def signals(b: Array, vectors: Array) -> Array:
    tensor = np.diag([1.6e-3, 0.4e-3, 0.3e-3])
    decay = b * np.einsum("ni,ij,nj->n", vectors, tensor, vectors)
    return np.asarray(1000 * np.exp(-decay))


def test_leverage_by_hand() -> None:
    """A line through x = -1, 0, 1: leverages 1/3 + x²/2."""
    design = np.array([[-1.0, 1], [0, 1], [1, 1]])
    got = uncertainty.leverage(design, np.ones((1, 3)))
    np.testing.assert_allclose(got[0], [5 / 6, 1 / 3, 5 / 6])


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 999))
def test_leverages_sum_to_the_number_of_parameters(seed: int) -> None:
    design = uncertainty.tensor_design(*table(seed=seed))
    weights = np.random.default_rng(seed).uniform(0.1, 3, (4, len(design)))
    got = uncertainty.leverage(design, weights)
    np.testing.assert_allclose(got.sum(axis=1), 7, rtol=1e-6)
    assert (got >= 0).all()
    assert (got <= 1 + 1e-9).all()


def test_a_perfect_fit_is_redrawn_as_it_is() -> None:
    b, vectors = table()
    truth = np.tile(signals(b, vectors), (3, 1))
    fit, residual, leverages = uncertainty.fitted(
        truth, uncertainty.tensor_design(b, vectors), min_signal=1.0
    )
    np.testing.assert_allclose(residual, 0, atol=1e-9)
    rng = np.random.default_rng(0)
    got = uncertainty.wild_bootstrap(fit, residual, leverages, rng=rng)
    np.testing.assert_allclose(got, truth, rtol=1e-5)


def test_redrawn_scans_scatter_as_repeated_scans_do() -> None:
    """Standard deviation of the largest tensor element: bootstrap against true repeats."""
    b, vectors = table(60)
    design, truth = uncertainty.tensor_design(b, vectors), signals(b, vectors)
    rng = np.random.default_rng(5)
    repeats = truth + rng.normal(0, 20, (1500, len(b)))
    solve = np.linalg.pinv(design)
    true_sd = float((np.log(repeats) @ solve.T)[:, 0].std())
    fit, residual, leverages = uncertainty.fitted(repeats[:150], design, min_signal=1.0)
    draws = [
        np.log(uncertainty.wild_bootstrap(fit, residual, leverages, rng=rng)) @ solve.T
        for _ in range(60)
    ]
    bootstrap_sd = float(np.sqrt(np.var(draws, axis=0)[:, 0].mean()))
    assert bootstrap_sd == pytest.approx(true_sd, rel=0.1)


def lines(n_lines: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(2)
    x = np.broadcast_to(np.arange(0, 20.0), (n_lines, 20))
    y = np.broadcast_to(rng.uniform(0, 20, (n_lines, 1)), x.shape)
    points = np.stack([x, y, np.full_like(x, 10)], axis=-1)
    return points.reshape(-1, 3).astype(np.float32), np.arange(n_lines + 1, dtype=np.int64) * 20


def soft_lesion() -> Array:
    grid = np.indices((21, 21, 21)) - 10.0
    return np.asarray(np.clip((7 - np.sqrt((grid**2).sum(axis=0))) / 4, 0, 1), dtype=np.float32)


def test_outlines_are_drawn_as_often_as_the_probability_says() -> None:
    plan = uncertainty.draws(200, registration_sd_mm=0.0, seed=1)
    level = np.array([draw.threshold for draw in plan])
    for p in (0.1, 0.5, 0.9):
        assert (p >= level).mean() == pytest.approx(p, abs=0.01)
    assert (level > 0).all()
    assert all(not draw.shift_mm.any() for draw in plan)


def test_the_interval_does_not_shrink_with_the_number_of_streamlines() -> None:
    plan = uncertainty.draws(100, registration_sd_mm=1.0, seed=1)
    widths = []
    for n_lines in (300, 3000):
        cut = uncertainty.redrawn_cuts(*lines(n_lines), soft_lesion(), np.eye(4), plan, floor=0.01)
        got = uncertainty.interval(0.3, [cut.mean(axis=1)], share=0.9)
        widths.append(got.high - got.low)
    assert widths[1] == pytest.approx(widths[0], rel=0.2)


def test_a_shift_beyond_the_lines_cuts_nothing() -> None:
    draw = uncertainty.Draw(np.array([0.0, 0.0, 50.0]), 0.5)
    got = uncertainty.redrawn_cuts(*lines(10), soft_lesion(), np.eye(4), [draw], floor=0.01)
    assert not got.any()


def test_interval_by_hand() -> None:
    parts = [np.array([0.1, 0.3]), np.array([0.5, 0.7]), np.array([np.nan])]
    got = uncertainty.interval(0.95, parts, share=1.0)
    assert (got.low, got.high, got.n_draws) == (0.1, 0.95, 4)
    assert got.tracking_sd == pytest.approx(0.2)
    assert got.lesion_sd == pytest.approx(0.1)
    assert np.isnan(uncertainty.interval(0.5, [np.array([np.nan])], share=0.9).low)
