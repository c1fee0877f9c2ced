"""Look for change anywhere in the brain, away from every plan."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.core.tables import write_tsv
from sonolesion.lesion import findings, offtarget_picture, offtarget_report, visit
from sonolesion.lesion.comparison import FieldModel, NoiseModel
from sonolesion.lesion.offtarget import Look, Search

if TYPE_CHECKING:
    snakemake: Any


def main(
    follow_up: list[str], baseline: list[str], brain: str, tissue: list[str], target: str,
    others: list[str], dseg: str, record_file: str, measures: str, film: str, *,
    labels: dict[str, Any], contrasts: list[str], exclusion_radius_mm: float,
    calibration: dict[str, Any], noise: dict[str, Any], offtarget: dict[str, Any],
    picture_half_width_mm: float,
) -> None:  # fmt: skip
    """Read, look, write."""
    whole = images.load(brain)
    box = visit.crop(whole.data > 0, margin=visit.MARGIN)

    def cropped(path: str) -> Any:
        # A copy, or the whole volume stays in memory behind its part.
        return images.load(path, like=whole).data[box].copy()

    late = {name: cropped(path) for name, path in zip(contrasts, follow_up, strict=True)}
    early = {name: cropped(path) for name, path in zip(contrasts, baseline, strict=True)}
    head = visit.Head(
        whole.data[box] > 0, np.stack([cropped(path) for path in tissue]),
        visit.moved(whole.affine, box), np.array(images.read_json(target)["target_mm"]),
        np.array([images.read_json(path)["target_mm"] for path in others]).reshape(-1, 3),
    )  # fmt: skip
    looks = offtarget["looks"]
    kinds = {look["name"]: look["kind"] for look in looks}
    rules = offtarget_report.Rules(kinds, offtarget["agree"], offtarget["safety"])
    found = offtarget_report.examine(
        late, early, head=head, rules=rules, exclusion_radius_mm=exclusion_radius_mm,
        looks=[Look(look["name"], look["signs"]) for look in looks],
        search=Search(**offtarget["search"]), field=FieldModel(**calibration),
        noise=NoiseModel(**noise),
    )  # fmt: skip
    images.save(dseg, visit.uncropped(found.labels, box, whole.data.shape), whole.affine)
    record = found.record | {"day_after": labels["day_after"], "baseline": labels["baseline"]}
    images.write_json(record_file, record)
    table = offtarget_report.rows(found, labels, rules=rules)
    write_tsv(measures, table, columns=findings.COLUMNS)
    offtarget_picture.draw(
        film, late, early, head=head, found=found, half_mm=picture_half_width_mm,
        most=offtarget["pictures"],
    )  # fmt: skip


if __name__ == "__main__":
    run(main, snakemake)
