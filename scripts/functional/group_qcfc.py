"""Tell how far connectivity over the study follows head motion."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.core.tables import read_tsv, write_tsv
from sonolesion.functional import group_edges, qcfc_picture

if TYPE_CHECKING:
    snakemake: Any


def main(
    relmats: list[str], sidecars: list[str], qualities: list[str], table: str, png: str, *,
    settings: dict[str, Any],
) -> None:  # fmt: skip
    """Read the matrices of all runs, correlate with motion, draw, write."""
    runs = [
        group_edges.Run(
            atlas=group_edges.entity(path, "atlas"),
            participant=group_edges.entity(path, "sub"),
            edges=group_edges.edges_of(read_tsv(path)),
            length_mm=group_edges.lengths_of(images.read_json(sidecar)),
            mean_fd_mm=float(images.read_json(quality)["MeanFD_mm"]),
        )
        for path, sidecar, quality in zip(relmats, sidecars, qualities, strict=True)
    ]
    Path(table).parent.mkdir(parents=True, exist_ok=True)
    found = group_edges.judged(runs, settings=settings)
    write_tsv(table, map(group_edges.row, found), columns=group_edges.COLUMNS)
    panels = [qcfc_picture.Panel(one.atlas, one.found, one.length_mm) for one in found]
    qcfc_picture.draw(panels).save(png, optimize=True)


if __name__ == "__main__":
    run(main, snakemake)
