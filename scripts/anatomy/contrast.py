"""Bring a session's T2w, FLAIR, trace or T2starw into the subject's AC–PC space."""

from typing import Any

from sonolesion.anatomy import bias as n4
from sonolesion.anatomy import gates, picture, resample, session, voxel
from sonolesion.anatomy.checks import session_checks
from sonolesion.core import images
from sonolesion.core.run import run

TITLE = "Scan in AC–PC space, edges of the session's T1w (red)"
REMEDY = "look at the picture; check orientation and sides of the scan in its header"

Settings = dict[str, Any]


def main(
    native: str, t1w: str, mask: str, t1w_to_acpc: str, reference: list[str], to_acpc: str,
    preproc: str, sidecar: str, qc: str, png: str, *, threads: int, bias: Settings, rigid: Settings,
    probe: Settings, limits: Settings, cubic_limit_mm: float, mask_margin_mm: float,
) -> None:  # fmt: skip
    """Read, correct the bias field, register, interpolate once, write."""
    raw, fixed = images.load(native, checked=True), images.load(t1w)
    brain = images.load(mask, like=fixed).data > 0
    moving = n4.correct_bias(
        raw.data, raw.affine, n4.foreground(raw.data), n_threads=threads, **bias
    )
    matrix = session.align(
        fixed.data, fixed.affine, moving, raw.affine, brain=brain,
        header=images.read_affine(t1w_to_acpc), margin_mm=mask_margin_mm,
        n_bins=probe["n_bins"], n_threads=threads, **rigid,
    )  # fmt: skip
    order = resample.spline_order(raw.affine, cubic_limit_mm=cubic_limit_mm)
    placed = resample.resample(
        moving, raw.affine, matrix, shape=fixed.data.shape, affine=fixed.affine,
        order=order,
    )  # fmt: skip
    image = n4.correct_bias(placed, fixed.affine, brain, n_threads=threads, **bias)
    images.write_affine(to_acpc, matrix)
    images.save(preproc, image, fixed.affine)
    images.write_json(sidecar, voxel.placement(matrix, raw.affine, order=order))
    checks = session_checks(
        fixed.data, fixed.affine, brain, moving, raw.affine, matrix,
        same_contrast=False, probe=probe, limits=limits,
        compared=(image, images.load(reference[0], like=fixed).data) if reference else None,
    )  # fmt: skip
    outline = picture.edges(fixed.data, brain)
    picture.slices(image, fixed.affine, outline, brain=brain, title=TITLE).save(png, optimize=True)
    images.write_json(qc, gates.verdict(checks, picture=png))
    gates.require(checks, file=native, remedy=REMEDY)


if __name__ == "__main__":
    run(main, snakemake)
