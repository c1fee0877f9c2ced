"""Overlap of the lesion with regions, both ways, and its interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.lesion import overlap

AFFINE = np.eye(4)
AFFINE[:3, 3] = -20
SHAPE = (41, 41, 41)
LABELS = {"participant_id": "sub-01", "session_id": "ses-3d", "intervention_id": "fus1",
          "day_after": 3.0, "side": "left"}  # fmt: skip


def cube(centre: tuple[int, ...], edge: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    volume = np.zeros(SHAPE, dtype=np.float32)
    low = np.array(centre) + 20 - edge // 2
    volume[tuple(slice(a, a + edge) for a in low)] = 1
    return volume


def entry(**given: Any) -> dict[str, Any]:
    blank = {"atlas": "a", "region": "CL", "side": "left", "structure": "CL", "relation": "is",
             "coverage": 1.0, "volume_mm3": 1000.0, "centroid_mm": [-8.5, -0.5, -0.5],
             "extra_sd_mm": 0.0}  # fmt: skip
    return blank | given


def record(*entries: dict[str, Any], refused: str = "") -> dict[str, Any]:
    told = {"a": {"status": "carried", "reason": ""}}
    if refused:
        told["b"] = {"status": "refused", "reason": refused}
    return {"regions": list(entries), "atlases": told, "target": "CL", "whole": 1}


def rows(lesion: overlap.Lesion | None, told: dict[str, Any], **given: Any) -> list[dict[str, Any]]:
    stack = np.stack([cube((-8, 0, 0), 10)] * len(told["regions"]), axis=-1)
    options = {
        "labels": LABELS, "target_mm": (-8.0, 0.0, 0.0), "registration_sd_mm": 1.0,
        "shifts": overlap.unit_shifts(200, seed=1), "interval_share": 0.9, "reach_mm": 15.0,
        "few_voxels": 8,
    }  # fmt: skip
    return overlap.rows(lesion, stack, AFFINE, told, **(options | given))


def test_two_cubes_by_hand() -> None:
    # A lesion of 4 x 4 x 4 mm, half of it inside a region of 10 x 10 x 10 mm.
    lesion = overlap.lesion_of(cube((-3, 0, 0), 4) > 0, AFFINE)
    region = cube((-8, 0, 0), 10)
    found = overlap.overlaps(
        lesion, region, AFFINE, volume_mm3=1000, centroid_mm=(-8.5, -0.5, -0.5),
        shifts_mm=np.array([[0, 0, 0], [-2.0, 0, 0], [9, 0, 0]]),
    )  # fmt: skip
    assert lesion.volume_mm3 == 64
    assert found["overlap_volume"].tolist() == [32, 64, 0]
    assert found["overlap_of_region"].tolist() == [0.032, 0.064, 0]
    assert found["overlap_of_lesion"].tolist() == [0.5, 1, 0]
    assert found["centroid_distance"] == pytest.approx([5, 3, 14])


@given(st.integers(-12, 12), st.integers(2, 8), st.floats(0, 3))
def test_overlaps_are_shares(x: int, edge: int, sd_mm: float) -> None:
    lesion = overlap.lesion_of(cube((x, 0, 0), edge) > 0, AFFINE)
    found = overlap.overlaps(
        lesion, cube((0, 0, 0), 10), AFFINE, volume_mm3=1000, centroid_mm=(0, 0, 0),
        shifts_mm=sd_mm * overlap.unit_shifts(20, seed=0),
    )  # fmt: skip
    for name in ("overlap_of_region", "overlap_of_lesion"):
        assert (found[name] >= 0).all() and (found[name] <= 1 + 1e-9).all()
    both = found["overlap_of_lesion"] * lesion.volume_mm3
    assert found["overlap_of_region"] * 1000 == pytest.approx(both)


def test_interval_covers_where_the_lesion_really_is() -> None:
    """Displace a lesion at random; its true overlap is in the interval as often as stated."""
    region, generator, hits = cube((0, 0, 0), 10), np.random.default_rng(0), 0
    shifts = 1.5 * overlap.unit_shifts(200, seed=5)
    n_trials = 100
    for _ in range(n_trials):
        true = generator.uniform(-8, 8, 3)
        points = np.argwhere(cube((0, 0, 0), 4)) - 20.0 + true
        seen = points + 1.5 * generator.standard_normal(3)
        options = {"volume_mm3": 1000.0, "centroid_mm": (0, 0, 0)}
        real = overlap.overlaps(
            overlap.Lesion(points, 1.0), region, AFFINE, shifts_mm=np.zeros((1, 3)), **options
        )["overlap_volume"][0]
        drawn = overlap.overlaps(
            overlap.Lesion(seen, 1.0), region, AFFINE, shifts_mm=shifts, **options
        )["overlap_volume"]
        _, low, high = overlap.interval(drawn, share=0.9)
        hits += low - 0.5 <= real <= high + 0.5
    assert hits / n_trials > 0.83


def test_shifts_begin_in_place_and_repeat() -> None:
    shifts = overlap.unit_shifts(1000, seed=3)
    assert shifts[0].tolist() == [0, 0, 0]
    assert shifts[1:].std(axis=0) == pytest.approx([1, 1, 1], abs=0.1)
    assert (shifts == overlap.unit_shifts(1000, seed=3)).all()


def test_rows_of_a_visit() -> None:
    lesion = overlap.lesion_of(cube((-8, 0, 0), 4) > 0, AFFINE)
    found = rows(lesion, record(entry(extra_sd_mm=2.0), refused="no such file: m"))
    values = {row["statistic"]: row for row in found[:-1]}
    assert len(values) == 13
    assert values["overlap_of_lesion"]["value"] == 1
    assert values["overlap_of_region"]["value"] == pytest.approx(0.064)
    assert values["overlap_of_lesion_low"]["value"] < 1
    assert values["overlap_volume"]["region"] == "a:CL"
    assert values["overlap_volume"]["method"] == "target CL; position sd 2.2 mm"
    assert found[-1]["region"] == "b:all"
    assert found[-1]["status"] == "absent"
    assert found[-1]["method"] == "no such file: m"
    assert "value" not in found[-1]


def test_nothing_visible_gives_rows_without_values() -> None:
    found = rows(None, record(entry(), entry(region="MD", structure="MD")))
    assert [row["status"] for row in found] == ["not_visible"] * 2
    assert all("value" not in row for row in found)


def test_the_plan_alone_decides_which_regions_are_reported() -> None:
    others = [entry(side="right"), entry(side="", relation="", structure="", region="far")]
    near = rows(None, record(entry(), *others))
    assert [row["region"] for row in near] == ["a:CL", "a:far"]
    away = rows(None, record(entry(), *others), target_mm=(15.0, 15.0, 15.0))
    assert [row["region"] for row in away] == ["a:CL"]


def test_few_voxels_are_below_resolution() -> None:
    lesion = overlap.lesion_of(cube((-8, 0, 0), 4) > 0, AFFINE)
    found = rows(lesion, record(entry(volume_mm3=7.0)))
    assert {row["below_resolution"] for row in found} == {"true"}
    assert max(row["value"] for row in found if row["statistic"] == "overlap_of_region") <= 1


def test_words_are_known_to_the_tables() -> None:
    from sonolesion.core.tables import MISSING, cell
    from sonolesion.lesion.findings import COLUMNS
    from sonolesion.measures import tables

    lesion = overlap.lesion_of(cube((-8, 0, 0), 4) > 0, AFFINE)
    found = rows(lesion, record(entry(region="VA_1+2.x-y"), refused="x"))
    lines = ["\t".join(COLUMNS)]
    lines += ["\t".join(cell(row.get(name)) or MISSING for name in COLUMNS) for row in found]
    assert len(tables.combine({"t": "\n".join(lines)}, digits=6)) == len(found)
