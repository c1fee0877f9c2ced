from __future__ import annotations

from typing import Any

from sonolesion.report import evidence
from sonolesion.report.findings import Finding
from sonolesion.report.records import Intervention

TREATMENT = Intervention("t1", 0.0, "left", "baseline")
SEEN = Finding("3d", "t1", 3.0, "measured", {"volume": 144.0})


def basis(depth, record, finding=SEEN, planned=None):
    files, reader = depth.visit_file("a_lesion.json", "lesion", record)
    (found,) = evidence.read(files, reader, [finding], TREATMENT, {"3d": planned or {}})
    return found


def test_contrasts_coverage_and_reasons_are_told(depth: Any) -> None:
    found = basis(depth, depth.LESION)
    assert found.used == ("T1w", "FLAIR")
    assert found.left_out == (("T2w", "not acquired at the baseline"),)
    assert found.coverage == (("T1w", 1.0), ("FLAIR", 0.97))
    assert (found.baseline, found.missing) == ("ses-baseline", "")


def test_the_test_has_p_statistic_chance_and_odds(depth: Any) -> None:
    assert basis(depth, depth.LESION).test == (
        "p = 0.014; statistic 13.7; 143 peaks of chance, largest 14.1; log odds +2177"
    )


def test_not_visible_has_a_test_without_odds(depth: Any) -> None:
    record = {k: v for k, v in depth.LESION.items() if k != "log_odds"} | {"outcome": "not_visible"}
    assert basis(depth, record).test.endswith("largest 14.1")


def test_a_learned_model_has_no_test(depth: Any) -> None:
    found = basis(depth, {"source": "learned", "contrasts_used": ["T1w"]})
    assert (found.test, found.outline) == ("no test", "learned model")


def test_a_persons_outline_is_compared_with_the_automatic_one(depth: Any) -> None:
    told = basis(depth, depth.CORRECTED).outline
    assert told.startswith("by hand; the search itself: visible")
    assert "Dice against the automatic outline 0.83" in told
    assert "within 1.5 mm" in told
    assert "automatic 144\u202fmm³, by hand 160\u202fmm³" in told


def test_two_outlines_of_which_one_is_empty_have_no_surface_distance(depth: Any) -> None:
    empty = depth.CORRECTED["correction"] | {"hd95_mm": None, "dice": 0.0}
    told = basis(depth, depth.CORRECTED | {"correction": empty}).outline
    assert "0.00" in told
    assert "surfaces" not in told


def test_without_a_record_the_plan_and_the_reason_speak() -> None:
    finding = Finding("3d", "t1", 3.0, "failed", reason="bad fit")
    (found,) = evidence.read([], None, [finding], TREATMENT, {"3d": {"left_out": {"dwi": "no b0"}}})
    assert found.missing == "No current record (failed): bad fit"
    assert found.left_out == (("dwi", "no b0"),)
    assert found.test == ""
