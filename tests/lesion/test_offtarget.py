"""Clusters of change away from the plan: what chance makes, and what is not chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from sonolesion.core.settings.lesion import Lesion
from sonolesion.core.settings.lesion_offtarget import OffTarget
from sonolesion.lesion import offtarget
from sonolesion.lesion.comparison import Change, FieldModel, NoiseModel
from sonolesion.lesion.offtarget import Look, Piece, Search, Tail

SEARCH = Search(**OffTarget().search.model_dump())
WATER = Look("water", {"T2w": 1, "FLAIR": 1})
SHAPE = (48, 52, 44)


def noise_map(seed: int) -> np.ndarray:
    smooth = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(SHAPE), 1.2)
    return (smooth / smooth.std()).astype(np.float32)


def test_expected_clusters_fall_by_e_with_one_mean():
    tail = Tail(start=1.0, mean=0.5, count=200)
    expected = tail.expected(np.array([1.0, 1.5, 2.0]))
    np.testing.assert_allclose(expected, 200 * np.exp([0.0, -1.0, -2.0]))


def test_tail_is_the_mean_of_the_bulk_and_not_of_the_largest():
    rng = np.random.default_rng(0)
    chance = rng.exponential(0.8, 4000)
    real = np.array([40.0, 30.0, 25.0])
    without = offtarget.fit_tail(chance, search=SEARCH)
    with_real = offtarget.fit_tail(np.append(chance, real), search=SEARCH)
    assert without.mean == pytest.approx(0.8, rel=0.08)
    assert with_real.mean == pytest.approx(without.mean, rel=0.01)


def test_few_clusters_take_the_mean_expected_beforehand():
    tail = offtarget.fit_tail(np.array([0.2, 0.3]), search=SEARCH)
    assert tail.mean == pytest.approx(SEARCH.typical, rel=0.2)
    assert offtarget.fit_tail(np.empty(0), search=SEARCH).count == 0


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(0.2, 5.0))
def test_tail_scales_with_the_sizes(scale: float):
    sizes = np.random.default_rng(1).exponential(1.0, 3000)
    one = offtarget.fit_tail(sizes, search=SEARCH)
    other = offtarget.fit_tail(sizes * scale, search=SEARCH)
    assert other.mean == pytest.approx(one.mean * scale, rel=0.05)
    assert other.start == pytest.approx(one.start * scale)


def test_noise_alone_seldom_makes_a_cluster():
    search = Search(**{**OffTarget().search.model_dump(), "start": 2.0})
    found = [bool(offtarget.find(noise_map(s), WATER, looks=1, search=search).pieces)
             for s in range(40)]  # fmt: skip
    # At most 5 % are allowed; 7 of 40 or more would have a probability below 1 %.
    assert sum(found) < 7


@pytest.mark.parametrize("sign", [1, -1])
def test_a_ball_of_change_is_found_with_its_sign(sign: int):
    height = noise_map(2)
    ball = np.linalg.norm(np.indices(SHAPE).T - [22, 25, 20], axis=-1).T < 3.2
    height = height + sign * 8.0 * ball
    (piece,) = offtarget.find(height, WATER, looks=3, search=SEARCH).pieces
    got = np.zeros(SHAPE, dtype=bool)
    got[tuple(piece.inside.T)] = True
    assert piece.sign == sign and piece.p < 1e-3
    assert 2 * (got & ball).sum() / (got.sum() + ball.sum()) > 0.9


def test_more_looks_make_p_larger():
    height = noise_map(3)
    height[20:24, 20:24, 20:24] += 6
    p = [offtarget.find(height, WATER, looks=n, search=SEARCH).best[1][1] for n in (1, 3)]
    assert p[1] == pytest.approx(3 * p[0], rel=0.05)


def test_region_leaves_out_border_fluid_and_plan():
    brain = np.zeros((20, 20, 20), dtype=bool)
    brain[2:18, 2:18, 2:18] = True
    fluid, plan = np.zeros(brain.shape), np.zeros_like(brain)
    fluid[8, 8, 8], plan[10, 10, 10] = 0.9, True
    inner = offtarget.region(brain, fluid, plan, voxel_mm=1.0, search=SEARCH)
    assert inner[4, 10, 9] and not inner[3, 10, 9]
    assert not inner[8, 8, 8] and not inner[10, 10, 10]


def test_evidence_adds_what_agrees_and_cancels_what_does_not():
    rng = np.random.default_rng(4)
    everywhere, fluid = np.ones(SHAPE, dtype=bool), np.zeros(SHAPE, dtype=np.float32)
    sd = np.full(SHAPE, 0.05, dtype=np.float32)
    values = {name: rng.standard_normal(SHAPE).astype(np.float32) * 0.05 for name in WATER.signs}
    agree, differ = (slice(10, 14),) * 3, (slice(26, 30),) * 3
    for name, sign in (("T2w", 1), ("FLAIR", -1)):
        values[name][agree] += 0.3
        values[name][differ] += sign * 0.3
    changes = {name: Change(value, sd, 30.0, everywhere) for name, value in values.items()}
    lesion = Lesion()
    seen = offtarget.evidence(
        changes, WATER, brain=everywhere, usable=everywhere, fluid=fluid, voxel_mm=1.0,
        search=SEARCH, field=FieldModel(**lesion.calibration.model_dump()),
        noise=NoiseModel(**lesion.noise.model_dump()),
    )  # fmt: skip
    assert seen[12, 12, 12] > 8
    assert abs(seen[28, 28, 28]) < 4


def test_pieces_that_touch_are_one_cluster_and_the_surest_is_first():
    cube = np.argwhere(np.ones((3, 3, 3)))
    pieces = [
        Piece("water", 1, cube + 2, 3.0, 0.02, 5.0),
        Piece("water", 1, cube + 12, 9.0, 1e-6, 9.0),
        Piece("diffusion", 1, cube + np.array([2, 2, 5]), 4.0, 0.01, 6.0),
    ]
    labels, groups = offtarget.merged(pieces, (20, 20, 20))
    assert [len(group) for group in groups] == [1, 2]
    assert labels[13, 13, 13] == 1 and labels[3, 3, 3] == labels[3, 3, 6] == 2
    assert np.count_nonzero(labels) == 81


def test_no_cluster_is_no_label():
    labels, groups = offtarget.merged([], (5, 5, 5))
    assert not labels.any() and groups == []
