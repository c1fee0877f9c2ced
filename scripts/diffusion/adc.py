"""Make the trace-weighted image and the ADC of a session's diffusion scan."""

from typing import TYPE_CHECKING, Any

from sonolesion.core import gradients, images
from sonolesion.core.run import run
from sonolesion.diffusion import acquisition
from sonolesion.diffusion import adc as kernels
from sonolesion.maths import noise
from sonolesion.maths.shells import choose_shell

if TYPE_CHECKING:
    snakemake: Any


def main(
    native: str, b_values: str, vectors: list[str], trace: str, adc: str, sidecar: str, *,
    shells: dict[str, Any], floor: dict[str, Any], ceiling_mm2_s: float,
    min_median_mm2_s: float, max_median_mm2_s: float,
) -> None:  # fmt: skip
    """Read, choose the shell, divide, write."""
    scan = images.load(native, checked=True)
    acquisition.require_filled(scan.data, file=native)
    table = gradients.read(b_values, (vectors or [None])[0], n_volumes=scan.data.shape[3])
    shell = choose_shell(table.b_values, table.vectors, file=b_values, **shells)
    before = scan.data[..., shell.unweighted].mean(axis=3)
    after = kernels.trace_weighted(scan.data[..., shell.weighted], shell.weights)
    sigma = noise.air_noise(before, max_zero_share=floor["max_zero_share"])
    level = noise.signal_floor(
        before, noise=sigma, noise_multiple=floor["noise_multiple"],
        bright_share=floor["bright_share"],
    )  # fmt: skip
    scale = {"b_difference_s_mm2": shell.b_high - shell.b_low, "floor": level}
    median = kernels.require_plausible(
        before, after, file=native, min_median_mm2_s=min_median_mm2_s,
        max_median_mm2_s=max_median_mm2_s, **scale,
    )  # fmt: skip
    found = kernels.apparent_diffusion(before, after, ceiling_mm2_s=ceiling_mm2_s, **scale)
    images.save(trace, after, scan.affine)
    images.save(adc, found, scan.affine)
    record = {
        "Units": "mm^2/s", "MedianOfHead": median, "BValues": [shell.b_low, shell.b_high],
        "NumberOfVolumes": len(shell.weighted), "Anisotropy": shell.anisotropy,
        "NoiseSigma": sigma, "SignalFloor": level,
    }  # fmt: skip
    images.write_json(sidecar, record)


if __name__ == "__main__":
    run(main, snakemake)
