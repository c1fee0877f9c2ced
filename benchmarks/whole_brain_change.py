"""Change away from the plan against an expert's mask, beside a FLAIR difference cut by the truth.

Run on a finished output folder and the expert's folder, which the pipeline never reads::

    python benchmarks/whole_brain_change.py OUT EXPERT --subject ms12 --visits visit1 visit2

EXPERT holds ``*_space-common_desc-change_label-lesion_mask.nii.gz`` and, for each visit,
``*_from-FLAIR_to-common_mode-image_xfm.txt``. The baseline method may choose its threshold by the
truth; ours may not.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core import images

Mask = NDArray[np.bool_]
NEIGHBOURS = np.ones((3, 3, 3), dtype=bool)
THRESHOLDS = np.arange(0.05, 0.8, 0.01)
LEAST_MM3 = (3.0, 10.0)


def expert_mask(out: Path, expert: Path, subject: str, visits: list[str]) -> Mask:
    """Return the expert's mask on the acpc grid: the mean of the ways through both visits."""
    stem = f"sub-{subject}"
    grid = images.load(out / stem / "anat" / f"{stem}_space-acpc_desc-brain_mask.nii.gz")
    folder = expert / stem / "anat"
    mask = images.load(folder / f"{stem}_space-common_desc-change_label-lesion_mask.nii.gz")
    total = np.zeros(grid.data.shape)
    for visit in visits:
        name = f"{stem}_ses-{visit}_from-FLAIR_to"
        to_flair = images.read_affine(
            out / stem / f"ses-{visit}" / "anat" / f"{name}-acpc_mode-image_xfm.txt"
        )
        from_common = images.read_affine(folder / f"{name}-common_mode-image_xfm.txt")
        to_common = np.linalg.inv(from_common) @ to_flair
        matrix = np.linalg.inv(mask.affine) @ to_common @ grid.affine
        total += ndimage.affine_transform(
            (mask.data > 0).astype(np.float32), matrix[:3, :3], matrix[:3, 3],
            output_shape=grid.data.shape, order=1,
        )  # fmt: skip
    return np.asarray(total / len(visits) > 0.5)


def flair_difference(
    out: Path, subject: str, visits: list[str], brain: Mask
) -> NDArray[np.float64]:
    """Return the absolute difference of the FLAIR of both visits over its level."""
    pair = []
    for visit in visits:
        folder = out / f"sub-{subject}" / f"ses-{visit}" / "anat"
        name = f"sub-{subject}_ses-{visit}_space-acpc_desc-preproc_FLAIR.nii.gz"
        data = images.load(folder / name).data
        pair.append(data / np.median(data[brain]))
    return np.asarray(np.abs(pair[1] - pair[0]))


def dice(one: Mask, other: Mask) -> float:
    """Return the Dice coefficient."""
    return float(2 * (one & other).sum() / max(one.sum() + other.sum(), 1))


def touched(ours: Mask, theirs: Mask, least: float) -> str:
    """Return how many of our components larger than `least` mm³ touch theirs."""
    labels, count = ndimage.label(ours, NEIGHBOURS)
    sizes = np.bincount(labels.ravel())[1:]
    hits = ndimage.maximum(theirs, labels, np.arange(1, count + 1))
    large = sizes > least
    return f"{int(np.sum(np.asarray(hits)[large]))}/{int(large.sum())}"


def line(name: str, found: Mask, truth: Mask) -> str:
    """Return a row of the table."""
    scores = [f"{touched(truth, found, least)} | {touched(found, truth, least)}"
              for least in LEAST_MM3]  # fmt: skip
    return f"| {name} | {dice(found, truth):.3f} | {found.sum()} | {' | '.join(scores)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, help="finished output folder of the pipeline")
    parser.add_argument("expert", type=Path, help="folder of the expert's mask")
    parser.add_argument("--subject", required=True)
    parser.add_argument("--visits", nargs=2, required=True, help="baseline and follow-up")
    parser.add_argument("--dseg", type=Path, help="clusters; else those of the output folder")
    given = parser.parse_args()
    stem = f"sub-{given.subject}"
    anat = given.out / stem / f"ses-{given.visits[1]}" / "anat"
    file = given.dseg or next(anat.glob("*_label-offtarget_desc-*_dseg.nii.gz"))
    brain_file = given.out / stem / "anat" / f"{stem}_space-acpc_desc-brain_mask.nii.gz"
    brain = images.load(brain_file).data > 0
    truth = expert_mask(given.out, given.expert, given.subject, given.visits)
    difference = flair_difference(given.out, given.subject, given.visits, brain)
    cuts = [brain & (difference > cut) for cut in THRESHOLDS]
    best = int(np.argmax([dice(cut, truth) for cut in cuts]))
    heads = " | ".join(f"lesions > {x:g} mm³ found | clusters right" for x in LEAST_MM3)
    print(f"| method | Dice | mm³ | {heads} |\n|{'---|' * 7}")
    print(line("clusters", images.load(file).data > 0, truth))
    print(line(f"FLAIR difference > {THRESHOLDS[best]:.2f}, by the truth", cuts[best], truth))
    print(f"\nExpert: {truth.sum()} mm³ on the 1 mm grid.")


if __name__ == "__main__":
    main()
