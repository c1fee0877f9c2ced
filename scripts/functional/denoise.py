"""Denoise a resting-state run in one joint model, and count the freedom that is left."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.core.tables import read_tsv, write_tsv
from sonolesion.functional import denoising as kernels
from sonolesion.functional import joint_model, run_rows
from sonolesion.functional.noise_model import columns_of
from sonolesion.maths.region_measures import COLUMNS

if TYPE_CHECKING:
    snakemake: Any

Settings = dict[str, Any]


def main(
    bold: str, brain: str, confounds: str, confounds_sidecar: str, denoised: str, sidecar: str,
    measures: str, *, labels: Settings, denoising: Settings,
) -> None:  # fmt: skip
    """Read, filter and regress, write the frames that were kept."""
    scan, inside = images.load(bold), images.load(brain).data > 0
    told = images.read_json(confounds_sidecar)
    model = joint_model.model(
        columns_of(read_tsv(confounds)), repetition_s=told["RepetitionTime"], settings=denoising
    )
    left = kernels.freedom(model.regressors, model.kept, **model.how)
    strategy = denoising["strategy"]
    kernels.require_freedom(left, least=denoising["min_freedom"], strategy=strategy, file=bold)
    series = kernels.cleaned(scan.data[inside].T, model.regressors, model.kept, **model.how)
    out = np.zeros((*inside.shape, len(series)), dtype=np.float32)
    out[inside] = series.T
    images.save(denoised, out, scan.affine, step_s=model.step_s)
    record = joint_model.record(model, left, denoising) | {"Mark": told["Mark"]}
    images.write_json(sidecar, record)
    row = run_rows.row(
        labels, region="brain", statistic="freedom", value=left.left, unit="1",
        mark=told["Mark"], method=f"functional.denoise {strategy}",
    )  # fmt: skip
    write_tsv(measures, [row], columns=COLUMNS)


if __name__ == "__main__":
    run(main, snakemake)
