"""The resting-state scan of a visit: acquire it, write it, and write its truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.settings.phantom import Phantom
from sonolesion.core.settings.phantom_bold import PhantomBold
from sonolesion.phantom import (
    acquisition,
    bold_head,
    bold_networks,
    bold_scan,
    bold_truth,
    damage,
    further,
    scanner,
)
from sonolesion.phantom.further import Person, Visit
from sonolesion.phantom.patient import Anatomy, generator


@dataclass(frozen=True)
class Scanned:
    """A run (X, Y, Z, N), its volume of the opposite phase encoding, and what they came from."""

    series: NDArray[np.int16]
    opposed: NDArray[np.int16] | None
    inside: bold_head.Head
    run: bold_scan.Run
    grid: scanner.Grid
    reads: bold_scan.Receiver


@dataclass(frozen=True)
class BoldStudy:
    """The resting-state scans of a study."""

    bold: PhantomBold
    name: str = bold_scan.NAME

    def asked(self, visit: str) -> bool:
        """Whether the scan is made at a visit."""
        return self.bold.asked(visit)

    def stated(self) -> dict[str, object]:
        """Return its settings."""
        return self.bold.model_dump(mode="json")

    def describe_patient(self, anatomy: Anatomy, folder: Path, *, label: str) -> None:
        """Write nothing: what is known of a patient lies in each visit's folder."""

    def make_scan(
        self, settings: Phantom, person: Person, lesions: Sequence[damage.Present], visit: Visit
    ) -> dict[str, object]:
        """Acquire and write the scan of a visit; return its truth."""
        names = {"label": visit.label, "visit": visit.name}
        bold, done = self.bold, scanned(settings, self.bold, person, lesions, visit.name)
        regions, grid = bold_networks.atlas()[0], done.grid
        bold_truth.write_run(visit.bids, bold, done.series, grid.affine, **names)
        if done.opposed is not None:
            bold_truth.write_opposed(visit.bids, bold, done.opposed, grid.affine, **names)
        bold_truth.write_regions(visit.apart, regions, done.run.matrix, **names)
        bold_truth.write_series(visit.apart, bold, regions, done.run, **names)
        bold_truth.write_motion(visit.apart, bold, done.run, **names)
        bold_truth.write_maps(visit.apart, bold, done.inside, done.run, grid, done.reads, **names)
        said = further.zones(person, lesions, visit, grid, name=self.name)
        coupling = dict.fromkeys(sorted(sides(lesions, person.anatomy)), bold.lesion.coupling)
        return {**said, "coupling": coupling, "not_steady": len(done.inside.means) - 1}


def scanned(
    settings: Phantom,
    bold: PhantomBold,
    person: Person,
    lesions: Sequence[damage.Present],
    visit: str,
) -> Scanned:
    """Acquire the run of a visit."""
    treated = dict.fromkeys(sides(lesions, person.anatomy), bold.lesion.coupling)
    regions = bold_networks.atlas()[0]
    matrix = bold_networks.correlations(regions, bold.neural, treated=treated)
    inside = bold_head.head(settings, bold, person.anatomy, lesions)
    own = (person.patient.label, visit, bold_scan.NAME)
    grid = acquisition.grid_of(bold.scan, acquisition.head_pose(settings, *own))
    run = bold_scan.prepare(settings, bold, matrix, grid, *own)
    reads = bold_scan.receiver(settings, bold, grid, own)
    noise, spikes, after = (
        generator(settings, *own, part) for part in ("noise", "stripes", "opposed")
    )
    series = np.empty((*grid.shape, bold.scan.n_volumes), dtype=np.int16)
    made = bold_scan.acquire(bold, inside, run, grid, reads, noise=noise, spikes=spikes)
    for n, volume in enumerate(made):
        series[..., n] = volume
    other = None
    if bold.scan.opposed:
        other = bold_scan.opposed(bold, inside, run, grid, reads, noise=after)
    return Scanned(series, other, inside, run, grid, reads)


def sides(lesions: Sequence[damage.Present], anatomy: Anatomy) -> set[str]:
    """Return the sides of the head on which interventions left lesions."""
    treating = [one for one in lesions if one.site.intervention]
    return {side_of(one, anatomy) for one in treating}


def side_of(lesion: damage.Present, anatomy: Anatomy) -> str:
    """Return the side of the head on which a lesion lies."""
    across = (np.linalg.inv(anatomy.acpc) @ np.append(lesion.site.shape.centre_mm, 1.0))[0]
    return "left" if across < 0 else "right"
