"""The best correction there is data for is chosen, and the words say why."""

from __future__ import annotations

import pytest

from sonolesion.maths.distortion_choice import Encoding, choose, encoding, partner

UP = Encoding("j", True, 0.04)
DOWN = Encoding("j-", True, 0.05)


def test_a_pair_comes_first() -> None:
    found = choose(UP, [UP, DOWN], b0_map=True, references=["T2w"])
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
    found = choose(UP, others, b0_map=True, references=["T2w"])
    assert found.method == "b0_map"
    assert why in found.reason


def test_registration_comes_third() -> None:
    found = choose(UP, [], b0_map=False, references=["T2w", "T1w"])
    assert (found.method, found.reference) == ("registration", "T2w")
    assert "no B0 map" in found.reason


def test_an_axis_without_a_sign_leaves_registration() -> None:
    axis = encoding(direction=None, axis="j", readout_s=0.04)
    found = choose(axis, [DOWN], b0_map=True, references=["T1w"])
    assert found.method == "registration"
    assert "sign" in found.reason


def test_nothing_leaves_nothing() -> None:
    assert choose(UP, [], b0_map=False, references=[]).method == "none"
    unknown = encoding(direction=None, axis=None, readout_s=0.04)
    assert unknown.axis is None
    assert "axis" in choose(unknown, [DOWN], b0_map=True, references=["T1w"]).reason


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
