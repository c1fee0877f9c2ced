from __future__ import annotations

import pytest

from sonolesion.report import wording


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
