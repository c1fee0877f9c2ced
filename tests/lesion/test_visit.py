"""Recover a known truth; say "not visible" where there is nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sonolesion.core.settings.lesion import Earlier, Lesion
from sonolesion.lesion import geometry, visit
from tests.lesion.conftest import VOXEL_MM, Study, read

SETTINGS = Lesion()
PHASES = SETTINGS.model_dump()["phases"]


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def all_zones(found: visit.Outcome) -> np.ndarray:
    assert found.outline is not None
    return found.outline.lesion + found.outline.oedema


def centre_of(study: Study) -> np.ndarray:
    return geometry.centroid_mm(study.outer.astype(float), study.head.affine)


def off_plan(study: Study, *shift_mm: float) -> Study:
    target = study.head.target_mm + np.array(shift_mm)
    return replace(study, head=replace(study.head, target_mm=target))


def anchored(point_mm: np.ndarray) -> visit.Anchor:
    return visit.Anchor(point_mm, **Earlier().model_dump())


def ball(study: Study, centre_mm: np.ndarray, radius_mm: float) -> np.ndarray:
    return study.head.distance_mm(centre_mm) < radius_mm


def test_the_known_lesion_is_found_with_its_zones(treated: Study, outcome: visit.Outcome) -> None:
    found = outcome.outline
    assert found is not None
    assert dice(all_zones(outcome) > 0.5, treated.outer) > 0.85
    assert dice(found.lesion > 0.5, treated.inner) > 0.7
    centre = geometry.centroid_mm(all_zones(outcome), treated.head.affine)
    assert np.linalg.norm(centre - centre_of(treated)) < VOXEL_MM / 2
    assert (found.core <= found.lesion + 1e-9).all()
    assert found.lesion.min() >= 0
    assert all_zones(outcome).max() <= 1 + 1e-6


def test_volumes_of_the_shapes_are_those_of_the_maps(
    treated: Study, outcome: visit.Outcome
) -> None:
    found = outcome.outline
    assert found is not None
    core, lesion, whole = np.median(found.volumes_mm3, axis=0)
    assert core < lesion < whole
    assert found.lesion.sum() * VOXEL_MM**3 == pytest.approx(lesion, rel=0.1)
    assert lesion == pytest.approx(treated.inner.sum() * VOXEL_MM**3, rel=0.25)
    assert whole == pytest.approx(treated.outer.sum() * VOXEL_MM**3, rel=0.15)


def test_changes_and_coverage_are_told_by_contrast(outcome: visit.Outcome) -> None:
    found = outcome.outline
    assert found is not None
    assert outcome.coverage == {"T1w": 1.0, "FLAIR": 1.0}
    assert list(found.changes) == list(outcome.changes) == ["T1w", "FLAIR"]
    # Oedema is bright on FLAIR and hardly seen on T1w, ablated tissue dark on both.
    assert found.changes["FLAIR"][2] == pytest.approx(0.5, abs=0.1)
    assert found.changes["T1w"][2] == pytest.approx(-0.05, abs=0.03)
    assert (found.changes["T1w"][:2] < -0.15).all()
    assert found.gain > SETTINGS.fit.least_gain
    assert all(factor >= 1 for factor in found.misfit.values())
    assert set(found.alone_mm3) == {"T1w"}


def test_a_plan_off_by_4_mm_finds_the_same_lesion(treated: Study, outcome: visit.Outcome) -> None:
    shifted = read(off_plan(treated, 0.0, 4.0, 0.0))
    assert dice(all_zones(shifted) > 0.5, all_zones(outcome) > 0.5) > 0.95


def test_an_untreated_head_is_not_visible(untreated: Study) -> None:
    found = read(untreated)
    assert found.outline is None
    assert found.detection.p > 0.05


def test_an_identical_follow_up_is_not_visible(treated: Study) -> None:
    assert read(replace(treated, late=treated.early)).outline is None


@pytest.mark.parametrize("factor", [0.01, 300.0])
def test_the_unit_of_the_scans_does_not_matter(
    treated: Study, outcome: visit.Outcome, factor: float
) -> None:
    early = {name: data * np.float32(factor) for name, data in treated.early.items()}
    late = {name: data * np.float32(2 * factor) for name, data in treated.late.items()}
    scaled = read(replace(treated, late=late, early=early))
    assert scaled.detection.statistic == pytest.approx(outcome.detection.statistic, abs=0.05)
    assert scaled.outline is not None
    assert outcome.outline is not None
    assert np.abs(scaled.outline.lesion - outcome.outline.lesion).max() < 0.05


def cut(study: Study, contrast: str, box: tuple[slice, ...]) -> Study:
    """Return a study whose follow-up has no data of a contrast in a box."""
    late = {name: data.copy() for name, data in study.late.items()}
    late[contrast][box] = 0.0
    return replace(study, late=late)


def test_a_contrast_that_covers_half_of_the_place_is_left_out(treated: Study) -> None:
    found = read(cut(treated, "FLAIR", (..., slice(30, None))))
    assert found.coverage["T1w"] == 1
    assert found.coverage["FLAIR"] < 0.6
    assert list(found.changes) == ["T1w"]
    assert found.outline is not None
    assert list(found.outline.changes) == ["T1w"]
    assert dice(found.outline.lesion > 0.5, treated.inner) > 0.6


def test_a_contrast_that_lacks_other_parts_takes_part(
    treated: Study, outcome: visit.Outcome
) -> None:
    found = read(cut(treated, "FLAIR", (..., slice(44, None))))
    assert found.coverage == {"T1w": 1.0, "FLAIR": 1.0}
    assert dice(all_zones(found) > 0.5, all_zones(outcome) > 0.5) > 0.95


def test_a_place_that_no_contrast_covers_is_refused(treated: Study) -> None:
    nowhere = (..., slice(20, None))
    with pytest.raises(ValueError, match="no contrast covers the place"):
        read(cut(cut(treated, "FLAIR", nowhere), "T1w", nowhere))


@pytest.mark.parametrize("contrast", ["T1w", "FLAIR"])
def test_one_contrast_is_enough(treated: Study, contrast: str) -> None:
    early, late = ({contrast: scans[contrast]} for scans in (treated.early, treated.late))
    found = read(replace(treated, early=early, late=late))
    assert list(found.changes) == [contrast]
    assert found.outline is not None
    centre = geometry.centroid_mm(found.outline.lesion, treated.head.affine)
    assert np.linalg.norm(centre - centre_of(treated)) < VOXEL_MM
    whole = dice(all_zones(found) > 0.5, treated.outer)
    assert whole > (0.85 if contrast == "FLAIR" else 0.7)


def test_an_earlier_visit_leads_to_a_lesion_far_from_its_plan(treated: Study) -> None:
    far = off_plan(treated, 0.0, 14.0, 0.0)
    found = read(far, anchor=anchored(centre_of(treated)))
    assert found.outline is not None
    assert dice(all_zones(found) > 0.5, treated.outer) > 0.85


def test_an_earlier_visit_narrows_the_search(treated: Study, outcome: visit.Outcome) -> None:
    """The plan reaches the lesion from 6 mm beyond its border; an earlier visit does not."""
    aside = np.array([-1.0, 16.0, 0.0])
    found = read(treated, anchor=anchored(treated.head.target_mm + aside))
    assert found.outline is None
    assert found.detection.statistic < 0.5 * outcome.detection.statistic
    limit = Earlier()
    reach = limit.flat_mm + 4 * limit.fall_mm + VOXEL_MM
    peak = treated.head.affine[:3, :3] @ found.detection.peak + treated.head.affine[:3, 3]
    assert np.abs(peak - treated.head.target_mm - aside).max() <= reach


@pytest.fixture(scope="module")
def both_sides(treated: Study) -> Study:
    """Treated on the other side too, with a larger and brighter lesion."""
    other = treated.head.target_mm * np.array([-1.0, 1.0, 1.0])
    late = {name: data.copy() for name, data in treated.late.items()}
    late["FLAIR"][ball(treated, other, 9.0)] += 700.0
    return replace(treated, late=late)


def told(study: Study) -> Study:
    other = study.head.target_mm * np.array([-1.0, 1.0, 1.0])
    return replace(study, head=replace(study.head, others_mm=other[None]))


@pytest.fixture(scope="module")
def found_beside(both_sides: Study) -> visit.Outcome:
    return read(told(both_sides))


def test_another_treatment_is_no_null_position(
    both_sides: Study, found_beside: visit.Outcome
) -> None:
    found = found_beside.detection
    assert found.null.max() < found.statistic
    assert read(both_sides).detection.null.max() > 2 * found.null.max()


def test_another_treatment_changes_nothing_here(
    treated: Study, outcome: visit.Outcome, found_beside: visit.Outcome
) -> None:
    found = found_beside
    assert found.detection.statistic == pytest.approx(outcome.detection.statistic, rel=0.05)
    assert dice(all_zones(found) > 0.5, all_zones(outcome) > 0.5) > 0.95
    assert not (all_zones(found)[treated.head.brain.shape[0] // 2 :] > 0.01).any()


def test_spheres_round_all_plans_are_excluded(both_sides: Study) -> None:
    head = told(both_sides).head
    radius = SETTINGS.exclusion_radius_mm
    mirrored = ball(both_sides, head.others_mm[0], radius)
    here = ball(both_sides, head.target_mm, radius)
    assert (head.excluded(radius) == (here | mirrored)).all()
    assert (both_sides.head.excluded(radius) == here).all()


def test_zones_follow_the_day() -> None:
    acute = visit.zones_of(PHASES, day=3, contrasts=("FLAIR",))
    late = visit.zones_of(PHASES, day=200, contrasts=("FLAIR", "T1w"))
    assert acute.means[:, 0].tolist() == [0.3, -0.15, 0.5]
    assert acute.spreads.shape == (3, 1)
    assert late.means.shape == (2, 2)
    assert late.volume_mm3 < acute.volume_mm3
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
