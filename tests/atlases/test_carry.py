from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sonolesion.atlases import carry, loader
from sonolesion.atlases.regions import acpc_box, collected

Writer = Callable[..., dict[str, Any]]
SPACE, OTHER = "MNI152NLin2009cAsym", "MNI152NLin6Asym"
# acpc lies at template minus this.
SHIFT_MM = np.array([1.0, -2.0, 3.0], dtype=np.float32)


def placed(shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float64]]:
    affine = np.eye(4)
    affine[:3, 3] = -(np.array(shape) - 1) / 2
    return affine


@pytest.fixture
def box() -> carry.Box:
    shape = (61, 61, 61)
    affine = placed(shape)
    there = np.broadcast_to(SHIFT_MM, (*shape, 3))
    still = np.zeros((*shape, 3), dtype=np.float32)
    return acpc_box(
        np.ones(shape, dtype=bool), affine, low_mm=(-20, -20, -20), high_mm=(20, 20, 20),
        samples_per_edge=2, to_template=(there, affine), from_template=(-there, affine),
        to_other=(still, affine), from_other=(still, affine), template=SPACE, other=OTHER,
    )  # fmt: skip


@pytest.mark.parametrize("coding", ["labels", "probabilistic", "packed"])
def test_a_region_arrives_where_the_warp_says(atlas: Writer, box: carry.Box, coding: str) -> None:
    found = carry.carried(loader.regions(atlas(coding)), box, space=SPACE, min_inside=0.9)
    assert found.fault == ""
    left = found.entries[0]
    # In the template the cube's centre is (-9.5, 0.5, 2.5).
    assert left["centroid_mm"] == pytest.approx([-10.5, 2.5, -0.5])
    assert (left["side"], left["coverage"]) == ("left", 1.0)
    assert left["volume_mm3"] == pytest.approx(216, rel=0.05)
    index = np.argwhere(found.fractions[0] == carry.WHOLE) @ box.affine[:3, :3].T
    assert (index + box.affine[:3, 3]).mean(axis=0) == pytest.approx([-10.5, 2.5, -0.5])


def test_a_region_partly_outside_the_box_keeps_its_volume(atlas: Writer, box: carry.Box) -> None:
    cut = replace(
        box, shape=(11, 41, 41), points={SPACE: box.points[SPACE][:11]}, affine=box.affine
    )
    # The box now ends at x = -10; the left cube spans -13 to -8.
    found = carry.carried(loader.regions(atlas()), cut, space=SPACE, min_inside=0.9)
    left = found.entries[0]
    assert left["coverage"] == pytest.approx(4 / 6, abs=0.01)
    assert left["volume_mm3"] == pytest.approx(216, rel=0.1)
    assert [entry["side"] for entry in found.entries] == ["left"]


def test_swapped_sides_and_other_spaces_are_faults(atlas: Writer, box: carry.Box) -> None:
    regions = list(loader.regions(atlas()))
    flip = np.diag([-1.0, 1.0, 1.0, 1.0])
    mirrored = [replace(region, affine=flip @ region.affine) for region in regions]
    found = carry.carried(mirrored, box, space=SPACE, min_inside=0.9)
    assert "sides are swapped" in found.fault
    assert found.entries == []
    far = np.eye(4)
    far[1, 3] = 90
    away = [replace(region, affine=far @ region.affine) for region in regions]
    moved = carry.carried(away, box, space=SPACE, min_inside=0.9)
    assert "of another space than stated" in moved.fault


def test_collected_names_what_it_could_not_use(atlas: Writer, box: carry.Box) -> None:
    good, bad = atlas(), atlas() | {"name": "bad", "fault": "no such file: x"}
    broken = atlas() | {"name": "broken", "coding": "packed"}
    place = {"name": "CL", "side": "left", "space": OTHER, "carried_as": OTHER, "extra_sd_mm": 0.4,
             "note": "ellipsoid", "citation": "Morel", "volume_mm3": "847",
             "x_mm": "-6.7", "y_mm": "-10", "z_mm": "8.7"}  # fmt: skip
    options = {"target": "CL", "ellipsoid_ratio": (1, 2, 1.5), "min_inside": 0.9}
    stack, record = collected([good, bad, broken], [place], box, **options)
    told = record["atlases"]
    assert told["cubes"]["status"] == "carried"
    assert told["bad"] == told["bad"] | {"status": "refused", "reason": "no such file: x"}
    assert "coding packed" in told["broken"]["reason"]
    assert [entry["atlas"] for entry in record["regions"]] == ["cubes", "cubes", "centroid"]
    assert record["regions"][-1]["relation"] == "ellipsoid"
    assert stack.shape == (*box.shape, 3)
    assert stack[..., 2].sum() / carry.WHOLE == pytest.approx(847, rel=0.05)


def test_an_atlas_that_has_the_target_needs_no_ellipsoid(atlas: Writer, box: carry.Box) -> None:
    row = atlas() | {"structures": {"Cube": ["CL", "is"]}}
    options = {"target": "CL", "ellipsoid_ratio": (1, 2, 1.5), "min_inside": 0.9}
    _, record = collected([row], [{"name": "CL"}], box, **options)
    assert [entry["relation"] for entry in record["regions"]] == ["is", "is"]


def test_no_atlas_at_all_gives_an_empty_stack(box: carry.Box) -> None:
    options = {"target": "none", "ellipsoid_ratio": (1, 2, 1.5), "min_inside": 0.9}
    stack, record = collected([], [], box, **options)
    assert stack.shape == (*box.shape, 0)
    assert record["regions"] == []
