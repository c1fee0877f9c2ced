from __future__ import annotations

from sonolesion.report import ledger
from sonolesion.report.records import LedgerRow, Visit

VISITS = [Visit("b", -1.0, True), Visit("f", 3.0, False)]


def row(session: str, stage: str, step: str, state: str, modality: str = "", **more: str):
    given = {"reason": "", "remedy": "", "log": "", "output": ""} | more
    return LedgerRow(session, modality, stage, step, state, **given)


def test_the_gravest_state_stands_in_a_shared_cell() -> None:
    rows = [row("f", "lesion", "segment", "ran"), row("f", "lesion", "segment", "failed")]
    assert ledger.grid(rows, VISITS) == [ledger.Line("lesion", "segment", ("", "", "failed"))]


def test_contrasts_get_a_line_each_and_the_inventory_none() -> None:
    rows = [
        row("f", "anatomy", "contrast", "ran", "T2w"),
        row("f", "anatomy", "contrast", "failed", "FLAIR"),
        row("f", "ingest", "inventory", "absent", "T2w"),
    ]
    assert [line.step for line in ledger.grid(rows, VISITS)] == ["contrast T2w", "contrast FLAIR"]


def test_concerns_join_rows_of_one_cause_gravest_first() -> None:
    rows = [
        row("f", "lesion", "segment", "not_reached", reason="a step before it failed"),
        row("f", "ingest", "inventory", "blocked", "T2w", reason="no EchoTime"),
        row("f", "ingest", "inventory", "blocked", "FLAIR", reason="no EchoTime"),
        row("", "anatomy", "space", "failed", reason="bad fit", log="logs/a.log"),
        row("f", "anatomy", "t1w", "ran"),
    ]
    found = ledger.concerns(rows)
    assert [(c.state, c.where) for c in found] == [
        ("failed", ("all visits: anatomy space",)),
        ("blocked", ("ses-f: T2w", "ses-f: FLAIR")),
        ("not_reached", ("ses-f: lesion segment",)),
    ]
    assert found[0].logs == ("logs/a.log",)


def test_modalities_that_nobody_has_are_left_out() -> None:
    inventory = [
        {"session_id": "ses-f", "modality": "T2w", "state": "run"},
        {"session_id": "ses-b", "modality": "T2w", "state": "absent"},
        {"session_id": "ses-f", "modality": "svs", "state": "absent"},
    ]
    assert ledger.acquired(inventory, VISITS) == [ledger.Line("", "T2w", ("absent", "ran"))]


def test_counts_begin_with_what_ran() -> None:
    rows = [row("f", "a", "b", state) for state in ("absent", "failed", "ran", "ran")]
    assert ledger.counts(rows) == [("ran", 2), ("failed", 1), ("absent", 1)]


def test_what_was_not_asked_for_needs_no_attention() -> None:
    where = ("f", "lesion", "segment", "not_reached")
    rows = [row(*where, reason="a step failed"), row(*where, reason="not selected in this run")]
    assert [concern.reason for concern in ledger.concerns(rows)] == ["a step failed"]


def test_reason_why_no_lesion_was_looked_for() -> None:
    absent = row("f", "ingest", "inventory", "absent", "T2w", reason="not acquired")
    lesion = row("", "ingest", "inventory", "absent", "lesion", reason="no session")
    assert ledger.why_no_lesion([absent, lesion]) == "no session"
    assert ledger.why_no_lesion([absent]) == ""
