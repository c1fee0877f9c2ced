"""Track the bundles of a patient's baseline, in its diffusion scan and in resampled ones."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import atlas_labels, gradients, images, streamlines
from sonolesion.core.run import run
from sonolesion.maths import atlas_files
from sonolesion.maths.points import points_in
from sonolesion.tracts import bundle_views, template, tractogram

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]


def _shares(
    points: Any, inside: Any, atlases: list[Settings], regions: list[Settings]
) -> template.Shares:
    """Read the regions of the bundles from the atlases in use."""
    wanted, found = template.wanted_parts(regions), template.Shares()
    for row in atlases:
        parts = {part for atlas, part in wanted if atlas == row["name"]}
        if parts and not row["fault"]:
            image = images.load(row["file"], dtype=np.uint8)
            opened = atlas_files.Opened(row, image.data, image.affine)
            names = atlas_labels.read_labels(row["labels"])
            found |= template.shares_at(
                points, inside, names, opened, atlas=row["name"], parts=parts, whole=opened.whole
            )
    return found


def main(
    dwi: str, bval: str, bvec: str, brain: str, fa: str, tensor: str, to_acpc: str, csf: str,
    from_mni: str, to_other: str, t1w: str, mask: str, tractogram_file: str, resampled: str,
    sidecar: str, png: str, *, threads: int, atlases: list[Settings], table: Settings,
    settings: Settings,
) -> None:  # fmt: skip
    """Read, model, track, choose, write."""
    image, fluid = images.load(dwi), images.load(csf)
    scan = tractogram.placed(
        image, gradients.read(bval, bvec, n_volumes=image.data.shape[3]),
        images.read_affine(to_acpc), fluid,
        maps=[images.load(path).data for path in (brain, fa, tensor)], table=table,
    )  # fmt: skip
    inside = scan.mask
    warps = [images.load_warp(from_mni), images.load_warp(to_other)]
    points = points_in(inside.shape, scan.acpc_affine, [(warp.data, warp.affine) for warp in warps])
    regions, bundles = settings["regions"], settings["bundles"]
    shares = _shares(points, inside, atlases, regions)
    masks = template.masks_of(
        bundles, regions, points, shares, inside, min_share=settings["region_share"]
    )
    model = tractogram.fitted_model(scan, settings=settings["response"], threads=threads)
    how = settings["tracking"]
    found = tractogram.tracked(
        scan, model.coefficients, masks, bundles, settings=how, n_seeds=how["n_seeds"],
        seed=how["seed"], threads=threads,
    )  # fmt: skip
    others = tractogram.redrawn(scan, model, masks, bundles, settings=settings, threads=threads)
    grid = images.load(t1w)
    for path, one in ((tractogram_file, found), (resampled, others)):
        lines = streamlines.Streamlines(one.points, one.offsets, one.groups)
        streamlines.save(path, lines, affine=grid.affine, shape=grid.data.shape)
    summary = tractogram.summary(found, model, masks, bundles, scan.acpc_affine)
    images.write_json(sidecar, summary)
    title = f"Bundles of the baseline, harmonics of order {model.order}"
    shown = bundle_views.views(found, grid.data, grid.affine, brain=images.load(mask).data > 0,
                               lesion=None, cut=None, title=title)  # fmt: skip
    shown.save(png, optimize=True)


if __name__ == "__main__":
    run(main, snakemake)
