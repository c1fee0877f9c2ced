"""Make the digital study: a BIDS data set, and its truth apart."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sonolesion.core import images
from sonolesion.core.settings.phantom import Patient, Phantom
from sonolesion.phantom import (
    acquisition,
    damage,
    dataset,
    interventions,
    spoilt,
    treatment,
    truth,
)
from sonolesion.phantom import patient as patients
from sonolesion.phantom import template as templates
from sonolesion.phantom.further import FurtherScan, Person, Visit

Rows = list[dict[str, object]]


@dataclass(frozen=True)
class Made:
    """What one patient adds to the tables of the study."""

    interventions: Rows
    sonications: Rows
    truth: dict[str, object]


def make(
    settings: Phantom, folder: Path, *, threads: int = 2, beside: Sequence[FurtherScan] = ()
) -> None:
    """Make a digital study.

    Parameters
    ----------
    settings : Phantom
        The study; the same settings give the same bytes, whatever `threads`.
    folder : Path
        Where to write ``bids`` and ``truth``.
    threads : int
        Patients made at a time; each takes about 0.5 GB at 1.5 mm, 1.2 GB at 1 mm.
    beside : sequence of FurtherScan
        Scans beside the contrasts.
    """
    bids, apart = Path(folder) / "bids", Path(folder) / "truth"
    template = templates.load()

    def one(patient: Patient) -> Made:
        return make_patient(settings, patient, template, bids, apart, beside=beside)

    with ThreadPoolExecutor(threads) as pool:
        made = list(pool.map(one, settings.patients))
    dataset.describe(bids, repeated=any(patient.further for patient in settings.patients))
    dataset.write_participants(bids, [patient.label for patient in settings.patients])
    rows = [row for one_made in made for row in one_made.interventions]
    dataset.write_table(bids / "phenotype" / "interventions.tsv", rows, interventions.INTERVENTIONS)
    rows = [row for one_made in made for row in one_made.sonications]
    dataset.write_table(bids / "phenotype" / "sonications.tsv", rows, interventions.SONICATIONS)
    known = {f"sub-{p.label}": m.truth for p, m in zip(settings.patients, made, strict=True)}
    stated: dict[str, object] = {"settings": settings.model_dump(mode="json"), "subjects": known}
    stated |= {kind.name: kind.stated() for kind in beside}
    images.write_json(apart / "truth.json", stated)


def person_of(settings: Phantom, patient: Patient, template: templates.Template) -> Person:
    """Build the head of a patient and place the lesions."""
    anatomy = patients.anatomy(settings, patient, template)
    return Person(patient, anatomy, treatment.sites(settings, patient, anatomy))


def make_patient(
    settings: Phantom,
    patient: Patient,
    template: templates.Template,
    bids: Path,
    apart: Path,
    *,
    beside: Sequence[FurtherScan] = (),
) -> Made:
    """Make all visits of one patient."""
    visits = settings.visits_of(patient)
    # ASSUME: the first visit has a T1w; a study without one is made by deleting it.
    first = min(visits, key=lambda visit: visits[visit])
    own = person_of(settings, patient, template)
    t1w = acquisition.scan_of(settings, patient, first, "T1w")
    base = acquisition.grid_of(t1w, acquisition.head_pose(settings, patient.label, first, "T1w"))
    known = truth.write_anatomy(apart, settings, patient, own.anatomy, base)
    by_label = {other.label: other for other in settings.patients}
    people = {
        label: person_of(settings, by_label[label], template)
        for label in sorted({*patient.swapped.values()})
    }
    for kind in beside:
        kind.describe_patient(own.anatomy, apart, label=patient.label)
    sessions = {}
    for visit, day in visits.items():
        scanned = people.get(patient.swapped.get(visit, ""), own)
        place = Visit(visit, day, patient.label, base.pose, bids, apart)
        sessions[f"ses-{visit}"] = make_visit(settings, scanned, place, template, beside=beside)
    dataset.write_sessions(bids, patient.label, visits)
    rows, shots = interventions.rows_of(settings, patient, own.anatomy, first)
    return Made(
        rows, shots, {**known, "arm": patient.arm, "side": patient.side, "sessions": sessions}
    )


def make_visit(
    settings: Phantom,
    person: Person,
    visit: Visit,
    template: templates.Template,
    *,
    beside: Sequence[FurtherScan] = (),
) -> dict[str, object]:
    """Acquire and write the scans of one visit; return its truth."""
    states = [(site, treatment.state(person.anatomy, site, day=visit.day)) for site in person.sites]
    lesions = [damage.Present(site, state) for site, state in states if state is not None]
    said = truth.describe_visit(person.anatomy, lesions, person.patient, day=visit.day)
    scans: dict[str, object] = {}
    for contrast in settings.contrasts:
        if f"{visit.name}:{contrast}" not in person.patient.missing_scans:
            scans[contrast] = make_scan(settings, person, lesions, visit, contrast, template)
    for kind in beside:
        if kind.asked(visit.name):
            scans[kind.name] = kind.make_scan(settings, person, lesions, visit)
    if person.patient.label != visit.label:
        said = {**said, "scanned": f"sub-{person.patient.label}"}
    return {**said, "scans": scans}


def make_scan(
    settings: Phantom,
    person: Person,
    lesions: list[damage.Present],
    visit: Visit,
    contrast: str,
    template: templates.Template,
) -> dict[str, object]:
    """Acquire and write one scan, spoilt if it is to be; return its truth."""
    patient = person.patient
    fault = acquisition.of_scan(patient.faults, visit.name, contrast)
    acquired = spoilt.acquire(
        settings,
        person.anatomy,
        lesions,
        template,
        fault=fault,
        contrast=contrast,
        patient=patient,
        visit=visit.name,
        day=visit.day,
    )
    scan = acquisition.scan_of(settings, patient, visit.name, contrast)
    drift = acquisition.of_scan(patient.drift, visit.name, contrast)
    differing = {**(drift.sidecar if drift else {}), **spoilt.SIDECAR.get(fault or "", {})}
    names = {"label": visit.label, "visit": visit.name, "contrast": contrast}
    dataset.write_scan(visit.bids, acquired, scan, **names, differing=differing)
    said = truth.write_zones(visit.apart, acquired, patient, **names)
    if fault is not None:
        said["fault"] = fault
    if patient.label == visit.label and fault != "bottle":
        to_scan = acquired.grid.pose @ np.linalg.inv(visit.base_pose)
        said["baseline_T1w_to_scan"] = truth.matrix(to_scan)
        truth.write_transform(visit.apart, to_scan, **names)
    return said
