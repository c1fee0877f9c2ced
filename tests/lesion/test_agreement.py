"""Raters compared case by case and over all cases, and their page."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest
from numpy.typing import NDArray

from sonolesion.lesion import agreement, agreement_page

EDGES = np.array([1.0, 1.0, 2.0])


def mask(n: int) -> NDArray[np.bool_]:
    out = np.zeros((12, 12, 12), dtype=bool)
    out[2 : 2 + n, 3:7, 3:6] = True
    return out


def compare(subject: str, a: int, b: int, raters: tuple[str, str] = ("A", "B")) -> object:
    case = (subject, "3d", "t1")
    return agreement.compare(case, raters, (mask(a), mask(b)), EDGES, tolerance_mm=1.0)


COMPARED = [compare("1", 4, 5), compare("2", 6, 6), compare("3", 0, 0), compare("4", 0, 3)]


def test_a_case_by_hand() -> None:
    one = agreement.compare(
        ("1", "3d", "t1"), ("A", "B"), (mask(4), mask(5)), EDGES, tolerance_mm=1.0
    )
    assert one.dice == pytest.approx(2 * 4 / 9)
    assert (one.volume_a_mm3, one.volume_b_mm3) == (96, 120)
    assert one.centroid_mm == pytest.approx(0.5)
    assert one.outcome == "both visible"


def test_empty_masks_are_counted_and_not_averaged() -> None:
    (row,) = agreement.summary_rows(COMPARED, confidence=0.95)
    counts = [row[f"n_{name}"] for name in ("cases", "both_visible", "both_empty", "one_empty")]
    assert counts == [4, 2, 1, 1]
    # Median of 8/9 and 1; the empty pair would have made it 1.
    assert float(str(row["dice_median"])) == pytest.approx(17 / 18, abs=1e-5)
    # Differences -24, 0 and -72.
    assert row["n_bland_altman"] == 3
    assert float(str(row["bias_mm3"])) == pytest.approx(-32)


def test_what_is_undefined_is_not_available() -> None:
    rows = agreement.pair_rows([compare("4", 0, 3)])
    assert rows[0]["outcome"] == "only one visible"
    assert (rows[0]["dice"], rows[0]["hd95_mm"]) == ("0", "n/a")
    assert set(rows[0]) == set(agreement.PAIR_COLUMNS)


def test_correlations_take_the_cases_that_all_raters_judged() -> None:
    volumes = {
        ("1", "3d", ""): {"A": 10.0, "B": 12.0, "C": 11.0},
        ("2", "3d", ""): {"A": 20.0, "B": 21.0, "C": 22.0},
        ("3", "3d", ""): {"A": 30.0, "B": 33.0},
        ("4", "3d", ""): {"A": 0.0, "B": 0.0, "C": 0.0},
    }
    rows = list(agreement.icc_rows(volumes, ["A", "B", "C"], confidence=0.95))
    told = {(row["icc"], row["raters"]): row["n_cases"] for row in rows}
    assert told["ICC(2,1)", "A B C"] == 2
    assert told["ICC(3,1)", "A B"] == 3
    assert len(rows) == 8


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, _: object) -> None:
        self.tags.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("compared", [COMPARED, COMPARED[2:3], COMPARED[:1]])
def test_the_page_stands_alone(compared: list[agreement.Compared]) -> None:
    tables = {
        "pairs": agreement.pair_rows(compared),
        "summary": agreement.summary_rows(compared, confidence=0.95),
        "icc": list(
            agreement.icc_rows({c.case: agreement.volumes_of([c]) for c in compared}, ["A", "B"],
                               confidence=0.95)
        ),
    }  # fmt: skip
    text = agreement_page.page(
        compared, tables, raters=["A", "<B>"], n_cases=len(compared), alone=1, tolerance_mm=1.0,
        confidence=0.95,
    )  # fmt: skip
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    assert "<B>" not in text
    assert "nan" not in text.lower()
    seen = [one for one in compared if one.outcome != "both not visible"]
    assert reader.tags.count("circle") == len(seen)
    assert "src=" not in text
    assert "http" not in text
