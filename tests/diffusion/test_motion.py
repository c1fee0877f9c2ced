from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from sonolesion.core.errors import InputFault
from sonolesion.core.settings.diffusion_motion import DiffusionMotion
from sonolesion.diffusion import (
    leave_one_out,
    motion,
    motion_estimate,
    motion_model,
    shell_alignment,
)
from sonolesion.diffusion.motion_model import Grid, eddy_basis, eddy_slope, inverse, moved

Array = NDArray[np.float64]

SHAPE = (44, 50, 34)
AFFINE = np.array([[-4.0, 0, 0, 86], [0, 4, 0, -98], [0, 0, 4, -66], [0, 0, 0, 1]])
GRID = Grid(SHAPE, AFFINE, axis=1)
N_DIRECTIONS = 12


def chosen(**changed: Any) -> motion.Settings:
    default = DiffusionMotion()
    keys = default.registration.model_dump() | default.prediction.model_dump()
    keys |= default.outliers.model_dump()
    del keys["handling"]
    coarse = {"n_points": 5000, "working_mm": 4.0, "margin_voxels": 1, "sigmas_mm": (6.0, 4.0, 4.0)}
    coarse |= {"min_points": 20}
    return motion.Settings(**keys | coarse | changed)


def directions() -> Array:
    """Return directions spread evenly over half a sphere."""
    number = np.arange(N_DIRECTIONS) + 0.5
    polar, azimuth = np.arccos(1 - number / N_DIRECTIONS), np.pi * (1 + 5**0.5) * number
    return np.column_stack(
        [np.cos(azimuth) * np.sin(polar), np.sin(azimuth) * np.sin(polar), np.cos(polar)]
    )


B_VALUES = np.r_[0.0, 0.0, np.full(N_DIRECTIONS, 1000.0)]
VECTORS = np.vstack([np.zeros((2, 3)), directions()])


def inside(world: Array, centre: Any, radii: Any, edge_mm: float = 2.5) -> Array:
    """Return a soft ellipsoid, 1 within and 0 without."""
    far = (world - np.array(centre, float)[:, None]) / np.array(radii, float)[:, None]
    distance = (np.linalg.norm(far, axis=0) - 1.0) * min(radii)
    return np.asarray(1.0 / (1.0 + np.exp(np.clip(distance / edge_mm, -30, 30))))


def tissue(world: Array, vector: Array) -> Array:
    """Return the signal of a head with fluid, two crossing bundles and a cortex, anywhere."""
    head = inside(world, (0, 0, 0), (62, 76, 50))
    fluid = inside(world, (9, 4, 6), (7, 22, 9)) + inside(world, (-11, -6, 4), (8, 18, 10))
    fluid += inside(world, (4, -40, -22), (9, 10, 7))
    across = inside(world, (0, 12, 24), (40, 9, 7)) * (1 - np.clip(fluid, 0, 1))
    up = inside(world, (28, -8, 0), (7, 9, 34)) + inside(world, (-26, -14, -2), (7, 9, 30))
    x, y, z = world
    furrows = np.cos(x / 6) * np.cos(y / 7 + 0.4) * np.cos(z / 6 - 0.3)
    fluid += 0.8 / (1 + np.exp(-12 * (furrows - 0.35)))
    fluid, up = np.clip(fluid, 0, 1) * head, np.clip(up, 0, 1) * (1 - across)
    grey = np.clip(head - fluid - across - up, 0, 1)
    weighted = 1.0 if vector.any() else 0.0
    signal = grey * 900 * np.exp(-0.8 * weighted) + fluid * 2200 * np.exp(-3.0 * weighted)
    for share, axis in ((across, 0), (up, 2)):
        signal += share * 750 * np.exp(-(0.3 * weighted + 1.3 * vector[axis] ** 2))
    return np.asarray(signal)


def measured(parameters: Array, vector: Array) -> Array:
    """Return a moved volume with eddy currents, without interpolation."""
    points = np.indices(SHAPE, dtype=np.float64).reshape(3, -1)
    eddy, centre, voxel = parameters[6:], GRID.centre[:, None], GRID.voxel_mm[:, None]
    still = points.copy()
    for _ in range(8):
        shift = eddy @ eddy_basis((still - centre) * voxel, eddy.size)
        still[1] = points[1] - shift / GRID.voxel_mm[1]
    stretch = 1.0 + eddy @ eddy_slope((still - centre) * voxel, eddy.size, 1)
    reference = moved(inverse(parameters), still, GRID)
    world = AFFINE[:3, :3] @ reference + AFFINE[:3, 3:]
    seen = motion_model.rotate_vectors(vector[None], parameters[None])[0]
    return np.asarray((tissue(world, seen) / stretch).reshape(SHAPE))


def true_parameters() -> Array:
    rng = np.random.default_rng(4)
    truth = np.zeros((len(B_VALUES), 9))
    truth[2:, 6:] = VECTORS[2:] @ rng.normal(0, 0.012, (3, 3))
    for number in (1, 4, 9, 12):
        turn = rng.normal(size=3)
        truth[number, 3:6] = np.deg2rad(3.0) * turn / np.linalg.norm(turn)
        truth[number, :3] = rng.uniform(-2, 2, 3)
    truth[7, :3] = 0.5, -0.4, 0.3
    return truth


def scan(truth: Array, noise: float = 12.0) -> NDArray[np.float32]:
    rng = np.random.default_rng(1)
    volumes = [measured(p, v) for p, v in zip(truth, VECTORS, strict=True)]
    data = np.stack(volumes, axis=-1)
    return np.abs(data + rng.normal(0, noise, data.shape)).astype(np.float32)


def brain() -> NDArray[np.bool_]:
    points = np.indices(SHAPE, dtype=np.float64).reshape(3, -1)
    world = AFFINE[:3, :3] @ points + AFFINE[:3, 3:]
    return (inside(world, (0, 0, 0), (62, 76, 50)) > 0.5).reshape(SHAPE)


def misplaced_mm(found: Array, truth: Array) -> Array:
    """Return the mean distance of found from true places over the brain, by volume [mm]."""
    points = np.array(np.nonzero(brain()), dtype=np.float64)[:, ::20]
    pairs = [
        (motion_model.place(f, points, GRID)[0], motion_model.place(t, points, GRID)[0])
        for f, t in zip(found, truth, strict=True)
    ]
    return np.array(
        [np.linalg.norm((a - b) * GRID.voxel_mm[:, None], axis=0).mean() for a, b in pairs]
    )


@pytest.fixture(scope="module")
def moving() -> tuple[Array, NDArray[np.float32], motion.Corrected]:
    truth = true_parameters()
    data = scan(truth)
    data[:, :, 15, 11] *= 0.4
    scheme: Any = (data, B_VALUES, VECTORS, GRID, brain())
    found = motion_estimate.estimate(*scheme, chosen())
    corrected = motion.apply(*scheme, motion=found, settings=chosen(), handling="predicted")
    return truth, data, corrected


def test_known_motion_and_eddy_currents_are_recovered(moving: Any) -> None:
    truth, _, corrected = moving
    found = corrected.parameters
    assert misplaced_mm(np.zeros_like(truth), truth).max() > 2.5
    assert misplaced_mm(found, truth).max() < 0.35
    assert np.abs(found[2:, 6:] - truth[2:, 6:]).max() * 60 < 0.3
    turn = Rotation.from_rotvec(found[:, 3:6]).inv() * Rotation.from_rotvec(truth[:, 3:6])
    assert np.rad2deg(turn.magnitude()).max() < 0.3


def test_vectors_turn_with_the_head(moving: Any) -> None:
    truth, _, corrected = moving
    expected = motion_model.rotate_vectors(VECTORS, truth)
    cosine = (corrected.vectors[2:] * expected[2:]).sum(axis=1)
    assert np.rad2deg(np.arccos(np.clip(cosine, -1, 1))).max() < 0.3
    assert not corrected.vectors[:2].any()


def test_residual_falls_where_there_was_motion(moving: Any) -> None:
    _, _, corrected = moving
    turned = [4, 9, 12]
    assert (corrected.residual_after[turned] < 0.5 * corrected.residual_before[turned]).all()
    assert np.nanmax(np.delete(corrected.residual_after, 11)) < 0.06


def test_corrected_volumes_are_the_still_ones(moving: Any) -> None:
    truth, _, corrected = moving
    mask = brain()
    for number in (4, 9, 12):
        still = measured(np.zeros(9), VECTORS[number])
        # Without noise, which no correction takes away.
        volume = measured(truth[number], VECTORS[number])
        mended = motion.resample(volume, corrected.parameters[number], GRID)
        assert np.abs(mended - still)[mask].mean() < 0.5 * np.abs(volume - still)[mask].mean()


def test_dropped_slice_is_found_alone_and_replaced(moving: Any) -> None:
    _, _, corrected = moving
    assert np.argwhere(corrected.outlier).tolist() == [[15, 11]]
    assert corrected.kept.all()
    assert 0.02 < corrected.replaced[11] < 0.15
    still = measured(np.zeros(9), VECTORS[11])[:, :, 15]
    ratio = corrected.data[:, :, 15, 11][brain()[:, :, 15]].sum() / still[brain()[:, :, 15]].sum()
    assert ratio == pytest.approx(1.0, abs=0.04)


def known(truth: Array, corrected: motion.Corrected) -> motion.Motion:
    """Return the true motion, as if it had been found."""
    return motion.Motion(
        truth,
        corrected.residual_before,
        corrected.residual_after,
        np.zeros_like(corrected.outlier, dtype=float),
        corrected.outlier,
        np.zeros(len(truth), dtype=bool),
    )


def test_volume_with_a_lost_slice_may_be_left_out(moving: Any) -> None:
    truth, data, corrected = moving
    found = known(truth, corrected)
    out = motion.apply(
        data, B_VALUES, VECTORS, GRID, brain(), motion=found, settings=chosen(), handling="left_out"
    )
    assert np.flatnonzero(~out.kept).tolist() == [11]
    assert not out.replaced.any()


def test_threads_change_no_byte(moving: Any) -> None:
    truth, data, corrected = moving
    found = known(truth, corrected)
    one, two = (
        motion.apply(
            data, B_VALUES, VECTORS, GRID, brain(), motion=found, settings=chosen(),
            handling="predicted", threads=n,
        )
        for n in (1, 2)
    )  # fmt: skip
    assert np.array_equal(one.data, two.data)


def test_a_still_head_stays_where_it_is() -> None:
    still = np.zeros((len(B_VALUES), 9))
    found = motion_estimate.estimate(
        scan(still), B_VALUES, VECTORS, GRID, brain(), chosen(sigmas_mm=(4.0, 4.0))
    )
    assert misplaced_mm(found.parameters, still).max() < 0.25
    assert not found.outlier.any()
    assert not found.lost.any()


def test_nothing_to_correct_leaves_the_very_volume() -> None:
    volume = np.random.default_rng(0).uniform(0, 9, (6, 7, 8)).astype(np.float32)
    grid = Grid((6, 7, 8), np.eye(4), 0)
    assert np.array_equal(motion.resample(volume, np.zeros(9), grid), volume)


def test_place_by_hand() -> None:
    grid = Grid((11, 11, 11), np.diag([2.0, 2.0, 2.0, 1.0]), axis=1)
    centre = np.full((3, 1), 5.0)
    shifted, _ = motion_model.place(np.array([2.0, -4, 1, 0, 0, 0]), centre, grid)
    assert shifted.ravel() == pytest.approx([6, 3, 5.5])
    quarter = np.array([0, 0, 0, 0, 0, np.pi / 2])
    turned, _ = motion_model.place(quarter, centre + np.array([[2.0], [0], [0]]), grid)
    assert turned.ravel() == pytest.approx([5, 7, 5])
    # 1 % shear by i, 2 % stretch along j, 3 % shear by k; 4, 6 and 8 mm from the middle.
    eddy = np.array([0, 0, 0, 0, 0, 0, 0.01, 0.02, 0.03])
    sheared, jacobian = motion_model.place(eddy, centre + np.array([[2.0], [3.0], [4.0]]), grid)
    assert sheared.ravel() == pytest.approx([7, 8 + (0.04 + 0.12 + 0.24) / 2, 9])
    assert jacobian[0] == pytest.approx(1.02)


@settings(max_examples=30)
@given(st.integers(0, 2), st.lists(st.floats(-0.002, 0.002), min_size=9, max_size=9))
def test_jacobian_is_the_derivative_of_the_place(axis: int, eddy: list[float]) -> None:
    grid = Grid((21, 21, 21), np.diag([2.0, 2.5, 3.0, 1.0]), axis=axis)
    parameters = np.r_[np.zeros(6), eddy]
    point = np.array([[3.0], [14.0], [8.0]])
    step = np.zeros((3, 1))
    step[axis] = 1e-4
    ends = [motion_model.place(parameters, point + s * step, grid)[0][axis, 0] for s in (-1, 1)]
    jacobian = motion_model.place(parameters, point, grid)[1][0]
    assert (ends[1] - ends[0]) / 2e-4 == pytest.approx(jacobian, abs=1e-6)


@settings(max_examples=30)
@given(st.lists(st.floats(-0.3, 0.3), min_size=12, max_size=12))
def test_composed_motion_is_one_after_the_other(values: list[float]) -> None:
    first, then = np.array(values[:6]), np.array(values[6:])
    points = np.array([[3.0, 20], [14, 2], [8, 30]])
    step = moved(then, moved(first, points, GRID), GRID)
    assert moved(motion_model.compose(then, first), points, GRID) == pytest.approx(step)
    assert moved(inverse(first), moved(first, points, GRID), GRID) == pytest.approx(points)


def test_vectors_by_hand() -> None:
    quarter = np.array([[0, 0, 0, 0, 0, np.pi / 2]])
    turned = motion_model.rotate_vectors(np.array([[0.0, 1, 0]]), quarter)
    assert turned.ravel() == pytest.approx([1, 0, 0])


def test_susceptibility_and_motion_share_one_interpolation() -> None:
    shift = np.broadcast_to(0.1 * np.arange(8.0)[None, :, None], (6, 8, 4))
    parameters = np.array([2.0, 0, 0, 0, 0, 0, 0, 0.05, 0])
    places, jacobian = motion.coordinates(
        parameters, (6, 8, 4), np.diag([2.0, 2, 2, 1]), axis=1, shift_voxels=shift
    )
    assert places[0, 1, 3, 2] == pytest.approx(2)
    assert places[1, 1, 3, 2] == pytest.approx(3.5 + (3.3 - 3.5) * 1.05)
    assert jacobian == pytest.approx(np.full((6, 8, 4), 1.1 * 1.05))


def test_signal_is_conserved_along_the_phase_encoding() -> None:
    line = np.exp(-(((np.arange(60.0) - 30) / 6) ** 2))
    volume = np.broadcast_to(line[None, :, None], (3, 60, 3)).astype(np.float32)
    parameters = np.r_[np.zeros(6), 0, 0.1, 0]
    stretched = motion.resample(volume, parameters, Grid((3, 60, 3), np.eye(4), 1))
    assert stretched[1, :, 1].sum() == pytest.approx(line.sum(), rel=1e-3)
    assert stretched[1].max() == pytest.approx(1.1, rel=1e-2)


def test_prediction_by_hand() -> None:
    matrix = leave_one_out.weights(
        np.zeros((3, 3)), np.ones(3, bool), smoothness=0.1, directions_per_term=1.5
    )
    assert matrix == pytest.approx((np.ones((3, 3)) - np.eye(3)) / 2)


def test_leaving_one_out_is_fitting_without_it() -> None:
    vectors, signal = directions(), np.random.default_rng(2).uniform(1, 2, N_DIRECTIONS)
    kwargs = {"smoothness": 0.01, "directions_per_term": 1.5}
    quick = leave_one_out.weights(vectors, np.ones(N_DIRECTIONS, bool), **kwargs) @ signal
    kept = np.arange(N_DIRECTIONS) != 5
    slow = leave_one_out.weights(vectors, kept, **kwargs)[5] @ signal
    assert quick[5] == pytest.approx(slow)


def test_lost_points_predict_nothing() -> None:
    flagged = np.zeros((3, 4), dtype=bool)
    flagged[0, 2] = True
    signal = np.array([[1.0, 1, 99, 1], [2, 2, 2, 2], [4, 4, 4, 4]], dtype=np.float32)
    predictor = leave_one_out.Predictor(
        flagged, np.zeros((3, 3)), smoothness=0.0, directions_per_term=1.5
    )
    assert predictor.volume(1, signal) == pytest.approx([2.5, 2.5, 4, 2.5])
    assert predictor.volume(0, signal) == pytest.approx([3, 3, 3, 3])


def test_lone_volumes_are_predicted_by_nothing() -> None:
    predictor = leave_one_out.Predictor(
        np.zeros((1, 2), bool), np.zeros((1, 3)), smoothness=0.0, directions_per_term=1.5
    )
    assert not predictor.able.any()


def test_a_shell_follows_the_unweighted_volumes_about_it() -> None:
    steady = np.outer(np.arange(13), [0.1, 0.0, -0.05, 0.0, 0.001, 0.0, 0.3])
    unweighted, shell = np.array([0, 6, 12]), np.array([1, 2, 3, 4, 5, 7, 8, 9, 10, 11])
    common = np.array([0.3, -0.2, 0.1, 0.004, 0.0, -0.002])
    off = steady.copy()
    for number in shell:
        off[number] = motion_model.compose(steady[number], common)
    told: dict[str, Any] = {"gradients": directions()[: shell.size], "axis": 1}
    found = shell_alignment.followed(off, unweighted, shell, **told)
    assert found == pytest.approx(common, abs=1e-3)
    # One volume that jumped does not pull the others.
    off[3, [0, 2]] += 5.0
    found = shell_alignment.followed(off, unweighted, shell, **told)
    assert found == pytest.approx(common, abs=2e-2)
    found = shell_alignment.followed(steady, unweighted, shell, **told)
    assert found == pytest.approx(0.0, abs=1e-6)


def test_eddy_currents_of_half_a_sphere_are_no_motion_of_the_shell() -> None:
    unweighted, shell = np.array([0, 6, 12]), np.array([1, 2, 3, 4, 5, 7, 8, 9, 10, 11])
    gradients, parameters = directions()[: shell.size], np.zeros((13, 6))
    parameters[shell, 1] = gradients @ [0.2, -0.1, 0.6]
    assert parameters[shell, 1].mean() > 0.2
    found = shell_alignment.followed(parameters, unweighted, shell, gradients=gradients, axis=1)
    assert found == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("unweighted", "often"), [([0, 6, 12], True), ([0], False), ([0, 1, 2], False), ([12], False)]
)
def test_unweighted_volumes_must_come_often(unweighted: list[int], often: bool) -> None:
    places = np.array(unweighted)
    told = shell_alignment.interspersed(places, n_volumes=14, max_gap_share=0.4)
    assert told == often


def test_mutual_information_sees_inverted_contrast() -> None:
    rng = np.random.default_rng(0)
    one = rng.uniform(0, 1, 5000).astype(np.float32)
    inverted = (5.0 - 3.0 * one).astype(np.float32)
    same = shell_alignment.mutual_information(one, inverted, n_bins=16)
    mixed = shell_alignment.mutual_information(one, rng.permutation(inverted), n_bins=16)
    assert mixed == pytest.approx(1.0, abs=0.02)
    assert same > 1.5
    empty = np.full(10, np.nan, dtype=np.float32)
    assert shell_alignment.mutual_information(empty, empty, n_bins=16) == 1.0


@pytest.mark.parametrize("wrong", ["few b-values", "transposed", "empty mask", "no b0", "3-D"])
def test_bad_input(wrong: str) -> None:
    data, b, vectors = np.ones((4, 4, 4, 3)), np.array([0.0, 1000, 1000]), np.eye(3)[:, :3]
    mask = np.ones((4, 4, 4), dtype=bool)
    if wrong == "few b-values":
        b = b[:2]
    elif wrong == "transposed":
        vectors = np.ones((4, 3))
    elif wrong == "empty mask":
        mask[:] = False
    elif wrong == "no b0":
        b = b + 1000
    else:
        data = data[..., 0]
    with pytest.raises(InputFault, match="scan, table and mask"):
        motion_estimate.estimate(data, b, vectors, Grid((4, 4, 4), np.eye(4), 1), mask, chosen())
