"""Track the whole brain of a patient's baseline, and count streamlines between parcels."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import atlas_labels, gradients, images, streamlines
from sonolesion.core.run import run
from sonolesion.core.tables import write_tsv
from sonolesion.maths.gradient_frames import to_world
from sonolesion.tracts import (
    atlas_files,
    connectome,
    connectome_picture,
    connectome_tables,
    template,
    tractogram,
    wholebrain,
)
from sonolesion.tracts import parcels as atlas_parcels
from sonolesion.tracts.disconnectome import Nodes

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]


def _scan(
    dwi: str, bval: str, bvec: str, brain: str, fa: str, tensor: str, to_scan: Any, csf: str,
    table: Settings,
) -> tractogram.Scan:  # fmt: skip
    image, inside, fluid = images.load(dwi), images.load(brain).data > 0, images.load(csf)
    told = gradients.read(bval, bvec, n_volumes=image.data.shape[3])
    scan = tractogram.Scan(
        image.data, told.b_values, to_world(told.vectors, image.affine), image.affine,
        np.linalg.inv(to_scan), inside, images.load(fa).data, images.load(tensor).data,
        template.carried(fluid.data, fluid.affine, to_scan, inside.shape, image.affine),
    )  # fmt: skip
    shells = {name: table[name] for name in ("b0_max_s_mm2", "shell_width_s_mm2")}
    return tractogram.fullest(scan, **shells)


def _parcels(
    row: Settings, mask: str, warps: list[str], settings: Settings
) -> tuple[list[atlas_parcels.Parcel], Nodes]:
    """Lay the atlas over the patient's brain."""
    how, text = settings["connectome"], Path(row["labels"]).read_text(encoding="utf-8-sig")
    names = atlas_labels.parse_labels(text, suffix=Path(row["labels"]).suffix, file=row["labels"])
    found = atlas_parcels.chosen(names, left_out=how["left_out"])
    kind = np.int32 if row["coding"] == "labels" else np.uint8
    read, head = images.load(row["file"], dtype=kind), images.load(mask)
    inside, affine = atlas_parcels.coarse_grid(
        head.data > 0, head.affine, spacing_mm=how["spacing_mm"]
    )
    fields = [images.load_warp(path) for path in warps]
    places = template.points_in(inside.shape, affine, [(f.data, f.affine) for f in fields])
    opened = atlas_files.Opened(row, read.data, read.affine)
    share = settings["region_share"]
    labels = atlas_parcels.laid(places, inside, found, opened, min_share=share)
    return found, Nodes(labels, affine, len(found))


def _save(path: str, one: tractogram.Bundles, nodes: Nodes) -> None:
    lines = streamlines.Streamlines(one.points, one.offsets, one.groups)
    streamlines.save(path, lines, affine=nodes.affine, shape=nodes.labels.shape)


def main(
    dwi: str, bval: str, bvec: str, brain: str, fa: str, tensor: str, to_acpc: str, csf: str,
    white: str, grey: str, from_mni: str, to_other: str, t1w: str, mask: str,
    tractogram_file: str, resampled: str, dseg: str, matrix: str, sidecar: str, png: str, *,
    threads: int, atlases: list[Settings], table: Settings, settings: Settings,
    template_name: str,
) -> None:  # fmt: skip
    """Read, track, assign, count, write."""
    how, to_scan = settings["connectome"], images.read_affine(to_acpc)
    row = atlas_parcels.atlas_row(atlases, how["atlas"])
    warps = [from_mni] if row["carried_as"] == template_name else [from_mni, to_other]
    found, nodes = _parcels(row, mask, warps, settings)
    scan = _scan(dwi, bval, bvec, brain, fa, tensor, to_scan, csf, table)
    tissue = [images.load(path) for path in (white, grey)]
    seeds = wholebrain.border(
        *(template.carried(one.data, one.affine, to_scan, scan.mask.shape, scan.affine)
          for one in tissue),
        scan.mask, min_share=how["border_share"], min_voxels=how["border_voxels"],
    )  # fmt: skip
    relays = atlas_parcels.numbers(found, how["relays"])
    own, others = wholebrain.baseline(
        scan, seeds, nodes, relays, settings=settings, threads=threads
    )
    _save(tractogram_file, own, nodes)
    _save(resampled, others, nodes)
    images.save(dseg, nodes.labels, nodes.affine)
    ends = connectome.end_parcels(
        own.points, own.offsets, nodes.labels, nodes.affine, radius_mm=how["radius_mm"]
    )
    counts = connectome.matrix(ends, n_parcels=nodes.number)
    rows, columns = connectome_tables.matrix_rows(counts, [one.label for one in found])
    write_tsv(matrix, rows, columns=columns)
    centres = atlas_parcels.centres_mm(nodes.labels, nodes.affine, n_parcels=nodes.number)
    record = connectome_tables.parcel_record(found, nodes.labels, centres, ends)
    images.write_json(sidecar, {"Atlas": row["name"], "Space": "acpc, RAS+ mm"} | record)
    grid, title = images.load(t1w), f"{len(ends)} streamlines between parcels of {row['name']}"
    shown = connectome_picture.before(
        counts, [one.side for one in found], (own.points, own.offsets), grid.data, grid.affine,
        brain=images.load(mask).data > 0, title=title,
    )  # fmt: skip
    shown.save(png, optimize=True)


if __name__ == "__main__":
    run(main, snakemake)
