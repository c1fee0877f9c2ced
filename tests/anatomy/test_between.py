from __future__ import annotations

import numpy as np
import pytest

from sonolesion.anatomy import between
from sonolesion.anatomy.template import TemplateFit

LIMITS = {"min_warp_correlation": 0.75, "min_jacobian": 0.05, "max_jacobian": 10.0,
          "min_brain_dice": 0.9}  # fmt: skip
SHAPE = (24, 24, 24)


def ball(centre: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    index = np.indices(SHAPE)
    inside = ((index - centre) ** 2).sum(axis=0) < 49
    return np.where(inside, 50.0 + index[0], 0).astype(np.float32)


def fit(shift_mm: float) -> TemplateFit:
    linear, still = np.eye(4), np.zeros((*SHAPE, 3), dtype=np.float32)
    linear[:3, 3] = shift_mm
    return TemplateFit(linear, still, still, np.eye(4), 0.9)


def test_the_right_transform_passes_and_lays_brain_on_brain() -> None:
    first, second = ball(11.0), ball(13.0)
    shown, brain = between.carried_brain(fit(2.0), second, np.eye(4))
    assert (brain == (first > 0)).all()
    assert np.abs(shown - np.where(first > 0, first + 2, 0)).max() < 1e-3
    checks = between.between_checks(fit(2.0), first, np.eye(4), brain, limits=LIMITS)
    assert all(check["passed"] for check in checks)
    assert {check["name"]: check["value"] for check in checks}["brain_overlap"] == 1


@pytest.mark.parametrize("shift_mm", [-6.0, 9.0])
def test_a_wrong_transform_fails_its_gate(shift_mm: float) -> None:
    _, brain = between.carried_brain(fit(shift_mm), ball(13.0), np.eye(4))
    checks = between.between_checks(fit(shift_mm), ball(11.0), np.eye(4), brain, limits=LIMITS)
    assert not all(check["passed"] for check in checks)


def test_on_grid_is_the_template_where_the_grids_agree() -> None:
    template = ball(11.0)
    assert (between.on_grid(template, np.eye(4), fit(0.0)) == template).all()
