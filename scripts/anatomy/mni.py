"""Warp the subject's brain to the template, both ways."""

from typing import Any

from sonolesion.anatomy import gates, picture, resample, space, template
from sonolesion.anatomy.atlas import template_file
from sonolesion.anatomy.checks import warp_checks
from sonolesion.core import images
from sonolesion.core.run import run

TITLE = "Template warped to the subject, edges of the subject's brain and tissue (red)"
REMEDY = "look at the picture; check the brain mask"


def main(
    t1w: str, mask: str, landmarks: str, from_acpc: str, from_mni: str, qc: str, png: str,
    *, threads: int, warp: dict[str, Any], limits: dict[str, Any],
) -> None:  # fmt: skip
    """Read, fit the template to the brain, write both warps."""
    image = images.load(t1w)
    brain = images.load(mask, like=image).data > 0
    mni = images.load(template_file("MNI152NLin2009cAsym"))
    fit = template.fit_template(
        mni.data, mni.affine, image.data * brain, image.affine,
        start=space.template_start(), n_threads=threads, **warp,
    )  # fmt: skip
    to_subject = template.displacement_to_subject(fit, mni.data.shape, mni.affine)
    to_template = template.displacement_to_template(fit, image.data.shape, image.affine)
    images.save_warp(from_acpc, to_subject, mni.affine)
    images.save_warp(from_mni, to_template, image.affine)
    shown = resample.warp(mni.data, mni.affine, to_template, image.affine, order=1)
    checks = warp_checks(
        fit, mni.data, mni.affine, brain, template.brain_of(shown),
        images.read_json(landmarks), limits=limits,
    )  # fmt: skip
    outline = picture.edges(image.data, brain)
    picture.slices(shown, image.affine, outline, brain=brain, title=TITLE).save(png, optimize=True)
    images.write_json(qc, gates.verdict(checks, picture=png))
    gates.require(checks, file=t1w, remedy=REMEDY)


if __name__ == "__main__":
    run(main, snakemake)
