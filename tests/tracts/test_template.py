from __future__ import annotations

import numpy as np
import pytest

from sonolesion.core.errors import InputFault
from sonolesion.maths import atlas_files
from sonolesion.maths.points import points_in
from sonolesion.tracts import template

GRID = np.diag([2.0, 2.0, 2.0, 1.0])


def test_points_follow_a_chain_of_warps() -> None:
    first = np.zeros((6, 6, 6, 3), dtype=np.float32)
    first[..., 0] = 4.0
    second = np.zeros((20, 20, 20, 3), dtype=np.float32)
    second[..., 2] = np.arange(20)[:, None, None]
    found = points_in((4, 4, 4), GRID, [(first, GRID), (second, np.eye(4))])
    # x of 2 goes to 6, where the second warp lifts by 6.
    assert found[1, 2, 3].tolist() == [6.0, 4.0, 12.0]


def test_shares_are_read_where_the_voxels_lie() -> None:
    volume = np.zeros((6, 6, 6), dtype=np.float32)
    volume[3] = 100.0
    points = points_in((6, 6, 6), np.eye(4), [])
    inside = np.ones((6, 6, 6), dtype=bool)
    inside[:, 0] = False
    found = template.shares_at(
        points, inside, {0: "Left_A", 1: "Left_B"}, lambda _: (volume, np.eye(4)), atlas="x",
        parts={"A"}, whole=100.0,
    )  # fmt: skip
    assert list(found) == [("x", "A", "left")]
    share = found["x", "A", "left"]
    assert share[3, 1, 1] == 1.0
    assert share[3, 0, 1] == 0.0
    assert share[2].max() == 0.0


def test_only_the_regions_that_bundles_name_become_masks() -> None:
    box = {"kind": "box", "sided": True, "low_mm": (-9, -9, -9), "high_mm": (-1, 9, 9)}
    regions = [{"name": name, **box} for name in ("a", "b", "c")]
    bundles = [{"seed": "a", "waypoints": ("a", "other:b"), "exclusions": ()}]
    points = np.array([[[[-5.0, 0, 0], [5.0, 0, 0]]]])
    found = template.masks_of(
        bundles, regions, points, {}, np.ones((1, 1, 2), dtype=bool), min_share=0.25
    )
    assert set(found) == {("left", "a"), ("right", "a"), ("right", "b"), ("left", "b")}
    assert found["left", "a"].ravel().tolist() == [True, False]
    assert found["right", "b"].ravel().tolist() == [False, True]


def test_unknown_stays_unknown_when_a_map_is_warped() -> None:
    volume = np.full((4, 4, 4), np.nan, dtype=np.float32)
    volume[1, 1, 1] = 0.5
    field = np.zeros((4, 4, 4, 3), dtype=np.float32)
    field[..., 0] = 1.0
    found = template.warped(volume, np.eye(4), field, np.eye(4), order=0, outside=np.nan)
    assert found[0, 1, 1] == 0.5
    assert np.count_nonzero(np.isfinite(found)) == 1


def test_codings_of_atlases() -> None:
    row = {"coding": "labels", "file": "x"}
    opened = atlas_files.Opened(row, np.array([[[1, 3]]]), np.eye(4))
    assert opened(3)[0].tolist() == [[[0.0, 1.0]]]
    with pytest.raises(InputFault, match="packed"):
        atlas_files.Opened({"coding": "packed", "file": "x"}, np.zeros(1), np.eye(4))
