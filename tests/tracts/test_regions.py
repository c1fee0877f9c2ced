from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sonolesion.atlases import loader, table
from sonolesion.core import atlas_labels
from sonolesion.core.errors import InputFault
from sonolesion.core.settings.tracts import Tracts
from sonolesion.tracts import regions

POINTS = np.array([[-5.0, 0, 0], [5, 0, 0], [-8, 0, 0]], dtype=np.float32)


def test_spheres_and_boxes_on_both_sides() -> None:
    left = regions.mirrored((-5.0, 0.0, 0.0), side="left")
    right = regions.mirrored((-5.0, 0.0, 0.0), side="right")
    inside = [
        regions.in_sphere(POINTS, centre_mm=centre, radius_mm=2.0).tolist()
        for centre in (left, right)
    ]
    assert inside == [[True, False, False], [False, True, False]]
    low = regions.mirrored((4.0, -1.0, -1.0), side="right")
    high = regions.mirrored((6.0, 1.0, 1.0), side="right")
    assert regions.in_box(POINTS, low_mm=low, high_mm=high).tolist() == [True, False, False]


def test_shares_of_parts_are_taken_together() -> None:
    parts = [np.array([20, 50, 0], np.uint8), np.array([240, 10, 0], np.uint8)]
    assert regions.united(parts, min_share=60.0).tolist() == [True, True, False]


def test_masks_of_the_settings() -> None:
    known = {region.name: region.model_dump() for region in Tracts().regions}
    points = np.array([[5.0, -19, -9], [-5, -19, -9], [0, 0, 0], [40, 0, 0]])
    shares = {("harvard_oxford", "Thalamus", "left"): np.array([0.0, 0.3, 0, 0])}
    given = {"points": points, "shares": shares, "min_share": 0.25}
    thalamus = regions.mask_of(known["thalamus"], side="left", **given)
    assert thalamus.tolist() == [False, True, False, False]
    nucleus = regions.mask_of(known["red_nucleus"], side="right", **given)
    assert nucleus.tolist() == [True, False, False, False]
    midline = regions.mask_of(known["midline"], side="right", **given)
    assert midline.tolist() == [False, False, True, False]
    far = regions.mask_of(known["far_side"], side="left", **given)
    # The box begins at z = -8, above the points near the red nucleus.
    assert far.tolist() == [False, False, False, True]
    with pytest.raises(InputFault, match="Insular_Cortex left"):
        regions.mask_of(known["insula"], side="left", **given)


def test_an_unknown_side_is_an_error() -> None:
    with pytest.raises(KeyError):
        regions.mirrored((0.0, 0.0, 0.0), side="both")


def test_every_bundle_names_regions_that_are_there() -> None:
    given = Tracts()
    names = {region.name for region in given.regions}
    for bundle in given.bundles:
        entries = (*bundle.waypoints, *bundle.exclusions, bundle.seed)
        used = {regions.side_and_name(entry, side="left")[1] for entry in entries}
        assert used <= names, bundle.name
        assert bundle.seed in bundle.waypoints
        assert len(bundle.waypoints) >= 2


def test_every_atlas_region_is_in_its_atlas(root: Path) -> None:
    rows = {row["name"]: row for row in table.chosen(
        root / "atlases", used=("harvard_oxford", "juelich"), files={}, own=()
    )}  # fmt: skip
    known = {
        name: {
            tuple(reversed(atlas_labels.split_side(label))) for label in loader.labels(row).values()
        }
        for name, row in rows.items()
    }
    words = {n: {(side, atlas_labels.word(name)) for side, name in k} for n, k in known.items()}
    for region in Tracts().regions:
        for part in region.parts:
            assert {("left", part), ("right", part)} <= words[region.atlas], part
