"""Map what the place of a visit's lesion went together with before it was treated."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.functional import before_lesion, local_maps, pictures
from sonolesion.functional.network_maps import PLANES
from sonolesion.functional.smoothing import smoothed
from sonolesion.maths.brain import carried

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]


def main(
    denoised: str, denoised_sidecar: str, brain: str, to_acpc: str, probseg: str, lesion: str,
    t1w: str, network: str, sidecar: str, png: str, *, labels: Settings, min_voxels: float,
    fwhm_mm: float,
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
    record["Smoothing_mm"] = fwhm_mm
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
