"""The best correction there is data for is chosen, and the words say why."""

from __future__ import annotations

import pytest

from sonolesion.maths.distortion_choice import (
    Encoding,
    choose,
    contradiction,
    encoding,
    partner,
)

UP = Encoding("j", True, 0.04)
DOWN = Encoding("j-", True, 0.05)


def test_a_pair_comes_first() -> None:
    found = choose(UP, [UP, DOWN], maps=["b0_map"], references=["T2w"])
    assert (found.method, found.reference) == ("opposed", "")
    assert partner(UP, [UP, DOWN]) == 1


@pytest.mark.parametrize(
    ("others", "why"),
    [
        ([], "no second phase encoding"),
        ([UP], "opposite of j "),
        ([Encoding("i-", True, 0.04)], "opposite of j "),
        ([Encoding("j-", True, None)], "readout time"),
        ([Encoding("j", False, 0.04)], "opposite of j "),
    ],
)
def test_a_map_comes_second(others: list[Encoding], why: str) -> None:
    found = choose(UP, others, maps=["b0_map", "gre_map"], references=["T2w"])
    assert found.method == "b0_map"
    assert why in found.reason


def test_the_map_of_the_gradient_echo_comes_after_one_in_hertz() -> None:
    found = choose(UP, [], maps=["gre_map"], references=["T2w"])
    assert found.method == "gre_map"
    assert "gradient echo with phase" in found.reason
    assert "no B0 map in Hz" in found.reason


@pytest.mark.parametrize(
    ("scans", "pair"),
    [
        ([("AP", DOWN), ("PA", UP)], None),
        ([("AP", DOWN), ("PA", DOWN)], (0, 1)),
        ([("", UP), ("A", UP), ("A", DOWN)], (1, 2)),
        ([("HF", UP), ("x", UP), ("FH", UP)], (0, 2)),
        ([("L", UP), ("R", UP)], (0, 1)),
        ([("98", UP), ("99", UP)], None),
        ([("AP", UP), ("AP", Encoding("j", False, 0.04))], None),
        ([("", UP), ("", DOWN)], None),
    ],
)
def test_labels_at_odds_with_their_encodings_are_found(scans, pair) -> None:
    assert contradiction(scans) == pair


def test_registration_comes_third() -> None:
    found = choose(UP, [], maps=[], references=["T2w", "T1w"])
    assert (found.method, found.reference) == ("registration", "T2w")
    assert "no B0 map" in found.reason


def test_an_axis_without_a_sign_leaves_registration() -> None:
    axis = encoding(direction=None, axis="j", readout_s=0.04)
    found = choose(axis, [DOWN], maps=["b0_map"], references=["T1w"])
    assert found.method == "registration"
    assert "sign" in found.reason


def test_nothing_leaves_nothing() -> None:
    assert choose(UP, [], maps=[], references=[]).method == "none"
    unknown = encoding(direction=None, axis=None, readout_s=0.04)
    assert unknown.axis is None
    assert "axis" in choose(unknown, [DOWN], maps=["gre_map"], references=["T1w"]).reason


def test_a_sidecar_is_read() -> None:
    found = encoding(direction="k-", axis="i", readout_s=0.03)
    assert (found.axis, found.sign, found.readout_s) == (2, -1, 0.03)
    assert encoding(direction=None, axis="i", readout_s=None).sign is None


@pytest.mark.parametrize(
    ("direction", "readout_s"), [("y", 0.04), ("", 0.04), (3, 0.04), ("j", 0), ("j", "x")]
)
def test_bad_sidecars_are_refused(direction: object, readout_s: object) -> None:
    with pytest.raises(ValueError, match=r"phase encoding|readout"):
        encoding(direction=direction, axis=None, readout_s=readout_s)
