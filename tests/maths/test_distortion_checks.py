"""Corrections that are none are refused, and labels that lie are found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonolesion.core.errors import GateFailure
from sonolesion.maths import distortion_checks as checks
from sonolesion.maths.distortion import unwarp

Volume = np.ndarray[Any, np.dtype[Any]]
SHAPE = (12, 40, 12)
MASK = np.zeros(SHAPE, bool)
MASK[2:10, 8:32, 2:10] = True


def tissue() -> Volume:
    x, y, z = np.indices(SHAPE)
    return np.asarray(100 + 60 * np.sin(0.6 * y + 0.3 * x) * np.cos(0.5 * z), dtype=np.float32)


def field() -> Volume:
    _, y, _ = np.indices(SHAPE)
    return np.asarray(60 * np.exp(-0.5 * ((y - 20) / 6) ** 2), dtype=np.float32)


def distorted(sign: int) -> Volume:
    # Undoing the opposite field pushes signal away to first order: near enough to tell signs.
    return unwarp(tissue(), field(), axis=1, sign=-sign, readout_s=0.04)


def test_agreement_by_hand() -> None:
    one, two = np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])
    found = checks.agreement(one, two, np.ones(3, bool))
    assert found.correlation == pytest.approx(-1.0)
    # Scaled to mean 1 they are (0.5, 1, 1.5) and its reverse: (1 + 0 + 1) / 3.
    assert found.difference == pytest.approx(2 / 3)
    assert checks.agreement(one, 5 * one, np.ones(3, bool)).difference == pytest.approx(0.0)
    with pytest.raises(ValueError, match="constant"):
        checks.agreement(one, np.zeros(3), np.ones(3, bool))


def test_shared_information_by_hand() -> None:
    first = np.tile([0.0, 1.0], 500)
    assert checks.shared_information(first, 1 - first, n_bins=8) == pytest.approx(2.0)
    other = np.repeat([0.0, 1.0], 500)
    assert checks.shared_information(first, other, n_bins=8) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("spread", "after", "outcome"),
    [(0.1, 0.05, "same"), (3.0, 0.19, "unclear"), (3.0, 0.08, "opposed")],
)
def test_a_pair_is_judged(spread: float, after: float, outcome: str) -> None:
    found = checks.judge_pair(
        checks.Agreement(0.7, 0.2),
        checks.Agreement(0.9, after),
        np.linspace(-spread, spread, 101),
        min_displacement_voxels=0.3,
        min_share_explained=0.15,
    )
    assert found.outcome == outcome


@pytest.mark.parametrize(("true_sign", "outcome"), [(1, "labelled"), (-1, "reversed")])
def test_a_reversed_polarity_is_found_by_the_reference(true_sign: int, outcome: str) -> None:
    found = checks.judge_sign(
        distorted(true_sign),
        field(),
        300 - tissue(),
        MASK,
        axis=1,
        sign=1,
        readout_s=0.04,
        n_bins=32,
        min_advantage=5e-3,
    )
    assert found.outcome == outcome


def test_no_field_leaves_the_sign_unclear() -> None:
    found = checks.judge_sign(
        tissue(),
        0 * field(),
        300 - tissue(),
        MASK,
        axis=1,
        sign=1,
        readout_s=0.04,
        n_bins=32,
        min_advantage=5e-3,
    )
    assert found.outcome == "unclear"


@pytest.mark.parametrize(
    ("factor", "outcome"), [(1.0, "labelled"), (-0.5, "reversed"), (0.0, "unclear")]
)
def test_swapped_labels_are_found_by_a_map(factor: float, outcome: str) -> None:
    found = checks.judge_polarity(factor * field(), field(), MASK, min_hz=10.0, min_correlation=0.2)
    assert found.outcome == outcome


def test_a_correction_that_helps_not_is_refused() -> None:
    known = {"file": "b0.nii.gz", "n_bins": 32, "min_advantage": 1e-3}
    reference, scan = 300 - tissue(), distorted(1)
    told = checks.require_better(scan, tissue(), reference, MASK, **known)
    assert told[1] > told[0]
    with pytest.raises(GateFailure, match="opposite phase encoding"):
        checks.require_better(tissue(), scan, reference, MASK, **known)
