from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core.errors import InputFault
from sonolesion.maths import atlas_files, parcels

Array = np.ndarray[Any, Any]
NAMES = {0: "Right_Cuneus", 1: "Left_Cuneus", 2: "Brain-Stem", 3: "Left_Lateral_Ventricle"}
ROW = {"name": "a", "file": "a.nii", "labels": "a.csv", "coding": "labels", "fault": ""}
POINTS = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [9, 0, 0]])


def shares() -> Array:
    """Return percentages of four regions in three voxels."""
    data = np.zeros((3, 1, 1, 4), dtype=np.uint8)
    data[0, 0, 0] = 60, 30, 0, 0
    data[1, 0, 0] = 20, 24, 0, 90
    data[2, 0, 0] = 0, 0, 25, 0
    return data


def test_parcels_are_left_then_neither_then_right() -> None:
    found = parcels.chosen(NAMES, left_out=("Lateral_Ventricle",))
    assert [p.label for p in found] == ["Cuneus_left", "Brain-Stem", "Cuneus_right"]
    assert [p.number for p in found] == [1, 2, 0]
    assert parcels.numbers(found, ("Cuneus",)) == [1, 3]
    with pytest.raises(InputFault, match="no parcel"):
        parcels.chosen({0: "Left_A"}, left_out=("A",))


def test_the_likeliest_parcel_counts_from_a_share_on() -> None:
    found = parcels.chosen(NAMES, left_out=("Lateral_Ventricle",))
    opened = atlas_files.Opened(ROW | {"coding": "probabilistic"}, shares(), np.eye(4))
    got = parcels.most_probable(POINTS, found, opened, min_share=25.0)
    # Right cuneus; nothing likely enough; brainstem at the very limit; outside.
    assert got.tolist() == [3, 0, 2, 0]


def test_labels_of_an_atlas_become_parcels() -> None:
    found = parcels.chosen({7: "Right_A", 300: "Left_A"}, left_out=())
    volume = np.array([300, 7, 8], dtype=np.int32).reshape(3, 1, 1)
    assert parcels.labelled(POINTS, found, volume, np.eye(4)).tolist() == [1, 2, 0, 0]


def test_an_atlas_is_laid_inside_the_brain_only() -> None:
    found = parcels.chosen({1: "Left_A"}, left_out=())
    opened = atlas_files.Opened(ROW, np.ones((3, 1, 1), np.int32), np.eye(4))
    points = POINTS[:3].reshape(3, 1, 1, 3)
    inside = np.array([True, False, True]).reshape(3, 1, 1)
    got = parcels.laid(points, inside, found, opened, min_share=0.25)
    assert got.ravel().tolist() == [1, 0, 1]
    with pytest.raises(InputFault, match="no voxel"):
        parcels.laid(points + 50, inside, found, opened, min_share=0.25)


def test_centres_and_grid_by_hand() -> None:
    labels = np.zeros((4, 1, 1), dtype=np.int16)
    labels[1:4] = 2
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    assert parcels.centres_mm(labels, affine, n_parcels=2) == [None, [4.0, 0.0, 0.0]]
    mask, coarse = parcels.coarse_grid(np.ones((5, 5, 5), bool), np.eye(4), spacing_mm=2.0)
    assert mask.shape == (3, 3, 3)
    assert coarse.tolist() == affine.tolist()


@given(st.floats(0.2, 5.0), st.floats(-50.0, 50.0))
def test_a_coarse_grid_keeps_the_place_of_its_voxels(spacing_mm: float, shift: float) -> None:
    affine = np.eye(4)
    affine[0, 3] = shift
    mask = np.zeros((12, 1, 1), dtype=bool)
    mask[0] = True
    coarse, moved = parcels.coarse_grid(mask, affine, spacing_mm=spacing_mm)
    assert coarse[0, 0, 0]
    assert moved[0, 3] == shift
    assert round(float(moved[0, 0])) == moved[0, 0] >= 1


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([], "none"),
        ([ROW | {"fault": "no such file"}], "no such file"),
        ([ROW | {"coding": "masks"}], "coding masks"),
        ([ROW | {"labels": ""}], "table of labels none"),
    ],
)
def test_an_atlas_that_can_t_be_parcels_is_told(rows: list[dict[str, str]], found: str) -> None:
    with pytest.raises(InputFault, match=found):
        parcels.atlas_row(rows, "a")
    assert parcels.atlas_row([ROW], "a") == ROW
