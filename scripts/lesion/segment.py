"""Look for the lesion of one visit, segment and measure it."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.core.tables import write_tsv
from sonolesion.lesion import findings, picture, visit
from sonolesion.lesion.comparison import FieldModel, NoiseModel
from sonolesion.lesion.detection import SearchPlan

if TYPE_CHECKING:
    snakemake: Any


def main(
    follow_up: list[str], baseline: list[str], brain: str, tissue: list[str], target: str,
    probseg: str, mask: str, oedema: str, lesion: str, measures: str, film: str, *,
    labels: dict[str, Any], contrasts: list[str], exclusion_radius_mm: float,
    phases: list[dict[str, Any]], calibration: dict[str, Any], noise: dict[str, Any],
    search: dict[str, Any], fit: dict[str, Any], picture_half_width_mm: float,
) -> None:  # fmt: skip
    """Read, compare, write."""
    whole = images.load(brain)
    box = visit.crop(whole.data > 0, margin=visit.MARGIN)

    def cropped(path: str) -> Any:
        return images.load(path, like=whole).data[box]

    late = {name: cropped(path) for name, path in zip(contrasts, follow_up, strict=True)}
    early = {name: cropped(path) for name, path in zip(contrasts, baseline, strict=True)}
    head = visit.Head(
        whole.data[box] > 0, np.stack([cropped(path) for path in tissue]),
        visit.moved(whole.affine, box), np.array(images.read_json(target)["target_mm"]),
    )  # fmt: skip
    zones = visit.zones_of(phases, day=labels["day_after"], contrasts=contrasts)
    outcome = visit.read_visit(
        late, early, head=head, zones=zones, exclusion_radius_mm=exclusion_radius_mm,
        field=FieldModel(**calibration), noise=NoiseModel(**noise),
        search=SearchPlan(**search), fit=visit.FitPlan(**fit),
    )  # fmt: skip
    found = findings.measured(outcome, head=head, labels=labels)
    for path, part in ((probseg, found.lesion), (oedema, found.oedema), (mask, found.mask)):
        images.save(path, visit.uncropped(part, box, whole.data.shape), whole.affine)
    images.write_json(lesion, found.record)
    write_tsv(measures, found.rows, columns=findings.COLUMNS)
    picture.draw(film, late, early, head=head, found=found, half_mm=picture_half_width_mm)


if __name__ == "__main__":
    run(main, snakemake)
