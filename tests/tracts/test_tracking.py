from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonolesion.core.errors import InputFault
from sonolesion.maths.points import moved
from sonolesion.tracts import geometry, response_csd, tracking

from .test_response_csd import fibre, signal, table

Array = np.ndarray[Any, Any]
# A scan whose first axis runs to the left and whose grid is turned about z by 30 degrees.
TURN = np.array(
    [[np.cos(0.5236), -np.sin(0.5236), 0], [np.sin(0.5236), np.cos(0.5236), 0], [0, 0, 1]]
)
AFFINE = np.eye(4)
AFFINE[:3, :3] = TURN @ np.diag([-2.0, 2.0, 2.5])
AFFINE[:3, 3] = 10.0, -20.0, 30.0
WORLD_FIBRE = np.array([0.6, 0.8, 0.0])
GIVEN: dict[str, Any] = {
    "method": "probabilistic",
    "stop_below": 0.1,
    "step_mm": 1.0,
    "max_angle_deg": 30.0,
    "min_amplitude": 0.3,
    "min_mm": 5.0,
    "max_mm": 200.0,
    "sphere": "symmetric362",
    "seed": 1,
    "threads": 1,
}


@pytest.fixture(scope="module")
def coefficients() -> Array:
    """One bundle of parallel fibres everywhere."""
    b, vectors = table()
    grid = response_csd.grid_vectors(vectors, AFFINE)
    data = signal(b, vectors, WORLD_FIBRE)[None]
    found = response_csd.orientations(
        data, b, grid, fibre(), order=6, b0_max_s_mm2=50.0, max_rounds=50
    )
    return np.broadcast_to(found[0], (20, 20, 8, found.shape[1])).copy()


def tracked(coefficients: Array, **changed: Any) -> tuple[Array, Array]:
    mask = np.zeros(coefficients.shape[:3], dtype=bool)
    mask[8:12, 8:12, 3:5] = True
    seeds = tracking.seeds(mask, AFFINE, n_seeds=30, seed=4)
    stopping = np.ones(mask.shape)
    given = GIVEN | {"to_space": np.eye(4)} | changed
    return tracking.track(coefficients, AFFINE, seeds, stopping, **given)


@pytest.mark.parametrize("method", ["probabilistic", "deterministic"])
def test_streamlines_follow_the_fibres_of_the_world(coefficients: Array, method: str) -> None:
    points, offsets = tracked(coefficients, method=method)
    geometry.require_streamlines(points, offsets)
    along = points[offsets[1:] - 1] - points[offsets[:-1]]
    length = np.linalg.norm(along, axis=1)
    assert len(length) >= 25
    assert np.median(length) > 20
    assert np.median(np.abs(along @ WORLD_FIBRE) / length) > 0.97


def test_the_same_seed_gives_the_same_streamlines(coefficients: Array) -> None:
    first, again = tracked(coefficients), tracked(coefficients, threads=2)
    np.testing.assert_array_equal(first[0], again[0])
    other = tracked(coefficients, seed=2)
    assert first[0].shape != other[0].shape or not np.array_equal(first[0], other[0])


def test_points_are_carried_to_the_wanted_space(coefficients: Array) -> None:
    shift = np.eye(4)
    shift[:3, 3] = 1.0, 2.0, 3.0
    here, there = tracked(coefficients), tracked(coefficients, to_space=shift)
    np.testing.assert_allclose(there[0], here[0] + [1, 2, 3], atol=1e-4)


def test_nothing_leaves_the_map_that_stops(coefficients: Array) -> None:
    fa = np.full(coefficients.shape[:3], 0.5)
    fa[:, 14:] = np.nan
    fluid = np.zeros_like(fa)
    fluid[:5] = 1.0
    stopping = tracking.stopping_map(fa, fluid=fluid, max_fluid=0.5)
    assert stopping.min() == 0
    assert np.isfinite(stopping).all()
    seeds = tracking.seeds(stopping > 0.1, AFFINE, n_seeds=20, seed=1)
    points, _ = tracking.track(coefficients, AFFINE, seeds, stopping, **GIVEN, to_space=np.eye(4))
    index = moved(points, np.linalg.inv(AFFINE))
    assert index[:, 1].max() < 14.6
    assert index[:, 0].min() > 3.4


def test_seeds_lie_in_the_mask_and_an_empty_one_is_refused() -> None:
    mask = np.zeros((5, 5, 5), dtype=bool)
    mask[2, 3, 4] = True
    seeds = tracking.seeds(mask, AFFINE, n_seeds=50, seed=1)
    index = np.rint(moved(seeds.astype(np.float32), np.linalg.inv(AFFINE)))
    assert (index == [2, 3, 4]).all()
    with pytest.raises(InputFault, match="no voxel"):
        tracking.seeds(~mask & mask, AFFINE, n_seeds=5, seed=1)


def test_no_streamline_is_an_empty_array(coefficients: Array) -> None:
    points, offsets = tracked(coefficients, min_mm=190.0)
    assert points.shape == (0, 3)
    assert offsets.tolist() == [0]


def test_lengths_are_within_the_limits(coefficients: Array) -> None:
    every = np.diff(tracked(coefficients)[1]) - 1
    low, high = np.quantile(every, (0.3, 0.7)).round()
    found = np.diff(tracked(coefficients, min_mm=low, max_mm=high)[1]) - 1
    assert 0 < found.size < every.size
    assert found.tolist() == every[(every >= low) & (every <= high)].tolist()


def test_half_a_sphere_holds_one_of_two_opposites() -> None:
    directions, amplitudes = tracking.half_sphere("symmetric362", n_harmonics=15)
    assert directions.shape == (181, 3)
    assert amplitudes.shape == (15, 181)
    cosine = np.abs(directions @ directions.T) - np.eye(181)
    assert cosine.max() < 0.999
    # The first harmonic is the same in all directions.
    assert amplitudes[0] == pytest.approx(np.full(181, 0.5 / np.sqrt(np.pi)), rel=1e-5)
