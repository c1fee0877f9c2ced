from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonolesion.report import elsewhere
from sonolesion.report.findings import Finding
from sonolesion.report.records import Intervention, LedgerRow

TREATMENT = Intervention("t1", 0.0, "left", "baseline")
SEEN = Finding("3d", "t1", 3.0, "measured", {"volume": 144.0})
TARGET = np.array([-10.0, -10.0, 30.0])


def read(depth, record, target=TARGET):
    files, reader = depth.visit_file("a_offtarget.json", "offtarget", record)
    (found,) = elsewhere.read(
        files, reader, [], [SEEN], TREATMENT, target, width=9, quality=9
    )  # fmt: skip
    return found


def row(region: str, value: str, status: str = "measured") -> dict[str, str]:
    return {
        "session_id": "ses-3d",
        "intervention_id": "t1",
        "map": "offtarget",
        "region": region,
        "statistic": "clusters",
        "value": value,
        "status": status,
    }


def test_clusters_are_listed_with_their_place_and_flag(depth: Any) -> None:
    found = read(depth, depth.ELSEWHERE)
    bleed, shrunk = found.clusters
    assert (bleed.kind, bleed.safety, bleed.side) == ("haemorrhage", True, "right")
    assert bleed.from_plan_mm == pytest.approx(30.0)
    assert bleed.changes == (("R2starmap", 6.1), ("T2starw", -4.0))
    assert (shrunk.kind, shrunk.side) == ("opposite of T2 hyperintensity", "left")
    assert found.safety


def test_headline_counts_kinds_and_names_what_was_not_examined(depth: Any) -> None:
    assert read(depth, depth.ELSEWHERE).headline == (
        "2 places of change, 104\u202fmm³ in all: haemorrhage (1), other change (1). "
        "Not examined, for want of contrasts: restricted diffusion."
    )


def test_nothing_found_is_a_result_with_its_p(depth: Any) -> None:
    found = read(depth, depth.CLEAR)
    assert found.headline.startswith("None found; the smallest p = 0.93.")
    assert (found.clusters, found.safety, found.picture) == ((), False, "")


def test_not_examined_is_not_nothing_found(depth: Any) -> None:
    assert read(depth, depth.BLIND).headline.startswith("Not examined")


def test_without_a_plan_there_is_no_distance(depth: Any) -> None:
    assert read(depth, depth.ELSEWHERE, target=None).clusters[0].from_plan_mm is None


@pytest.mark.parametrize(
    ("state", "words"), [("failed", "failed): no fit. To mend: look."), ("ran", "not there")]
)
def test_a_missing_record_tells_why(state: str, words: str) -> None:
    row = LedgerRow("3d", "lesion", "lesion", "offtarget", state, "no fit", "look", "", "")
    (found,) = elsewhere.read([], None, [row], [SEEN], TREATMENT, None, width=9, quality=9)
    assert words in found.headline


def test_few_words_for_the_page_of_the_study() -> None:
    grave = [row("offtarget", "1"), row("offtarget_haemorrhage", "1"), row("offtarget_other", "0")]
    assert elsewhere.from_rows(grave, SEEN) == ("elsewhere: haemorrhage (1)", True)
    clear = [row("offtarget", "0"), row("offtarget_other", "0")]
    assert elsewhere.from_rows(clear, SEEN) == ("elsewhere: none found", False)
    blind = [row("offtarget", "n/a", "absent")]
    assert elsewhere.from_rows(blind, SEEN) == ("elsewhere: not examined", False)
    assert elsewhere.from_rows([], SEEN) == ("elsewhere: no result", False)
