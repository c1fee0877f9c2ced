"""Map what a visit's lesion went together with before; tell how far it outgrows the exclusion."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.core.tables import write_tsv
from sonolesion.functional import before_lesion, exclusion, local_maps, pictures
from sonolesion.functional.network_maps import PLANES
from sonolesion.functional.smoothing import smoothed
from sonolesion.maths.brain import carried
from sonolesion.maths.region_measures import COLUMNS

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]


def _outgrown(
    zones: str, lesion: str, targets: list[str], measures: str, *, labels: Settings,
    radius_mm: float,
) -> Settings:  # fmt: skip
    """Write how much of the lesion lies outside the exclusion; return it for the sidecar."""
    seen, outcome = images.load(zones, dtype=np.uint8), images.read_json(lesion)["outcome"]
    planned = [images.read_json(path)["target_mm"] for path in targets]
    found = None
    if outcome == "measured" and seen.data.any():
        found = exclusion.outside(seen.data, planned, radius_mm=radius_mm, affine=seen.affine)
    write_tsv(measures, exclusion.rows(found, labels, radius_mm=radius_mm), columns=COLUMNS)
    record: Settings = {"ExclusionRadius_mm": radius_mm}
    if found is None:
        return record
    told = {"OutsideExclusion_mm3": found.volume_mm3, "ExclusionReach_mm": found.reach_mm}
    return record | {name: round(value, 4) for name, value in told.items()}


def main(
    denoised: str, denoised_sidecar: str, brain: str, to_acpc: str, probseg: str, zones: str,
    lesion: str, targets: list[str], t1w: str, network: str, sidecar: str, measures: str, png: str,
    *, labels: Settings, min_voxels: float, fwhm_mm: float, exclusion_radius_mm: float,
) -> None:  # fmt: skip
    """Read, correlate, draw, write; say why not where no lesion is seen or it is too small."""
    scan, inside = images.load(denoised), images.load(brain).data > 0
    share, to_scan = images.load(probseg), images.read_affine(to_acpc)
    part = carried(share.data, share.affine, to_scan, shape=inside.shape, affine=scan.affine)
    series = scan.data[inside]
    soft = smoothed(series, inside, fwhm_mm=fwhm_mm, voxel_mm=scan.voxel_mm)
    found = before_lesion.mapped(
        series, soft, part[inside], outcome=images.read_json(lesion)["outcome"],
        file=probseg, min_voxels=min_voxels,
    )  # fmt: skip
    told = images.read_json(denoised_sidecar)
    volume = local_maps.laid(found.fisher_z, inside)
    images.save(network, volume, scan.affine)
    record = {"Strategy": told["Strategy"], "Mark": told["Mark"], "Baseline": labels["baseline"]}
    record |= {"Smoothing_mm": fwhm_mm} | _outgrown(
        zones, lesion, targets, measures, labels=labels, radius_mm=exclusion_radius_mm
    )
    images.write_json(sidecar, found.told | record)
    head = images.load(t1w)
    seen = np.abs(found.fisher_z[np.isfinite(found.fisher_z)])
    top = float(np.percentile(seen, 99.5)) if seen.size else 1.0
    layer = pictures.Layer("lesion network", volume, 0.4 * top, top, True)
    title = f"{labels['intervention_id']}, lesion of {labels['session_id']} in the run of "
    drawn = pictures.overlays(
        [layer], scan.affine, to_scan, head.data, head.affine, planes=PLANES,
        title=f"{title}{labels['baseline']}: {found.words}",
    )  # fmt: skip
    drawn.save(png, optimize=True)


if __name__ == "__main__":
    run(main, snakemake)
