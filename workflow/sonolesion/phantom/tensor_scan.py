"""Acquire a diffusion tensor scan: directions, motion, eddy currents, distortion, noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.settings.phantom import Patient, Phantom
from sonolesion.core.settings.phantom_dti import PhantomDti, TensorScan
from sonolesion.phantom import (
    acquisition,
    damage,
    echo_planar,
    gradients,
    multitensor,
    pose,
    scanner,
    sequences,
)
from sonolesion.phantom.patient import Anatomy, generator
from sonolesion.phantom.wiring import Wiring

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
Polarity = Literal["AP", "PA"]
NAME = "dti"
MOTION_COLUMNS = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")


@dataclass(frozen=True)
class Head:
    """What is in the scanner: anatomy, its signal, and its susceptibility field [Hz]."""

    anatomy: Anatomy
    parts: multitensor.Compartments
    field_hz: Array


@dataclass(frozen=True)
class Moved:
    """Truth of one volume.

    `motion` maps scanner points of the first volume to this one; `shifts` (3,) [mm] and
    `angles_deg` (3,) are its parameters; `eddy` (4,) as in `echo_planar.coupling`.
    """

    motion: Array
    shifts_mm: Array
    angles_deg: Array
    eddy: Array


@dataclass(frozen=True)
class Series:
    """A scan of one polarity: volumes, their table, and what moved them."""

    volumes: list[NDArray[np.int16]]
    b_values: Array
    vectors: Array
    moved: list[Moved]
    sign: int


def head(
    settings: Phantom,
    dti: PhantomDti,
    anatomy: Anatomy,
    wiring: Wiring,
    lost: Sequence[Array],
    lesions: Sequence[damage.Present],
) -> Head:
    """Put a head into the scanner, with the lesions of a visit."""
    cells = scanner.Grid(brain_shape(anatomy), anatomy.affine, np.eye(4))
    parts = multitensor.compartments(
        anatomy,
        wiring,
        lost,
        damage.damages(anatomy, lesions, cells),
        tissues=acquisition.seen(settings.tissues, dti.scan),
        scan=dti.scan,
        fibre=dti.fibre,
    )
    return Head(anatomy, parts, echo_planar.susceptibility(anatomy, dti.distortion))


def brain_shape(anatomy: Anatomy) -> tuple[int, int, int]:
    """Shape of the anatomy's grid."""
    x, y, z = anatomy.brain.shape
    return x, y, z


def sign_of(scan: TensorScan, polarity: Polarity) -> int:
    """Whether the phase encoding of a polarity runs along growing indices (1) or not (-1)."""
    forward = scan.axes[1] == "A"
    return 1 if forward == (polarity == "PA") else -1


def motions(
    dti: PhantomDti, vectors: Array, b_values: Array, coupling: Array, rng: np.random.Generator
) -> list[Moved]:
    """Draw the motion of each volume, a random walk from the first, and its eddy currents."""
    n = len(vectors)
    spread = np.repeat([dti.distortion.motion_mm, dti.distortion.motion_deg], 3)
    steps = rng.standard_normal((n, 6)) * spread / np.sqrt(max(n - 1, 1))
    steps[0] = 0
    found = []
    for walked, vector, b_s_mm2 in zip(np.cumsum(steps, axis=0), vectors, b_values, strict=True):
        motion = pose.rigid(angles_deg=walked[3:], shift_mm=walked[:3], centre_mm=np.zeros(3))
        # The field is linear in the gradient, and so in the root of the weighting.
        eddy = coupling @ vector * np.sqrt(b_s_mm2 / dti.scan.b_s_mm2)
        found.append(Moved(motion, walked[:3], walked[3:], eddy))
    return found


def signals(dti: PhantomDti, inside: Head) -> Callable[[float, Array, scanner.Grid], Volume]:
    """Return the function that gives the mean signal of each voxel of a scan.

    It takes the weighting [s/mm²], the direction in the scanner's axes, and the grid.
    """
    parts, anatomy = inside.parts, inside.anatomy
    plain = {
        b: multitensor.isotropic(parts, scan=dti.scan, b_s_mm2=b)
        for b in sorted({*dti.scan.b_values})
    }
    widths = np.array(dti.scan.voxel_mm) / anatomy.affine[0, 0]

    def signal(b_s_mm2: float, vector: Array, grid: scanner.Grid) -> Volume:
        own = grid.pose[:3, :3].T @ vector
        fine = plain[b_s_mm2] + multitensor.anisotropic(parts, b_s_mm2=b_s_mm2, direction=own)
        averaged = scanner.box_average(fine, widths=widths)
        return scanner.resample(averaged, affine=anatomy.affine, grid=grid)

    return signal


def table_of(scan: TensorScan, polarity: Polarity) -> tuple[Array, Array]:
    """Weightings and directions of the scan of a polarity."""
    b_values, vectors = gradients.table(scan)
    if polarity == "PA" and scan.opposed == "b0":
        kept = b_values == 0
        return b_values[kept], vectors[kept]
    return b_values, vectors


def acquire(
    settings: Phantom,
    dti: PhantomDti,
    inside: Head,
    grid: scanner.Grid,
    *,
    patient: Patient,
    visit: str,
    polarity: Polarity,
) -> Series:
    """Acquire the scan of one polarity; both are read with one gain, one after the other."""
    b_values, vectors = table_of(dti.scan, polarity)
    names = (patient.label, visit, NAME)
    coupling = echo_planar.coupling(
        spread_hz=dti.distortion.eddy_hz, rng=generator(settings, NAME, "eddy")
    )
    rng = generator(settings, *names, polarity, "motion")
    moved = motions(dti, vectors, b_values, coupling, rng)
    shades, sigma = receiver(settings, dti, grid, names)
    signal = signals(dti, inside)
    sign = sign_of(dti.scan, polarity)
    noise = generator(settings, *names, polarity, "noise")
    volumes = []
    for b_s_mm2, vector, one in zip(b_values, vectors, moved, strict=True):
        placed = replace(grid, pose=one.motion @ grid.pose)
        field = echo_planar.on_grid(inside.field_hz, inside.anatomy, placed)
        field = field + echo_planar.eddy(grid, one.eddy)
        clean = np.abs(signal(float(b_s_mm2), vector, placed)) * shades
        shift = field * np.float32(sign * dti.scan.readout_s)
        warped = echo_planar.shifted(clean, shift, axis=1)
        volumes.append(np.rint(scanner.rician(warped, sigma=sigma, rng=noise)).astype(np.int16))
    return Series(volumes, b_values, vectors, moved, sign)


def receiver(
    settings: Phantom, dti: PhantomDti, grid: scanner.Grid, names: Sequence[str]
) -> tuple[Volume, float]:
    """Return gain times bias field, and the noise of one channel."""
    tissues = acquisition.seen(settings.tissues, dti.scan)
    white = sequences.diffusion(dti.scan, b_s_mm2=0.0)(tissues.white)
    rng = generator(settings, *names, "receiver")
    gain = acquisition.INTENSITY / white * np.exp(settings.gain_sd * rng.standard_normal())
    bias = scanner.bias_field(grid.shape, log_sd=settings.bias_sd, rng=rng)
    return bias * np.float32(gain), float(gain * white / dti.scan.snr)
