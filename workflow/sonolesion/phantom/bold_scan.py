"""Acquire a resting-state run: neural signals, motion, physiology, drift, distortion, noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.settings.phantom import Phantom
from sonolesion.core.settings.phantom_bold import PhantomBold
from sonolesion.phantom import (
    acquisition,
    bold_head,
    bold_motion,
    bold_waves,
    echo_planar,
    scanner,
)
from sonolesion.phantom.bold_head import Head
from sonolesion.phantom.patient import generator

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
NAME = "bold"
SIGN = -1
# Overtones of heart and breath.
HEART, BREATH = 0.5, 0.3
SYSTEMIC_HZ = (0.01, 0.1)
# Spread of the places where spin history and drift tell more, or less.
PATCHY = 0.5


@dataclass(frozen=True)
class Run:
    """What is drawn for a run of N volumes with K slices and P regions, before any is made.

    Attributes
    ----------
    neural : Waves
        Signals of the regions.
    matrix : ndarray of shape (P, P)
        Their stated correlations.
    moves : Moves
        Motion.
    heart, breath : ndarray of shape (N, K)
        Of unit variance, at each slice's time.
    systemic : Waves
        The travelling wave, one signal.
    drift : ndarray of shape (N,)
        One from end to end.
    spiked : ndarray of bool, shape (N,)
        Frames with a spike in k-space.
    drift_map, history_map : ndarray of shape (X, Y, Z)
        Where both tell more, or less; about 1.
    """

    neural: bold_waves.Waves
    matrix: Array
    moves: bold_motion.Moves
    heart: Array
    breath: Array
    systemic: bold_waves.Waves
    drift: Array
    spiked: NDArray[np.bool_]
    drift_map: Volume
    history_map: Volume


def times_s(bold: PhantomBold) -> Array:
    """Return when each slice of each volume is excited [s], shape (N, K)."""
    starts = np.arange(bold.scan.n_volumes) * bold.scan.repetition_s
    return np.asarray(starts[:, None] + np.array(bold.scan.slice_times_s)[None])


def prepare(
    settings: Phantom, bold: PhantomBold, matrix: Array, grid: scanner.Grid, *names: str
) -> Run:
    """Draw all that a run is made of; each part from a random stream of its own."""

    def rng(part: str) -> np.random.Generator:
        return generator(settings, *names, part)

    when, scan, body = times_s(bold), bold.scan, bold.physiology
    duration_s = scan.n_volumes * scan.repetition_s
    n = scan.n_volumes
    spiked = np.zeros(n, dtype=bool)
    spiked[rng("spikes").permutation(np.arange(n // 10, n))[: bold.artefacts.n_spikes]] = True
    flow = {"spread": body.rate_spread}
    low, high = SYSTEMIC_HZ
    return Run(
        bold_waves.draw(
            matrix,
            low_hz=bold.neural.low_hz,
            high_hz=bold.neural.high_hz,
            duration_s=duration_s,
            rng=rng("neural"),
        ),
        matrix,
        bold_motion.draw(bold.motion, n=n, repetition_s=scan.repetition_s, rng=rng("motion")),
        bold_waves.pulse(when, rate_hz=body.cardiac_hz, harmonic=HEART, rng=rng("heart"), **flow),
        bold_waves.pulse(
            when, rate_hz=body.breathing_hz, harmonic=BREATH, rng=rng("breath"), **flow
        ),
        bold_waves.draw(
            np.eye(1), low_hz=low, high_hz=high, duration_s=duration_s, rng=rng("systemic")
        ),
        bold_waves.drift(n, rng("drift")),
        spiked,
        scanner.bias_field(grid.shape, log_sd=PATCHY, rng=rng("drift map")),
        scanner.bias_field(grid.shape, log_sd=PATCHY, rng=rng("history map")),
    )


def neural_signal(inside: Head, grid: scanner.Grid, mean: Volume, states: Array) -> Volume:
    """Return what the neural signals add to a volume; `states` (K, P) at each slice's time."""
    out = np.zeros(grid.shape, dtype=np.float32)
    where = mean > 0
    found = bold_head.interpolation(where, grid, inside.anatomy) @ inside.weights
    voxel = np.repeat(np.arange(found.shape[0]), np.diff(found.indptr))
    slices = np.nonzero(where)[2][voxel]
    lifted = found.data * states[slices, found.indices]
    out[where] = np.bincount(voxel, lifted, minlength=found.shape[0])
    return out


def dropout(field_hz: Volume, *, echo_s: float) -> Volume:
    """Return the signal left where the field changes across a slice: a sinc of its cycles."""
    across = np.gradient(field_hz, axis=2)
    return np.abs(np.sinc(across * np.float32(echo_s))).astype(np.float32)


def stripes(shape: tuple[int, ...], rng: np.random.Generator) -> Volume:
    """Return the stripes that a spike in k-space leaves in a few neighbouring slices."""
    i, j, k = np.ogrid[tuple(slice(n) for n in shape)]
    cycles = rng.uniform(3, 12, 2)
    middle, reach = rng.uniform(0.3, 0.8) * shape[2], shape[2] / 8
    wave = np.cos(2 * np.pi * (cycles[0] * i / shape[0] + cycles[1] * j / shape[1]))
    return np.asarray(wave * (np.abs(k - middle) < reach), dtype=np.float32)


def moving(
    bold: PhantomBold, inside: Head, run: Run, grid: scanner.Grid, n: int
) -> tuple[Volume, Volume]:
    """Return the signal of volume `n` before the readout, and the field it is read in [Hz]."""
    anatomy, body = inside.anatomy, bold.physiology
    mean = scanner.resample(
        inside.means[min(n, len(inside.means) - 1)], affine=anatomy.affine, grid=grid
    )
    fluid = scanner.resample(inside.fluid, affine=anatomy.affine, grid=grid)
    near = echo_planar.on_grid(inside.vessels, anatomy, grid)
    when = times_s(bold)[n]
    size = mean * (body.tissue + body.vessels * near) + fluid * (body.fluid - body.tissue)
    beats = (run.heart[n] + run.breath[n]).astype(np.float32)
    signal = mean + neural_signal(inside, grid, mean, run.neural.at(when)) + size * beats
    if body.systemic:
        late = echo_planar.on_grid(inside.lag_s, anatomy, grid)
        fine_s = np.arange(-30.0, bold.scan.repetition_s + 30.0, 0.25) + when.min()
        wave = run.systemic.at(fine_s)[:, 0]
        arrived = np.interp(when - late, fine_s, wave).astype(np.float32)
        signal += np.float32(body.systemic) * (mean - fluid) * arrived
    signal *= 1 + np.float32(bold.artefacts.drift * run.drift[n]) * run.drift_map
    signal *= 1 - np.float32(run.moves.lost[n]) * run.history_map
    field = echo_planar.on_grid(inside.field_hz, anatomy, grid)
    return signal * dropout(field, echo_s=bold.scan.echo_s), field


@dataclass(frozen=True)
class Receiver:
    """How a signal is read: gain times bias field, gain, and noise of one channel."""

    shades: Volume
    gain: float
    sigma: float


def receiver(
    settings: Phantom, bold: PhantomBold, grid: scanner.Grid, names: tuple[str, ...]
) -> Receiver:
    """Draw gain and bias field of a scan."""
    tissues = bold_head.seen(settings.tissues, bold.scan)
    white = bold_head.tissue_signal(tissues.white, bold.scan)
    rng = generator(settings, *names, "receiver")
    gain = acquisition.INTENSITY / white * np.exp(settings.gain_sd * rng.standard_normal())
    bias = scanner.bias_field(grid.shape, log_sd=settings.bias_sd, rng=rng)
    return Receiver(bias * np.float32(gain), float(gain), float(gain * white / bold.scan.snr))


def acquire(
    bold: PhantomBold,
    inside: Head,
    run: Run,
    grid: scanner.Grid,
    reads: Receiver,
    *,
    noise: np.random.Generator,
    spikes: np.random.Generator,
) -> Iterator[NDArray[np.int16]]:
    """Yield the volumes of a run, one by one."""
    white = acquisition.INTENSITY * bold.artefacts.spike
    for n in range(bold.scan.n_volumes):
        placed = replace(grid, pose=run.moves.matrix(n) @ grid.pose)
        signal, field = moving(bold, inside, run, placed, n)
        clean = distorted(bold, signal * reads.shades, field, sign=SIGN)
        if run.spiked[n]:
            clean = np.abs(clean + np.float32(white) * stripes(grid.shape, spikes))
        yield noisy(clean, reads, noise)


def opposed(
    bold: PhantomBold,
    inside: Head,
    run: Run,
    grid: scanner.Grid,
    reads: Receiver,
    *,
    noise: np.random.Generator,
) -> NDArray[np.int16]:
    """Return a steady volume of the opposite phase encoding, the head as in the first volume."""
    signal, field = moving(bold, inside, run, grid, len(inside.means))
    clean = distorted(bold, signal * reads.shades, field, sign=-SIGN)
    return noisy(clean, reads, noise)


def distorted(bold: PhantomBold, signal: Volume, field_hz: Volume, *, sign: int) -> Volume:
    """Return a volume shifted along its phase encoding by the field."""
    shift = field_hz * np.float32(sign * bold.scan.readout_s)
    return echo_planar.shifted(signal, shift, axis=1)


def noisy(clean: Volume, reads: Receiver, rng: np.random.Generator) -> NDArray[np.int16]:
    """Return a volume with noise in both channels, as integers."""
    found = scanner.rician(clean, sigma=reads.sigma, rng=rng)
    return np.rint(found).astype(np.int16)
