"""Scans beside the contrasts of the study: what each kind of them does for a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.settings.phantom import Patient, Phantom
from sonolesion.phantom import acquisition, damage, scanner, treatment, truth
from sonolesion.phantom.patient import Anatomy


@dataclass(frozen=True)
class Person:
    """Somebody who can be scanned."""

    patient: Patient
    anatomy: Anatomy
    sites: list[treatment.Site]


@dataclass(frozen=True)
class Visit:
    """A visit: its name, its day, under whose `label` and in which folders it is written.

    `base_pose` is that of the baseline T1w.
    """

    name: str
    day: float
    label: str
    base_pose: NDArray[np.float64]
    bids: Path
    apart: Path


class FurtherScan(Protocol):
    """A kind of scan that a study may have besides its contrasts."""

    @property
    def name(self) -> str:
        """Under which name its truth is told."""

    def asked(self, visit: str) -> bool:
        """Whether the scan is made at a visit."""

    def stated(self) -> dict[str, object]:
        """Return its settings for the study's truth."""

    def describe_patient(self, anatomy: Anatomy, folder: Path, *, label: str) -> None:
        """Write what is known of a patient before any scan into the folder of the truth."""

    def make_scan(
        self, settings: Phantom, person: Person, lesions: Sequence[damage.Present], visit: Visit
    ) -> dict[str, object]:
        """Acquire and write the scan of a visit; return its truth."""


def zones(
    person: Person,
    lesions: Sequence[damage.Present],
    visit: Visit,
    grid: scanner.Grid,
    *,
    name: str,
) -> dict[str, object]:
    """Write the lesions on a scan's undistorted grid, and where the baseline T1w lies in it."""
    found = damage.damages(person.anatomy, lesions, grid)
    held = tuple(acquisition.Held(one.lesion, one.box, one.shares()) for one in found)
    names = {"label": visit.label, "visit": visit.name, "contrast": name}
    acquired = acquisition.Acquired((), grid, held)
    said = truth.write_zones(visit.apart, acquired, person.patient, **names)
    if person.patient.label == visit.label:
        to_scan = grid.pose @ np.linalg.inv(visit.base_pose)
        said["baseline_T1w_to_scan"] = truth.matrix(to_scan)
        truth.write_transform(visit.apart, to_scan, **names)
    return said
