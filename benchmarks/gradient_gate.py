"""Wrong gradient tables found on real scans, and right ones kept, by the gradient gate.

For every diffusion scan of a BIDS folder the table as given is judged, then copies of it with each
of the 23 wrong ones of the 24 flips and permutations of axes that a tensor can tell apart. Prints
the coherence of all 24, how many wrong ones were found (and of how many the right cure was named),
and whether the scan was zero-filled. Nothing is written; a scan without directions enough for a
tensor can't be judged, and is said to be so. As one flip after another is again one of the 24, the
23 copies are one piece of evidence seen 23 times; what they test is that nothing else but the
directions moves the outcome::

    python benchmarks/gradient_gate.py BIDS_FOLDER [--subject multi01] [--hard]

``--hard`` repeats it with fewer directions, thicker slices and more noise.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from sonolesion.core import gradients
from sonolesion.core.errors import InputFault
from sonolesion.core.settings.diffusion_gradients import DiffusionGradients
from sonolesion.diffusion import acquisition, gradient_gate
from sonolesion.maths import gradient_table

SETTINGS = DiffusionGradients()
GATE = SETTINGS.gate.model_dump(exclude={"bright_share", "peel_voxels"})
Scan = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]


def read(path: Path) -> Scan:
    """Return data, b-values, vectors and affine."""
    image = nib.load(path)
    data = np.asarray(image.dataobj, dtype=np.float32)
    stem = str(path).removesuffix(".nii.gz")
    table = gradients.read(f"{stem}.bval", f"{stem}.bvec", n_volumes=data.shape[3])
    return data, table.b_values, table.vectors, np.asarray(image.affine)


def describe(path: Path, data: np.ndarray[Any, Any]) -> None:
    """Print what is known of the acquisition."""
    unweighted = data[..., 0]
    fill = acquisition.zero_filled(unweighted, **SETTINGS.zero_filling.model_dump())
    for axis, rim in zip("ij", fill.rims, strict=True):
        print(
            f"  zero-filled along {axis}: {rim.answer}, share {rim.share:.2f}, power falls by "
            f"{rim.drop_decades:.2f} decades (from {SETTINGS.zero_filling.min_drop_decades:g} on "
            f"it is), rims from {rim.least_share:.2f} on are seen"
        )
    sidecar = json.loads(Path(str(path).replace(".nii.gz", ".json")).read_text())
    partial = acquisition.partial_fourier(
        unweighted,
        stated_fraction=sidecar.get("PartialFourier"),
        stated_enabled=None,
        axis=1,
        **SETTINGS.zero_filling.model_dump(),
    )
    print(f"  partial Fourier: {partial.answer} ({partial.source})")


def sound(path: Path, scan: Scan) -> bool:
    """Print what the table supports; return whether that is a tensor."""
    try:
        names = {"file": path.name, "vectors_file": path.name}
        table = gradient_table.scheme(*scan[1:3], **names, **SETTINGS.table.model_dump())
    except InputFault as fault:
        print(f"  refused: {fault}")
        return False
    print(f"  {table.n_directions} directions, lmax {table.lmax}")
    return True


def count(scan: Scan) -> None:
    """Judge the table and its 23 wrong copies; print the outcome."""
    data, b_values, vectors, affine = scan
    head = gradient_gate.foreground(
        data[..., 0],
        bright_share=SETTINGS.gate.bright_share,
        peel_voxels=SETTINGS.gate.peel_voxels,
    )
    start = time.perf_counter()
    given = gradient_gate.judge(data, head, b_values, vectors, affine, **GATE)
    print(f"  as given: {given.outcome}; {given.reason}; {time.perf_counter() - start:.1f} s")
    for first in range(0, 24, 4):
        row = range(first, first + 4)
        print("   ", "  ".join(f"({given.names[n]:>8}) {given.coherence[n]:.3f}" for n in row))
    wrong = gradient_gate.candidates()[1:]
    outcomes, cured = [], 0
    for _, matrix in wrong:
        verdict = gradient_gate.judge(data, head, b_values, vectors @ matrix.T, affine, **GATE)
        outcomes.append(verdict.outcome)
        cure = dict(gradient_gate.candidates()).get(verdict.best, np.zeros((3, 3))) @ matrix
        cured += bool(verdict.outcome == "wrong" and abs(np.trace(cure)) == 3.0)
    counts = ", ".join(
        f"{name} {outcomes.count(name)}" for name in ("wrong", "undecidable", "kept")
    )
    print(f"  of {len(wrong)} wrong copies: {counts}; right cure named {cured} times")


def harder(scan: Scan) -> dict[str, Scan]:
    """Return poorer versions of a scan."""
    data, b, vectors, affine = scan
    few = np.r_[0:8]
    thick = affine @ np.diag([1.0, 1.0, 3.0, 1.0])
    n = data.shape[2] // 3 * 3
    slices = data[:, :, :n].reshape(*data.shape[:2], n // 3, 3, -1).mean(axis=3)
    rng = np.random.default_rng(0)
    noise = 0.1 * np.percentile(data[..., 0], 98.0) * rng.standard_normal((2, *data.shape))
    noisy = np.hypot(data + noise[0], noise[1]).astype(np.float32)
    noisy[data == 0] = 0
    return {
        "first 7 directions": (data[..., few], b[few], vectors[few], affine),
        "slices 3 times as thick": (slices, b, vectors, thick),
        "noise of a tenth of the bright b0 added": (noisy, b, vectors, affine),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--subject", default="multi01")
    parser.add_argument("--hard", action="store_true")
    given = parser.parse_args()
    for path in sorted(given.folder.glob(f"sub-{given.subject}/**/dwi/*_dwi.nii.gz")):
        print(path.name)
        scan = read(path)
        describe(path, scan[0])
        tensor = sound(path, scan)
        count(scan)
        if given.hard and tensor:
            for name, poorer in harder(scan).items():
                print(f"  with {name}:")
                count(poorer)


if __name__ == "__main__":
    main()
