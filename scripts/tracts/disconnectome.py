"""Tell what the lesion of a visit cuts of the connections between the baseline's parcels."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images, streamlines
from sonolesion.core.run import run
from sonolesion.core.tables import write_tsv
from sonolesion.maths import parcels
from sonolesion.tracts import (
    connectome_picture,
    connectome_tables,
    disconnectome,
    template,
    tractogram,
    visit_rows,
)
from sonolesion.tracts.geometry import subset

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]


def main(
    tractogram_file: str, resampled: str, dseg: str, sidecar: str, probseg: str, lesion: str,
    from_acpc: str, t1w: str, mask: str, matrix: str, connections: str, lost_map: str,
    in_template: str, record: str, measures: str, png: str, *, labels: Settings,
    settings: Settings,
) -> None:  # fmt: skip
    """Read, cut, count, write."""
    own, again = streamlines.load(tractogram_file), streamlines.load(resampled)
    told, share, laid = images.read_json(sidecar), images.load(probseg), images.load(dseg)
    visible = images.read_json(lesion)["outcome"] == "measured" and bool(share.data.any())
    seen = disconnectome.Lesion(share.data if visible else np.zeros_like(share.data), share.affine)
    names = [parcel["column"] for parcel in told["Parcels"]]
    nodes = parcels.Nodes(laid.data.astype(np.int64), laid.affine, len(names))
    others = [subset(again.points, again.offsets, group) for group in again.groups.values()]
    found = disconnectome.lost((own.points, own.offsets), others, nodes, seen, settings=settings)
    holds = disconnectome.holds(settings, n_scans=len(others))
    tables, summary = connectome_tables.visit_tables(
        found, told, labels, visible=visible, settings=settings, source="the baseline",
        modality="dwi", interval=holds,
    )  # fmt: skip
    for path, (rows, columns) in zip((matrix, connections, measures), tables, strict=True):
        write_tsv(path, rows, columns=columns)
    images.write_json(record, summary)
    lost = visit_rows.disconnected(
        tractogram.Bundles(own.points, own.offsets), found.cut, affine=laid.affine,
        shape=laid.data.shape, min_visits=settings["disconnection"]["min_visits"],
    )  # fmt: skip
    images.save(lost_map, lost, laid.affine)
    warp, grid = images.load_warp(from_acpc), images.load(t1w)
    images.save(
        in_template,
        template.warped(lost, laid.affine, warp.data, warp.affine, order=0, outside=np.nan),
        warp.affine,
    )
    title = f"Connections and the lesion of {labels['intervention_id']} at {labels['session_id']} "
    shown = connectome_picture.after(
        found, names, [parcel["side"] for parcel in told["Parcels"]], nodes, seen, grid.data,
        brain=images.load(mask).data > 0, affine=grid.affine,
        title=title + ("(cyan)" if visible else "not visible"),
    )  # fmt: skip
    shown.save(png, optimize=True)


if __name__ == "__main__":
    run(main, snakemake)
