from __future__ import annotations

import numpy as np
import pytest

from sonolesion.tracts import bundle_views, rendering, visit_rows
from sonolesion.tracts.rendering import Camera
from sonolesion.tracts.tractogram import Bundles

AFFINE = np.diag([4.0, 4.0, 4.0, 1.0])
AFFINE[:3, 3] = (-60.0, -80.0, -60.0)
SHAPE = (31, 41, 31)


def places() -> np.ndarray:
    index = np.stack(np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij"), axis=-1)
    return index @ AFFINE[:3, :3].T + AFFINE[:3, 3]


def straight(n: int, x_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Return upright streamlines 1 mm apart, from z -40 to 40 mm."""
    z = np.linspace(-40.0, 40.0, 41)
    lines = [np.stack([np.full(41, x_mm + k), np.full(41, -20.0), z], axis=1) for k in range(n)]
    return np.concatenate(lines).astype(np.float32), 41 * np.arange(n + 1)


@pytest.fixture(scope="module")
def found() -> Bundles:
    points, offsets = straight(20, -20.0)
    return Bundles(points, offsets, {"corticospinal_left": np.arange(20)})


def test_a_picture_with_a_lesion_has_the_close_views_too(found: Bundles) -> None:
    brain = np.linalg.norm(places() - np.array([0.0, 0.0, 0.0]), axis=-1) < 55
    lesion = (np.linalg.norm(places() - np.array([-20.0, -20.0, 0.0]), axis=-1) < 9).astype(float)
    t1w = brain * 100.0
    given = {"brain": brain, "cut": np.arange(20) < 5, "title": "x"}
    whole = bundle_views.views(found, t1w, AFFINE, lesion=lesion, **given)
    plain = bundle_views.views(found, t1w, AFFINE, lesion=np.zeros(SHAPE), **given)
    assert whole.height > plain.height
    assert whole.width == plain.width
    red = np.asarray(whole).astype(int)
    assert ((red[..., 0] > 150) & (red[..., 1] < 60) & (red[..., 2] < 60)).sum() > 50


def test_cut_streamlines_are_coloured_and_spared_ones_grey(found: Bundles) -> None:
    cut = np.arange(20) < 5
    colour = {"corticospinal": "#ff0000"}
    numbers, colours = bundle_views._members(found, colour, cut, is_cut=True)
    assert numbers.tolist() == [0, 1, 2, 3, 4]
    assert (colours == [1.0, 0.0, 0.0]).all()
    numbers, colours = bundle_views._members(found, colour, cut, is_cut=False)
    assert len(numbers) == 15
    assert (colours == bundle_views.SPARED).all()


def test_a_slab_cuts_lines_to_pieces_and_joins_none() -> None:
    # A line that leaves the slab and comes back makes two pieces.
    y = np.array([0.0, 1.0, 30.0, 30.0, 1.0, 0.0])
    points = np.stack([np.arange(6.0), y, np.zeros(6)], axis=1).astype(np.float32)
    seen = Camera(rendering.axes_of(0.0, 0.0), np.zeros(3), (20.0, 20.0), 1.0)
    part, offsets, whose = bundle_views._slab(points, np.array([0, 6]), seen)
    assert part[:, 0].tolist() == [0.0, 1.0, 4.0, 5.0]
    assert offsets.tolist() == [0, 2, 4]
    assert whose.tolist() == [0, 0]


def settings(threshold: float = 0.5) -> dict[str, dict[str, float]]:
    return {
        "disconnection": {"threshold": threshold, "min_streamlines": 10},
        "profiles": {"n_nodes": 41, "max_distance": 5.0, "max_length_sd": 4.0, "floor_mm": 1.0},
    }


def summary(streamlines: int) -> dict[str, object]:
    own = {"bundle": "corticospinal", "side": "left", "streamlines": streamlines,
           "start_mm": [-10.0, -20.0, 40.0]}  # fmt: skip
    return {"Bundles": {"corticospinal_left": own}}


def test_nodes_of_the_lesion_by_hand(found: Bundles) -> None:
    """The start is on top: a slab of lesion at z 10 to 18 lies 22 to 30 mm along, 2 mm a node."""
    lesion = ((places()[..., 2] >= 10) & (places()[..., 2] <= 18)).astype(np.float32)
    told = visit_rows.reached_nodes(found, summary(20), lesion, AFFINE, settings=settings())
    first, last = told["corticospinal_left"]
    # Slices at z 12 and 16 hold it; a half is reached 2 mm beyond each.
    assert (first, last) == (11, 15)


def test_a_lesion_elsewhere_or_a_thin_bundle_has_no_nodes(found: Bundles) -> None:
    far = (places()[..., 0] > 30).astype(np.float32)
    assert visit_rows.reached_nodes(found, summary(20), far, AFFINE, settings=settings()) == {}
    every = np.ones(SHAPE, np.float32)
    assert visit_rows.reached_nodes(found, summary(9), every, AFFINE, settings=settings()) == {}
