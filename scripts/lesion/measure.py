"""Measure the lesion of one visit, as it was segmented or as a person corrected it."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.core.tables import write_tsv
from sonolesion.lesion import final, findings, picture, sonication, target, visit
from sonolesion.lesion.ventricle import Wall
from sonolesion.lesion.zones import Zones

if TYPE_CHECKING:
    snakemake: Any


def main(
    follow_up: list[str], baseline: list[str], brain: str, tissue: list[str],
    plan: str, landmarks: str, scan: list[str], warp: list[str], segmented: list[str], found: str,
    correction: list[str], probseg: str, mask: str, oedema: str, dseg: str, lesion: str,
    measures: str, film: str, *, labels: dict[str, Any], contrasts: list[str],
    planned: dict[str, Any], foci: list[dict[str, Any]], template: str, measure: dict[str, Any],
    interval: float, picture_half_width_mm: float,
) -> None:  # fmt: skip
    """Read, measure, write."""
    whole = images.load(brain)
    box = visit.crop(whole.data > 0, margin=visit.MARGIN)

    def cropped(path: str) -> Any:
        # A copy, or the whole volume stays in memory behind its part.
        return images.load(path, like=whole).data[box].copy()

    late = {name: cropped(path) for name, path in zip(contrasts, follow_up, strict=True)}
    early = {name: cropped(path) for name, path in zip(contrasts, baseline, strict=True)}
    head = visit.Head(
        whole.data[box] > 0, np.stack([cropped(path) for path in tissue]),
        visit.moved(whole.affine, box), np.array(images.read_json(plan)["target_mm"]),
        np.zeros((0, 3)),
    )  # fmt: skip
    frames = target.Frames.of(
        images.read_json(landmarks), [images.read_affine(path) for path in scan],
        [images.load_warp(path) for path in warp], template,
    )  # fmt: skip
    scene = final.Scene(
        head.affine, labels["side"], head.target_mm, head.tissue[2], Wall(**measure["ventricle"]),
        sonication.focus_mm(foci, planned, frames), interval, measure["few_voxels"],
    )  # fmt: skip
    drawn = [(path, images.load(path, like=whole).data) for path in correction]
    result = final.read(
        Zones(*[cropped(path) for path in segmented]), images.read_json(found), drawn, box, scene,
        scans=late, tolerance_mm=measure["surface_tolerance_mm"],
    )  # fmt: skip
    small_mm3 = measure["few_native_voxels"] * final.native_voxel_mm3(
        [_grid(path) for path in follow_up]
    )
    for path, part in zip((probseg, oedema, mask, dseg), result.volumes(), strict=True):
        images.save(path, visit.uncropped(part, box, whole.data.shape), whole.affine)
    images.write_json(lesion, result.record)
    table = findings.rows(result.record, labels, zones=result.zones, small_mm3=small_mm3)
    write_tsv(measures, table, columns=findings.COLUMNS)
    picture.draw(film, late, early, head=head, found=result, half_mm=picture_half_width_mm)


def _grid(image: str) -> Any:
    """Return where the voxels of the scan as acquired lie in acpc."""
    return np.array(images.read_json(images.sidecar_of(image))["VoxelToAcpcMm"])


if __name__ == "__main__":
    run(main, snakemake)
