from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.phantom import deformation, pose

SPACING_MM = 4.0
SHAPE = (20, 22, 24)
AFFINE = pose.grid_affine(
    shape=SHAPE, voxel_mm=np.full(3, SPACING_MM), axes="RAS", centre_mm=np.zeros(3)
)


def drawn(seed: int, rms_mm: float = 1.5) -> np.ndarray:
    return deformation.random_shape(
        SHAPE,
        rms_mm=rms_mm,
        smoothness_mm=16.0,
        spacing_mm=SPACING_MM,
        rng=np.random.default_rng(seed),
    )


def test_jacobian_of_a_scaling_by_hand() -> None:
    field = deformation.scaling(pose.nodes(SHAPE, AFFINE), factor=0.8)
    found = deformation.jacobian_determinant(field, spacing_mm=SPACING_MM)
    assert found == pytest.approx(1 / 0.8**3)


def test_interpolation_by_hand() -> None:
    field = np.zeros((*SHAPE, 3))
    field[10, 11, 12] = [1.0, 2.0, -3.0]
    at_node = pose.apply(AFFINE, np.array([[10.0, 11.0, 12.0]]))
    beside = at_node + np.array([SPACING_MM / 4, 0, 0])
    found = deformation.displacement_at(np.vstack([at_node, beside]), field_mm=field, affine=AFFINE)
    assert found == pytest.approx(np.array([[1.0, 2.0, -3.0], [0.75, 1.5, -2.25]]))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), point=st.tuples(*[st.floats(-25, 25)] * 3))
def test_inverse_undoes_the_map(seed: int, point: tuple[float, float, float]) -> None:
    field = drawn(seed)
    target = np.array([point])
    found = deformation.inverse_points(
        target, field_mm=field, affine=AFFINE, tolerance_mm=1e-8, max_steps=500
    )
    back = found + deformation.displacement_at(found, field_mm=field, affine=AFFINE)
    assert back == pytest.approx(target, abs=1e-7)


def test_random_shape_has_the_wanted_size_and_spread_agrees_with_points() -> None:
    field = drawn(3)
    assert np.sqrt((field**2).mean(axis=(0, 1, 2))) == pytest.approx(1.5)
    lists = (np.array([0.0, 3.3]), np.array([5.5]), np.array([2.0, 23.0, 99.0]))
    fine = deformation.spread(field[..., 1], positions=lists)
    voxels = np.stack(np.meshgrid(*lists, indexing="ij"), axis=-1).reshape(-1, 3)
    points = pose.apply(AFFINE, voxels)
    expected = deformation.displacement_at(points, field_mm=field, affine=AFFINE)[:, 1]
    assert fine.ravel() == pytest.approx(expected, abs=1e-5)


@given(gain=st.floats(0, 0.6), reach_mm=st.floats(12, 30))
def test_widening_never_folds(gain: float, reach_mm: float) -> None:
    points = pose.nodes(SHAPE, AFFINE)
    field = deformation.widen(points, centre_mm=np.zeros(3), reach_mm=reach_mm, gain=gain)
    assert deformation.jacobian_determinant(field, spacing_mm=SPACING_MM).min() > 0


def test_pushed_tissue_arrives_where_it_was_pushed() -> None:
    pushed = deformation.push(
        np.zeros((1, 3)), centre_mm=np.zeros(3), reach_mm=10.0, shift_mm=np.array([0.0, -5.0, 0.0])
    )
    assert pushed == pytest.approx(np.array([[0.0, 5.0, 0.0]]))


def test_bad_values_are_refused() -> None:
    with pytest.raises(ValueError, match="factor"):
        deformation.scaling(np.zeros((1, 3)), factor=0.0)
    with pytest.raises(ValueError, match="gain"):
        deformation.widen(np.zeros((1, 3)), centre_mm=np.zeros(3), reach_mm=5.0, gain=1.0)
    with pytest.raises(ValueError, match="too strong"):
        deformation.inverse_points(
            np.ones((1, 3)),
            field_mm=3 * pose.nodes(SHAPE, AFFINE),
            affine=AFFINE,
            tolerance_mm=1e-6,
            max_steps=20,
        )
