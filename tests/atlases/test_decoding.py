from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.atlases import decoding
from sonolesion.core.errors import InputFault


@pytest.mark.parametrize(
    ("text", "suffix", "expected"),
    [
        ('{"labels": ["Unknown", "L Put", "R Put "]}', ".json", {1: "L Put", 2: "R Put"}),
        ("index\tname\n7\tLeft Caudate\n", ".tsv", {7: "Left Caudate"}),
        ("index,name\n0,A\n1,G, with a comma\n", ".csv", {0: "A", 1: "G, with a comma"}),
        ("HIP-rh\nAMY-rh\n", ".txt", {1: "HIP-rh", 2: "AMY-rh"}),
        ("A-rh\n11 1 2 3 255\nB-lh\n5 1 2 3 255\n", ".txt", {11: "A-rh", 5: "B-lh"}),
    ],
)  # fmt: skip
def test_labels_of_every_kind_of_table(text: str, suffix: str, expected: dict[int, str]) -> None:
    assert decoding.parse_labels(text, suffix=suffix, file="t") == expected


@pytest.mark.parametrize(
    ("text", "suffix"), [("{}", ".json"), ("a\tb\n1\t2\n", ".tsv"), ("", ".csv"), ("x", ".xml")]
)
def test_a_table_that_is_none_is_told(text: str, suffix: str) -> None:
    with pytest.raises(InputFault, match=r"t\.x.*can't be read"):
        decoding.parse_labels(text, suffix=suffix, file="t.x")


@pytest.mark.parametrize(
    ("label", "name", "side"),
    [
        ("LH-Central_Lateral-Lateral_Posterior-Medial_Pulvinar",
         "Central_Lateral-Lateral_Posterior-Medial_Pulvinar", "left"),
        ("R Red Nucleus", "Red Nucleus", "right"),
        ("THA-VPl-rh", "THA-VPl", "right"),
        ("Thalamus_L", "Thalamus", "left"),
        ("7Networks_LH_Vis_1", "Vis_1", "left"),
        ("Left-Thalamus-Proper", "Thalamus-Proper", "left"),
        ("WM_Corticospinal_tract_R", "WM_Corticospinal_tract", "right"),
        ("Brain-Stem", "Brain-Stem", ""),
        ("Lingual gyrus", "Lingual gyrus", ""),
        ("R", "R", ""),
    ],
)  # fmt: skip
def test_sides(label: str, name: str, side: str) -> None:
    assert decoding.split_side(label) == (name, side)


@given(st.text())
def test_a_word_is_one_word(name: str) -> None:
    assert " " not in decoding.word(name) and ":" not in decoding.word(name)
    assert decoding.word(decoding.word(name)) == decoding.word(name)


def test_packed_by_hand() -> None:
    # One voxel: label 3 with 153/255 = 0.6, label 7 with 51/255 = 0.2.
    packed = np.array([3, 7, 153, 51], dtype=np.uint8).reshape(1, 1, 1, 4)
    assert decoding.unpack(packed, 3).item() == pytest.approx(0.6)
    assert decoding.unpack(packed, 7).item() == pytest.approx(0.2)
    assert decoding.unpack(packed, 5).item() == 0


@pytest.mark.parametrize("voxel", [[3, 7, 51, 153], [3, 7, 200, 100], [9, 0, 255, 0]])
def test_what_is_not_packed_is_refused(voxel: list[int]) -> None:
    packed = np.array(voxel, dtype=np.uint8).reshape(1, 1, 1, 4)
    with pytest.raises(InputFault, match="coding"):
        decoding.require_packed(packed, n_labels=9, file="a.nii.gz")


def test_box_holds_the_region_and_one_voxel_around() -> None:
    volume = np.zeros((6, 6, 6))
    volume[2, 3, 0] = 1
    assert decoding.box_of(volume) == (slice(1, 4), slice(2, 5), slice(0, 2))
