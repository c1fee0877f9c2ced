"""Fit the diffusion tensor and free water of a visit, and measure regions."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import gradients, images
from sonolesion.core.run import run
from sonolesion.core.tables import write_tsv
from sonolesion.diffusion import (
    free_water,
    picture,
    tensor_design,
    tensor_record,
    tensor_volume,
)
from sonolesion.maths import region_measures
from sonolesion.maths.gradient_frames import to_world

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]
SCALARS = ("fa", "md", "ad", "rd", "mode", "s0", "residual", "tensor")


def main(
    dwi: str, bval: str, bvec: str, corrected: str, brain: str, to_acpc: str, tissue: list[str],
    atlases: str, atlases_sidecar: str, fa: str, md: str, ad: str, rd: str, mode: str, s0: str,
    residual: str, tensor: str, free_water_map: str, sidecar: str, measures: str, png: str, *,
    threads: int, labels: Settings, table: Settings, b_max_s_mm2: float, fit: Settings,
    water: Settings, regions: Settings,
) -> None:  # fmt: skip
    """Read, fit, measure, write."""
    scan, inside = images.load(dwi), images.load(brain).data > 0
    told = gradients.read(bval, bvec, n_volumes=scan.data.shape[3])
    used = told.b_values <= b_max_s_mm2
    scheme = (told.b_values, to_world(told.vectors, scan.affine))
    limits = {"b0_max_s_mm2": table["b0_max_s_mm2"]}
    tensor_design.require_determined(scheme[0][used], scheme[1][used], **limits, file=bval)
    found = tensor_volume.fit_volume(
        scan.data[..., used], inside, scheme[0][used], scheme[1][used], **fit, threads=threads
    )
    paths = (fa, md, ad, rd, mode, s0, residual, tensor)
    for name, path in zip(SCALARS, paths, strict=True):
        images.save(path, found.maps[name], scan.affine)
    widths = limits | {"shell_width_s_mm2": table["shell_width_s_mm2"]}
    fluid = free_water.fit(scan.data[inside], *scheme, **fit, **widths, **water, threads=threads)
    fractions = np.full(inside.shape, np.nan, dtype=np.float32)
    fractions[inside] = fluid.fraction
    images.save(free_water_map, fractions, scan.affine)
    images.write_json(sidecar, tensor_record.record(found, fluid, inside, used, fit=fit))
    stack = images.load(atlases, dtype=np.uint8)
    maps = {"grey_matter": images.load(tissue[0]), "white_matter": images.load(tissue[1])}
    rows = region_measures.rows(
        {"fa_median": (found.maps["fa"], "1"), "md_median": (found.maps["md"], "mm2/s")},
        scan.affine, images.read_affine(to_acpc),
        tissue={name: (one.data, one.affine) for name, one in maps.items()}, stack=stack.data,
        stack_affine=stack.affine, record=images.read_json(atlases_sidecar), labels=labels,
        modality="dwi", map_name="tensor",
        note=f"distortion: {images.read_json(corrected)['DistortionMethod']}", **regions,
    )  # fmt: skip
    write_tsv(measures, rows, columns=region_measures.COLUMNS)
    shown = picture.tensor_maps(found.maps, fractions, inside, scan.affine)
    shown.quantize(255).save(png, optimize=True)


if __name__ == "__main__":
    run(main, snakemake)
