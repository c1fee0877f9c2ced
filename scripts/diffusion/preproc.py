"""Correct noise, ringing, motion, eddy currents, lost slices and distortion of a diffusion scan."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import gradients, images
from sonolesion.core.run import run
from sonolesion.core.tables import write_text, write_tsv
from sonolesion.diffusion import cleaning, correction
from sonolesion.maths import brain as brains

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]


def main(
    native: str, b_values: str, vectors: list[str], gradients_qc: str, partner: list[str],
    partner_b_values: list[str], b0_map: list[str], map_to_acpc: list[str], t1w: str, mask: str,
    trace_to_acpc: str, dwi: str, bval: str, bvec: str, sidecar: str, b0: str, brain: str,
    confounds: str, fieldmap: str, motion_png: str, distortion_png: str, *, threads: int,
    phase: Settings, table: Settings, brain_mask: Settings, denoising: Settings,
    registration: Settings, prediction: Settings, outliers: Settings, distortion: Settings,
) -> None:  # fmt: skip
    """Read, correct, interpolate once, write."""
    raw, t1, whole = images.load(native, checked=True), images.load(t1w), images.load(mask)
    told = gradients.read(b_values, vectors[0], n_volumes=raw.data.shape[3])
    grid = {"shape": raw.data.shape[:3], "affine": raw.affine}
    to_scan = images.read_affine(trace_to_acpc)
    there = [brains.carried(one.data, one.affine, to_scan, **grid) for one in (t1, whole)]
    scan = correction.prepared(raw.data, raw.affine, told.b_values, told.vectors, *there,
                               file=b_values, table=table, brain_mask=brain_mask)  # fmt: skip
    acquired = images.read_json(gradients_qc)["acquisition"]
    data, said = cleaning.cleaned(
        scan.data, scan.mask, acquisition=acquired, denoising=denoising, threads=threads
    )
    pair = correction.unweighted(
        images.load(partner[0], checked=True).data if partner else None,
        gradients.read(partner_b_values[0], None, n_volumes=images.header(partner[0]).shape[3])
        .b_values if partner_b_values else None,
        b0_max_s_mm2=table["b0_max_s_mm2"],
    )  # fmt: skip
    measured = images.load(b0_map[0]) if b0_map else None
    to_map = [images.read_affine(path) @ np.linalg.inv(to_scan) for path in map_to_acpc]
    scene = correction.scene(scan, data, pair, measured, *to_map)
    field, done = correction.corrected(
        scan, data, scene, phase=phase, distortion=distortion, registration=registration,
        prediction=prediction, outliers=outliers, threads=threads,
    )  # fmt: skip
    images.save(dwi, done.data, raw.affine)
    images.save(b0, done.b0, raw.affine)
    images.save(brain, done.mask, raw.affine)
    hz = np.full(done.b0.shape, np.nan, np.float32) if field.hz is None else field.hz
    images.save(fieldmap, hz, raw.affine, sidecar={"Units": phase["field_unit"]})
    write_text(done.bval, bval)
    write_text(done.bvec, bvec)
    write_tsv(confounds, done.confounds, columns=list(done.confounds[0]))
    images.write_json(sidecar, said | field.told | done.told)
    correction.drawn_motion(done).quantize(64).save(motion_png, optimize=True)
    shown = correction.drawn_distortion(scene, done, method=field.told["DistortionMethod"])
    shown.quantize(64).save(distortion_png, optimize=True)


if __name__ == "__main__":
    run(main, snakemake)
