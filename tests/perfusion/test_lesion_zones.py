"""Flow of a lesion's zones, of its surroundings, and of the mirrored place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonolesion.perfusion import lesion_picture, lesion_zones

# An acpc grid of 1 mm centred on the midline, and a scan of 2 mm laid on it.
ACPC = np.diag([1.0, 1.0, 1.0, 1.0])
ACPC[:3, 3] = -20.0
SCAN = np.diag([2.0, 2.0, 2.0, 1.0])
SCAN[:3, 3] = -20.0
LABELS = {
    "participant_id": "sub-1", "session_id": "ses-3d", "intervention_id": "fus1",
    "day_after": 3.0, "side": "left",
}  # fmt: skip
REGIONS = {"min_share": 0.5, "ring_mm": 4.0, "few_voxels": 8}


def lesion() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A core of 4 mm in a rim of 8 mm in an oedema of 12 mm, on the left (x below 0)."""
    place = np.stack(np.meshgrid(*[np.arange(41.0) - 20] * 3, indexing="ij"))
    off = np.abs(place - np.array([-10.0, 0, 0])[:, None, None, None]).max(axis=0)
    labels = np.zeros((41, 41, 41), dtype=np.uint8)
    for half, label in ((6, 3), (4, 2), (2, 1)):
        labels[off <= half] = label
    return labels


def zones(**change: Any) -> lesion_zones.Zones:
    tissue = change.pop("tissue", np.ones((41, 41, 41), np.float32))
    options: dict[str, Any] = {"core_told": True, "ring_mm": 4.0} | change
    return lesion_zones.around(lesion(), tissue, ACPC, **options)


def flow(volume: np.ndarray[Any, Any] | None = None) -> lesion_zones.Flow:
    if volume is None:
        volume = np.full((21, 21, 21), 50.0, np.float32)
    return lesion_zones.Flow(volume, SCAN, np.eye(4), "equation pcasl, M0 scan")


def rows(own: lesion_zones.Zones | None, **change: Any) -> dict[Any, dict[str, Any]]:
    options: dict[str, Any] = {
        "labels": LABELS, "regions": REGIONS, "voxel_ratio": 1.0, "note": "zones automatic",
        "other_treated": False,
    } | change  # fmt: skip
    flows = options.pop("flows", {"cbf": flow()})
    found = lesion_zones.rows(own, flows, **options)
    return {(row["map"], row["region"], row["statistic"]): row for row in found}


def test_zones_by_hand() -> None:
    found = {name: int(mask.sum()) for name, mask in zones().masks.items()}
    assert found["core"] == 5**3
    assert found["rim"] == 9**3 - 5**3
    assert found["lesion"] == 9**3
    assert found["oedema"] == 13**3 - 9**3
    assert set(zones(core_told=False).masks) == {"lesion", "oedema", "perilesional"}
    fluid = np.ones((41, 41, 41), np.float32)
    fluid[:, :, 20:] = 0.0
    assert 0 < zones(tissue=fluid).masks["perilesional"].sum() < found["perilesional"]


def test_flow_of_a_zone_and_ratio_to_its_mirrored_place() -> None:
    volume = np.full((21, 21, 21), 50.0, np.float32)
    volume[:10] = 20.0
    found = rows(zones(), flows={"cbf": flow(volume)})
    own, other = (found["cbf", name, "cbf_median"] for name in ("lesion", "mirrored_lesion"))
    assert (own["value"], own["side"], own["coverage"]) == (20.0, "left", 1.0)
    assert (other["value"], other["side"]) == (50.0, "right")
    ratio = found["cbf", "lesion", "cbf_ratio"]
    assert ratio["value"] == pytest.approx(0.4)
    assert (ratio["unit"], ratio["side"], ratio["below_resolution"]) == ("1", "left", "false")
    assert own["method"] == "equation pcasl, M0 scan; zones automatic; share from 0.5"
    assert own["days_from_treatment"] == 3.0


def test_a_small_zone_is_below_resolution_and_an_interpolated_grid_counts_less() -> None:
    core = rows(zones())["cbf", "core", "cbf_median"]
    assert core["n_voxels"] < 30
    assert core["below_resolution"] == "false"
    few = rows(zones(), voxel_ratio=4.0)
    assert few["cbf", "core", "cbf_median"]["below_resolution"] == "true"
    assert few["cbf", "core", "cbf_ratio"]["below_resolution"] == "true"
    assert few["cbf", "perilesional", "cbf_median"]["below_resolution"] == "false"


def test_a_zone_that_fills_no_voxel_has_no_value_and_is_covered_all_the_same() -> None:
    coarse = np.diag([9.0, 9.0, 9.0, 1.0])
    coarse[:3, 3] = -20.0
    whole = lesion_zones.Flow(np.full((5, 5, 5), 50.0, np.float32), coarse, np.eye(4), "")
    core = rows(zones(), flows={"cbf": whole})["cbf", "core", "cbf_median"]
    assert (core["status"], core["n_voxels"], core["coverage"]) == ("absent", 0, 1.0)
    assert core["below_resolution"] == "true"


def test_what_lies_outside_the_scan_is_not_covered() -> None:
    volume = np.full((21, 21, 21), 50.0, np.float32)
    volume[:, :10] = np.nan
    own = rows(zones(), flows={"cbf": flow(volume)})["cbf", "lesion", "cbf_median"]
    assert own["coverage"] == pytest.approx(0.6, abs=0.05)
    half = lesion_zones.Flow(volume[:, 10:], SCAN @ moved(10), np.eye(4), "")
    own = rows(zones(), flows={"cbf": half})["cbf", "lesion", "cbf_median"]
    assert own["coverage"] == pytest.approx(0.6, abs=0.08)
    nothing = np.full((21, 21, 21), np.nan, np.float32)
    found = rows(zones(), flows={"cbf": flow(nothing)})
    assert found["cbf", "lesion", "cbf_median"]["status"] == "absent"
    assert found["cbf", "lesion", "cbf_ratio"]["status"] == "absent"
    assert "value" not in found["cbf", "lesion", "cbf_ratio"]


def moved(n_voxels: int) -> np.ndarray[Any, Any]:
    out = np.eye(4)
    out[1, 3] = n_voxels
    return out


def test_the_baseline_is_told_at_the_same_place() -> None:
    found = rows(zones(), flows={"cbf": flow(), "cbf_baseline": flow()})
    assert found["cbf_baseline", "lesion", "cbf_ratio"]["value"] == pytest.approx(1.0)
    assert found["cbf_baseline", "core", "cbf_median"]["value"] == 50.0


def test_no_ratio_where_the_other_side_was_treated_too() -> None:
    found = rows(zones(), other_treated=True)
    assert not [key for key in found if key[2] == "cbf_ratio"]
    assert "other side treated too" in found["cbf", "mirrored_lesion", "cbf_median"]["method"]


def test_no_visible_lesion_is_told_as_that() -> None:
    ((key, row),) = rows(None).items()
    assert key == ("cbf", "lesion", "cbf_median")
    assert row["status"] == "not_visible"
    assert "value" not in row


def test_the_picture_shows_zones_or_says_that_there_are_none() -> None:
    found = lesion_zones.rows(
        zones(), {"cbf": flow()}, labels=LABELS, regions=REGIONS, voxel_ratio=1.0, note="",
        other_treated=False,
    )  # fmt: skip
    whole = lesion_picture.visit(flow(), zones(), found, labels=LABELS, min_share=0.5)
    none = lesion_picture.visit(flow(), None, [], labels=LABELS, min_share=0.5)
    assert np.asarray(whole).std() > np.asarray(none).std() > 0
