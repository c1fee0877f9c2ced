"""The page of one subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonolesion.report import (
    checks,
    curve,
    elsewhere,
    evidence,
    fibres,
    film,
    findings,
    ledger,
    methods,
    nuclei,
    perfusion_scans,
    protocol,
    records,
    render,
    resting,
)
from sonolesion.report import timeline as timelines
from sonolesion.report.film import Archive, Film, Look
from sonolesion.report.findings import Finding
from sonolesion.report.records import File, Intervention, Reader

TIMELINE = {"width": 1060.0, "margin": 70.0, "label_width": 104.0}
CURVE = {"width": 560.0, "height": 330.0}
# Params that steer reruns or belong to one visit, and words that could tell the arm.
HIDDEN = frozenset({"code", "scan", "labels", "planned", "is_baseline", "kind", "arm"})
ISSUES_SHOWN = 12


@dataclass(frozen=True)
class Treatment:
    """Everything the page says of one treatment."""

    intervention: Intervention
    findings: list[Finding]
    curve: curve.Curve
    film: Film
    bases: list[evidence.Basis]
    nuclei: nuclei.Overlap
    elsewhere: list[elsewhere.Search]

    @property
    def alone(self) -> list[str]:
        """Contrasts that were measured alone at any visit."""
        return list(dict.fromkeys(name for f in self.findings for name in f.alone))


@dataclass(frozen=True)
class Material:
    """What a subject page is made from; rows are as in the tables of the output folder.

    `protocol` is None if protocols were not compared.
    """

    subject: str
    plan: Mapping[str, Any]
    inventory: Sequence[Mapping[str, str]]
    ledger: Sequence[Mapping[str, str]]
    measures: Sequence[Mapping[str, str]]
    validation: Mapping[str, Any]
    provenance: Sequence[Mapping[str, Any]]
    files: Sequence[File]
    protocol: Sequence[Mapping[str, str]] | None


def rows_of(rows: Iterable[Mapping[str, str]], subject: str) -> list[Mapping[str, str]]:
    """Return the rows of one participant."""
    return [row for row in rows if row["participant_id"] == f"sub-{subject}"]


def page(material: Material, reader: Reader, *, look: Look) -> str:
    """Return the HTML of a subject's page; it is made even if nothing ran."""
    rows = records.ledger_rows(material.ledger)
    visits = records.visits(material.inventory, material.plan)
    planned = records.interventions(material.plan)
    treated = [_treatment(item, material, reader, rows, visits, look) for item in planned]
    sessions = [visit.session for visit in visits]
    width, quality = look.check_width_px, look.picture_quality
    gates = checks.gates(material.files, reader, sessions, width=width, quality=quality)
    chosen = methods.statements(record["rule"] for record in material.provenance)
    context = {
        "subject": material.subject,
        "visits": visits,
        "timeline": timelines.lay_out(visits, planned, **TIMELINE),
        "treatments": treated,
        "gates": gates,
        "gate_grid": checks.grid(gates, sessions),
        "gate_visits": checks.by_visit(gates),
        "commissures": checks.commissures(material.files, reader),
        "fibres": fibres.collect(
            material.files,
            reader,
            material.measures,
            rows,
            visits,
            planned,
            size=fibres.Size(look.panel_width_px, width, quality, look.radiological),
        ),
        "flow": perfusion_scans.collect(
            material.files,
            reader,
            material.measures,
            rows,
            visits,
            size={"width": look.panel_width_px, "quality": quality},
        ),
        "resting": resting.collect(
            material.files,
            reader,
            material.measures,
            rows,
            visits,
            planned,
            size={"width": look.panel_width_px, "quality": quality},
        ),
        "regions": findings.REGIONS,
        "interval": interval(material.provenance),
        "protocol": protocol.lines(material.protocol or (), visits),
        "protocol_known": material.protocol is not None,
        "concerns": ledger.concerns(rows),
        "why_no_lesion": ledger.why_no_lesion(rows),
        "counts": ledger.counts(rows),
        "grid": ledger.grid(rows, visits),
        "acquired": ledger.acquired(material.inventory, visits),
        "nothing": not material.files,
        "methods": " ".join(methods.sentence(statement) for statement in chosen),
        "references": methods.references(chosen),
        "settings": methods.settings(material.provenance, left_out=HIDDEN),
        "versions": methods.versions(material.provenance),
        "validation": validation(material.validation, material.subject),
        "radiological": look.radiological,
    }
    return render.page("subject.html", context)


def _treatment(
    item: Intervention,
    material: Material,
    reader: Reader,
    rows: Sequence[records.LedgerRow],
    visits: Sequence[records.Visit],
    look: Look,
) -> Treatment:
    found = findings.collect(material.measures, rows, visits, item)
    files = material.files
    archive = Archive(files, reader, material.inventory, rows)
    size = {"width": look.panel_width_px, "quality": look.picture_quality}
    target = film.target_mm(files, reader, item)
    told = material.plan["interventions"][item.id].get("follow_ups", {})
    return Treatment(
        intervention=item,
        findings=found,
        curve=curve.lay_out(found, **CURVE),
        film=film.shoot(archive, visits, found, item, look=look),
        bases=evidence.read(files, reader, found, item, told),
        nuclei=nuclei.collect(material.measures, rows, found, item, files, reader, **size),
        elsewhere=elsewhere.read(files, reader, rows, found, item, target, **size),
    )


def interval(provenance: Iterable[Mapping[str, Any]]) -> str:
    """Return what intervals of the lesion hold, such as "90 %"; empty if that is not known."""
    shares = {
        record["params"]["interval"]
        for record in provenance
        if record["rule"] == "lesion_measure" and "interval" in record.get("params", {})
    }
    return " or ".join(f"{100 * share:g} %" for share in sorted(shares))


def validation(report: Mapping[str, Any], subject: str) -> dict[str, Any]:
    """Return the validator's totals, and its issues about a subject (all, if "") or the set."""
    issues = [item for item in report.get("issues", []) if _concerns(item, subject)]
    return {
        "made": bool(report),
        "errors": int(report.get("errors", 0)),
        "warnings": int(report.get("warnings", 0)),
        "issues": issues[:ISSUES_SHOWN],
        "more": max(len(issues) - ISSUES_SHOWN, 0),
    }


def _concerns(issue: Mapping[str, Any], subject: str) -> bool:
    top = str(issue.get("location") or "").strip("/").split("/")[0]
    return not subject or not top.startswith("sub-") or top == f"sub-{subject}"
