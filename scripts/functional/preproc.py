"""Correct first volumes, slice times, motion and distortion of a resting-state run."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.run import run as start
from sonolesion.core.tables import write_tsv
from sonolesion.functional import pictures, preparation
from sonolesion.maths import brain as brains

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]


def _series(path: str) -> images.Image:
    """Read a run; scanners that fill with NaN where they measured nothing mean 0."""
    images.require_whole(path)
    scan = images.load(path)
    np.nan_to_num(scan.data, copy=False, posinf=0.0, neginf=0.0)
    images.require_contrast(path, scan.data)
    return scan


def _first(paths: list[str]) -> Any:
    """Return the mean of the volumes of an echo-planar scan of the pair, if it is there."""
    if not paths:
        return None
    data = images.load(paths[0], checked=True).data
    return data.mean(axis=3) if data.ndim == 4 else data


def main(
    native: str, alike: list[str], partner: list[str], b0_map: list[str], map_to_acpc: list[str],
    t1w: str, mask: str, t1w_to_acpc: str, bold: str, boldref: str, brain: str, motion: str,
    sidecar: str, png: str, *, run: Settings, volumes: Settings, slice_timing: Settings,
    realignment: Settings, brain_mask: Settings, distortion: Settings, head_radius_mm: float,
) -> None:  # fmt: skip
    """Read, correct, interpolate once, write."""
    scan = _series(native)
    # ASSUME: head where the T1w of the session has it; the run is registered when it is corrected.
    to_scan = images.read_affine(t1w_to_acpc)
    grid: Settings = {"shape": scan.data.shape[:3], "affine": scan.affine}
    there = [images.load(path) for path in (t1w, mask)]
    head = preparation.Head(
        *(brains.carried(one.data, one.affine, to_scan, **grid) for one in there)
    )
    measured = None
    if b0_map:
        field = images.load(b0_map[0])
        to_map = [images.read_affine(path) @ np.linalg.inv(to_scan) for path in map_to_acpc]
        measured = (field.data, field.affine, to_map[0] if to_map else np.eye(4))
    data, said = preparation.steady(scan.data, run=run, limits=volumes, file=native)
    done = preparation.prepared(
        data, scan.affine, head, pair=(_first(alike), _first(partner)), measured=measured, run=run,
        slice_timing=slice_timing, realignment=realignment, brain_mask=brain_mask,
        distortion=distortion, radius_mm=head_radius_mm,
    )  # fmt: skip
    images.save(bold, done.data, scan.affine, step_s=said["RepetitionTime"])
    images.save(boldref, done.mean, scan.affine)
    images.save(brain, done.mask, scan.affine)
    write_tsv(motion, done.motion, columns=preparation.MOTION_COLUMNS)
    images.write_json(sidecar, said | done.told)
    shown = pictures.distortion(
        done.before, done.mean, head.t1w, done.mask, scan.affine,
        title=f"Mean before and after; distortion correction: {done.told['DistortionMethod']}",
    )  # fmt: skip
    shown.quantize(64).save(png, optimize=True)


if __name__ == "__main__":
    start(main, snakemake)
