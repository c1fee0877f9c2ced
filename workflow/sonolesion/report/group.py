"""The page of the study: subjects and visits, their outcome, and what became of each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonolesion.core import citations
from sonolesion.report import (
    elsewhere,
    findings,
    group_cuts,
    group_motion,
    ledger,
    methods,
    nuclei,
    protocol,
    records,
    render,
    wording,
)
from sonolesion.report.subject import validation


@dataclass(frozen=True)
class Cell:
    """The outcome of one treatment at one visit; `alarms` are what a reader must not miss."""

    visit: str
    day: float | None
    status: str
    text: str
    interval: str = ""
    notes: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """One treatment of one subject, or a subject without any."""

    subject: str
    treatment: str
    side: str
    baseline: str
    cells: tuple[Cell, ...]
    counts: tuple[tuple[str, int], ...]
    note: str


def page(
    plan: Mapping[str, Any],
    tables: Mapping[str, Sequence[Mapping[str, str]]],
    report: Mapping[str, Any],
    *,
    motion_picture: bytes = b"",
) -> str:
    """Return the HTML of the group page.

    Parameters
    ----------
    plan : mapping
        ``folders`` (labels of the subjects) and ``subjects`` (label → plan).
    tables : mapping
        Rows of ``inventory``, ``ledger``, ``measures`` and, if there, ``protocol``, ``qcfc``.
    report : mapping
        ``bids_validation.json``.
    motion_picture : bytes
        Connectivity against motion as PNG; empty where no subject has a run.
    """
    rows = records.ledger_rows(tables["ledger"])
    own = {name: by_subject(table) for name, table in tables.items() if name != "qcfc"}
    lines = [
        line
        for subject in plan["folders"]
        for line in _lines(
            subject,
            plan["subjects"].get(subject, {}),
            {name: table.get(subject, []) for name, table in own.items()},
        )
    ]
    context = {
        "subjects": plan["folders"],
        "lines": lines,
        "counts": ledger.counts(rows),
        "concerns": sum(row.state in ledger.NEEDS_ATTENTION for row in rows),
        "outcomes": outcomes(lines),
        "cuts": group_cuts.table(tables["measures"], plan),
        "motion": group_motion.collect(tables.get("qcfc", []), motion_picture),
        "validation": validation(report, ""),
    }
    return render.page("group.html", context)


def by_subject(
    rows: Sequence[Mapping[str, str]],
) -> dict[str, list[Mapping[str, str]]]:
    """Return the rows of each participant, in the order given."""
    found: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        found.setdefault(row["participant_id"].removeprefix("sub-"), []).append(row)
    return found


def outcomes(lines: Sequence[Line]) -> list[tuple[str, int]]:
    """Return how many visits after treatment ended in each outcome."""
    tally: dict[str, int] = {}
    for line in lines:
        for cell in line.cells:
            word = "visible" if cell.status == "measured" else cell.status.replace("_", " ")
            tally[word] = tally.get(word, 0) + 1
    return sorted(tally.items(), key=lambda item: (-item[1], item[0]))


def citation(rules: set[str], atlases: Sequence[Mapping[str, Any]]) -> str:
    """Return the Markdown of CITATION.md for the rules that ran anywhere in the study.

    Parameters
    ----------
    atlases : sequence of mapping
        Atlases of the study; one with a ``fault`` was used nowhere.
    """
    told = {
        str(row["name"]): {**row, "status": "refused" if row["fault"] else "carried"}
        for row in atlases
    }
    used = citations.of_atlases({"atlases": told}) if "atlases_carry" in rules else []
    return methods.citation_markdown(methods.statements(rules), used)


def _lines(
    subject: str, plan: Mapping[str, Any], own: Mapping[str, Sequence[Mapping[str, str]]]
) -> list[Line]:
    rows = records.ledger_rows(own["ledger"])
    visits = records.visits(own["inventory"], plan)
    baseline = next((visit.session for visit in visits if visit.baseline), "")
    counts = tuple(ledger.counts(rows))
    treatments = records.interventions(plan)
    if not treatments:
        grave = next((c.reason for c in ledger.concerns(rows)), "no treatment is listed")
        note = ledger.why_no_lesion(rows) or grave
        return [Line(subject, "", "", baseline, (), counts, note)]
    lines = []
    for item in treatments:
        found = findings.collect(own["measures"], rows, visits, item)
        note = "" if found else "no visit after this treatment"
        changed = protocol.lines(own.get("protocol", ()), visits)
        cells = tuple(_cell(finding, own["measures"], changed) for finding in found)
        lines.append(Line(subject, item.id, item.side, baseline, cells, counts, note))
    return lines


def _cell(
    finding: findings.Finding,
    measures: Sequence[Mapping[str, str]],
    changed: Sequence[protocol.Line],
) -> Cell:
    text, interval = finding.word, ""
    if finding.status == "measured":
        text = wording.volume(finding.value("volume"))
        interval = wording.interval(finding.ranged("volume"), decimals=0)
    notes = [finding.badge] if finding.badge else []
    notes += nuclei.in_target(measures, finding)
    alarms: list[str] = []
    told, grave = elsewhere.from_rows(measures, finding)
    (alarms if grave else notes).append(told)
    own = [line for line in changed if line.session == finding.session]
    if own:
        names = ", ".join(line.modality for line in own if line.major)
        (alarms if names else notes).append(
            f"protocol changed (major): {names}" if names else "protocol drift"
        )
    return Cell(
        finding.session, finding.days, finding.status, text, interval, tuple(notes), tuple(alarms)
    )
