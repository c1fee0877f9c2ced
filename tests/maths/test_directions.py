from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.maths.directions import fullest_shell, unique_directions

LIMITS = {"b0_max_s_mm2": 50.0, "shell_width_s_mm2": 100.0, "min_angle_deg": 3.0}


def test_opposite_and_near_directions_are_one() -> None:
    tilt = np.deg2rad(2.0)
    vectors = np.array([[1.0, 0, 0], [-1, 0, 0], [np.cos(tilt), np.sin(tilt), 0], [0, 1, 0]])
    assert unique_directions(vectors, min_angle_deg=3.0) == 2
    assert unique_directions(vectors, min_angle_deg=1.0) == 3


def test_zeros_count_for_nothing() -> None:
    assert unique_directions(np.zeros((4, 3)), min_angle_deg=3.0) == 0


def test_shell_of_most_directions_counts() -> None:
    b = np.array([0.0, 1000, 1005, 2000, 2000, 2000])
    vectors = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    assert fullest_shell(b, vectors, **LIMITS) == 3
    assert fullest_shell(np.zeros(2), np.zeros((2, 3)), **LIMITS) == 0


@given(st.permutations(range(6)), st.lists(st.sampled_from([-1.0, 1.0]), min_size=6, max_size=6))
def test_order_and_signs_do_not_matter(order: list[int], signs: list[float]) -> None:
    angles = np.deg2rad(np.arange(6) * 25.0)
    vectors = np.stack([np.cos(angles), np.sin(angles), np.zeros(6)], axis=1)
    changed = vectors[order] * np.array(signs)[:, None]
    assert unique_directions(changed, min_angle_deg=3.0) == 6


@pytest.mark.parametrize("length", [0.5, 2.0])
def test_lengths_do_not_matter(length: float) -> None:
    vectors = length * np.eye(3)
    assert unique_directions(vectors, min_angle_deg=3.0) == 3


@settings(max_examples=30, deadline=None)
@given(st.integers(6, 60), st.integers(0, 1000))
def test_opposite_directions_count_once(n: int, seed: int) -> None:
    one = np.random.default_rng(seed).normal(size=(n, 3))
    assert unique_directions(one, min_angle_deg=1e-3) == n
    assert unique_directions(np.vstack([one, -one]), min_angle_deg=1e-3) == n
