"""Tell what the lesion of a visit cuts of a normative tractogram, in the template."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import atlas_labels, images, streamlines
from sonolesion.core.run import run
from sonolesion.core.tables import write_tsv
from sonolesion.maths import atlas_files
from sonolesion.maths import parcels as atlas_parcels
from sonolesion.tracts import (
    connectome,
    connectome_picture,
    connectome_tables,
    disconnectome,
    template,
    tractogram,
    visit_rows,
    wholebrain,
)
from sonolesion.tracts import normative as healthy

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]
HALF = 0.5


def _parcels(
    row: Settings, brain: Any, affine: Any, warps: list[str], settings: Settings
) -> tuple[list[atlas_parcels.Parcel], atlas_parcels.Nodes]:
    """Lay the atlas over the template."""
    read = images.load(row["file"], dtype=np.int32 if row["coding"] == "labels" else np.uint8)
    return atlas_parcels.over(
        atlas_labels.read_labels(row["labels"]), atlas_files.Opened(row, read.data, read.affine),
        brain, affine, [images.load_warp(path) for path in warps], settings=settings,
    )  # fmt: skip


def _told(found: list[atlas_parcels.Parcel], nodes: Any, lines: Any, radius_mm: float) -> Settings:
    ends = connectome.end_parcels(*lines, nodes.labels, nodes.affine, radius_mm=radius_mm)
    centres = atlas_parcels.centres_mm(nodes.labels, nodes.affine, n_parcels=nodes.number)
    return connectome_tables.parcel_record(found, nodes.labels, centres, ends)


def _brought(field: images.Image, *paths: str) -> list[Any]:
    """Bring images of the acpc space to the grid of the template."""
    read = [images.load(path) for path in paths]
    return [
        template.warped(one.data, one.affine, field.data, field.affine, order=1, outside=0.0)
        for one in read
    ]


def main(
    probseg: str, lesion: str, from_acpc: str, to_other: str, t1w: str, mask: str, matrix: str,
    connections: str, lost_map: str, record: str, measures: str, png: str, *, tractogram_file: str,
    atlases: list[Settings], labels: Settings, settings: Settings, template_name: str,
) -> None:  # fmt: skip
    """Read, carry, cut, count, write."""
    field, how = images.load_warp(from_acpc), settings["connectome"]
    share, head, behind = _brought(field, probseg, mask, t1w)
    visible = images.read_json(lesion)["outcome"] == "measured" and bool(share.any())
    brain, seen = head > HALF, disconnectome.Lesion(share * visible, field.affine)
    read = streamlines.load(tractogram_file)
    lines = healthy.prepared(
        read.points, read.offsets, brain, field.affine, file=tractogram_file,
        max_streamlines=how["normative"]["max_streamlines"],
        max_outside=how["normative"]["max_outside"],
        step_mm=float(np.linalg.norm(field.affine[:3, :3], axis=0).min()),
    )  # fmt: skip
    row = atlas_parcels.atlas_row(atlases, how["atlas"])
    warps = [] if row["carried_as"] == template_name else [to_other]
    found, nodes = _parcels(row, brain, field.affine, warps, settings)
    relays = atlas_parcels.numbers(found, how["relays"])
    lines = wholebrain.parted(lines, nodes.labels, nodes.affine, relays, settings=how)
    lost = disconnectome.lost(lines, [], nodes, seen, settings=settings)
    told = _told(found, nodes, lines, how["radius_mm"])
    source, interval = "a normative tractogram", disconnectome.holds(settings, n_scans=0)
    tables, summary = connectome_tables.visit_tables(
        lost, told, labels, visible=visible, settings=settings, source=source, modality="anat",
        interval=interval,
    )  # fmt: skip
    for path, (rows, columns) in zip((matrix, connections, measures), tables, strict=True):
        write_tsv(path, rows, columns=columns)
    images.write_json(record, {"Source": Path(tractogram_file).name} | told | summary)
    gone = visit_rows.disconnected(
        tractogram.Bundles(*lines), lost.cut, affine=nodes.affine, shape=nodes.labels.shape,
        min_visits=settings["disconnection"]["min_visits"],
    )  # fmt: skip
    images.save(lost_map, gone, nodes.affine)
    title = f"Normative connections and the lesion of {labels['intervention_id']}"
    drawn = connectome_picture.after(
        lost, [p.label for p in found], [p.side for p in found], nodes, seen, behind, brain=brain,
        affine=field.affine, title=f"{title} at {labels['session_id']}",
    )  # fmt: skip
    drawn.save(png, optimize=True)


if __name__ == "__main__":
    run(main, snakemake)
