from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from sonolesion.anatomy import gates, geometry
from sonolesion.core.errors import GateFailure

from .conftest import TOY_AFFINE, TOY_SHAPE

PROBE = {"shift_mm": 6.0, "turn_degrees": 8.0, "n_bins": 16}


def test_a_check_passes_at_its_limit() -> None:
    assert gates.at_least("a", 0.8, 0.8)["passed"]
    assert not gates.at_least("a", 0.79, 0.8)["passed"]
    assert gates.at_most("a", 0.8, 0.8)["passed"]
    assert not gates.at_most("a", 0.81, 0.8)["passed"]


@pytest.mark.parametrize("check", [gates.at_least, gates.at_most])
def test_a_number_that_is_none_fails(check: gates.Check) -> None:
    result = check("a", float("nan"), 0.0)
    assert not result["passed"]
    assert np.isfinite(result["value"])


def test_the_verdict_needs_every_check() -> None:
    good, bad = gates.at_least("a", 1, 0), gates.at_least("b", 0, 1, "mm")
    assert gates.verdict([good], picture="p.png")["gate"] == "passed"
    assert gates.verdict([good, bad], picture="p.png")["gate"] == "failed"
    gates.require([good], file="f", remedy="r")
    with pytest.raises(GateFailure, match=r"f: found b 0 mm; expected b >= 1 mm\. Remedy: r"):
        gates.require([good, bad], file="f", remedy="r")


def test_a_failed_check_brings_its_own_remedy() -> None:
    bad = [gates.at_least("same_person", 0.4, 0.7), gates.at_least("detail", 0.2, 0.6)]
    with pytest.raises(GateFailure, match=r"r; check that both visits are of one person.*motion"):
        gates.require(bad, file="f", remedy="r")


def test_correlation_by_hand_and_of_a_constant() -> None:
    assert np.isclose(gates.correlation(np.array([0.0, 1, 2]), np.array([5.0, 3, 1])), -1)
    assert np.isnan(gates.correlation(np.ones(3), np.array([1.0, 2, 3])))


def test_mutual_information_of_two_equal_halves_is_ln_2() -> None:
    values = np.repeat([0.0, 1.0], 500)
    assert np.isclose(gates.mutual_information(values, 1 - values, n_bins=8), np.log(2))
    assert np.isclose(gates.mutual_information(values, np.tile([0.0, 1.0], 500), n_bins=8), 0)


@settings(deadline=None)
@given(st.floats(0.5, 3), st.floats(-5, 5))
def test_mutual_information_ignores_scale(slope: float, offset: float) -> None:
    values = np.random.default_rng(0).normal(size=500)
    own = gates.mutual_information(values, values, n_bins=8)
    assert np.isclose(gates.mutual_information(values, slope * values + offset, n_bins=8), own,
                      rtol=0.05)  # fmt: skip


def judged(
    toy: np.ndarray, matrix: np.ndarray, moving: np.ndarray | None = None
) -> tuple[float, float]:
    """Sharpness and mirror ratio of an inverted copy, laid on the toy by a matrix."""
    brain = toy > 0
    points = geometry.grid_points(TOY_SHAPE, TOY_AFFINE)[brain]
    inverted = np.where(brain, 160 - toy, 0).astype(np.float32) if moving is None else moving
    where = (toy[brain], points, inverted, TOY_AFFINE, matrix)
    return gates.peak_sharpness(*where, **PROBE), gates.mirror_ratio(*where, n_bins=16)


def test_a_right_registration_is_a_clear_optimum(toy: np.ndarray) -> None:
    sharpness, mirror = judged(toy, np.eye(4))
    assert sharpness > 1.2
    assert mirror > 1.1


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_five_millimetres_off_are_seen(toy: np.ndarray, axis: int) -> None:
    matrix = np.eye(4)
    matrix[axis, 3] = 5.0
    assert judged(toy, matrix)[0] < 1.05


def test_a_swapped_side_is_seen(toy: np.ndarray) -> None:
    flipped = np.where(toy > 0, 160 - toy, 0)[::-1].astype(np.float32)
    assert judged(toy, np.eye(4), flipped)[1] < 0.9


def test_coverage_of_half_a_volume() -> None:
    points = np.array([[0.0, 0, 0], [9, 9, 9], [10, 0, 0], [-1, 5, 5]])
    assert gates.coverage(points, (10, 10, 10), np.eye(4)) == 0.5


def test_padding_holds_no_data() -> None:
    volume = np.ones((4, 4, 4), np.float32)
    volume[0] = 0
    points = np.array([[0.0, 1, 1], [1, 1, 1], [2, 1, 1], [9, 1, 1]])
    assert gates.data_share(points, volume, np.eye(4)) == 0.5


def folds(seed: int) -> np.ndarray:
    """A brain's own pattern."""
    return ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(24, 24, 24)), 1.5)


def test_one_person_is_alike_cube_by_cube_whatever_gain_and_bias() -> None:
    person, mask = folds(1), np.ones((24, 24, 24), bool)
    bias = np.linspace(0.85, 1.15, 24)[:, None, None]
    assert np.isclose(gates.local_correlation(person, person, mask, width_voxels=5), 1)
    scan = 7 * (person + 1) * bias
    assert gates.local_correlation(person + 1, scan, mask, width_voxels=5) > 0.85
    assert abs(gates.local_correlation(person, folds(2), mask, width_voxels=5)) < 0.1


def test_local_correlation_by_hand_and_without_contrast() -> None:
    first = np.arange(3.0).reshape(3, 1, 1)
    mask = np.ones((3, 1, 1), bool)
    assert np.isclose(gates.local_correlation(first, -first, mask, width_voxels=3), -1)
    assert gates.local_correlation(first, first * 0, mask, width_voxels=3) == 0


def test_detail_of_a_copy_is_one_and_of_noise_nothing() -> None:
    rng = np.random.default_rng(0)
    anatomy = rng.normal(size=20000)
    scan = anatomy + rng.normal(0, 0.3, 20000)
    assert np.isclose(gates.relative_detail(anatomy, scan, scan, n_bins=16), 1)
    spoilt = anatomy + rng.normal(0, 2.0, 20000)
    assert gates.relative_detail(anatomy, spoilt, scan, n_bins=16) < 0.3


def test_dice_by_hand() -> None:
    one, two = np.array([True, True, False]), np.array([True, False, False])
    assert np.isclose(gates.dice(one, two), 2 / 3)
    assert np.isnan(gates.dice(one & False, two & False))


def test_jacobian_of_a_stretch_and_of_a_fold(rotated_affine: np.ndarray) -> None:
    points = geometry.grid_points((5, 5, 5), rotated_affine).astype(np.float64)
    stretch = points * np.array([0.1, -0.2, 0.3])
    np.testing.assert_allclose(gates.jacobian(stretch, rotated_affine), 1.1 * 0.8 * 1.3, rtol=1e-4)
    assert (gates.jacobian(points * np.array([-2.0, 0, 0]), rotated_affine) < 0).all()
