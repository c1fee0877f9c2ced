"""Make the digital study: a BIDS data set, and its truth apart."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonolesion.core import images
from sonolesion.core.settings.phantom import Patient, Phantom
from sonolesion.phantom import acquisition, dataset, interventions, treatment, truth
from sonolesion.phantom import patient as patients
from sonolesion.phantom import template as templates

Rows = list[dict[str, object]]


@dataclass(frozen=True)
class Made:
    """What one patient adds to the tables of the study."""

    interventions: Rows
    sonications: Rows
    truth: dict[str, object]


def make(settings: Phantom, folder: Path, *, threads: int = 2) -> None:
    """Make a digital study.

    Parameters
    ----------
    settings : Phantom
        The study; the same settings give the same bytes, whatever `threads`.
    folder : Path
        Where to write ``bids`` and ``truth``.
    threads : int
        Patients made at a time; each takes about 0.5 GB at 1.5 mm, 1.2 GB at 1 mm.
    """
    bids, apart = Path(folder) / "bids", Path(folder) / "truth"
    template = templates.load()

    def one(patient: Patient) -> Made:
        return make_patient(settings, patient, template, bids, apart)

    with ThreadPoolExecutor(threads) as pool:
        made = list(pool.map(one, settings.patients))
    dataset.describe(bids)
    dataset.write_participants(bids, [patient.label for patient in settings.patients])
    rows = [row for one_made in made for row in one_made.interventions]
    dataset.write_table(bids / "phenotype" / "interventions.tsv", rows, interventions.INTERVENTIONS)
    rows = [row for one_made in made for row in one_made.sonications]
    dataset.write_table(bids / "phenotype" / "sonications.tsv", rows, interventions.SONICATIONS)
    known = {f"sub-{p.label}": m.truth for p, m in zip(settings.patients, made, strict=True)}
    images.write_json(
        apart / "truth.json",
        {"settings": settings.model_dump(mode="json"), "subjects": known},
    )


def make_patient(
    settings: Phantom, patient: Patient, template: templates.Template, bids: Path, apart: Path
) -> Made:
    """Make all visits of one patient."""
    visits = {v: day for v, day in settings.visits.items() if v not in patient.missing_visits}
    # ASSUME: the first visit has a T1w; a study without one is made by deleting it.
    first = min(visits, key=lambda visit: visits[visit])
    anatomy = patients.anatomy(settings, patient, template)
    place = treatment.site(settings, patient, anatomy)
    base = acquisition.grid_of(
        settings.scans.t1w, acquisition.head_pose(settings, patient.label, first, "T1w")
    )
    known = truth.write_anatomy(apart, settings, patient, anatomy, base)
    sessions = {
        f"ses-{visit}": make_visit(
            settings, patient, anatomy, place, base.pose, visit, visits[visit], bids, apart
        )
        for visit in visits
    }
    dataset.write_sessions(bids, patient.label, visits)
    return Made(
        [interventions.intervention(settings, patient, anatomy, first)],
        interventions.sonications(settings, patient, anatomy, first),
        {**known, "arm": patient.arm, "side": patient.side, "sessions": sessions},
    )


def make_visit(
    settings: Phantom,
    patient: Patient,
    anatomy: patients.Anatomy,
    place: treatment.Site | None,
    base_pose: NDArray[np.float64],
    visit: str,
    day: float,
    bids: Path,
    apart: Path,
) -> dict[str, object]:
    """Acquire and write the scans of one visit; return its truth."""
    lesion = treatment.state(settings, patient, anatomy, place, day=day)
    scans: dict[str, object] = {}
    for contrast in acquisition.CONTRASTS:
        if f"{visit}:{contrast}" in patient.missing_scans:
            continue
        acquired = acquisition.acquire(
            settings, anatomy, place, lesion, contrast=contrast, patient=patient.label, visit=visit
        )
        names = {"label": patient.label, "visit": visit, "contrast": contrast}
        dataset.write_scan(bids, acquired, settings, **names)
        to_scan = acquired.grid.pose @ np.linalg.inv(base_pose)
        stem = f"sub-{patient.label}_ses-{visit}_from-{contrast}_to-baseline_mode-image_xfm.txt"
        images.write_affine(
            apart / f"sub-{patient.label}" / f"ses-{visit}" / "anat" / stem, to_scan
        )
        scans[contrast] = {
            **truth.write_zones(apart, acquired, **names),
            "baseline_T1w_to_scan": truth.matrix(to_scan),
        }
    return {**truth.describe_lesion(anatomy, place, lesion, day=day), "scans": scans}
