"""Find a subject's AC–PC space and brain in the baseline T1w."""

from typing import Any

from sonolesion.anatomy import bias as n4
from sonolesion.anatomy import gates, picture, resample, space, template
from sonolesion.anatomy.atlas import template_file
from sonolesion.anatomy.brain import refine_brain
from sonolesion.anatomy.checks import space_checks
from sonolesion.core import images
from sonolesion.core.run import run

TITLE = "Baseline T1w in AC–PC space: brain mask (red outline), AC and PC (red crosses)"
REMEDY = "look at the picture; check the scan's orientation and that it is a T1w of a whole brain"

Settings = dict[str, Any]


def main(
    t1w: str, preproc: str, mask: str, to_acpc: str, landmarks: str, qc: str, png: str,
    *, threads: int, bias: Settings, start: Settings, head: Settings, brain: Settings,
    commissure: Settings, limits: Settings, cubic_limit_mm: float,
) -> None:  # fmt: skip
    """Read, correct the bias field, fit the template, find AC, PC and brain, write."""
    raw, mni = images.load(t1w, checked=True), images.load(template_file("MNI152NLin2009cAsym"))
    whole = n4.correct_bias(
        raw.data, raw.affine, n4.foreground(raw.data), n_threads=threads, **bias
    )
    pair = (mni.data, mni.affine, whole, raw.affine)
    first = template.find_head(*pair, n_threads=threads, **start)
    fit = template.fit_template(*pair, start=first, n_threads=threads, **head)
    matrix, ac, pc = space.find_acpc(fit, *pair, commissure=commissure)
    coarse = resample.resample(
        whole, raw.affine, matrix, shape=space.ACPC_SHAPE, affine=space.ACPC_AFFINE,
        order=resample.spline_order(raw.affine, cubic_limit_mm=cubic_limit_mm),
    )  # fmt: skip
    guess = space.carried_brain(fit, mni.data, mni.affine, matrix)
    inside = refine_brain(coarse, guess, voxel_mm=1.0, **brain)
    image = n4.correct_bias(coarse, space.ACPC_AFFINE, inside, n_threads=threads, **bias)
    images.save(preproc, image, space.ACPC_AFFINE, sidecar={"SkullStripped": False})
    images.save(mask, inside, space.ACPC_AFFINE)
    images.write_affine(to_acpc, matrix)
    table = space.landmark_table(ac, pc)
    images.write_json(landmarks, table)
    marks = (table["ac_mm"], table["pc_mm"])
    picture.slices(
        image, space.ACPC_AFFINE, {"red": inside}, brain=inside, title=TITLE, marks_mm=marks
    ).save(png, optimize=True)
    checks = space_checks(
        fit.correlation, inside, (ac, pc), matrix, raw.data.shape, raw.affine, space.ACPC_AFFINE,
        limits=limits,
    )  # fmt: skip
    images.write_json(qc, gates.verdict(checks, picture=png))
    gates.require(checks, file=t1w, remedy=REMEDY)


if __name__ == "__main__":
    run(main, snakemake)
