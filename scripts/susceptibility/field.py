"""Make the field map of a session's multi-echo gradient-echo scan, for echo-planar scans."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.run import run
from sonolesion.maths import noise
from sonolesion.maths.orientation import canonical
from sonolesion.susceptibility import field_map as kernels
from sonolesion.susceptibility import field_picture

if TYPE_CHECKING:
    snakemake: Any


def main(
    magnitude: list[str], phase: list[str], fieldmap: str, error: str, sidecar: str, png: str, *,
    echo_times_s: list[float], floor: dict[str, Any], max_error_hz: float, range_hz: float,
) -> None:  # fmt: skip
    """Read, unwrap, fit, write."""
    first = images.load(magnitude[0], checked=True)
    echoes = [images.load(path, like=first, checked=True).data for path in magnitude]
    stored = [images.load(path, like=first, checked=True).data for path in phase]
    angles = [kernels.radians(one, file=path) for one, path in zip(stored, phase, strict=True)]
    sigma = noise.air_noise(echoes[-1], max_zero_share=floor["max_zero_share"])
    level = noise.signal_floor(
        echoes[0], noise=sigma, noise_multiple=floor["noise_multiple"],
        bright_share=floor["bright_share"],
    )  # fmt: skip
    found = kernels.fit(
        np.stack(echoes, axis=-1), np.stack(angles, axis=-1), np.array(echo_times_s),
        noise=sigma, floor=level, max_error_hz=max_error_hz,
    )  # fmt: skip
    images.save(fieldmap, found.hz, first.affine)
    images.save(error, found.error_hz, first.affine)
    record = kernels.record(found) | {"EchoTimes": echo_times_s, "NoiseSigma": sigma}
    images.write_json(sidecar, record)
    shown = [canonical(v, first.affine)[0] for v in (echoes[0], found.hz, found.inside)]
    title = f"Field of the gradient echo, {record['WrappedShare']:.1%} of it unwrapped"
    picture = field_picture.drawn(*shown, range_hz=range_hz, title=title)
    picture.quantize(128).save(png, optimize=True)


if __name__ == "__main__":
    run(main, snakemake)
