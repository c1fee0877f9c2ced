"""Tell blood flow in the zones of a lesion, around it, and at the mirrored place."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.core.tables import write_tsv
from sonolesion.maths import region_measures
from sonolesion.perfusion import lesion_picture, lesion_zones, record

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]
NAMED = ("Given", "EquationName", "M0Source")


def _flow(cbf: str, sidecar: str, to_acpc: str) -> lesion_zones.Flow:
    volume, told = images.load(cbf), images.read_json(sidecar)
    words = record.named(*[told[name] for name in NAMED])
    return lesion_zones.Flow(volume.data, volume.affine, images.read_affine(to_acpc), words)


def main(
    cbf: str, sidecar: str, to_acpc: str, baseline: list[str], zones: str, lesion: str,
    tissue: list[str], measures: str, png: str, *, labels: Settings, voxel_ratio: float,
    other_treated: bool, regions: Settings,
) -> None:  # fmt: skip
    """Read, carry the zones to the scan, measure, write."""
    seen, told = images.load(zones, dtype=np.uint8), images.read_json(lesion)
    found = None
    if told["outcome"] == "measured" and seen.data.any():
        parts = [images.load(path, like=seen).data for path in tissue]
        found = lesion_zones.around(
            seen.data, parts[0] + parts[1], seen.affine, ring_mm=regions["ring_mm"],
            # A person's outline may have no core where the segmentation had one.
            core_told=(told.get("correction") or told).get("core_told", True),
        )  # fmt: skip
    flows = {"cbf": _flow(cbf, sidecar, to_acpc)}
    if baseline:
        flows["cbf_baseline"] = _flow(*baseline)
    rows = lesion_zones.rows(
        found, flows, labels=labels, regions=regions, voxel_ratio=voxel_ratio,
        note=f"zones {told['source']}", other_treated=other_treated,
    )  # fmt: skip
    write_tsv(measures, rows, columns=region_measures.COLUMNS)
    drawn = lesion_picture.visit(
        flows["cbf"], found, rows, labels=labels, min_share=regions["min_share"]
    )
    drawn.save(png, optimize=True)


if __name__ == "__main__":
    run(main, snakemake)
