"""A visit's measures: of the automatic lesion, of a person's, of none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sonolesion.core.settings.lesion import Lesion
from sonolesion.lesion import final, findings, picture, visit
from sonolesion.lesion.ventricle import Wall
from sonolesion.lesion.zones import Zones
from sonolesion.measures import tables

SHAPE = (40, 50, 36)
AFFINE = np.diag([1.0, 1.0, 1.0, 1.0])
AFFINE[:3, 3] = (-20.0, -40.0, -12.0)
CENTRE = np.array([-7.0, -20.0, 6.0])
BOX = (slice(None),) * 3
LABELS = {
    "participant_id": "sub-01", "session_id": "ses-3d", "intervention_id": "a", "day_after": 3.0,
    "side": "left", "baseline": "ses-baseline",
}  # fmt: skip


def distance(centre: NDArray[np.float64]) -> NDArray[np.float64]:
    index = np.moveaxis(np.indices(SHAPE), 0, -1) + AFFINE[:3, 3]
    return np.asarray(np.linalg.norm(index - centre, axis=-1))


def ball(radius: float, centre: NDArray[np.float64] = CENTRE) -> NDArray[np.float32]:
    return np.clip(radius - distance(centre) + 0.5, 0, 1).astype(np.float32)


def zones() -> Zones:
    lesion = ball(3.2)
    return Zones(ball(2.0), lesion, ball(5.0) - lesion)


def scene(**changed: Any) -> final.Scene:
    x = np.arange(SHAPE[0]) - 20.0
    fluid = np.broadcast_to((np.abs(x) <= 1.0)[:, None, None], SHAPE).astype(float)
    settings = Lesion()
    wall = Wall(**settings.measure.ventricle.model_dump())
    made = final.Scene(
        AFFINE, "left", CENTRE - np.array([-1.0, 2.0, -0.5]), fluid, wall, None,
        settings.interval, settings.measure.few_voxels,
    )  # fmt: skip
    return replace(made, **changed)


def found(**changed: Any) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    samples = {"core": 30.0, "lesion": 110.0, "all": 520.0}
    return {
        "outcome": "measured",
        "definition": "zones I and II; oedema apart",
        "day_after": 3.0,
        "statistic": 12.0,
        "p": 0.01,
        "contrasts_used": ["T1w", "FLAIR"],
        "volume_samples_mm3": {
            name: (value + rng.normal(0, 5, 400)).tolist() for name, value in samples.items()
        },
        "centroid_samples_mm": (CENTRE + rng.normal(0, 0.1, (400, 3))).tolist(),
        "contrast_volumes_mm3": {
            "T1w": {"volume": 90.0, "low": 80.0, "high": 101.0},
            "ADC": {"status": "not_visible"},
        },
    } | changed


SCANS = {"T1w": np.ones(SHAPE), "FLAIR": np.ones(SHAPE)}


def read(
    drawn: NDArray[np.uint8] | None = None, *, told: dict[str, Any] | None = None, **changed: Any
) -> final.Result:
    masks = [] if drawn is None else [("mine.nii.gz", drawn)]
    return final.read(
        zones(), told or found(), masks, BOX, scene(**changed), scans=SCANS, tolerance_mm=1.0
    )


def rows(result: final.Result, small_mm3: float = 8.0) -> dict[tuple[object, ...], Any]:
    table = findings.rows(result.record, LABELS, zones=result.zones, small_mm3=small_mm3)
    assert all(set(row) <= set(findings.COLUMNS) for row in table)
    return {(row["map"], row["modality"], row["region"], row["statistic"]): row for row in table}


def value(result: final.Result, region: str, statistic: str) -> Any:
    return rows(result)["lesion", "anat", region, statistic].get("value")


def test_sizes_of_the_zones_are_nested() -> None:
    result = read()
    volumes = {region: value(result, region, "volume") for region in final.REGIONS}
    masks = {region: value(result, region, "mask_volume") for region in final.REGIONS}
    assert masks["lesion"] == pytest.approx(4 / 3 * np.pi * 3.2**3, rel=0.12)
    assert masks["all_zones"] == masks["lesion"] + masks["oedema"]
    # The shapes that were drawn tell the volume, not the voxels of the mask.
    assert volumes["lesion"] == pytest.approx(110.0, abs=1.0)
    assert volumes["all_zones"] == pytest.approx(volumes["lesion"] + volumes["oedema"])
    assert volumes["core"] < volumes["lesion"]
    low, high = (value(result, "oedema", f"volume_{end}") for end in ("low", "high"))
    # Differences of samples with a spread of 5 each: 410 ± 1.645 x 7.07.
    assert (low, high) == pytest.approx((398.4, 421.6), abs=2.5)


def test_place_and_errors_by_hand() -> None:
    result = read()
    centre = [value(result, "lesion", f"centroid_{axis}") for axis in "xyz"]
    assert centre == pytest.approx([-7, -20, 6], abs=0.01)
    assert value(result, "lesion", "error_ml") == pytest.approx(1.0, abs=0.01)
    assert value(result, "lesion", "error_ap") == pytest.approx(2.0, abs=0.01)
    assert value(result, "lesion", "error_dv") == pytest.approx(-0.5, abs=0.01)
    # The slit reaches from -1.5 to 1.5 mm.
    assert value(result, "lesion", "wall_distance") == pytest.approx(5.5, abs=0.05)
    low, high = (value(result, "lesion", f"error_ml_{end}") for end in ("low", "high"))
    assert (low, high) == pytest.approx((1 - 0.1645, 1 + 0.1645), abs=0.03)
    assert value(result, "lesion", "extent_si") == 7.0


def test_the_distance_from_the_focus_is_told_where_there_is_one() -> None:
    assert ("lesion", "anat", "lesion", "focus_error_3d") not in rows(read())
    focus = np.array([-6.0, -20.0, 6.0])
    assert value(read(focus_mm=focus), "lesion", "focus_error_ml") == pytest.approx(1, abs=0.01)


def test_without_a_ventricle_there_is_no_distance_from_it() -> None:
    dry = read(fluid=np.zeros(SHAPE))
    assert ("lesion", "anat", "lesion", "wall_distance") not in rows(dry)


def test_what_each_contrast_shows_alone() -> None:
    table = rows(read())
    alone = table["contrast_lesion", "T1w", "lesion", "volume_high"]
    assert (alone["value"], alone["status"]) == (101.0, "measured")
    assert table["contrast_lesion", "ADC", "lesion", "volume"]["status"] == "not_visible"


def test_small_regions_are_flagged_by_the_voxel_as_acquired() -> None:
    thick = final.native_voxel_mm3([np.diag([0.7, 0.7, 3.0, 1.0]), np.diag([1.0, 1.0, 4.0, 1.0])])
    assert thick == pytest.approx(1.47)
    table = rows(read(), small_mm3=100.0)
    flags = {r: table["lesion", "anat", r, "volume"]["below_resolution"] for r in final.REGIONS}
    assert flags == {"core": "true", "lesion": "false", "oedema": "false", "all_zones": "false"}


def test_a_lesion_partly_outside_a_scan_is_covered_in_part() -> None:
    cut = {"T1w": np.ones(SHAPE), "FLAIR": np.where(np.arange(SHAPE[2]) < 18, 1.0, 0.0)}
    cut["FLAIR"] = np.broadcast_to(cut["FLAIR"], SHAPE)
    result = final.read(zones(), found(), [], BOX, scene(), scans=cut, tolerance_mm=1.0)
    assert 0.3 < rows(result)["lesion", "anat", "lesion", "volume"]["coverage"] < 0.5


def test_a_person_replaces_the_automatic_lesion_and_its_intervals() -> None:
    drawn = (distance(CENTRE + 1) < 2.5).astype(np.uint8)
    result = read(drawn)
    assert result.record["source"] == "corrected"
    assert result.record["automatic"]["outcome"] == "measured"
    assert 0 < result.record["correction"]["dice"] < 1
    assert value(result, "lesion", "volume") == drawn.sum()
    table = rows(result)
    assert ("lesion", "anat", "lesion", "volume_low") not in table
    assert not any(key[0] == "contrast_lesion" for key in table)
    assert ("lesion", "anat", "core", "volume") not in table
    assert table["lesion", "anat", "oedema", "volume"]["status"] == "not_visible"
    assert "corrected by hand" in table["lesion", "anat", "lesion", "volume"]["method"]
    assert table["lesion", "anat", "search", "detection_p"]["value"] == 0.01


def test_a_person_may_see_what_the_search_did_not_and_the_other_way_round() -> None:
    blank = np.zeros(SHAPE, dtype=np.uint8)
    missed = read((distance(CENTRE) < 2).astype(np.uint8), told=found(outcome="not_visible"))
    assert missed.record["outcome"] == "measured"
    denied = read(blank)
    assert denied.record["outcome"] == "not_visible"
    assert not denied.zones.lesion.any()
    assert rows(denied)["lesion", "anat", "lesion", "volume"]["status"] == "not_visible"


def test_what_is_not_visible_has_its_test_and_no_volume() -> None:
    result = read(told=found(outcome="not_visible", p=0.3))
    assert not any(part.any() for part in result.volumes())
    table = rows(result)
    assert table["lesion", "anat", "search", "detection_p"]["value"] == 0.3
    status = {key[2]: row["status"] for key, row in table.items() if key[0] == "lesion"}
    assert status.pop("search") == "measured"
    assert set(status.values()) == {"not_visible"}


def test_what_is_nowhere_likely_is_not_visible() -> None:
    faint = zones()
    faint = Zones(faint.core / 3, faint.lesion / 3, faint.oedema / 3)
    result = final.read(faint, found(), [], BOX, scene(), scans=SCANS, tolerance_mm=1.0)
    assert result.record["outcome"] == "not_visible"


def test_a_learned_model_has_no_test() -> None:
    told = found(source="learned", statistic=None, p=None, core_told=False)
    result = read(told=told | {"volume_samples_mm3": {}, "centroid_samples_mm": []})
    regions = {key[2] for key in rows(result)}
    assert regions == {"lesion", "oedema", "all_zones"}


@pytest.mark.parametrize("outcome", ["measured", "not_visible"])
@pytest.mark.parametrize("source", ["automatic", "corrected", "learned"])
def test_rows_and_record_are_what_downstream_takes(outcome: str, source: str) -> None:
    drawn = (distance(CENTRE) < 2).astype(np.uint8) if source == "corrected" else None
    told = found(outcome=outcome, source=source)
    result = read(drawn, told=told, focus_mm=CENTRE)
    assert json.loads(json.dumps(result.record, allow_nan=False)) == result.record
    table = findings.rows(result.record, LABELS, zones=result.zones, small_mm3=8.0)
    lines = ["\t".join(findings.COLUMNS)]
    lines += ["\t".join(str(row.get(n, "n/a")) for n in findings.COLUMNS) for row in table]
    assert len(tables.combine({"a.tsv": "\n".join(lines)}, digits=6)) == len(table)
    written = json.dumps([result.record, *table]).lower()
    assert not any(word in written for word in ("sham", '"fus', '"arm"', '"kind"'))


@pytest.mark.parametrize("seen", ["measured", "not_visible"])
def test_the_picture_is_drawn_and_the_same_twice(tmp_path: Path, seen: str) -> None:
    rng = np.random.default_rng(0)
    brain = distance(np.array([0.0, -15.0, 5.0])) < 15
    early = {"T1w": 100 + rng.standard_normal(SHAPE).astype(np.float32)}
    tissue = np.stack([brain, brain, brain]) * np.array([0.5, 0.5, 0.0])[:, None, None, None]
    head = visit.Head(brain, tissue, AFFINE, CENTRE, np.zeros((0, 3)))
    result = read(told=found(outcome=seen))
    files = [tmp_path / name for name in ("a.png", "b.png")]
    for file in files:
        picture.draw(str(file), early, early, head=head, found=result, half_mm=15.0)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert len(files[0].read_bytes()) > 10_000
