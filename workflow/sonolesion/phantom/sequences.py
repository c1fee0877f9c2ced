"""Which signals a scan reads, volume by volume."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.settings.phantom_signal import DiffusionScan, MultiEchoScan, Scan, Tissue
from sonolesion.phantom import signal

Array = NDArray[np.float64]
SignalOf = Callable[[Tissue], float]
N_DIRECTIONS = 3


@dataclass(frozen=True)
class Readout:
    """A signal, and how many volumes are read with it."""

    signal_of: SignalOf
    n_volumes: int = 1


def readouts(contrast: str, scan: Scan) -> Iterator[Readout]:
    """Yield the signals of a scan in the order of its volumes.

    Tissue diffuses alike in all directions, so one signal serves the three of a dwi.
    """
    if isinstance(scan, DiffusionScan):
        yield Readout(diffusion(scan, b_s_mm2=0.0))
        yield Readout(diffusion(scan, b_s_mm2=scan.b_s_mm2), N_DIRECTIONS * scan.averages)
    elif isinstance(scan, MultiEchoScan):
        for echo_s in scan.echo_times_s:
            yield Readout(gradient_echo(scan, echo_s=echo_s))
    else:
        yield Readout(sequence(contrast, scan))


def sequence(contrast: str, scan: Scan) -> SignalOf:
    """Return the signal of a tissue in T1w, T2w or FLAIR."""
    timing = {"echo_s": scan.echo_s, "repetition_s": scan.repetition_s}

    def signal_of(tissue: Tissue) -> float:
        given = {**timing, "t1_s": tissue.t1_s, "t2_s": tissue.t2_s, "density": tissue.density}
        if contrast == "T2w":
            return float(signal.spin_echo(**given))
        if contrast == "FLAIR":
            return float(signal.inversion_spin_echo(**given, inversion_s=scan.inversion_s))
        return float(
            signal.inversion_gradient_train(
                **given,
                inversion_s=scan.inversion_s,
                flip_deg=scan.flip_deg,
                echo_spacing_s=scan.echo_spacing_s,
                n_echoes=scan.n_echoes,
            )
        )

    return signal_of


def diffusion(scan: Scan, *, b_s_mm2: float) -> SignalOf:
    """Return the signal of a tissue at one diffusion weighting."""
    return lambda tissue: float(
        signal.diffusion_spin_echo(
            t1_s=tissue.t1_s,
            t2_s=tissue.t2_s,
            density=tissue.density,
            adc_mm2_s=tissue.adc_mm2_s,
            b_s_mm2=b_s_mm2,
            echo_s=scan.echo_s,
            repetition_s=scan.repetition_s,
        )
    )


def gradient_echo(scan: Scan, *, echo_s: float) -> SignalOf:
    """Return the signal of a tissue in one echo of a spoiled gradient echo."""
    return lambda tissue: float(
        signal.spoiled_gradient_echo(
            t1_s=tissue.t1_s,
            r2star_per_s=1 / tissue.t2_s + tissue.r2_prime_per_s,
            density=tissue.density,
            flip_deg=scan.flip_deg,
            echo_s=echo_s,
            repetition_s=scan.repetition_s,
        )
    )


def altered(tissue: Tissue, factors: Array) -> Tissue:
    """Return a tissue changed by a lesion.

    Parameters
    ----------
    tissue : Tissue
        Healthy tissue.
    factors : ndarray of shape (5,)
        Factors on T1, T2, density (which stays below one) and ADC; R2' added [1/s].
    """
    return tissue.model_copy(
        update={
            "t1_s": tissue.t1_s * factors[0],
            "t2_s": tissue.t2_s * factors[1],
            "density": min(tissue.density * factors[2], 1.0),
            "adc_mm2_s": tissue.adc_mm2_s * factors[3],
            "r2_prime_per_s": tissue.r2_prime_per_s + factors[4],
        }
    )
