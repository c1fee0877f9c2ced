from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.core.errors import InputFault
from sonolesion.maths import asl_context as context
from sonolesion.maths import asl_timing as timing

ROLE = {"c": "control", "l": "label", "d": "deltam", "m": "m0scan", "f": "cbf"}


def made(letters: str, delays: list[float] | None = None) -> context.Series:
    told = context.roles([ROLE[one] for one in letters], n_volumes=len(letters), file="a.tsv")
    when = timing.timing(
        labelling_type="PCASL", delay_s=delays or 1.8, labelling_s=1.8, told=told, max_s=20,
        file="a.json",
    )  # fmt: skip
    return context.series(told, when, file="a.tsv")


def pairs(found: context.Series) -> list[tuple[int, int]]:
    return list(zip(found.controls.tolist(), found.labels.tolist(), strict=True))


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("mmclcl", [(2, 3), (4, 5)]),
        ("lclc", [(1, 0), (3, 2)]),
        ("cccmlll", [(0, 4), (1, 5), (2, 6)]),
        ("cllccl", [(0, 1), (3, 2), (4, 5)]),
    ],
)
def test_pairs_by_hand(letters: str, expected: list[tuple[int, int]]) -> None:
    found = made(letters)
    assert found.layout == "pairs"
    assert pairs(found) == expected


@settings(max_examples=30, deadline=None)
@given(st.permutations("cccllllcm"))
def test_each_volume_is_in_one_pair_whatever_the_order(order: list[str]) -> None:
    found = made("".join(order))
    used = [*found.controls.tolist(), *found.labels.tolist(), *found.m0.tolist()]
    assert sorted(used) == list(range(9))


def test_only_volumes_of_one_delay_are_paired() -> None:
    found = made("clcllc", [1.0, 2.0, 2.0, 1.0, 1.0, 1.0])
    assert pairs(found) == [(0, 3), (2, 1), (5, 4)]


@pytest.mark.parametrize(("letters", "delays", "told"), [
    ("clclc", None, "3 control and 2 label volumes"),
    ("clccl", None, "volume 4 has the role of the one before"),
    ("ccll", [1.0, 2.0, 1.0, 1.0], "at a delay of 1 s"),
    ("cc", None, "2 control and 0 label"),
])  # fmt: skip
def test_half_pairs_are_named(letters: str, delays: list[float] | None, told: str) -> None:
    with pytest.raises(InputFault, match=told):
        made(letters, delays)


def test_layouts() -> None:
    given = made("dm")
    assert (given.layout, given.differences.tolist(), given.m0.tolist()) == ("deltam", [0], [1])
    assert given.weighted.tolist() == [0]
    assert made("f").layout == "cbf"
    beside = made("dmf")
    assert (beside.layout, beside.cbf.tolist()) == ("deltam", [2])
    with pytest.raises(InputFault, match="beside 1 deltam"):
        made("cld")
    with pytest.raises(InputFault, match="nothing else"):
        made("mm")


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        (["control"], "1 rows for 2 volumes"),
        (["control", "tag"], "volume_type 'tag' in row 2"),
    ],
)
def test_tables_that_do_not_fit(entries: list[str], told: str) -> None:
    with pytest.raises(InputFault, match=told):
        context.roles(entries, n_volumes=2, file="a.tsv")


def source(letters: str, m0_type: str | None, **change: Any) -> str:
    given = {"has_scan": False, "estimate": None, "background_suppression": False} | change
    return context.m0_source(m0_type, made(letters), file="a.json", **given)


def test_sources_of_m0() -> None:
    assert source("mcl", "Included") == "volumes"
    assert source("cl", "Separate", has_scan=True) == "scan"
    assert source("cl", "Estimate", estimate=1234.0) == "estimate"
    assert source("cl", "Absent") == "controls"
    assert source("f", None) == "none"


@pytest.mark.parametrize(("letters", "m0_type", "change", "told"), [
    ("cl", "Included", {}, "no m0scan in the aslcontext"),
    ("cl", "Separate", {}, "no _m0scan"),
    ("cl", "Estimate", {}, "M0Estimate None"),
    ("cl", "Estimate", {"estimate": -1.0}, "M0Estimate -1"),
    ("cl", "Absent", {"background_suppression": True}, "BackgroundSuppression true"),
    ("cl", "Absent", {"background_suppression": None}, "BackgroundSuppression not told"),
    ("d", "Absent", {}, "no control volumes"),
    ("cl", None, {}, "M0Type None"),
    ("cl", "included", {}, "M0Type 'included'"),
])  # fmt: skip
def test_m0_is_never_guessed(
    letters: str, m0_type: str | None, change: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputFault, match=told):
        source(letters, m0_type, **change)


def test_differences_and_their_means_by_hand() -> None:
    data = np.array([5.0, 3.0, 9.0, 4.0], dtype=np.float32).reshape(1, 1, 1, 4)
    found = made("clcl")
    taken = context.differences(data, found)
    assert taken.ravel().tolist() == [2.0, 5.0]
    groups = [np.array([0, 1])]
    mean, count = context.mean_by_timing(taken, groups, np.array([True, True]))
    assert (mean.item(), count.tolist()) == (3.5, [2])
    mean, count = context.mean_by_timing(taken, groups, np.array([False, True]))
    assert (mean.item(), count.tolist()) == (5.0, [1])
    mean, _ = context.mean_by_timing(taken, groups, np.array([False, False]))
    assert np.isnan(mean.item())
    with pytest.raises(ValueError, match="no difference"):
        context.differences(data, made("ffff"))
