from __future__ import annotations

import pytest

from sonolesion.report import wording
from sonolesion.report.records import Range


@pytest.mark.parametrize(
    ("value", "text"), [(-0.04, "0.0"), (-1.25, "−1.2"), (3.0, "3.0"), (None, "–")]
)
def test_numbers(value: float | None, text: str) -> None:
    assert wording.number(value, decimals=1) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0\u202fmm³"), (7.25, "7.2\u202fmm³"), (68.5, "68\u202fmm³"), (None, "–")],
)
def test_volumes(value: float | None, text: str) -> None:
    assert wording.volume(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.0, "3 days after"), (-1.0, "1 day before"), (0.5, "0.5 days after"), (0.0, "day of")],
)
def test_days(value: float, text: str) -> None:
    assert wording.when(value) == text


@pytest.mark.parametrize(("p", "text"), [(0.0, "< 0.001"), (0.0421, "0.042"), (None, "–")])
def test_probabilities_are_never_zero(p: float | None, text: str) -> None:
    assert wording.probability(p) == text


def test_plurals() -> None:
    assert wording.plural(1, "visit") == "1 visit"
    assert wording.plural(2, "thing needs", "things need") == "2 things need"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Range(142.0, 131.2, 175.0), "142\u202fmm³ (131 to 175)"),
        (Range(6.0, 4.5, 8.0), "6.0\u202fmm³ (4.5 to 8.0)"),
        (Range(142.0), "142\u202fmm³"),
        (Range(), "–"),
    ],
)
def test_volumes_carry_their_interval(found: Range, text: str) -> None:
    assert wording.volume_range(found) == text


def test_shares_are_per_cent() -> None:
    assert wording.percent(Range(0.87, 0.44, 0.994)) == "87\u202f% (44 to 99)"
    assert wording.percent(Range()) == "–"


def test_negative_ends_keep_true_minus_signs() -> None:
    told = wording.interval(Range(0.1, -0.2, 0.4), decimals=1, signed=True)
    assert told == "(\u22120.2 to +0.4)"


def test_small_p_is_not_equal_to_anything() -> None:
    assert (wording.p_value(0.41), wording.p_value(1e-9)) == ("p = 0.41", "p < 0.001")
