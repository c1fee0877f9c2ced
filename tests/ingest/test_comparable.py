from __future__ import annotations

import pytest

from sonolesion.ingest.comparable import contrasts, note
from sonolesion.ingest.inventory import Row
from sonolesion.ingest.series import Use


def row(session: str, modality: str, *made: str, state: str = "run", reason: str = "") -> Row:
    use = Use(("a.nii.gz",), made or (modality,), protocol={"ContrastBolusIngredient": "none"})
    return Row("1", session, modality, state, reason, use=use if state == "run" else Use(()))


def compared(*rows: Row) -> tuple[list[str], dict[str, str]]:
    return contrasts(rows, baseline="pre", session="3d", enhanced_left_out=["T1w"])


def test_what_neither_visit_has_is_not_spoken_of() -> None:
    absent = [row(session, "T2w", state="absent") for session in ("pre", "3d")]
    assert compared(row("pre", "T1w"), row("3d", "T1w"), *absent) == (["T1w"], {})


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("absent", "run", "not at the baseline"),
        ("run", "absent", "not at this visit"),
        ("blocked", "run", "blocked at the baseline: torn"),
        ("run", "failed", "failed at this visit: torn"),
        ("absent", "failed", "not at the baseline"),
    ],
)
def test_reason_of_what_only_one_visit_has(before: str, after: str, told: str) -> None:
    pair = (row("pre", "FLAIR", state=before, reason="torn"),)
    pair += (row("3d", "FLAIR", state=after, reason="torn"),)
    assert compared(*pair) == ([], {"FLAIR": told})


def test_other_visits_do_not_matter() -> None:
    rows = [row("pre", "T1w"), row("3d", "T1w"), row("pre", "FLAIR", state="absent")]
    assert compared(*rows, row("1m", "FLAIR")) == compared(*rows)


def test_note_names_a_lone_contrast_and_each_left_out() -> None:
    assert note(["T1w", "T2w"], {}) == ""
    told = "one contrast only (T1w); FLAIR left out, not at the baseline"
    assert note(["T1w"], {"FLAIR": "not at the baseline"}) == told
