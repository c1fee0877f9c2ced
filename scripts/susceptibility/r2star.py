"""Make R2* and the late-weighted magnitude of a session's multi-echo gradient-echo scan."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.maths import noise
from sonolesion.susceptibility import relaxation as kernels

if TYPE_CHECKING:
    snakemake: Any


def main(
    native: list[str], t2starw: str, r2starmap: str, sidecar: str, *,
    echo_times_s: list[float], floor: dict[str, Any], ceiling_per_s: float,
    min_median_per_s: float, max_median_per_s: float,
) -> None:  # fmt: skip
    """Read, fit, write."""
    first = images.load(native[0], checked=True)
    later = [images.load(path, like=first, checked=True).data for path in native[1:]]
    echoes = np.stack([first.data, *later], axis=-1)
    times = np.array(echo_times_s)
    sigma = noise.air_noise(echoes[..., -1], max_zero_share=floor["max_zero_share"])
    level = noise.signal_floor(
        echoes[..., 0], noise=sigma, noise_multiple=floor["noise_multiple"],
        bright_share=floor["bright_share"],
    )  # fmt: skip
    rates = kernels.r2star(echoes, times, noise=sigma, floor=level, ceiling_per_s=ceiling_per_s)
    median = kernels.require_plausible(
        rates, echoes[..., -1], file=native[0], min_median_per_s=min_median_per_s,
        max_median_per_s=max_median_per_s,
    )  # fmt: skip
    images.save(t2starw, kernels.late_weighted(echoes, times), first.affine)
    images.save(r2starmap, rates, first.affine)
    record = {
        "Units": "1/s", "MedianOfBrain": median, "EchoTimes": echo_times_s,
        "NoiseSigma": sigma, "SignalFloor": level,
    }  # fmt: skip
    images.write_json(sidecar, record)


if __name__ == "__main__":
    run(main, snakemake)
