"""Track the whole brain of a patient's baseline, and count streamlines between parcels."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import atlas_labels, gradients, images, streamlines
from sonolesion.core.run import run
from sonolesion.core.tables import write_tsv
from sonolesion.maths import atlas_files
from sonolesion.maths import parcels as atlas_parcels
from sonolesion.maths.regrid import regridded
from sonolesion.tracts import (
    connectome,
    connectome_picture,
    connectome_tables,
    tractogram,
    wholebrain,
)

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]


def _parcels(
    row: Settings, brain: Any, affine: Any, warps: list[str], settings: Settings
) -> tuple[list[atlas_parcels.Parcel], atlas_parcels.Nodes]:
    """Lay the atlas over the patient's brain."""
    read = images.load(row["file"], dtype=np.int32 if row["coding"] == "labels" else np.uint8)
    return atlas_parcels.over(
        atlas_labels.read_labels(row["labels"]), atlas_files.Opened(row, read.data, read.affine),
        brain, affine, [images.load_warp(path) for path in warps], settings=settings,
    )  # fmt: skip


def _save(path: str, one: tractogram.Bundles, nodes: atlas_parcels.Nodes) -> None:
    lines = streamlines.Streamlines(one.points, one.offsets, one.groups)
    streamlines.save(path, lines, affine=nodes.affine, shape=nodes.labels.shape)


def _border(scan: tractogram.Scan, to_scan: Any, tissue: tuple[str, str], how: Settings) -> Any:
    """Find the voxels of both tissues, where streamlines start."""
    shares = [
        regridded(one.data, one.affine, to_scan, shape=scan.mask.shape, affine=scan.affine)
        for one in map(images.load, tissue)
    ]
    limits = {"min_share": how["border_share"], "min_voxels": how["border_voxels"]}
    return wholebrain.border(*shares, scan.mask, **limits)


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
    head = images.load(mask)
    found, nodes = _parcels(row, head.data > 0, head.affine, warps, settings)
    image, fluid = images.load(dwi), images.load(csf)
    scan = tractogram.placed(
        image, gradients.read(bval, bvec, n_volumes=image.data.shape[3]), to_scan, fluid,
        maps=[images.load(path).data for path in (brain, fa, tensor)], table=table,
    )  # fmt: skip
    seeds = _border(scan, to_scan, (white, grey), how)
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
        brain=head.data > 0, title=title,
    )  # fmt: skip
    shown.save(png, optimize=True)


if __name__ == "__main__":
    run(main, snakemake)
