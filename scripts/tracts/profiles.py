"""Follow FA and MD of a visit along the baseline's bundles."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images, streamlines
from sonolesion.core.run import run
from sonolesion.core.tables import write_tsv
from sonolesion.tracts import picture, tractogram, visit_rows

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]


def main(
    tractogram_file: str, sidecar: str, fa: str, md: str, to_acpc: str, table: str, record: str,
    measures: str, png: str, *, labels: Settings, settings: Settings,
) -> None:  # fmt: skip
    """Read, follow, write."""
    lines = streamlines.load(tractogram_file)
    found = tractogram.Bundles(lines.points, lines.offsets, dict(lines.groups))
    summary, image = images.read_json(sidecar), images.load(fa)
    affine = np.linalg.inv(images.read_affine(to_acpc)) @ image.affine
    maps = {"fa": image.data, "md": images.load(md, like=image).data}
    nodes, means = visit_rows.along(
        found, summary, maps, affine, settings=settings["profiles"],
        min_streamlines=settings["disconnection"]["min_streamlines"],
    )  # fmt: skip
    write_tsv(table, nodes, columns=visit_rows.PROFILE_COLUMNS)
    write_tsv(measures, visit_rows.mean_rows(means, summary, labels), columns=visit_rows.COLUMNS)
    lines_fa = visit_rows.by_bundle(nodes, "fa")
    images.write_json(record, {"fa": {name: v.tolist() for name, v in lines_fa.items()}})
    title = f"FA along the baseline's bundles, {labels['session_id']}"
    shown = picture.profiles(lines_fa, quantity="FA", title=title)
    shown.quantize(64).save(png, optimize=True)


if __name__ == "__main__":
    run(main, snakemake)
