"""The arterial spin labelling scan of a visit: acquire it, write it, and write its truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sonolesion.core.settings.phantom import Phantom
from sonolesion.core.settings.phantom_asl import PhantomAsl
from sonolesion.phantom import asl_flow, asl_scan, asl_truth, damage, further
from sonolesion.phantom.further import Person, Visit
from sonolesion.phantom.patient import Anatomy


@dataclass(frozen=True)
class AslStudy:
    """The arterial spin labelling scans of a study."""

    asl: PhantomAsl
    name: str = asl_flow.NAME

    def asked(self, visit: str) -> bool:
        """Whether the scan is made at a visit."""
        return self.asl.asked(visit)

    def stated(self) -> dict[str, object]:
        """Return its settings."""
        return self.asl.model_dump(mode="json")

    def describe_patient(self, anatomy: Anatomy, folder: Path, *, label: str) -> None:
        """Nothing is known before a scan: flow changes from visit to visit."""

    def make_scan(
        self, settings: Phantom, person: Person, lesions: Sequence[damage.Present], visit: Visit
    ) -> dict[str, object]:
        """Acquire and write the scan of a visit; return its truth."""
        asl, who = self.asl, {"patient": person.patient.label, "visit": visit.name}
        scan = asl.scan_of(visit.name)
        inside = asl_flow.head(settings, asl, person.anatomy, lesions, scan=scan, **who)
        grid = asl_scan.grid_of(settings, scan, **who)
        series = asl_scan.acquire(settings, scan, asl.blood, asl.motion, inside, grid, **who)
        names = {"label": visit.label, "visit": visit.name}
        asl_truth.write_scan(visit.bids, series, scan, grid.affine, **names)
        asl_truth.write_maps(visit.apart, inside, scan, grid, **names)
        asl_truth.write_motion(visit.apart, series.moved, **names)
        efficiency = asl_scan.label_of(scan, asl.blood).efficiency
        said = further.zones(person, lesions, visit, grid, name=self.name)
        return {**said, **asl_truth.describe(inside, scan, efficiency)}
