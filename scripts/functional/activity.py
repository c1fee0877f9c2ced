"""Map ALFF, fALFF and ReHo of a resting-state run, and measure regions."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.core.tables import read_tsv, write_tsv
from sonolesion.functional import homogeneity as local
from sonolesion.functional import joint_model, local_maps, pictures, run_rows
from sonolesion.functional.noise_model import columns_of
from sonolesion.maths import region_measures

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]


def main(
    bold: str, denoised: str, brain: str, excluded: str, confounds: str, confounds_sidecar: str,
    to_acpc: str, tissue: list[str], atlases: str, atlases_sidecar: str, t1w: str, alff: str,
    falff: str, reho: str, sidecar: str, measures: str, png: str, *, labels: Settings,
    denoising: Settings, activity: Settings, homogeneity: Settings, regions: Settings,
) -> None:  # fmt: skip
    """Read, map, measure, draw, write."""
    scan, to_scan = images.load(bold), images.read_affine(to_acpc)
    inside = (images.load(brain).data > 0) & (images.load(excluded).data == 0)
    told = images.read_json(confounds_sidecar)
    model = joint_model.model(
        columns_of(read_tsv(confounds)), repetition_s=told["RepetitionTime"], settings=denoising
    )
    # What is filtered has no frequencies left to compare with: the band is left open here.
    found = local_maps.amplitudes(scan.data[inside], model, settings=activity, file=bold)
    concord = local.concordance(images.load(denoised).data[inside], inside, **homogeneity)
    values = {"alff": found.relative, "falff": found.falff, "reho": concord}
    maps = {name: local_maps.laid(value, inside) for name, value in values.items()}
    for name, path in (("alff", alff), ("falff", falff), ("reho", reho)):
        images.save(path, maps[name], scan.affine)
    images.write_json(sidecar, found.told | {"Mark": told["Mark"]})
    grey = {"grey_matter": images.load(tissue[0]), "white_matter": images.load(tissue[1])}
    stack = images.load(atlases, dtype=np.uint8)
    rows = region_measures.rows(
        {f"{name}_median": (volume, "1") for name, volume in maps.items()}, scan.affine, to_scan,
        tissue={name: (one.data, one.affine) for name, one in grey.items()}, stack=stack.data,
        stack_affine=stack.affine, record=images.read_json(atlases_sidecar), labels=labels,
        modality="bold", map_name="activity", **regions,
    )  # fmt: skip
    for row in rows:
        row["method"] = run_rows.marked(str(row["method"]), told["Mark"])
    write_tsv(measures, rows, columns=region_measures.COLUMNS)
    head = images.load(t1w)
    shown = pictures.overlays(
        local_maps.layers(maps), scan.affine, to_scan, head.data, head.affine,
        planes=local_maps.PLANES, title="ALFF over its mean, fALFF, ReHo (Kendall's W)",
    )  # fmt: skip
    shown.save(png, optimize=True)


if __name__ == "__main__":
    run(main, snakemake)
