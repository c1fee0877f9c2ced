"""Look for the lesion of one visit and outline it."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.lesion import earlier, visit
from sonolesion.lesion.comparison import FieldModel, NoiseModel
from sonolesion.lesion.detection import SearchPlan
from sonolesion.lesion.outline import FitPlan, Placed
from sonolesion.lesion.record import record

if TYPE_CHECKING:
    snakemake: Any
Settings = dict[str, Any]


def main(
    follow_up: list[str], baseline: list[str], brain: str, tissue: list[str],
    target: str, others: list[str], before: list[str], core: str, lesion: str, oedema: str,
    record_file: str, *, threads: int, labels: Settings, contrasts: list[str],
    left_out: dict[str, str], exclusion_radius_mm: float, least_coverage: float,
    phases: list[Settings],
    calibration: Settings, noise: Settings, search: Settings, fit: Settings, anchor: Settings,
    interval: float, near_mm: float,
) -> None:  # fmt: skip
    """Read, compare, write."""
    whole = images.load(brain)
    box = visit.crop(whole.data > 0, margin=visit.MARGIN)

    def cropped(paths: list[str]) -> list[Any]:
        # A copy, or the whole volume stays in memory behind its part.
        return [images.load(path, like=whole).data[box].copy() for path in paths]

    head = visit.Head(
        whole.data[box] > 0, np.stack(cropped(tissue)), visit.moved(whole.affine, box),
        _target(target), np.array([_target(path) for path in others]).reshape(-1, 3),
    )  # fmt: skip
    outcome = visit.read_visit(
        dict(zip(contrasts, cropped(follow_up), strict=True)),
        dict(zip(contrasts, cropped(baseline), strict=True)),
        dict(zip(contrasts, map(_placed, follow_up), strict=True)),
        head=head, day=labels["day_after"], phases=phases, exclusion_radius_mm=exclusion_radius_mm,
        least_coverage=least_coverage, field=FieldModel(**calibration), noise=NoiseModel(**noise),
        search=SearchPlan(**search), fit=FitPlan(**fit),
        anchor=earlier.anchor([images.read_json(path) for path in before], **anchor),
        n_threads=threads,
    )  # fmt: skip
    for path, part in ((core, "core"), (lesion, "lesion"), (oedema, "oedema")):
        found = (
            np.zeros(head.brain.shape)
            if outcome.outline is None
            else getattr(outcome.outline, part)
        )
        whole_part = visit.uncropped(found.astype(np.float32), box, whole.data.shape)
        images.save(path, whole_part, whole.affine)
    content = record(
        outcome, head=head, labels=labels, left_out=left_out, interval=interval, near_mm=near_mm
    )
    images.write_json(record_file, content)


def _target(path: str) -> Any:
    return np.array(images.read_json(path)["target_mm"], dtype=float)


def _placed(image: str) -> Placed:
    told = images.read_json(images.sidecar_of(image))
    return Placed(np.array(told["VoxelToAcpcMm"]), told["InterpolationOrder"])


if __name__ == "__main__":
    run(main, snakemake)
