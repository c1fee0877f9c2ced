"""Streamlines step by step, by hand and against dipy's tracker."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.tracts import tracking, walking

Array = NDArray[Any]
AXES = np.eye(3, dtype=np.float32)


def field(amplitude: Array, stopping: Array, directions: Array = AXES) -> walking.Field:
    """Return a field whose amplitudes in each direction are given, not their harmonics."""
    volume = np.concatenate([amplitude, stopping[..., None]], axis=3).astype(np.float32)
    return walking.Field(volume, np.eye(len(directions), dtype=np.float32), directions)


def walk(**changed: Any) -> walking.Walk:
    given_ = {
        "drawn": False, "step_voxels": np.full(3, 0.5), "max_angle_deg": 30.0,
        "min_amplitude": 0.1, "stop_below": 0.5, "n_steps": 40,
    }  # fmt: skip
    return walking.Walk(**given_ | changed)


def along_x(shape: tuple[int, int, int] = (9, 4, 4)) -> Array:
    amplitude = np.zeros((*shape, 3))
    amplitude[..., 0] = 1.0
    return amplitude


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100))
def test_interpolation_is_that_of_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    volume = rng.normal(size=(4, 5, 3, 2)).astype(np.float32)
    places = rng.uniform(-1, 5, (20, 3)).astype(np.float32)
    found = walking.interpolated(volume, places)
    for n in range(2):
        wanted = ndimage.map_coordinates(volume[..., n], places.T, order=1, mode="nearest")
        assert found[:, n] == pytest.approx(wanted, abs=1e-5)


def test_a_streamline_by_hand() -> None:
    stopping = np.ones((9, 4, 4))
    stopping[7:] = 0.0
    seeds = np.array([[4.0, 2.0, 1.0]])
    points, counts = walking.streamlines(
        field(along_x(), stopping), walk(), seeds, seed=1, threads=1
    )
    # At 6.5 the map is 0.5, where it stops; the grid begins at -0.5.
    places = np.arange(-0.5, 6.1, 0.5) if points[0, 0] < 0 else np.arange(6.0, -0.6, -0.5)
    assert counts.tolist() == [14]
    assert points[:, 0] == pytest.approx(places)
    assert points[:, 1:] == pytest.approx(np.tile([2.0, 1.0], (14, 1)))


def test_a_turn_beyond_the_limit_is_not_taken() -> None:
    amplitude = along_x()
    amplitude[5:] = [0.0, 1.0, 0.0]
    seeds = np.array([[2.0, 2.0, 1.0]])
    points, _ = walking.streamlines(
        field(amplitude, np.ones((9, 4, 4))), walk(), seeds, seed=1, threads=1
    )
    assert points[:, 0].max() <= 5.0
    assert points[:, 1] == pytest.approx(2.0)


@pytest.mark.parametrize(("least", "last"), [(0.1, 2.0), (0.01, 3.0)])
def test_a_small_amplitude_is_not_taken(least: float, last: float) -> None:
    amplitude = np.zeros((4, 4, 4, 3))
    amplitude[..., 1] = 1.0
    amplitude[:, 2:] = [10.0, 0.5, 0.0]
    points, _ = walking.streamlines(
        field(amplitude, np.ones((4, 4, 4))), walk(min_amplitude=least), np.array([[1.0, 0, 1]]),
        seed=1, threads=1,
    )  # fmt: skip
    assert points[:, 1].max() == last
    assert points[:, 1].min() == -0.5


def test_cones_hold_opposites_with_their_sign() -> None:
    directions = np.array([[1, 0, 0], [-0.96, 0.28, 0], [0, 0, 1]], dtype=np.float32)
    found = walking.cones(directions, max_angle_deg=30.0)
    assert found.number.tolist() == [[0, 1], [0, 1], [2, 0]]
    assert found.sign.tolist() == [[1, -1], [-1, 1], [1, 0]]


def test_directions_are_drawn_by_their_amplitude() -> None:
    turns = walking.cones(
        np.array([[1, 0, 0], [0.96, 0.28, 0], [0.96, -0.28, 0]], np.float32), max_angle_deg=40.0
    )
    rng = np.random.default_rng(0)
    n = 4000
    amplitude = np.tile(np.array([2.0, 1.0, 1.0], dtype=np.float32), (n, 1))
    number, sign = walking._turned(
        amplitude, np.zeros(n, int), -np.ones(n, np.float32), turns, walk(drawn=True),
        rng.random(n, dtype=np.float32),
    )  # fmt: skip
    assert np.bincount(number) / n == pytest.approx([0.5, 0.25, 0.25], abs=0.03)
    assert set(sign.tolist()) == {-1.0}


def test_threads_change_no_byte_and_another_seed_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "GROUP", 7)
    rng = np.random.default_rng(3)
    fan = np.array([[1, 0, 0], [0.8, 0.6, 0], [0.8, 0, 0.6], [0.8, -0.6, 0]], dtype=np.float32)
    scene = field(rng.uniform(0, 1, (9, 9, 9, 4)), np.ones((9, 9, 9)), fan)
    seeds = rng.uniform(2, 6, (40, 3))
    how = walk(drawn=True, max_angle_deg=60.0)
    one, two, other = (
        walking.streamlines(scene, how, seeds, seed=s, threads=t)
        for s, t in ((1, 1), (1, 2), (2, 1))
    )
    assert np.array_equal(one[0], two[0])
    assert np.array_equal(one[1], two[1])
    assert not np.array_equal(one[0], other[0])


def test_no_seed_gives_no_streamline() -> None:
    points, counts = walking.streamlines(
        field(along_x(), np.ones((9, 4, 4))), walk(), np.zeros((0, 3)), seed=1, threads=1
    )
    assert points.shape == (0, 3)
    assert counts.shape == (0,)


@pytest.mark.parametrize("method", ["probabilistic", "deterministic"])
def test_streamlines_are_those_of_dipy_on_the_whole(method: str) -> None:
    """The random numbers differ: lengths and where the streamlines run must not."""
    from dipy.data import get_sphere
    from dipy.tracking import stopping_criterion, tracker

    rng = np.random.default_rng(0)
    _, matrix = tracking.half_sphere("symmetric362", n_harmonics=15)
    coefficients = ndimage.gaussian_filter(rng.normal(size=(20, 20, 20, 15)), (2, 2, 2, 0))
    coefficients /= coefficients.std()
    coefficients[..., 0] = 3.0
    stopping = ndimage.gaussian_filter(rng.uniform(size=(20, 20, 20)), 1.5)
    limit = float(np.quantile(stopping, 0.3))
    mask = np.zeros((20, 20, 20), dtype=bool)
    mask[7:13, 7:13, 7:13] = True
    seeds = tracking.seeds(mask, np.eye(4), n_seeds=800, seed=1)
    points, offsets = tracking.track(
        coefficients, np.eye(4), seeds, stopping, to_space=np.eye(4), method=method,
        stop_below=limit, step_mm=0.5, max_angle_deg=40.0, min_amplitude=0.1, min_mm=2.0,
        max_mm=100.0, sphere="symmetric362", seed=1, threads=1,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        theirs = getattr(tracker, f"{method}_tracking")(
            seeds, stopping_criterion.ThresholdStoppingCriterion(stopping, limit), np.eye(4),
            sh=coefficients, min_len=2.0, max_len=100.0, step_size=0.5, max_angle=40.0,
            pmf_threshold=0.1, sphere=get_sphere(name="symmetric362"), random_seed=1,
            nbr_threads=1, voxel_size=np.ones(3),
        )  # fmt: skip
        lines = [line for line in theirs if len(line) > 1]
    wanted = np.concatenate(lines)
    counts = np.array([len(line) for line in lines])
    assert matrix.shape == (15, 181)
    assert len(offsets) - 1 == pytest.approx(len(lines), rel=0.05)
    assert np.diff(offsets).mean() == pytest.approx(counts.mean(), rel=0.1)
    near = [np.histogramdd(p, bins=10, range=[(0, 20)] * 3)[0].ravel() for p in (points, wanted)]
    assert np.corrcoef(*near)[0, 1] > 0.95
