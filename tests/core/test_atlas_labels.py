from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core import atlas_labels
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
    assert atlas_labels.parse_labels(text, suffix=suffix, file="t") == expected


@pytest.mark.parametrize(
    ("text", "suffix"), [("{}", ".json"), ("a\tb\n1\t2\n", ".tsv"), ("", ".csv"), ("x", ".xml")]
)
def test_a_table_that_is_none_is_told(text: str, suffix: str) -> None:
    with pytest.raises(InputFault, match=r"t\.x.*can't be read"):
        atlas_labels.parse_labels(text, suffix=suffix, file="t.x")


def test_a_table_is_read_by_its_ending(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("\ufeffindex,name\n3,Left_A\n", encoding="utf-8")
    assert atlas_labels.read_labels(str(table)) == {3: "Left_A"}


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
        ("Left_Frontal_Pole", "Frontal_Pole", "left"),
        ("GM Primary motor cortex BA4a L", "GM Primary motor cortex BA4a", "left"),
        ("Lingual_Gyrus", "Lingual_Gyrus", ""),
        ("Brain-Stem", "Brain-Stem", ""),
        ("Lingual gyrus", "Lingual gyrus", ""),
        ("R", "R", ""),
    ],
)  # fmt: skip
def test_sides(label: str, name: str, side: str) -> None:
    assert atlas_labels.split_side(label) == (name, side)


@given(st.text())
def test_a_word_is_one_word(name: str) -> None:
    assert " " not in atlas_labels.word(name) and ":" not in atlas_labels.word(name)
    assert atlas_labels.word(atlas_labels.word(name)) == atlas_labels.word(name)
