"""The diffusion tensor scan of a visit: acquire it, write it, and write its truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.settings.phantom import Patient, Phantom
from sonolesion.core.settings.phantom_dti import PhantomDti
from sonolesion.phantom import (
    acquisition,
    cutting,
    damage,
    scanner,
    tensor_scan,
    tensor_truth,
    truth,
    wiring,
)
from sonolesion.phantom.patient import Anatomy
from sonolesion.phantom.treatment import Site

NAME = tensor_scan.NAME


@dataclass(frozen=True)
class Where:
    """Under which names, in which folders and against which T1w pose a scan is written."""

    label: str
    visit: str
    day: float
    base_pose: NDArray[np.float64]
    bids: Path
    apart: Path


def write_bundles(dti: PhantomDti, anatomy: Anatomy, folder: Path, *, label: str) -> None:
    """Write down where the bundles of a patient run."""
    courses = wiring.lay(anatomy, radius_factor=dti.fibre.radius_factor).courses
    tensor_truth.write_bundles(folder, courses, anatomy, label=label)


def make_scan(
    settings: Phantom,
    dti: PhantomDti,
    patient: Patient,
    anatomy: Anatomy,
    sites: Sequence[Site],
    lesions: Sequence[damage.Present],
    where: Where,
) -> dict[str, object]:
    """Acquire and write the scan of a visit in one or both polarities; return its truth."""
    laid = wiring.lay(anatomy, radius_factor=dti.fibre.radius_factor)
    history = cutting.histories(anatomy, sites, day=where.day)
    cuts = {
        course.tube.name: cutting.of_bundle(
            course.tube, history, n_lines=dti.fibre.n_lines, delay_d=dti.fibre.loss_delay_d
        )
        for course in laid.courses
    }
    lost = [cut.lost for cut in cuts.values()]
    inside = tensor_scan.head(settings, dti, anatomy, laid, lost, lesions)
    pose = acquisition.head_pose(settings, patient.label, where.visit, NAME)
    grid = acquisition.grid_of(dti.scan, pose)
    names = {"label": where.label, "visit": where.visit}
    both: tuple[tensor_scan.Polarity, ...] = ("AP", "PA")
    for polarity in both if dti.scan.opposed != "none" else both[:1]:
        series = tensor_scan.acquire(
            settings, dti, inside, grid, patient=patient, visit=where.visit, polarity=polarity
        )
        tensor_truth.write_scan(where.bids, series, dti, grid.affine, polarity=polarity, **names)
        tensor_truth.write_motion(where.apart, series, polarity=polarity, **names)
    tensor_truth.write_maps(where.apart, dti, inside, grid, **names)
    tensor_truth.write_masks(where.apart, dti, laid.courses, anatomy, grid, **names)
    return {**zones(anatomy, lesions, grid, patient, where), "cut": tensor_truth.describe(cuts)}


def zones(
    anatomy: Anatomy,
    lesions: Sequence[damage.Present],
    grid: scanner.Grid,
    patient: Patient,
    where: Where,
) -> dict[str, object]:
    """Write the lesions on the scan's undistorted grid, and where the baseline T1w lies in it."""
    found = damage.damages(anatomy, lesions, grid)
    held = tuple(acquisition.Held(one.lesion, one.box, one.shares()) for one in found)
    names = {"label": where.label, "visit": where.visit, "contrast": NAME}
    said = truth.write_zones(where.apart, acquisition.Acquired((), grid, held), patient, **names)
    if patient.label == where.label:
        to_scan = grid.pose @ np.linalg.inv(where.base_pose)
        said["baseline_T1w_to_scan"] = truth.matrix(to_scan)
        truth.write_transform(where.apart, to_scan, **names)
    return said
