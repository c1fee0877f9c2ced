"""Regions laid over a scan, and matrices of them as tables."""

from __future__ import annotations

import numpy as np
import pytest

from sonolesion.functional import connectivity, edges, nodes
from sonolesion.functional.seeds import Seed
from sonolesion.maths.atlas_files import Opened
from sonolesion.maths.parcels import chosen

SHAPE = (12, 12, 12)
TO_SCAN = np.eye(4)
TO_SCAN[:3, 3] = 10.0, 0.0, 0.0
# The scan's voxels are 2 mm; its origin lies 10 mm to the right of acpc's.
AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])
AFFINE[0, 3] = 10.0
FIELD = np.zeros((6, 6, 6, 3), dtype=np.float32)
FIELD[..., 2] = 4.0
WARP = [(FIELD, np.diag([6.0, 6.0, 6.0, 1.0]))]
PLACE = nodes.Place(SHAPE, AFFINE, TO_SCAN, {"T": WARP, "U": [*WARP, *WARP]})


def test_points_of_a_template_reach_the_scan() -> None:
    acpc = PLACE.to_acpc(np.array([[2.0, 4.0, 6.0]]), "T")
    assert acpc.tolist() == [[2.0, 4.0, 10.0]]
    assert PLACE.to_acpc(np.array([[2.0, 4.0, 6.0]]), "U").tolist() == [[2.0, 4.0, 14.0]]
    assert PLACE.from_acpc(acpc).tolist() == [[12.0, 4.0, 10.0]]


def test_spheres_lie_where_the_warp_and_the_registration_say() -> None:
    rows = [
        {"Number": "1", "X": "2", "Y": "4", "Z": "6", "name": "b 1", "network": "two"},
        {"Number": "2", "X": "8", "Y": "8", "Z": "8", "name": "a", "network": "one"},
    ]
    found = nodes.of_coordinates("set", rows, PLACE, space="T", radius_mm=1.0)
    assert found.names == ["a_1", "b_1_2"]
    assert found.networks == ["one", "two"]
    voxels = np.unravel_index(found.members.weights[[1]].indices, SHAPE)
    assert [int(v[0]) for v in voxels] == [1, 2, 5]


def test_parcels_are_read_through_the_warp_and_sized_beyond_the_scan() -> None:
    labels = np.zeros((30, 30, 30), dtype=np.int32)
    labels[:15], labels[15:] = 1, 2
    row = {"coding": "labels", "file": "a"}
    atlas = Opened(row, labels, np.diag([2.0, 2.0, 2.0, 1.0]))
    parcels = chosen({1: "Left_A", 2: "Right_A"}, left_out=())
    head = np.ones((60, 24, 20), dtype=bool)
    found = nodes.of_atlas(
        "a", parcels, atlas, PLACE, warps=[], brain=(head, np.eye(4)), min_share=0.25
    )
    assert found.names == ["A_left", "A_right"]
    counts = np.asarray(found.members.weights.sum(axis=1)).ravel()
    # The scan ends at x = 22 mm, before the right parcel begins.
    assert counts.tolist() == [12**3, 0]
    assert found.members.whole[1] > 0
    assert np.isnan(found.centres_mm[1]).all()
    series = np.random.default_rng(0).normal(size=(12**3, 9))
    read = connectivity.region_series(series, np.ones(SHAPE, bool), found.members, min_coverage=0.5)
    assert read.is_read.tolist() == [True, False]


def test_seeds_with_the_target_on_either_side() -> None:
    seeds = [Seed("acc", "midline", "T", (2.0, 4.0, 6.0), 2.0, "x"),
             Seed("s_two", "left", "T", (2.0, 8.0, 6.0), 2.0, "x")]  # fmt: skip
    targets = {"left": [4.0, 4.0, 4.0], "right": [float("nan")] * 3}
    found = nodes.of_seeds(seeds, targets, PLACE, target_radius_mm=2.0)
    assert found.names == ["acc", "sTwoLeft", "targetLeft", "targetRight"]
    counts = np.asarray(found.members.weights.sum(axis=1)).ravel()
    assert counts.tolist() == [7, 7, 7, 0]


def test_a_matrix_as_a_table_and_its_record() -> None:
    rng = np.random.default_rng(0)
    series = rng.normal(size=(40, 3))
    series[:, 2] = np.nan
    made = connectivity.matrices(series)
    rows, columns = edges.table(made.pearson, ["a", "b", "c"])
    assert columns == ["a", "b", "c"]
    assert rows[0]["b"] == f"{np.corrcoef(series[:, :2].T)[0, 1]:.6f}"
    assert rows[2] == {"a": "", "b": "", "c": ""}
    one = nodes.Nodes("set", ["a", "b", "c"], ["x", "x", ""], np.full((3, 3), np.nan),
                      connectivity.from_labels(np.zeros((1, 1, 1), int), n_regions=3))  # fmt: skip
    found = connectivity.RegionSeries(series, np.array([1.0, 0.9, 0.1]), np.array([5.0, 4, 1]))
    denoised = {"Freedom": {"left": 27.0}, "Mark": "short"}
    told = edges.record(one, found, made, denoised)
    assert told["NotRead"] == ["c (0.10)"]
    assert told["FisherZStandardError"] == 0.2
    before = edges.before_denoising(found, degree=1)
    assert np.isnan(before[2]).all()
    assert before[0, 1] == pytest.approx(made.pearson[0, 1], abs=0.1)


def test_rows_of_networks_leave_those_without_edges_empty() -> None:
    z = np.full((3, 3), np.nan)
    z[0, 1] = z[1, 0] = 0.5
    one = nodes.Nodes("dosenbach", ["a", "b", "c"], ["x", "x", "y"], np.zeros((3, 3)),
                      connectivity.from_labels(np.zeros((1, 1, 1), int), n_regions=3))  # fmt: skip
    labels = {"participant_id": "sub-1", "session_id": "ses-1", "day": 0.0}
    rows = edges.network_rows(z, one, labels, mark="short")
    told = {(r["region"], r["statistic"]): (r.get("value"), r["status"]) for r in rows}
    assert told["network:x", "fc_within"] == (0.5, "measured")
    assert told["network:y", "fc_within"] == (None, "absent")
    assert rows[0]["method"] == "dosenbach, 2 spheres; short"
