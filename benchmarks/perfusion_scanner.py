"""Blood flow of a session against the map that its scanner made.

Prints, in the brain mask of the perfusion stage and with the smoothing stated, the correlation,
the ratio of medians and the slope of ours on the scanner's; and medians of grey and white matter
where their probabilities are given on the grid of the maps. Nothing is written::

    python benchmarks/perfusion_scanner.py CBF SCANNER_CBF BRAIN_MASK [--grey GM] [--white WM]
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from scipy import ndimage

from sonolesion.core import images

FWHM_PER_SD = 2.3548
SMOOTHING_MM = (0.0, 5.0, 8.0)
Volume = np.ndarray[Any, Any]


def smoothed(volume: Volume, inside: Volume, sd_voxels: Volume) -> Volume:
    """Return a Gaussian mean over the mask alone, so that what is outside leaks in nowhere."""
    weight = ndimage.gaussian_filter(inside.astype(float), sd_voxels)
    filled = np.where(inside, volume, 0.0).astype(float)
    return np.where(
        inside, ndimage.gaussian_filter(filled, sd_voxels) / np.maximum(weight, 1e-9), 0
    )


def compared(ours: Volume, scanner: Volume) -> str:
    slope = np.polyfit(scanner, ours, 1)[0]
    return (
        f"r {np.corrcoef(ours, scanner)[0, 1]:.3f}, medians {np.median(ours):.1f} and "
        f"{np.median(scanner):.1f} (ratio {np.median(ours) / np.median(scanner):.3f}), "
        f"slope {slope:.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cbf")
    parser.add_argument("scanner")
    parser.add_argument("mask")
    parser.add_argument("--grey")
    parser.add_argument("--white")
    parser.add_argument("--min-probability", type=float, default=0.7)
    given = parser.parse_args()
    ours = images.load(given.cbf)
    scanner = images.load(given.scanner, like=ours).data
    brain = images.load(given.mask, like=ours).data > 0
    inside = brain & np.isfinite(ours.data) & np.isfinite(scanner)
    print(
        f"brain mask, {inside.sum()} voxels of {' x '.join(f'{e:.2f}' for e in ours.voxel_mm)} mm"
    )
    for fwhm_mm in SMOOTHING_MM:
        sd = fwhm_mm / FWHM_PER_SD / ours.voxel_mm
        pair = (smoothed(one, inside, sd)[inside] for one in (ours.data, scanner))
        print(f"  smoothed by {fwhm_mm:g} mm: {compared(*pair)}")
    for name, path in (("grey", given.grey), ("white", given.white)):
        if path:
            tissue = inside & (images.load(path, like=ours).data > given.min_probability)
            own, other = np.median(ours.data[tissue]), np.median(scanner[tissue])
            print(f"  {name} matter, {tissue.sum()} voxels: {own:.1f}, scanner {other:.1f}")


if __name__ == "__main__":
    main()
