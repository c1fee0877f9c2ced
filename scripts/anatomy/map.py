"""Carry a map (ADC, R2*) into the subject's AC–PC space, by the transform of its own scan."""

from typing import TYPE_CHECKING, Any

from sonolesion.anatomy import resample, voxel
from sonolesion.core import images
from sonolesion.core.run import run

if TYPE_CHECKING:
    snakemake: Any


def main(
    native: str, to_acpc: str, t1w: str, preproc: str, sidecar: str, *, cubic_limit_mm: float
) -> None:
    """Read, interpolate once, write."""
    raw, grid = images.load(native, checked=True), images.load(t1w)
    matrix = images.read_affine(to_acpc)
    order = resample.spline_order(raw.affine, cubic_limit_mm=cubic_limit_mm)
    placed = resample.resample(
        raw.data, raw.affine, matrix, shape=grid.data.shape, affine=grid.affine,
        order=order,
    )  # fmt: skip
    # A spline can dip below zero beside sharp edges; no diffusion or relaxation does.
    images.save(preproc, placed.clip(min=0.0), grid.affine)
    images.write_json(sidecar, voxel.placement(matrix, raw.affine, order=order))


if __name__ == "__main__":
    run(main, snakemake)
