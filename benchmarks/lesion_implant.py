"""Accuracy of the lesion stage against known zones, beside a sphere at the plan.

Run on a finished output folder and its truth, which the pipeline never reads::

    python benchmarks/lesion_implant.py OUT TRUTH

TRUTH holds ``sub-*/ses-*/anat/*_from-<contrast>_seg-zones_dseg.nii.gz`` with core 1, rim 2 and
oedema 3 on each contrast's own grid; the pipeline's probabilities are carried to that grid
through its own transforms.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core import images
from sonolesion.core.images import Image

Mask = NDArray[np.bool_]
NAME = re.compile(r"sub-(\w+?)_ses-(\w+?)_from-(\w+?)_seg-zones_dseg.nii.gz")
NEAR_MM = 8.0
# A difference image cut at the threshold that the truth chose, within 8 mm (SCIENCE.md).
ORACLE = {("3d", "FLAIR"): 0.72, ("3m", "T1w"): 0.24}
HEADER = (
    "visit contrast region n_truth dice_near dice volume_mm3 truth_mm3 centroid_error_mm "
    "plan_sphere_dice oracle_dice statistic p"
)


def carried(part: Image, truth: Image, acpc_to_scan: NDArray[np.float64]) -> NDArray[np.float64]:
    """Carry probabilities from acpc to the grid of the truth."""
    voxel = np.linalg.inv(part.affine) @ np.linalg.inv(acpc_to_scan) @ truth.affine
    moved = ndimage.affine_transform(
        part.data, voxel[:3, :3], voxel[:3, 3], output_shape=truth.data.shape, order=1
    )
    return np.asarray(moved, dtype=float)


def dice(one: Mask, other: Mask) -> float:
    """Return the overlap of two masks; NaN if both are empty."""
    total = int(one.sum()) + int(other.sum())
    return 2.0 * int((one & other).sum()) / total if total else float("nan")


def centre_mm(weight: NDArray[np.float64], affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the centre of mass [mm]; NaN if there is no mass."""
    if not weight.sum() > 0:
        return np.full(3, np.nan)
    centre = np.array(ndimage.center_of_mass(weight))
    return np.asarray(affine[:3, :3] @ centre + affine[:3, 3])


def distance_mm(truth: Image, point: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of every voxel from a point [mm]."""
    index = np.indices(truth.data.shape).reshape(3, -1)
    place = truth.affine[:3, :3] @ index + truth.affine[:3, 3:]
    away = np.linalg.norm(place - point[:, None], axis=0)
    return np.asarray(away.reshape(truth.data.shape))


def rows(out: Path, file: Path) -> Iterator[str]:
    """Yield the rows of one truth file, for every intervention."""
    match = NAME.fullmatch(file.name)
    if match is None:
        raise SystemExit(f"{file}: not named as a truth file")
    subject, session, contrast = match.groups()
    visit = out / f"sub-{subject}" / f"ses-{session}" / "anat"
    stem = f"sub-{subject}_ses-{session}"
    matrix = images.read_affine(visit / f"{stem}_from-{contrast}_to-acpc_mode-image_xfm.txt")
    truth = images.load(file, dtype=np.uint8)
    for record in sorted(visit.glob(f"{stem}_space-acpc_desc-*_lesion.json")):
        name = record.name.split("_desc-")[1].removesuffix("_lesion.json")
        found = images.read_json(record)
        parts = [
            images.load(visit / f"{stem}_space-acpc_label-{label}_desc-{name}_probseg.nii.gz")
            for label in ("lesion", "oedema")
        ]
        lesion, oedema = (carried(part, truth, matrix) for part in parts)
        plan = (matrix @ np.append(found["target_mm"], 1.0))[:3]
        for region, top, ours in (("I+II", 2, lesion), ("I-III", 3, lesion + oedema)):
            zone = (truth.data >= 1) & (truth.data <= top)
            numbers = compared(ours, zone, truth, plan)
            oracle = ORACLE.get((session, contrast), np.nan) if region == "I-III" else np.nan
            yield " ".join(
                [f"{session} {contrast} {region}", f"{zone.sum()}"]
                + [f"{number:.2f}" for number in (*numbers, oracle, found["statistic"])]
                + [f"{found['p']:.3f}"]
            )


def compared(
    ours: NDArray[np.float64], zone: Mask, truth: Image, plan: NDArray[np.float64]
) -> tuple[float, ...]:
    """Return Dice near and overall, volumes, centroid error, Dice of a sphere at the plan."""
    mask = ours > 0.5
    centre = centre_mm(zone.astype(float), truth.affine)
    near = distance_mm(truth, centre) < NEAR_MM
    # The sphere at the plan is even given the true volume.
    order = np.sort(distance_mm(truth, plan), axis=None)
    sphere = distance_mm(truth, plan) < order[int(zone.sum())]
    error = float(np.linalg.norm(centre_mm(np.where(mask, ours, 0), truth.affine) - centre))
    return (
        dice(mask & near, zone & near),
        dice(mask, zone),
        float(mask.sum()) * truth.voxel_mm3,
        float(zone.sum()) * truth.voxel_mm3,
        error,
        dice(sphere, zone),
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, help="finished output folder of the pipeline")
    parser.add_argument("truth", type=Path, help="folder of the truth")
    given = parser.parse_args()
    files = sorted(given.truth.rglob("*_seg-zones_dseg.nii.gz"))
    if not files:
        raise SystemExit(f"{given.truth}: no *_seg-zones_dseg.nii.gz in it")
    print(HEADER.replace(" ", "\t"))
    for file in files:
        for row in rows(given.out, file):
            print(row.replace(" ", "\t"))


if __name__ == "__main__":
    main()
