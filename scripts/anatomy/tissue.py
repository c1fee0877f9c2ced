"""Grey matter, white matter and CSF of the baseline T1w."""

from typing import Any

from sonolesion.anatomy import gates, picture
from sonolesion.anatomy import tissue as kernel
from sonolesion.anatomy.atlas import template_file
from sonolesion.anatomy.checks import tissue_checks
from sonolesion.anatomy.geometry import grid_points
from sonolesion.core import images
from sonolesion.core.run import run

TITLE = "Baseline T1w: grey matter (red), CSF (cyan)"
REMEDY = "look at the picture; check brain mask and contrast of the T1w"


def main(
    t1w: str, mask: str, from_mni: str, grey: str, white: str, csf: str, qc: str, png: str,
    *, tissue: dict[str, Any], limits: dict[str, Any],
) -> None:  # fmt: skip
    """Read, classify, write the three maps."""
    image = images.load(t1w)
    brain = images.load(mask, like=image).data > 0
    warp, atlas = images.load_warp(from_mni), images.load(template_file("grey"))
    points = grid_points(warp.data.shape, warp.affine) + warp.data
    nuclei = kernel.deep_nuclei(points, atlas.data, atlas.affine)
    maps = kernel.classify(image.data, brain, template_grey=nuclei, **tissue)
    for path, values in zip((csf, grey, white), maps, strict=True):
        images.save(path, values, image.affine)
    checks = tissue_checks(maps, warp.data, warp.affine, limits=limits)
    outline = {"red": maps[1], "cyan": maps[0]}
    shown = picture.slices(image.data * brain, image.affine, outline, brain=brain, title=TITLE)
    shown.save(png, optimize=True)
    images.write_json(qc, gates.verdict(checks, picture=png))
    gates.require(checks, file=t1w, remedy=REMEDY)


if __name__ == "__main__":
    run(main, snakemake)
