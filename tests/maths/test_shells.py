from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sonolesion.core.errors import InputFault
from sonolesion.core.settings.diffusion import Shells
from sonolesion.maths.shells import Shell, choose_shell, effective_b_values, isotropic_weights

AXES = np.eye(3)


def shell(b_values: list[float], vectors: np.ndarray) -> Shell:
    b = np.array(b_values, dtype=float)
    return choose_shell(b, vectors, file="a.bval", **Shells().model_dump())


def test_clinical_scan_of_three_directions() -> None:
    found = shell([0, 1000, 1000, 1000], np.vstack([np.zeros(3), AXES]))
    assert found.unweighted.tolist() == [0]
    assert found.weighted.tolist() == [1, 2, 3]
    assert found.weights == pytest.approx([1 / 3] * 3)
    assert (found.b_low, found.b_high) == (0, 1000)
    assert found.anisotropy == pytest.approx(0, abs=1e-12)


def test_highest_shell_within_the_range_is_taken() -> None:
    vectors = np.vstack([np.zeros(3), AXES, AXES, AXES])
    found = shell([5, 700, 700, 700, 1000, 995, 1005, 2000, 2000, 2000], vectors)
    assert found.weighted.tolist() == [4, 5, 6]
    assert found.b_high == pytest.approx(1000)


def test_scanner_made_trace_image_needs_no_directions() -> None:
    found = shell([0, 1000], np.zeros((2, 3)))
    assert found.weighted.tolist() == [1]
    assert found.weights.tolist() == [1.0]


def test_trace_image_beside_its_directions_is_taken_alone() -> None:
    found = shell([0, 1000, 1000, 1000, 1000], np.vstack([np.zeros(3), AXES, np.zeros(3)]))
    assert found.weighted.tolist() == [4]


def test_b_values_of_shortened_gradients_by_hand() -> None:
    vectors = np.array([[0, 0, 0], [1, 0, 0], [0, 0.5, 0], [0, 0.999, 0]])
    b = effective_b_values(np.array([0.0, 1000, 1000, 1000]), vectors, norm_tolerance=0.02)
    assert b.tolist() == [0, 1000, 250, 1000]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(6, 40))
def test_weighted_mean_of_a_tensor_is_its_trace(seed: int, n: int) -> None:
    """Where the weights solve the equations, the mean is exactly the trace, whatever the fibre."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    weights, anisotropy = isotropic_weights(vectors)
    assert weights.sum() == pytest.approx(1)
    turn = Rotation.random(random_state=seed).as_matrix()
    tensor = turn @ np.diag([1.7e-3, 0.3e-3, 0.2e-3]) @ turn.T
    mean = weights @ np.einsum("ni,ij,nj->n", vectors, tensor, vectors)
    assert abs(mean - np.trace(tensor) / 3) <= anisotropy * np.linalg.norm(tensor) + 1e-12


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_weights_turn_with_the_head(seed: int) -> None:
    turn = Rotation.random(random_state=seed).as_matrix()
    weights, anisotropy = isotropic_weights(AXES @ turn.T)
    assert weights == pytest.approx([1 / 3] * 3)
    assert anisotropy == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("b_values", "vectors", "told"),
    [
        ([1000, 1000, 1000], AXES, "b-values 1000"),
        ([0, 1, 1, 1], np.vstack([np.zeros(3), AXES]), "unit and order"),
        ([0, 1e9, 1e9, 1e9], np.vstack([np.zeros(3), AXES]), "b-values 0, 1e"),
        ([0, 1000], np.array([[0, 0, 0], [0, 0, 1.0]]), r"do not cover space \(anisotropy 0.82"),
        ([0, 1000, 1000], np.vstack([np.zeros(3), AXES[:2]]), r"anisotropy 0.41"),
    ],
    ids=["no b0", "ms/um2", "s/m2", "one direction", "two directions"],
)
def test_unusable_tables_are_refused(b_values: list[float], vectors, told: str) -> None:
    with pytest.raises(InputFault, match=told):
        shell(b_values, vectors)
