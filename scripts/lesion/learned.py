"""Ask a learned model for the lesion of one visit."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.lesion import learned as kernels

if TYPE_CHECKING:
    snakemake: Any


def main(
    model: str, channels: list[str], brain: str, target: str, record_file: str, core: str,
    lesion: str, oedema: str, *, labels: dict[str, Any], contrasts: list[str],
    learned: dict[str, Any],
) -> None:  # fmt: skip
    """Read, ask, write."""
    declared = kernels.Model(**learned)
    kernels.require_channels(channels, declared, contrasts)
    whole = images.load(brain)
    zones = kernels.segment(
        [images.load(path, like=whole).data for path in channels], whole.data > 0, whole.affine,
        np.array(images.read_json(target)["target_mm"]), model=declared,
        run=kernels.session(model),
    )  # fmt: skip
    for path, part in ((core, zones.core), (lesion, zones.lesion), (oedema, zones.oedema)):
        images.save(path, part, whole.affine)
    images.write_json(record_file, kernels.record(zones, declared, labels))


if __name__ == "__main__":
    run(main, snakemake)
