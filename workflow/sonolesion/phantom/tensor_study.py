"""The diffusion tensor scan of a visit: acquire it, write it, and write its truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sonolesion.core.settings.phantom import Phantom
from sonolesion.core.settings.phantom_dti import PhantomDti
from sonolesion.phantom import (
    acquisition,
    cutting,
    damage,
    further,
    tensor_scan,
    tensor_truth,
    wiring,
)
from sonolesion.phantom.further import Person, Visit
from sonolesion.phantom.patient import Anatomy


@dataclass(frozen=True)
class TensorStudy:
    """The diffusion tensor scans of a study."""

    dti: PhantomDti
    name: str = tensor_scan.NAME

    def asked(self, visit: str) -> bool:
        """Whether the scan is made at a visit."""
        return self.dti.asked(visit)

    def stated(self) -> dict[str, object]:
        """Return its settings."""
        return self.dti.model_dump(mode="json")

    def describe_patient(self, anatomy: Anatomy, folder: Path, *, label: str) -> None:
        """Write down where the bundles of a patient run."""
        courses = wiring.lay(anatomy, radius_factor=self.dti.fibre.radius_factor).courses
        tensor_truth.write_bundles(folder, courses, anatomy, label=label)

    def make_scan(
        self, settings: Phantom, person: Person, lesions: Sequence[damage.Present], visit: Visit
    ) -> dict[str, object]:
        """Acquire and write the scan of a visit in one or both polarities; return its truth."""
        dti, anatomy, patient = self.dti, person.anatomy, person.patient
        laid = wiring.lay(anatomy, radius_factor=dti.fibre.radius_factor)
        history = cutting.histories(anatomy, person.sites, day=visit.day)
        cuts = {
            course.tube.name: cutting.of_bundle(
                course.tube, history, n_lines=dti.fibre.n_lines, delay_d=dti.fibre.loss_delay_d
            )
            for course in laid.courses
        }
        lost = [cut.lost for cut in cuts.values()]
        inside = tensor_scan.head(settings, dti, anatomy, laid, lost, lesions)
        pose = acquisition.head_pose(settings, patient.label, visit.name, self.name)
        grid = acquisition.grid_of(dti.scan, pose)
        names = {"label": visit.label, "visit": visit.name}
        both: tuple[tensor_scan.Polarity, ...] = ("AP", "PA")
        for polarity in both if dti.scan.opposed != "none" else both[:1]:
            series = tensor_scan.acquire(
                settings, dti, inside, grid, patient=patient, visit=visit.name, polarity=polarity
            )
            tensor_truth.write_scan(
                visit.bids, series, dti, grid.affine, polarity=polarity, **names
            )
            tensor_truth.write_motion(visit.apart, series, polarity=polarity, **names)
        tensor_truth.write_maps(visit.apart, dti, inside, grid, **names)
        tensor_truth.write_masks(visit.apart, dti, laid.courses, anatomy, grid, **names)
        said = further.zones(person, lesions, visit, grid, name=self.name)
        return {**said, "cut": tensor_truth.describe(cuts)}
