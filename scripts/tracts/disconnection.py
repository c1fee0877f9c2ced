"""Tell what the lesion of a visit cuts of the baseline's bundles."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images, streamlines
from sonolesion.core.run import run
from sonolesion.core.tables import write_tsv
from sonolesion.tracts import bundle_views, template, tractogram, visit_rows

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]


def _bundles(path: str) -> tractogram.Bundles:
    found = streamlines.load(path)
    return tractogram.Bundles(found.points, found.offsets, dict(found.groups))


def main(
    tractogram_file: str, resampled: str, sidecar: str, probseg: str, lesion: str, from_acpc: str,
    t1w: str, mask: str, disconnection: str, in_template: str, record: str, measures: str,
    png: str, *, labels: Settings, settings: Settings,
) -> None:  # fmt: skip
    """Read, cut, count, write."""
    found, others = _bundles(tractogram_file), _bundles(resampled)
    summary, share = images.read_json(sidecar), images.load(probseg)
    visible = images.read_json(lesion)["outcome"] == "measured" and bool(share.data.any())
    shown = share.data if visible else np.zeros_like(share.data)
    told, whole = visit_rows.cuts(found, others, shown, share.affine, settings=settings)
    rows = visit_rows.cut_rows(told, summary, labels, visible=visible, settings=settings)
    write_tsv(measures, rows, columns=visit_rows.COLUMNS)
    nodes = visit_rows.reached_nodes(found, summary, shown, share.affine, settings=settings)
    images.write_json(record, visit_rows.record(told, nodes, visible=visible))
    lost = visit_rows.disconnected(
        found, whole, affine=share.affine, shape=share.data.shape,
        min_visits=settings["disconnection"]["min_visits"],
    )  # fmt: skip
    images.save(disconnection, lost, share.affine)
    warp = images.load_warp(from_acpc)
    carried = template.warped(lost, share.affine, warp.data, warp.affine, order=0, outside=np.nan)
    images.save(in_template, carried, warp.affine)
    grid = images.load(t1w)
    title = f"Baseline's bundles, lesion of {labels['intervention_id']} at {labels['session_id']} "
    drawn = bundle_views.views(
        found, grid.data, grid.affine, brain=images.load(mask).data > 0, lesion=shown,
        cut=whole.is_cut, title=title + ("(red)" if visible else "not visible"),
    )  # fmt: skip
    drawn.save(png, optimize=True)


if __name__ == "__main__":
    run(main, snakemake)
