"""The search and its null."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sonolesion.lesion import detection
from sonolesion.lesion.evidence import Zones

SHAPE = (40, 40, 40)
BRAIN = np.ones(SHAPE, dtype=bool)
ZONES = Zones(np.array([[0.5]]), np.array([[0.3]]), 60.0)
TARGET = np.array([20, 20, 20])
PLAN = detection.SearchPlan(
    flat_mm=2.0, fall_mm=2.0, scale_mm=1.1, ceiling=30.0, null_positions=60,
    null_spacing_mm=6.0, null_distance_mm=20.0, alpha=0.05,
)  # fmt: skip


def search(
    change: np.ndarray, mirror: np.ndarray | None = None, allowed: np.ndarray = BRAIN
) -> detection.Detection:
    return detection.detect(
        change[None], np.full((1, *SHAPE), 0.1), np.array([5.0]), zones=ZONES, brain=BRAIN,
        allowed=allowed, descriptors=np.zeros((1, *SHAPE)), target=TARGET, step_mm=2.0, plan=PLAN,
        mirror=mirror, seed=0,
    )  # fmt: skip


def noise(seed: int) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(SHAPE)


def test_a_lesion_is_detected_where_it_is() -> None:
    change = noise(1)
    change[21, 20, 19] = 0.9
    found = search(change)
    assert found.peak.tolist() == [21, 20, 19]
    assert found.p == 1 / (1 + len(found.null))
    assert found.null.max() < found.statistic


def test_without_a_lesion_p_is_spread_evenly() -> None:
    p = np.array([search(noise(seed)).p for seed in range(40)])
    assert 0.3 < p.mean() < 0.7
    # Binomial(40, 0.05): more than six happens once in 100 runs; the seeds are fixed.
    assert (p <= 0.05).sum() <= 6


def test_a_stronger_lesion_has_no_larger_p() -> None:
    weak, strong = noise(2), noise(2)
    weak[20, 20, 20], strong[20, 20, 20] = 0.4, 0.8
    assert search(strong).p <= search(weak).p


def test_the_mirror_point_is_a_null_position() -> None:
    change, mirror = noise(3), np.array([10, 20, 20])
    change[10, 20, 20] = 0.9
    assert search(change, mirror).null.max() > search(noise(3), mirror).null.max()


def test_where_it_is_not_allowed_there_is_no_null_position() -> None:
    change, allowed = noise(3), BRAIN.copy()
    # As if the other side had been treated: no search may come near.
    change[33, 8:32, 8:32], allowed[24:] = 0.9, False
    assert search(change).null.max() > search(noise(3)).null.max()
    assert search(change, allowed=allowed).null.max() == pytest.approx(
        search(noise(3), allowed=allowed).null.max()
    )


def test_ties_of_neighbouring_searches_count_once() -> None:
    peaks = [(3.0, np.array([5, 5, 5])), (2.0, np.array([6, 5, 5])), (1.0, np.array([9, 9, 9]))]
    assert detection.distinct_peaks(peaks, apart=3.0).tolist() == [3.0, 1.0]


def test_places_are_alike_apart_and_far() -> None:
    kind = np.zeros((1, *SHAPE))
    kind[0, :, :, 20:] = 1.0
    options = {"reach": 4, "count": 20, "spacing": 4.0, "distance": 10.0, "seed": 0}
    places = detection.null_positions(BRAIN, kind, target=TARGET, **options)
    assert len(places) == 20
    assert (places[:, 2] >= 20).all()
    assert np.linalg.norm(places - TARGET, axis=1).min() >= 10
    gaps = np.linalg.norm(places[:, None] - places[None], axis=-1)[np.triu_indices(20, 1)]
    assert gaps.min() >= 4
    with pytest.raises(ValueError, match="no room"):
        detection.null_positions(BRAIN, kind, target=TARGET, **(options | {"distance": 99.0}))


def test_a_plan_at_the_border_is_refused() -> None:
    with pytest.raises(ValueError, match="leaves the image"):
        detection.peak_near(np.zeros((9, 9, 9)), np.zeros((5, 5, 5)), np.array([1, 4, 4]))


def test_more_places_than_fit_are_not_invented() -> None:
    few = replace(PLAN, null_spacing_mm=40.0)
    places = detection.null_positions(
        BRAIN, np.zeros((1, *SHAPE)), target=TARGET, reach=4, count=few.null_positions,
        spacing=few.null_spacing_mm / 2, distance=10.0, seed=0,
    )  # fmt: skip
    assert 0 < len(places) < few.null_positions
