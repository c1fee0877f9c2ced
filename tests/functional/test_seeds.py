from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.core.errors import InputFault
from sonolesion.core.tables import read_tsv
from sonolesion.functional import seeds
from sonolesion.functional.connectivity import region_series

ROW = {
    "name": "pcc", "side": "midline", "space": "MNI152NLin6Asym", "x_mm": "0", "y_mm": "-52",
    "z_mm": "26", "radius_mm": "6", "citation": "somebody",
}  # fmt: skip
SPACES = ["MNI152NLin6Asym"]
GRID: dict[str, Any] = {"affine": np.diag([2.0, 2.0, 2.0, 1.0]), "shape": (10, 10, 10)}


def same(points: Any) -> Any:
    return points


def test_the_table_of_the_project_is_sound(root: Path) -> None:
    found = seeds.parse(read_tsv(root / "atlases/seeds.tsv"), file="seeds.tsv", spaces=SPACES)
    places = {(seed.name, seed.side): seed.centre_mm for seed in found}
    assert places["pcc", "midline"] == (0, -52, 26)
    for (name, side), (x, y, z) in places.items():
        if side == "left":
            assert places[name, "right"] == (-x, y, z)
    assert all("doi:" in seed.citation or "chosen" in seed.citation for seed in found)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"space": "Talairach"}, "space Talairach"),
        ({"x_mm": "nought"}, "a word for a number"),
        ({"radius_mm": "0"}, "radius 0"),
        ({"y_mm": "nan"}, "finite"),
        ({"side": "left", "x_mm": "4"}, "side left at x = 4"),
        ({"side": "L"}, "side L"),
        ({"citation": ""}, "nothing in citation"),
    ],
)
def test_a_broken_row_is_named(change: dict[str, str], message: str) -> None:
    with pytest.raises(InputFault, match=f"seeds.tsv line 3.*{message}"):
        seeds.parse([ROW, ROW | {"name": "b"} | change], file="seeds.tsv", spaces=SPACES)


def test_a_seed_comes_once() -> None:
    with pytest.raises(InputFault, match=r"line 3.*second time"):
        seeds.parse([ROW, ROW], file="seeds.tsv", spaces=SPACES)


def test_spheres_by_hand() -> None:
    """Radius of one voxel: the voxel and its six neighbours; at a corner three lie outside."""
    centres, radii = np.array([[8.0, 8, 8], [0, 0, 0], [9, 9, 9]]), np.array([2.0, 2.0, 0.1])
    found = seeds.spheres(centres, radii, to_scan=same, **GRID)
    assert found.whole.tolist() == [7, 7, 1]
    assert found.weights.sum(axis=1).tolist() == [7, 4, 1]
    inside = np.ones(GRID["shape"], bool)
    series = np.random.default_rng(0).normal(size=(1000, 9))
    read = region_series(series, inside, found, min_coverage=0.6)
    assert read.coverage == pytest.approx([1, 4 / 7, 1])
    assert read.is_read.tolist() == [True, False, True]


def test_points_are_carried_and_those_without_a_place_are_not_covered() -> None:
    def shifted(points: Any) -> Any:
        moved = points + np.array([4.0, 0, 0])
        moved[1] = np.nan
        return moved

    found = seeds.spheres(np.zeros((2, 3)), np.array([1.0, 1.0]), to_scan=shifted, **GRID)
    assert found.weights[[0]].indices.tolist() == [np.ravel_multi_index((2, 0, 0), GRID["shape"])]
    assert found.whole[1] > 0
    assert found.weights[[1]].sum() == 0


def test_a_sphere_of_a_turned_grid_has_its_volume() -> None:
    turn = np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([1.0, 0.5, 2.0])
    found = seeds.spheres(
        np.array([[3.0, 4, 5]]), np.array([5.0]), to_scan=same, affine=affine, shape=(40, 40, 40)
    )
    assert found.whole[0] == pytest.approx(4 / 3 * np.pi * 125, rel=0.05)


def test_maps_equal_correlation_voxel_by_voxel() -> None:
    rng = np.random.default_rng(1)
    series, known = rng.normal(size=(50, 30)) + 1000, rng.normal(size=(30, 3))
    known[:, 1] = np.nan
    series[4], series[7, 2] = 3.3, np.nan
    found = seeds.maps(series, known)
    for voxel in (0, 1, 49):
        want = np.arctanh(np.corrcoef(series[voxel], known[:, 2])[0, 1])
        assert found[2, voxel] == pytest.approx(want, abs=1e-6)
    assert np.isnan(found[1]).all()
    assert np.isnan(found[0]).nonzero()[0].tolist() == [4, 7]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.floats(0.01, 100), st.floats(-1e3, 1e3))
def test_gain_and_offset_do_not_matter_and_sign_does(seed: int, gain: float, offset: float) -> None:
    rng = np.random.default_rng(seed)
    series, known = rng.normal(size=(20, 25)), rng.normal(size=(25, 2))
    one = seeds.maps(series, known)
    order = rng.permutation(20)
    two = seeds.maps(gain * series[order] + offset, -known)
    np.testing.assert_allclose(two, -one[:, order], atol=1e-5)


def test_a_voxel_that_is_the_seed_is_finite() -> None:
    wave = np.random.default_rng(2).normal(size=20)
    assert seeds.maps(wave[None], wave[:, None])[0, 0] == pytest.approx(7.25, abs=0.01)


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(V, N\), \(N, S\)"):
        seeds.maps(np.zeros((4, 5)), np.zeros((6, 1)))
