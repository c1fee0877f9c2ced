from __future__ import annotations

import numpy as np
import pytest
from campaign import diffusion_scores, diffusion_tables
from campaign.diffusion_scores import MATCH

from sonolesion.core.settings.tracts import Tracts
from sonolesion.diffusion.motion_model import Grid
from sonolesion.phantom import bundles


def row(**changed: object) -> dict[str, object]:
    same = {
        "patient": "f01", "arm": "fus", "visit": "3d", "bundle": "thalamus_acc", "side": "left",
        "status": "measured", "lines": 50, "in_phantom": True, "true_streamlines": 0.5,
        "true_length": 0.5, "streamlines": 0.4, "streamlines_low": 0.3, "streamlines_high": 0.6,
        "length": 0.4, "same_lines": 0.45,
    }  # fmt: skip
    return same | changed


def test_bundles_that_are_compared_exist() -> None:
    assert set(MATCH) <= {bundle.name for bundle in Tracts().bundles}
    known = {bundle.name for bundle in bundles.catalogue()}
    assert {f"{name}_left" for parts in MATCH.values() for name in parts} <= known


def test_two_tubes_count_by_their_cross_sections() -> None:
    cuts = {
        "mediallemniscus_left": {"cut_fraction": 0.0, "severed_length_fraction": 0.0},
        "spinothalamic_left": {"cut_fraction": 1.0, "severed_length_fraction": 0.5},
    }
    found = diffusion_scores.true_cut(cuts, "spinothalamic_lemniscal", "left")
    assert found == pytest.approx({"streamlines": 4 / 10.25, "length": 2 / 10.25})


def test_the_summary_counts_what_an_interval_holds() -> None:
    rows = [row(), row(streamlines_high=0.45), row(true_streamlines=0.0, streamlines_low=0.0)]
    lines = diffusion_tables.summary(rows).splitlines()
    assert lines[2].startswith("| cut | 3d | 2 | 2 | 0 | 0 | -10 (-10 to -10) | 10 (10 to 10) |")
    assert "| 1 of 2 (" in lines[2]
    assert lines[3].startswith("| whole | 3d | 1 ")
    assert lines[3].endswith("| 1 |")


def test_a_sham_without_lesion_stands_apart() -> None:
    nothing = {f"streamlines{end}": float("nan") for end in ("", "_low", "_high")}
    unseen = row(arm="sham", status="not_visible", true_streamlines=0.0, **nothing)
    lines = diffusion_tables.summary([unseen]).splitlines()
    assert lines[2].startswith("| of sham | 3d | 1 | 0 | 1 | 0 |")
    assert len(diffusion_tables.cuts([unseen]).splitlines()) == 2


def test_true_places_move_with_the_head_and_along_the_encoding() -> None:
    known = dict.fromkeys(("trans_y", "trans_z", "rot_x", "rot_y", "eddy_x", "eddy_y"), "0")
    known |= {"trans_x": "2", "rot_z": "90", "eddy_z": "1000", "eddy_0": "5"}
    grid = Grid((4, 4, 4), np.diag([2.0, 2.0, 2.0, 1.0]), 1)
    # (4, 0, 2) mm turns to (0, 4, 2), goes to (2, 4, 2), and sees 5 + 2 Hz: 0.7 voxels.
    found = diffusion_scores.true_places(known, np.array([[2.0], [0.0], [1.0]]), grid, 0.1)
    assert found.ravel() == pytest.approx([1.0, 2.7, 1.0])
