from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from campaign import functional_group, functional_scores, functional_tables
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core.bids import label_of
from sonolesion.core.settings.functional import Functional
from sonolesion.maths import rigid_motion
from sonolesion.phantom import bold_networks


def result(seed: int, *, thalamus: float = 0.5) -> dict[str, Any]:
    """Return what a person of the group leaves, in which found is stated plus 0.1."""
    n = len(bold_networks.atlas()[0].names)
    matrix = np.full((n, n), 0.2)
    row, targets = functional_scores.thalamus_edges("left")
    matrix[row, targets] = matrix[targets, row] = thalamus
    edges = functional_group.upper(matrix)
    moved = edges + np.random.default_rng(seed).normal(0, 0.05, len(edges))
    # Few edges are read, those of the thalami among them: the null is drawn of all.
    relay = np.array(bold_networks.atlas()[0].stems) == bold_networks.TREATED
    read = np.logical_or.outer(relay, relay) | np.logical_and.outer(*[np.arange(n) < 8] * 2)
    found: dict[str, Any] = {"population": edges, "large": functional_group.upper(read)}
    for name in functional_tables.EVERY:
        found |= {name: moved + 0.1, f"sample_{name}": moved, f"kept_{name}": np.array(0.9)}
    numbers = ("mean_fd_mm", "true_fd_mm", "motion_rms_mm", "motion_worst_mm")
    found |= {name: np.array(0.1 + 0.01 * seed) for name in numbers}
    return found | {"lengths_mm": np.linspace(10, 100, len(edges))}


def test_regions_are_named_as_the_pipeline_does() -> None:
    assert functional_scores.label_of("Left_Angular_Gyrus") == "Angular_Gyrus_left"
    assert label_of(Functional().connectivity.atlas) == functional_scores.ATLAS
    row, targets = functional_scores.thalamus_edges("right")
    names = bold_networks.atlas()[0].names
    assert names[row] == "Right_Thalamus"
    assert not targets[row]
    assert targets[names.index("Left_Insular_Cortex")]


@given(st.integers(0, 1000))
def test_motion_that_undoes_the_true_one_has_no_error(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = np.zeros((20, 20, 20), dtype=bool)
    mask[4:16, 4:16, 4:16] = True
    affine = np.diag([4.0, 4, 4, 1])
    centre = functional_group.middle_of(mask, affine)
    found = rng.normal(0, [0.5, 0.5, 0.5, 0.01, 0.01, 0.01], (5, 6))
    # The reference may lie anywhere: all volumes are as far from it.
    away = rigid_motion.matrix_of(rng.normal(0, 0.01, 6), centre)
    true = [np.linalg.inv(rigid_motion.matrix_of(one, centre)) @ away for one in found]
    rms, worst = functional_group.place_errors(found, true, mask, affine)
    assert rms == pytest.approx(0, abs=1e-9)
    assert worst == pytest.approx(0, abs=1e-9)


def test_a_shift_that_is_missed_is_its_length() -> None:
    mask = np.ones((20, 20, 20), dtype=bool)
    true = [np.eye(4), np.eye(4)]
    true[1][0, 3] = 2.0
    rms, worst = functional_group.place_errors(np.zeros((2, 6)), true, mask, np.eye(4))
    # About their mean the two lie one millimetre away.
    assert (rms, worst) == pytest.approx((1.0, 1.0))


def test_bias_is_told_from_sampling() -> None:
    stated = np.array([0.1, 0.2, 0.5])
    sample = stated + 0.05
    said = functional_group.compared(sample - 0.02, sample, stated)
    assert said["sample_bias"] == pytest.approx(0.05)
    assert said["bias"] == pytest.approx(0.03)
    assert said["bias_to_sample"] == pytest.approx(-0.02)
    assert said["spread_to_sample"] == pytest.approx(0)
    assert said["r_to_sample"] == pytest.approx(1)


def test_every_edge_is_of_one_kind() -> None:
    kinds = functional_group.kinds_of_edges()
    counted = sum(kinds[name].astype(int) for name in ("within", "between", "opposed"))
    assert (counted == 1).all()
    assert len(kinds["all"]) == 110 * 109 // 2


def test_tables_of_a_group(tmp_path: Path) -> None:
    rows = []
    for seed in range(8):
        for condition in ("moving", "still", "treated"):
            found = result(seed, thalamus=0.2 if condition == "treated" else 0.5)
            np.savez(tmp_path / f"p{seed:02d}_{condition}.npz", **found)
            rows += functional_group.rows_of(f"p{seed:02d}", condition, found)
    told = functional_tables.strategies(rows).splitlines()
    assert "| moving | before | 8 | 100 |" in told[2]
    assert told[2].endswith("| no |")
    motion = functional_tables.motion(tmp_path).splitlines()
    assert len(motion) == 2 + 2 * len(functional_tables.EVERY)
    left, right = (
        next(
            line
            for line in functional_tables.couplings([], tmp_path).splitlines()
            if f"| {s} |" in line
        )
        for s in ("left", "right")
    )
    expected = np.arctanh(0.2) - np.arctanh(0.5)
    assert f"| {expected:+.2f} ± 0.00 |" in left
    assert "| +0.00 ± 0.00 |" in right
