"""Accuracy of the lesion stage against known zones in real scans, beside a ball at the plan.

Run on a finished output folder and its truth, which the pipeline never reads::

    python benchmarks/lesion_implant.py OUT TRUTH [--page docs/accuracy.md]

TRUTH holds ``sub-*/ses-*/anat/*_from-<contrast>_seg-zones_dseg.nii.gz`` with core 1, rim 2 and
oedema 3 on each contrast's own grid; the pipeline's probabilities are carried to that grid
through its own transforms.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from campaign import pages, scores, tables

from sonolesion.core import images

Row = dict[str, Any]
NAME = re.compile(r"sub-(\w+?)_ses-(\w+?)_from-(\w+?)_seg-zones_dseg.nii.gz")
NEAR_MM = 8.0
# A difference image cut at the threshold that the truth chose, within 8 mm (SCIENCE.md).
ORACLE = {("3d", "FLAIR"): 0.72, ("3m", "T1w"): 0.24}
ORACLE_REGION = scores.ALL_REGION
NUMBERS = {
    "near_dice": ("Dice within 8 mm", ".2f"),
    "dice": ("Dice", ".2f"),
    "surface_dice": ("surface Dice 1 mm", ".2f"),
    "hd95_mm": ("HD95 [mm]", ".1f"),
    "ours_mm3": ("volume [mm³]", ".0f"),
    "truth_mm3": ("true [mm³]", ".0f"),
    "in_plane_mm": ("centroid in plane [mm]", ".2f"),
    "through_plane_mm": ("through plane [mm]", ".2f"),
    "sphere_dice": ("sphere at plan: Dice", ".2f"),
    "sphere_hd95_mm": ("its HD95 [mm]", ".1f"),
    "oracle_dice": ("oracle Dice within 8 mm", ".2f"),
}


def rows(out: Path, file: Path) -> Iterator[Row]:
    """Yield the scores on one scan, for every intervention and region."""
    match = NAME.fullmatch(file.name)
    if match is None:
        raise SystemExit(f"{file}: not named as a truth file")
    subject, session, contrast = match.groups()
    stem = f"sub-{subject}_ses-{session}"
    folder = out / f"sub-{subject}" / f"ses-{session}" / "anat"
    registered = scores.CONTRAST_OF.get(contrast, contrast)
    matrix_file = folder / f"{stem}_from-{registered}_{scores.TO_ACPC}"
    for record in sorted(folder.glob(f"{stem}_space-acpc_desc-*_lesion.json")):
        name = record.name.split("_desc-")[1].removesuffix("_lesion.json")
        found = images.read_json(record)
        if name.endswith(scores.BEFORE_MEASURING) or found["outcome"] != "measured":
            continue
        oracle = ORACLE.get((session, contrast), np.nan)
        for row in scores.region_rows(
            scores.probabilities(folder, stem, name),
            images.load(file, dtype=np.uint8),
            None,
            images.read_affine(matrix_file),
            np.array(found["target_mm"]),
            {"visit": session, "scan": contrast},
            near_mm=NEAR_MM,
        ):
            yield {**row, "oracle_dice": oracle if row["region"] == ORACLE_REGION else np.nan}


def statements(out: Path) -> Iterator[list[str]]:
    """Yield what is said of every visit: outcome, p, volume and its interval."""
    for record in sorted(out.glob("sub-*/ses-*/anat/*_lesion.json")):
        if record.name.removesuffix("_lesion.json").endswith(scores.BEFORE_MEASURING):
            continue
        found = images.read_json(record)
        visit = record.parents[1].name.removeprefix("ses-")
        low, high = scores.interval(found, "lesion")
        volume = scores.volume_of(found)
        yield [
            visit,
            found["outcome"],
            f"{found['p']:.3f}",
            *(f"{x:.0f}" if np.isfinite(x) else tables.NONE for x in (volume, low, high)),
            "+".join(found["contrasts_used"]),
        ]


def line(row: Row) -> list[str]:
    """Return the cells of a row."""
    numbers = [
        f"{row[key]:{form}}" if np.isfinite(row[key]) else tables.NONE
        for key, (_, form) in NUMBERS.items()
    ]
    return [row["visit"], row["scan"], row["region"], *numbers]


def main() -> None:
    """Print the tables, and put them on a page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, help="finished output folder of the pipeline")
    parser.add_argument("truth", type=Path, help="folder of the truth")
    parser.add_argument("--page", type=Path, help="page whose marked tables are filled")
    given = parser.parse_args()
    files = sorted(given.truth.rglob("*_seg-zones_dseg.nii.gz"))
    if not files:
        raise SystemExit(f"{given.truth}: no *_seg-zones_dseg.nii.gz in it")
    columns = ["visit", "scan", "region", *(title for title, _ in NUMBERS.values())]
    said = ["visit", "outcome", "p", "volume [mm³]", "90 % from", "to", "contrasts"]
    made = {
        "implant": tables.markdown(
            columns, [line(row) for file in files for row in rows(given.out, file)]
        ),
        "implant_statements": tables.markdown(said, statements(given.out)),
    }
    print("\n\n".join(made.values()))
    if given.page:
        pages.fill(given.page, made)


if __name__ == "__main__":
    main()
