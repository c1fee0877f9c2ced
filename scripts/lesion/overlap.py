"""Overlap of the lesion with the target nucleus and its neighbours."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.core.tables import write_tsv
from sonolesion.lesion import overlap as kernels
from sonolesion.lesion.findings import COLUMNS

if TYPE_CHECKING:
    snakemake: Any


def main(
    mask: str, lesion: str, target: str, regions: str, sidecar: str, measures: str,
    *, labels: dict[str, Any], registration_sd_mm: float, n_draws: int, seed: int,
    interval: float, reach_mm: float, few_voxels: int,
) -> None:  # fmt: skip
    """Read, overlap, write."""
    image, stack = images.load(mask), images.load(regions, dtype=np.uint8)
    visible = images.read_json(lesion)["outcome"] == "measured" and bool(image.data.any())
    rows = kernels.rows(
        kernels.lesion_of(image.data > 0, image.affine) if visible else None,
        stack.data, stack.affine, images.read_json(sidecar), labels=labels,
        target_mm=images.read_json(target)["target_mm"],
        shifts=kernels.unit_shifts(n_draws, seed=seed), registration_sd_mm=registration_sd_mm,
        interval_share=interval, reach_mm=reach_mm, few_voxels=few_voxels,
    )  # fmt: skip
    write_tsv(measures, rows, columns=COLUMNS)


if __name__ == "__main__":
    run(main, snakemake)
