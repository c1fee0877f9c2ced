"""Recover a known truth; say "not visible" where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest

from sonolesion.core.settings.lesion import Lesion
from sonolesion.lesion import geometry, visit
from tests.lesion.conftest import VOXEL_MM, Study, read

PHASES = Lesion().model_dump()["phases"]


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def test_the_known_lesion_is_found_with_its_zones(treated: Study, outcome: visit.Outcome) -> None:
    found = outcome.segmentation
    assert found is not None
    assert found.parted
    assert dice(found.lesion + found.oedema > 0.5, treated.outer) > 0.85
    assert dice(found.lesion > 0.5, treated.inner) > 0.7
    centre = geometry.centroid_mm(found.lesion + found.oedema, treated.head.affine)
    truth = geometry.centroid_mm(treated.outer.astype(float), treated.head.affine)
    assert np.linalg.norm(centre - truth) < VOXEL_MM / 2


def test_a_plan_off_by_4_mm_finds_the_same_lesion(treated: Study, outcome: visit.Outcome) -> None:
    head = visit.Head(
        treated.head.brain, treated.head.tissue, treated.head.affine,
        treated.head.target_mm + np.array([0.0, 4.0, 0.0]),
    )  # fmt: skip
    shifted = read(Study(head, treated.late, treated.early, treated.inner, treated.outer))
    assert shifted.segmentation is not None
    assert outcome.segmentation is not None
    both = [s.lesion + s.oedema > 0.5 for s in (shifted.segmentation, outcome.segmentation)]
    assert dice(both[0], both[1]) > 0.95


def test_an_untreated_head_is_not_visible(untreated: Study) -> None:
    found = read(untreated)
    assert found.segmentation is None
    assert found.detection.p > 0.05


def test_an_identical_follow_up_is_not_visible(treated: Study) -> None:
    same = Study(treated.head, treated.early, treated.early, treated.inner, treated.outer)
    assert read(same).segmentation is None


@pytest.mark.parametrize("factor", [0.01, 300.0])
def test_the_unit_of_the_scans_does_not_matter(
    treated: Study, outcome: visit.Outcome, factor: float
) -> None:
    early = {name: data * np.float32(factor) for name, data in treated.early.items()}
    late = {name: data * np.float32(2 * factor) for name, data in treated.late.items()}
    scaled = read(Study(treated.head, late, early, treated.inner, treated.outer))
    assert scaled.detection.statistic == pytest.approx(outcome.detection.statistic, abs=0.05)
    assert scaled.segmentation is not None
    assert outcome.segmentation is not None
    assert np.abs(scaled.segmentation.lesion - outcome.segmentation.lesion).max() < 0.05


def test_zones_follow_the_day() -> None:
    acute = visit.zones_of(PHASES, day=3, contrasts=("FLAIR",))
    late = visit.zones_of(PHASES, day=200, contrasts=("FLAIR", "T1w"))
    assert acute.means[:, 0].tolist() == [0.3, -0.25, 0.5]
    assert acute.ablation.tolist() == [True, True, False]
    assert late.means.shape == (2, 2)
    with pytest.raises(ValueError, match="no phase"):
        visit.zones_of(PHASES[:1], day=30, contrasts=("T1w",))


def test_a_box_goes_back_where_it_came_from() -> None:
    brain = np.zeros((9, 9, 9), dtype=bool)
    brain[3:6, 2:5, 8] = True
    box = visit.crop(brain, margin=1)
    assert box == (slice(2, 7), slice(1, 6), slice(7, 9))
    assert (visit.uncropped(brain[box], box, brain.shape) == brain).all()
    assert visit.moved(np.eye(4), box)[:3, 3].tolist() == [2, 1, 7]
    with pytest.raises(ValueError, match="empty"):
        visit.crop(np.zeros((3, 3, 3), dtype=bool), margin=1)
