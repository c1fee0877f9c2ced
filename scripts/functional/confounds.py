"""Tell what of a resting-state run is noise, and draw it as a carpet."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.core.tables import read_tsv, write_tsv
from sonolesion.functional import (
    carpet,
    exclusion,
    local_maps,
    noise_model,
    pictures,
    quality_rows,
)
from sonolesion.functional.strategies import STRATEGIES
from sonolesion.functional.tsnr import tsnr as ratio
from sonolesion.maths import brain as brains
from sonolesion.maths.region_measures import COLUMNS

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]
TISSUES = ("grey_matter", "white_matter", "csf")


def _drawn(signal: Any, where: Any, scan: images.Image, to_scan: Any, t1w: str) -> Any:
    """Draw the temporal signal-to-noise ratio of the brain over the T1w."""
    volume, head = local_maps.laid(signal[where], where), images.load(t1w)
    layer = pictures.Layer("tSNR", volume, 0.0, float(np.percentile(signal[where], 98.0)), False)
    return pictures.overlays(
        [layer], scan.affine, to_scan, head.data, head.affine, planes=local_maps.PLANES,
        title="Temporal signal-to-noise ratio",
    )  # fmt: skip


def main(
    bold: str, brain: str, motion: str, preproc: str, to_acpc: str, tissue: list[str],
    targets: list[str], t1w: str, confounds: str, sidecar: str, excluded: str, tsnr: str,
    measures: str, png: str, tsnr_png: str, *, labels: Settings, settings: Settings,
    censoring: Settings, volumes: Settings, strategy: str, trend_degree: int,
    exclusion_radius_mm: float, min_tissue: float,
) -> None:  # fmt: skip
    """Read, model, count, draw, write."""
    scan, inside = images.load(bold), images.load(brain).data > 0
    told, to_scan = images.read_json(preproc), images.read_affine(to_acpc)
    repetition_s = told["RepetitionTime"]
    grid: Settings = {"shape": inside.shape, "affine": scan.affine}
    maps = {name: images.load(path) for name, path in zip(TISSUES, tissue, strict=True)}
    share = {n: brains.carried(m.data, m.affine, to_scan, **grid) for n, m in maps.items()}
    planned = [images.read_json(path)["target_mm"] for path in targets]
    apart = exclusion.spheres(planned, radius_mm=exclusion_radius_mm, to_scan=to_scan, **grid)
    found = noise_model.noise(
        scan.data, share, inside, apart, noise_model.columns_of(read_tsv(motion)),
        repetition_s=repetition_s, settings=settings, file=bold,
    )  # fmt: skip
    frames = noise_model.kept_frames(
        found.columns, strategy=strategy, repetition_s=repetition_s, settings=censoring, file=bold
    )
    mark = quality_rows.require_clean(frames, repetition_s, limits=volumes, file=bold)
    write_tsv(confounds, rows := noise_model.table(found.columns, frames.kept), columns=[*rows[0]])
    images.save(excluded, apart, scan.affine)
    images.save(tsnr, signal := ratio(scan.data, inside, degree=trend_degree), scan.affine)
    _drawn(signal, inside, scan, to_scan, t1w).save(tsnr_png, optimize=True)
    where = {name: (share[name] >= min_tissue) & inside & ~apart for name in TISSUES[:2]}
    quality = quality_rows.quality(found.columns, frames, signal, where)
    write_tsv(measures, quality_rows.rows(quality, labels, mark=mark), columns=COLUMNS)
    record = {
        "RepetitionTime": repetition_s, "Mark": mark, "Strategy": strategy, "Targets_mm": planned,
        "ExclusionRadius_mm": exclusion_radius_mm,
    }  # fmt: skip
    images.write_json(sidecar, found.told | quality.told | record)
    shown = carpet.draw(
        scan.data,
        {"GM": where["grey_matter"], "WM": where["white_matter"], "CSF": found.masks["csf"]},
        found.columns["framewise_displacement"], found.columns["std_dvars"],
        max_displacement_mm=STRATEGIES[strategy].max_displacement_mm or carpet.DRAWN_MM,
        repetition_s=repetition_s, dropped=~frames.kept, degree=trend_degree,
        title=quality_rows.title(quality, mark),
    )  # fmt: skip
    shown.quantize(64).save(png, optimize=True)


if __name__ == "__main__":
    run(main, snakemake)
