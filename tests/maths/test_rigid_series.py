from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.maths.rigid_motion import matrix_of, parameters_of
from sonolesion.maths.rigid_resample import resample
from sonolesion.maths.rigid_series import Search, realign

Array = NDArray[np.float64]

SEARCH = Search(
    fwhm_mm=(8.0, 5.0),
    n_points=8000,
    margin_mm=4.0,
    n_iterations=20,
    tolerance_mm=0.005,
    huber=1.345,
)
SHAPE = (32, 36, 24)
# Oblique, x to the left, voxels of unequal edges, far from the origin.
AFFINE = np.array([[-3.0, 0.3, 0, 60], [0.3, 3.0, 0.2, -40], [0, -0.2, 3.5, 10], [0, 0, 0, 1.0]])
CENTRE = AFFINE[:3, :3] @ ((np.array(SHAPE) - 1) / 2) + AFFINE[:3, 3]


def blobs(world: Array) -> Array:
    """Return a head of analytic shape at points (..., 3) [mm]."""
    rng = np.random.default_rng(7)
    middles = CENTRE + rng.uniform(-22, 22, (25, 3))
    sizes, heights = rng.uniform(5, 12, 25), rng.uniform(0.3, 1.0, 25)
    value = np.zeros(world.shape[:-1])
    for middle, size, height in zip(middles, sizes, heights, strict=True):
        value += height * np.exp(-((world - middle) ** 2).sum(-1) / (2 * size**2))
    return 500.0 * value


def grid() -> Array:
    return np.moveaxis(np.indices(SHAPE), 0, -1) @ AFFINE[:3, :3].T + AFFINE[:3, 3]


def scan(matrices: Array, *, noise: float, seed: int = 0) -> Array:
    """Return a series whose points `matrices` bring to those of `blobs`: exact, not resampled."""
    rng = np.random.default_rng(seed)
    world = grid()
    volumes = [blobs(world @ m[:3, :3].T + m[:3, 3]) for m in matrices]
    gains = rng.uniform(0.9, 1.1, len(matrices))
    return np.stack(volumes, axis=-1) * gains + rng.normal(0, noise, (*SHAPE, len(matrices)))


def moves(rows: list[list[float]]) -> Array:
    return np.array([matrix_of(np.array(row), CENTRE) for row in rows])


MOVES = [
    [0, 0, 0, 0, 0, 0],
    [0.5, -0.3, 0.2, 0.01, -0.02, 0.005],
    [-1.0, 0.4, 1.2, 0.0, 0.02, -0.03],
    [3.0, -2.0, 2.5, 0.05, -0.04, 0.06],
]
MASK = blobs(grid()) > 150


def error(found: Array, truth: Array) -> tuple[float, float]:
    """Return the largest error of translations [mm] and rotations [degrees]."""
    rows = np.array(
        [parameters_of(np.linalg.inv(t) @ f, CENTRE) for f, t in zip(found, truth, strict=True)]
    )
    return float(np.abs(rows[:, :3]).max()), float(np.rad2deg(np.abs(rows[:, 3:]).max()))


def test_known_motion_is_found_to_a_reference_volume() -> None:
    truth = moves(MOVES)
    found = realign(scan(truth, noise=8.0), AFFINE, MASK, reference=0, search=SEARCH)
    assert found.arrived.all()
    shift, turn = error(found.matrices, truth)
    assert shift < 0.05
    assert turn < 0.05


def test_known_motion_is_found_to_the_mean() -> None:
    truth = moves(MOVES)
    found = realign(scan(truth, noise=8.0), AFFINE, MASK, reference="mean", search=SEARCH)
    middle = len(MOVES) // 2
    shift, turn = error(found.matrices, np.linalg.inv(truth[middle]) @ truth)
    assert shift < 0.05
    assert turn < 0.05
    assert np.allclose(
        found.parameters, [parameters_of(m, found.centre_mm) for m in found.matrices]
    )


def test_volume_of_noise_does_not_arrive_at_an_answer_that_looks_good() -> None:
    data = scan(moves(MOVES[:2]), noise=1.0)
    data[..., 1] = np.random.default_rng(1).normal(500, 100, SHAPE)
    found = realign(data, AFFINE, MASK, reference=0, search=SEARCH)
    assert found.residual[1] > 5 * max(found.residual[0], 0.01)


@pytest.mark.parametrize("shift", [None, "none"])
def test_resampling_brings_a_moved_head_back(shift: str | None) -> None:
    truth = moves(MOVES[:3])
    data = scan(truth, noise=0.0)
    field = None if shift is None else np.zeros(SHAPE)
    back = resample(data, AFFINE, truth, order=3, shift_voxels=field, axis=1)
    inner = ndimage.binary_erosion(MASK, iterations=3)
    gain = data[inner, 0].mean() / blobs(grid())[inner].mean()
    for number in range(3):
        scale = back[inner, number].mean() / back[inner, 0].mean()
        difference = back[..., number][inner] / scale - gain * blobs(grid())[inner]
        assert np.abs(difference).max() < 0.01 * gain * blobs(grid())[inner].max()


def test_resampling_with_a_constant_shift_by_hand() -> None:
    data = np.arange(4 * 5 * 3, dtype=float).reshape(4, 5, 3, 1)
    shift = np.full((4, 5, 3), 2.0)
    moved = resample(data, np.eye(4), np.eye(4)[None], order=1, shift_voxels=shift, axis=1)
    assert np.array_equal(moved[:, :3], data[:, 2:])
    assert not moved[:, 3:].any()


def test_jacobian_keeps_the_sum_of_a_line() -> None:
    line = np.exp(-((np.arange(40) - 20.0) ** 2) / 50)
    shift = 1.5 * np.sin(np.arange(40) / 40 * 2 * np.pi)
    data = np.broadcast_to(line[None, :, None, None], (3, 40, 3, 1))
    field = np.broadcast_to(shift[None, :, None], (3, 40, 3))
    moved = resample(data, np.eye(4), np.eye(4)[None], order=3, shift_voxels=field, axis=1)
    assert moved[1, :, 1, 0].sum() == pytest.approx(line.sum(), rel=0.005)
    assert not np.allclose(moved[1, :, 1, 0], line, atol=0.01)


def test_nothing_moved_is_nothing_changed() -> None:
    data = np.random.default_rng(0).uniform(size=(6, 7, 8, 2))
    kept = resample(data, AFFINE, np.tile(np.eye(4), (2, 1, 1)), order=3)
    assert np.allclose(kept, data, atol=2e-3)
    assert kept.dtype == np.float32


@settings(max_examples=50, deadline=None)
@given(arrays(float, 6, elements=st.floats(-1, 1)))
def test_parameters_and_matrix_are_inverse(parameters: Array) -> None:
    matrix = matrix_of(parameters, CENTRE)
    assert np.allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3))
    assert np.allclose(parameters_of(matrix, CENTRE), parameters, atol=1e-9)


def test_bad_input_is_named() -> None:
    data = scan(moves(MOVES[:2]), noise=1.0)
    with pytest.raises(ValueError, match="does not fit a mask"):
        realign(data, AFFINE, MASK[1:], reference=0, search=SEARCH)
    with pytest.raises(ValueError, match="nothing is in the mask"):
        realign(data, AFFINE, MASK & False, reference=0, search=SEARCH)
    with pytest.raises(ValueError, match="volume 2 is not one of 2"):
        realign(data, AFFINE, MASK, reference=2, search=SEARCH)
    with pytest.raises(ValueError, match="matrices do not fit"):
        resample(data, AFFINE, np.eye(4)[None], order=1)
    with pytest.raises(ValueError, match="needs the axis"):
        resample(data, AFFINE, moves(MOVES[:2]), order=1, shift_voxels=np.zeros(SHAPE))
    with pytest.raises(ValueError, match="not finite or of another grid"):
        shift = np.full(SHAPE, np.nan)
        resample(data, AFFINE, moves(MOVES[:2]), order=1, shift_voxels=shift, axis=1)
    data[0, 0, 0, 1] = np.nan
    with pytest.raises(ValueError, match="volume 1 holds NaN"):
        realign(data, AFFINE, MASK, reference=0, search=SEARCH)
    with pytest.raises(ValueError, match="volume 1 holds NaN"):
        resample(data, AFFINE, moves(MOVES[:2]), order=3)
