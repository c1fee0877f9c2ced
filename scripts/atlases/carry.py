"""Carry the regions of every atlas to the subject's acpc space."""

from typing import TYPE_CHECKING, Any

from sonolesion.atlases import picture, regions
from sonolesion.atlases.space import box_grid
from sonolesion.core import images
from sonolesion.core.run import run

if TYPE_CHECKING:
    snakemake: Any


def _warp(path: str) -> tuple[Any, Any]:
    field = images.load_warp(path)
    return field.data, field.affine


def main(
    t1w: str, mask: str, from_mni: str, from_acpc: str, to_other: str, from_other: str,
    probseg: str, sidecar: str, png: str,
    *, atlases: list[dict[str, Any]], targets: list[dict[str, Any]], template: str, other: str,
    target: str, ellipsoid_ratio: list[float], box_low_mm: list[float], box_high_mm: list[float],
    samples_per_edge: int, min_inside: float,
) -> None:  # fmt: skip
    """Read, carry, write."""
    image = images.load(t1w)
    brain = images.load(mask, like=image).data > 0
    box = regions.acpc_box(
        brain, image.affine, low_mm=box_low_mm, high_mm=box_high_mm,
        samples_per_edge=samples_per_edge, template=template, other=other,
        to_template=_warp(from_mni), from_template=_warp(from_acpc),
        to_other=_warp(to_other), from_other=_warp(from_other),
    )  # fmt: skip
    stack, record = regions.collected(
        atlases, targets, box, target=target, ellipsoid_ratio=ellipsoid_ratio,
        min_inside=min_inside,
    )  # fmt: skip
    images.save(probseg, stack, box.affine)
    images.write_json(sidecar, record)
    part, _ = box_grid(box_low_mm, box_high_mm, grid_affine=image.affine, shape=image.data.shape)
    shown = picture.drawn(
        image.data[part], box.affine, stack, record["regions"], whole=record["whole"]
    )
    shown.quantize(64).save(png, optimize=True)


if __name__ == "__main__":
    run(main, snakemake)
