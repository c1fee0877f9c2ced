"""Compute blood flow, correct for partial volume, judge it, and measure regions."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.core.tables import write_tsv
from sonolesion.maths import brain as brains
from sonolesion.maths import region_measures
from sonolesion.perfusion import appraisal, mapping, picture, plausibility, prediction, record

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]
TISSUES = ("grey_matter", "white_matter")


def _seen(path: str, told: Settings, grid: Settings) -> Any:
    """Return the scanner's own map on the grid of the scan."""
    own = images.load(path)
    return appraisal.on_grid(mapping.mean_of(own.data, told), own.affine, **grid)


def main(
    deltam: str, m0: str, asl: str, scanner_map: list[str], to_acpc: str, tissue: list[str],
    mask: str, atlases: str, atlases_sidecar: str, cbf: str, pvc_grey: str, pvc_white: str,
    att: str, sidecar: str, brain: str, quality_table: str, measures: str, qc: str, png: str, *,
    told: Settings, labels: Settings, steps: Settings, quality: Settings, plausible: Settings,
    ge: Settings, regions: Settings, predicted: Settings,
) -> None:  # fmt: skip
    """Read, quantify, judge, write; raise if no brain can have such a flow."""
    taken, calibration = images.load(deltam), images.load(m0)
    grid: Settings = {"shape": calibration.data.shape, "affine": calibration.affine}
    to_scan, volumes = images.read_affine(to_acpc), [images.load(path) for path in (*tissue, mask)]
    placed = [brains.carried(one.data, one.affine, to_scan, **grid) for one in volumes]
    known = mapping.Tissue(np.stack(placed[:3], axis=3), placed[3] > brains.HALF)
    seen = [_seen(path, told, grid) for path in scanner_map] or [None]
    voxel_mm = np.linalg.norm(taken.affine[:3, :3], axis=0)
    maps = mapping.made(
        taken.data, calibration.data, seen[0], known, told=told, voxel_mm=voxel_mm, **steps
    )
    other = seen[0] if told["layout"] != "cbf" else None
    judged = appraisal.appraise(
        maps, known, told=told, affine=taken.affine, settings=quality, plausible=plausible, ge=ge,
        scanner=other,
    )  # fmt: skip
    for path, volume in zip((cbf, pvc_grey, pvc_white, att), maps.volumes, strict=True):
        images.save(path, volume, taken.affine)
    images.save(brain, known.brain, taken.affine)
    biased, motion = prediction.read_over_true(told, predicted), images.read_json(asl)
    content = record.sidecar(maps, judged, told=told, motion=motion, predicted=biased)
    images.write_json(sidecar, content)
    write_tsv(quality_table, appraisal.table(judged), columns=appraisal.COLUMNS)
    stack = images.load(atlases, dtype=np.uint8)
    pure = {name: (v.data, v.affine) for name, v in zip(TISSUES, volumes, strict=False)}
    rows = record.rows(
        maps, other, judged, to_scan, affine=taken.affine, tissue=pure, stack=stack.data,
        stack_affine=stack.affine, atlases=images.read_json(atlases_sidecar), told=told,
        labels=labels, regions=regions,
    )  # fmt: skip
    write_tsv(measures, rows, columns=region_measures.COLUMNS)
    shown = picture.visit(
        maps, known, judged, taken.affine, told=told, min_probability=quality["min_probability"]
    )
    shown.quantize(255).save(png, optimize=True)
    images.write_json(qc, appraisal.gate(judged, plausible, picture=png))
    limits = {name: plausible[name] for name in ("min_cbf", "max_cbf")}
    plausibility.require_plausible(judged.verdict, file=deltam, **limits)


if __name__ == "__main__":
    run(main, snakemake)
