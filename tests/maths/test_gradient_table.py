from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.core.errors import InputFault
from sonolesion.core.settings.diffusion_gradients import GradientTable
from sonolesion.maths import gradient_table
from sonolesion.maths.gradient_table import Scheme


def directions(n: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(n, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def table(n: int = 16, b: float = 1000.0) -> tuple[np.ndarray, np.ndarray]:
    """Return one unweighted volume and n weighted ones."""
    return np.r_[0.0, np.full(n, b)], np.vstack([np.zeros(3), directions(n)])


def read(b_values: np.ndarray, vectors: np.ndarray, **changed: object) -> Scheme:
    return gradient_table.scheme(
        b_values,
        vectors,
        file="a.bval",
        vectors_file="a.bvec",
        **(GradientTable().model_dump() | changed),
    )


def test_sound_table() -> None:
    found = read(*table())
    assert (found.n_directions, found.lmax, found.rescaled) == (16, 4, False)
    assert found.unweighted.tolist() == [0]
    ((b, volumes),) = found.shells
    assert b == 1000
    assert volumes.tolist() == list(range(1, 17))


def test_shortened_directions_mean_a_lower_shell() -> None:
    b, vectors = np.full(14, 2000.0), np.vstack([np.zeros((2, 3)), directions(12)])
    b[:2] = 0
    vectors[2:8] *= np.sqrt(0.5)
    found = read(b, vectors)
    assert [(round(b), len(part)) for b, part in found.shells] == [(1000, 6), (2000, 6)]
    assert found.rescaled
    assert np.linalg.norm(found.vectors[2:], axis=1) == pytest.approx(1.0)


def test_directions_of_unweighted_volumes_are_dropped() -> None:
    b, vectors = table()
    vectors[0] = [1, 0, 0]
    assert not read(b, vectors).vectors[0].any()


@settings(max_examples=30, deadline=None)
@given(st.permutations([0.0, 5, 990, 1000, 1010, 2000, 1995, 3000]))
def test_shells_do_not_depend_on_the_order(b_values: list[float]) -> None:
    found = gradient_table.shells(np.array(b_values), b0_max_s_mm2=50, shell_width_s_mm2=100)
    assert [b for b, _ in found] == pytest.approx([1000, 1997.5, 3000])
    assert sorted(np.concatenate([part for _, part in found])) == sorted(
        np.flatnonzero(np.array(b_values) > 50)
    )


@pytest.mark.parametrize(("n", "order"), [(6, 2), (14, 2), (15, 4), (27, 4), (28, 6), (45, 8)])
def test_order_follows_from_directions(n: int, order: int) -> None:
    assert gradient_table.lmax_for(n) == order


def test_no_order_for_fewer_than_six() -> None:
    with pytest.raises(ValueError, match="5 directions"):
        gradient_table.lmax_for(5)


@pytest.mark.parametrize(
    ("factor", "unit"), [(1e-3, "as if in ms/µm²"), (1e6, "as if in s/m²"), (50, "in no unit")]
)
def test_another_unit_is_named(factor: float, unit: str) -> None:
    b, vectors = table()
    with pytest.raises(InputFault, match=unit):
        read(b * factor, vectors)


def test_negative_b_is_refused() -> None:
    b, vectors = table()
    with pytest.raises(InputFault, match="none negative"):
        read(b - 1, vectors)


def test_another_count_is_refused() -> None:
    b, vectors = table()
    with pytest.raises(InputFault, match="3 for each of 16"):
        read(b[:-1], vectors)


def test_numbers_that_are_none_are_refused() -> None:
    b, vectors = table()
    vectors[3, 0] = np.nan
    with pytest.raises(InputFault, match="finite"):
        read(b, vectors)


def test_no_unweighted_volume() -> None:
    b, vectors = table()
    with pytest.raises(InputFault, match="no unweighted volume"):
        read(b[1:], vectors[1:])


def test_no_weighted_volume() -> None:
    with pytest.raises(InputFault, match="shell"):
        read(np.zeros(4), np.zeros((4, 3)))


def test_missing_shell_is_named() -> None:
    expected = (1000.0, 2000.0)
    with pytest.raises(InputFault, match="shell 2000 s/mm² as well"):
        read(*table(), expected_shells_s_mm2=expected)
    b, vectors = table()
    b[9:] = 1980.0
    assert len(read(b, vectors, expected_shells_s_mm2=expected).shells) == 2


def test_single_direction_and_trace_are_no_tensor() -> None:
    b, vectors = table()
    vectors[1:] = [0, 0, 1]
    with pytest.raises(InputFault, match="1 direction at b = 1000"):
        read(b, vectors)
    with pytest.raises(InputFault, match="trace images"):
        read(b, np.zeros((17, 3)))


def test_five_directions_and_their_opposites_are_too_few() -> None:
    b, vectors = table(10)
    vectors[6:] = -vectors[1:6]
    with pytest.raises(InputFault, match="5 directions"):
        read(b, vectors)


def test_wrong_lengths_are_refused() -> None:
    b, vectors = table()
    vectors[4] *= 1.3
    with pytest.raises(
        InputFault, match=r"a\.bvec: found a direction of length 1\.300 \(volume 4,"
    ):
        read(b, vectors)
    b, vectors = table()
    vectors[1:] *= np.linspace(0.4, 0.95, 16)[:, None]
    with pytest.raises(InputFault, match="lengths that make at most 6 shells"):
        read(b, vectors)


def test_numbers_read_in_the_other_order_are_recognised() -> None:
    b, vectors = table()
    with pytest.raises(InputFault, match="the table is transposed"):
        read(b, vectors.T.ravel().reshape(17, 3))
