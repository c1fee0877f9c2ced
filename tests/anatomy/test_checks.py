from __future__ import annotations

import numpy as np
import pytest

from sonolesion.anatomy import checks, geometry, template
from sonolesion.anatomy.commissures import Commissure
from sonolesion.core.settings.anatomy import Anatomy

from .conftest import TOY_AFFINE, TOY_SHAPE
from .test_space import still_fit

LIMITS = Anatomy().limits.model_dump()
PROBE = {"shift_mm": 6.0, "turn_degrees": 8.0, "n_bins": 16}


def failed(found: list) -> set[str]:
    return {check["name"] for check in found if not check["passed"]}


def marks(pc_y_mm: float = -26.0, likeness: float = 0.9) -> tuple[Commissure, Commissure]:
    ac, pc = np.zeros(3), np.array([0, pc_y_mm, 0])
    return Commissure(ac, ac, 0.9), Commissure(pc, pc, likeness)


def space_of(**changes: object) -> set[str]:
    brain = np.zeros((120, 140, 110), bool)
    brain[5:115, 5:130, 5:105] = True
    given = {
        "fit_correlation": 0.8, "brain": brain, "commissures": marks(), "to_scanner": np.eye(4),
        "scan_shape": brain.shape, "scan_affine": np.eye(4), "brain_affine": np.eye(4),
    }  # fmt: skip
    return failed(checks.space_checks(**(given | changes), limits=LIMITS))


def test_a_good_space_passes_and_each_fault_is_named() -> None:
    assert space_of() == set()
    assert space_of(fit_correlation=0.3) == {"template_correlation"}
    assert space_of(commissures=marks(pc_y_mm=-12.0)) == {"ac_pc_distance_low"}
    assert space_of(commissures=marks(likeness=0.4)) == {"pc_likeness"}
    assert space_of(brain_affine=np.diag([0.8, 0.8, 0.8, 1])) == {"brain_volume_low"}
    cut = {"scan_shape": (120, 140, 60)}
    assert space_of(**cut) == {"coverage"}


def test_a_folding_or_misplaced_warp_fails() -> None:
    brain = np.zeros((20, 20, 20), np.float32)
    brain[4:16, 4:16, 4:16] = 1
    affine = np.diag([10.0, 10, 10, 1])
    affine[:3, 3] = -100
    fit = still_fit(np.eye(4))
    marks = {
        "ac_mm": fit.to_subject(np.array(checks.TEMPLATE_AC_MM)),
        "pc_mm": fit.to_subject(np.array(checks.TEMPLATE_PC_MM)),
    }
    inside = brain > 0
    good = checks.warp_checks(fit, brain, affine, inside, inside, marks, limits=LIMITS)
    assert failed(good) == set()
    shifted = {name: place + np.array([0, 0, 5.0]) for name, place in marks.items()}
    away = np.roll(inside, 3, axis=0)
    bad = checks.warp_checks(fit, brain, affine, inside, away, shifted, limits=LIMITS)
    assert failed(bad) == {"ac_pc_shift", "brain_overlap"}


def test_a_fold_is_seen() -> None:
    brain = np.ones((20, 20, 20), np.float32)
    affine = np.diag([10.0, 10, 10, 1])
    affine[:3, 3] = -100
    still = still_fit(np.eye(4))
    field = -2 * geometry.grid_points((21, 21, 21), still.affine) * np.float32([1, 0, 0])
    fit = template.TemplateFit(np.eye(4), field, field, still.affine, 1.0)
    marks = {"ac_mm": [0, 0, 0], "pc_mm": [0, 0, 0]}
    found = checks.warp_checks(fit, brain, affine, brain > 0, brain > 0, marks, limits=LIMITS)
    assert "smallest_volume_change" in failed(found)


def test_tissue_is_judged_where_it_is_known() -> None:
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = [-40, -50, -10]
    still = np.zeros((41, 41, 31, 3), np.float32)
    maps = np.zeros((3, 41, 41, 31), np.float32)
    assert failed(checks.tissue_checks(maps, still, affine, limits=LIMITS)) == {
        "thalamus_grey_matter", "ventricle_csf",
    }  # fmt: skip
    maps[:2] = 1
    assert failed(checks.tissue_checks(maps, still, affine, limits=LIMITS)) == set()


@pytest.mark.parametrize(("shift_mm", "good"), [(0.0, True), (8.0, False)])
def test_a_session_off_by_eight_millimetres_fails(
    toy: np.ndarray, shift_mm: float, good: bool
) -> None:
    noise = np.random.default_rng(0).normal(0, 2, toy.shape).astype(np.float32)
    matrix = geometry.about(np.zeros(3), np.eye(3), np.array([0, shift_mm, 0]))
    found = checks.session_checks(
        toy, TOY_AFFINE, toy > 0, toy + noise, TOY_AFFINE, matrix, same_contrast=True,
        probe=PROBE, limits=LIMITS | {"min_peak_sharpness": 1.15},
    )  # fmt: skip
    assert (failed(found) == set()) == good
    assert toy.shape == TOY_SHAPE


PLACED = {"probe": PROBE, "limits": LIMITS | {"min_peak_sharpness": 0.0, "min_mirror_ratio": 0.0}}


def session_of(toy: np.ndarray, scan: np.ndarray, affine: np.ndarray = TOY_AFFINE, **more: object):
    """Checks of a T1w that lies where the baseline's does."""
    asked = {"same_contrast": True} | PLACED | more
    return checks.session_checks(toy, TOY_AFFINE, toy > 0, scan, affine, np.eye(4), **asked)


def value(found: list, name: str) -> float:
    return next(check["value"] for check in found if check["name"] == name)


def test_someone_else_is_not_the_same_person(toy: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    folds, others = (rng.normal(0, 30, toy.shape) * (toy > 0) for _ in range(2))
    own = session_of(toy + folds, toy + folds + rng.normal(0, 3, toy.shape))
    assert failed(own) == set()
    found = session_of(toy + folds, toy + others)
    assert "same_person" in failed(found)
    assert value(found, "same_person") < 0.6 < 0.9 < value(own, "same_person")


def test_a_field_of_view_that_ends_in_the_thalamus_is_seen(toy: np.ndarray) -> None:
    # The thalami reach from 1 to 19 mm; slices are 3 mm, the first at -55 mm.
    above = TOY_AFFINE.copy()
    above[2, 3] += 3 * 22
    found = session_of(toy, toy[..., 22:], above)
    assert 0.4 < value(found, "thalamus_coverage") < 0.7
    # What is there is alike.
    assert failed(found) == {"coverage", "thalamus_coverage"}
    assert value(session_of(toy, toy), "thalamus_coverage") == 1


def test_zeros_are_no_data(toy: np.ndarray) -> None:
    padded = toy.copy()
    padded[..., :22] = 0
    assert value(session_of(toy, padded), "thalamus_coverage") < 0.7


def test_motion_costs_detail(toy: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    good = 160 - toy + rng.normal(0, 5, toy.shape).astype(np.float32)
    ghosts = (good + np.roll(good, 9, axis=1) + np.roll(good, -7, axis=0)) / 3
    for scan, fault in ((good, set()), (ghosts, {"detail"})):
        found = session_of(toy, scan, same_contrast=False, compared=(scan, good))
        assert failed(found) == fault
    unjudged = {check["name"] for check in session_of(toy, ghosts, same_contrast=False)}
    assert "detail" not in unjudged
