from __future__ import annotations

import numpy as np

from sonolesion.maths import region_measures
from sonolesion.maths.brain import carried

GRID = np.diag([2.0, 2.0, 2.0, 1.0])
LABELS = {"participant_id": "sub-1", "session_id": "ses-pre", "day": -3.0}
LIMITS = {"min_tissue": 0.9, "min_share": 0.5, "few_voxels": 8}


def told(fa: np.ndarray, stack: np.ndarray) -> list[dict[str, object]]:
    record = {
        "whole": 200,
        "regions": [
            {"atlas": "a", "region": "R", "side": "left", "structure": "thalamus",
             "relation": "is", "coverage": 0.8},
            {"atlas": "a", "region": "S", "side": "left", "structure": "", "relation": "",
             "coverage": 1.0},
        ],
    }  # fmt: skip
    white = np.zeros(fa.shape)
    white[:4] = 1.0
    return region_measures.rows(
        {"fa_median": (fa, "1"), "md_median": (1e-3 * fa, "mm2/s")},
        GRID, np.eye(4), tissue={"white_matter": (white, GRID)}, stack=stack,
        stack_affine=GRID, record=record, labels=LABELS, modality="dwi",
        map_name="tensor", note="distortion: opposed", **LIMITS,
    )  # fmt: skip


def test_medians_of_tissue_and_of_known_structures() -> None:
    fa = np.full((8, 8, 8), 0.2)
    fa[:4] = 0.6
    fa[0] = np.nan
    stack = np.zeros((8, 8, 8, 2), dtype=np.uint8)
    stack[6, 2:6, 2:6, 0] = 200
    found = {(r["region"], r["statistic"]): r for r in told(fa, stack)}
    assert {region for region, _ in found} == {"white_matter", "a:R"}
    white = found["white_matter", "fa_median"]
    assert white["value"] == 0.6
    assert (white["n_voxels"], white["coverage"]) == (3 * 64, 0.75)
    nucleus = found["a:R", "md_median"]
    assert (nucleus["value"], nucleus["unit"]) == (2e-4, "mm2/s")
    assert (nucleus["n_voxels"], nucleus["coverage"]) == (16, 0.8)
    assert nucleus["below_resolution"] == "false"
    assert nucleus["method"] == "is thalamus; share from 0.5; distortion: opposed"


def test_a_region_without_voxels_has_no_value() -> None:
    stack = np.zeros((8, 8, 8, 2), dtype=np.uint8)
    found = [r for r in told(np.full((8, 8, 8), 0.3), stack) if r["region"] == "a:R"]
    assert [row["status"] for row in found] == ["absent", "absent"]
    assert all("value" not in row and row["below_resolution"] == "true" for row in found)


def test_every_region_where_asked_and_a_box_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    stack = np.zeros((30, 30, 30, 1), dtype=np.uint8)
    stack[12:18, 11:19, 9:16, 0] = rng.integers(1, 200, (6, 8, 7))
    entry = {"atlas": "a", "region": "S", "side": "left", "structure": "", "coverage": 1.0}
    told: dict[str, object] = {
        "shape": (10, 10, 10), "tissue": {}, "stack": stack, "stack_affine": np.eye(4),
        "record": {"whole": 200, "regions": [entry]}, "min_tissue": 0.9, "min_share": 0.2,
    }  # fmt: skip
    scan = np.diag([3.0, 3.0, 3.0, 1.0])
    assert not list(region_measures.places(scan, np.eye(4), **told))
    (place,) = region_measures.places(scan, np.eye(4), every_region=True, **told)
    whole = carried(stack[..., 0] / 200, np.eye(4), np.eye(4), shape=(10, 10, 10), affine=scan)
    assert place.chosen.any()
    assert (place.chosen == (whole >= 0.2)).all()
    assert (place.region, place.method) == ("a:S", "share from 0.2")
