"""Evidence, prior and zones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sonolesion.lesion import evidence

ONE = evidence.Zones(np.array([[0.5]]), np.array([[0.3]]), np.array([True]))
BOTH = evidence.Zones(np.array([[-0.3], [0.5]]), np.array([[0.2], [0.2]]), np.array([True, False]))
SHAPE = (1, 19, 19, 19)


def rings(amplitude: float, *, sd: float = 0.05) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a dark ball in a bright ball with noise, and the two masks."""
    index = np.stack(np.meshgrid(*[np.arange(19) - 9] * 3, indexing="ij"))
    radius = np.linalg.norm(index, axis=0)
    inner, outer = radius < 3.2, radius < 6.2
    change = amplitude * np.where(inner, -0.3, np.where(outer, 0.5, 0.0))
    noise = np.random.default_rng(5).standard_normal(SHAPE[1:]) * sd
    return (change + noise)[None], inner, outer


def fitted(change: np.ndarray, zones: evidence.Zones) -> evidence.Segmentation:
    seed = np.zeros(SHAPE[1:], dtype=bool)
    seed[3:16, 9, 9] = True
    return evidence.segment(
        change, np.full(SHAPE, 0.05), zones=zones, seed=seed, prior=np.full(SHAPE[1:], -1.0),
        mixture=0.35, coupling=0.6, rounds=5, min_depth=0.3,
    )  # fmt: skip


def test_log_ratio_by_hand() -> None:
    change, sd = np.full((1, 1, 1, 1), 0.4), np.full((1, 1, 1, 1), 0.1)
    found = evidence.log_evidence(change, sd, zones=ONE, freedom=np.array([5.0]), ceiling=99)
    expected = stats.norm.logpdf(0.4, 0.5, np.sqrt(0.1)) - stats.t.logpdf(0.4, 5, scale=0.1)
    assert found.item() == pytest.approx(expected)
    capped = evidence.log_evidence(change, sd, zones=ONE, freedom=np.array([5.0]), ceiling=0.1)
    assert capped.item() == 0.1


@given(st.floats(0.01, 0.6), st.floats(0.01, 0.2))
def test_the_wrong_sign_is_worse_than_the_right_one(size: float, sd: float) -> None:
    change, noise = np.array([size, -size]).reshape(1, 2, 1, 1), np.full((1, 2, 1, 1), sd)
    found = evidence.log_evidence(change, noise, zones=ONE, freedom=np.array([5.0]), ceiling=99)
    assert found[0, 0, 0] > found[1, 0, 0]


def test_the_prior_is_flat_then_falls() -> None:
    found = evidence.log_prior(np.array([0.0, 5.0, 8.0]), flat_mm=5.0, fall_mm=3.0)
    assert found.tolist() == [0, 0, -0.5]
    with pytest.raises(ValueError, match="positive"):
        evidence.log_prior(np.zeros(1), flat_mm=5.0, fall_mm=0.0)


def test_nested_zones_come_back() -> None:
    change, inner, outer = rings(0.8)
    found = fitted(change, BOTH)
    assert found.parted
    assert ((found.lesion > 0.5) != inner).sum() < 0.15 * inner.sum()
    assert ((found.lesion + found.oedema > 0.5) != outer).sum() < 0.05 * outer.sum()
    np.testing.assert_allclose(found.means[:, 0], [-0.24, 0.4], atol=0.05)


def test_a_rim_that_looks_unchanged_is_lesion_when_oedema_encloses_it() -> None:
    change, inner, _ = rings(1.0)
    change[0][inner] += 0.3
    found = fitted(change, BOTH)
    assert (found.lesion > 0.5)[9, 9, 9]
    assert found.oedema[9, 9, 9] < 0.5


def test_no_change_gives_no_lesion_whatever_the_prior() -> None:
    change, _, _ = rings(0.0)
    found = fitted(change, BOTH)
    assert not (found.lesion + found.oedema > 0.5).any()


def test_changes_apart_from_the_peak_are_given_back() -> None:
    belief = np.zeros((2, 9, 9, 9))
    belief[1, 1:3, 1:3, 1:3], belief[1, 6:8, 6:8, 6:8] = 0.9, 0.9
    belief[0] = 1 - belief[1]
    seed = np.zeros((9, 9, 9), dtype=bool)
    seed[1, 1, 1] = True
    kept = evidence.keep_connected(belief, seed)
    assert kept[1, 1, 1, 1] == 0.9
    assert kept[1, 7, 7, 7] == 0
    np.testing.assert_allclose(kept.sum(axis=0), 1)
