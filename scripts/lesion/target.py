"""Carry the planned target to acpc millimetres."""

from typing import TYPE_CHECKING, Any

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.lesion import target as kernels

if TYPE_CHECKING:
    snakemake: Any


def main(
    landmarks: str, scan: list[str], warp: list[str], target: str, *,
    planned: dict[str, Any], template: str,
) -> None:  # fmt: skip
    """Read, carry, write."""
    place, frame = "table of interventions", kernels.require_frame(planned, file=target)
    stated = planned["stated_mm"]
    if frame == "acpc":
        points = images.read_json(landmarks)
        found = kernels.from_acpc(
            stated, origin=planned["origin"], axes=planned["axes"],
            ac_mm=points["ac_mm"], pc_mm=points["pc_mm"], file=place,
        )  # fmt: skip
        derivation = f"{planned['origin']} origin, axes {planned['axes']}"
    elif frame == "scanner":
        matrix = images.read_affine(scan[0])
        found = kernels.from_scanner(
            stated, axes=planned["axes"], scan_from_acpc=matrix, file=place
        )
        derivation = f"millimetres of {planned['image']}, axes {planned['axes']}, by {scan[0]}"
    else:
        frames = kernels.Frames.of({}, [], [images.load_warp(path) for path in warp], template)
        found = kernels.in_acpc(stated, planned, frames, file=place)
        derivation = f"{planned['space']}, by {' and '.join(reversed(warp))}"
    images.write_json(
        target,
        {
            "target_mm": [round(float(value), 4) for value in found],
            "frame": frame,
            "stated_mm": stated,
            "derivation": derivation,
        },
    )


if __name__ == "__main__":
    run(main, snakemake)
