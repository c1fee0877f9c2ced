"""Acquire an arterial spin labelling scan: control and label, M0, motion, noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.settings.phantom import Phantom
from sonolesion.core.settings.phantom_asl import AslMotion, AslScan, Blood
from sonolesion.core.settings.phantom_signal import Tissue
from sonolesion.phantom import acquisition, asl_kinetics, pose, scanner
from sonolesion.phantom.asl_flow import NAME, Head
from sonolesion.phantom.patient import generator

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
# M0 of white matter in the numbers of a scan: differences are some thousandths of it.
LEVEL = 4000.0
# Cells beyond a voxel's box that interpolation reads.
MARGIN = 2


@dataclass(frozen=True)
class Moved:
    """Pose of one volume against the first: matrix on scanner points, and its parameters."""

    motion: Array
    shifts_mm: Array
    angles_deg: Array


@dataclass(frozen=True)
class Series:
    """A scan as it is written.

    `roles` and `delays_s` are those of `volumes`; `m0` is a volume of its own; `moved` are the
    poses of M0, and of control and label in turn.
    """

    volumes: list[NDArray[np.int16]]
    roles: list[str]
    delays_s: list[float]
    m0: NDArray[np.int16]
    moved: list[Moved]


@dataclass(frozen=True)
class Slab:
    """Slices of a scan that are read together.

    `first` to `last` are slices, `bottom` to `top` the cells of the anatomy they see, `late_s`
    is how much later than the first slice they are read.
    """

    first: int
    last: int
    bottom: int
    top: int
    late_s: float


def label_of(scan: AslScan, blood: Blood) -> asl_kinetics.Label:
    """Return how blood is labelled."""
    kept = blood.pulse_efficiency**scan.suppression_pulses
    efficiency = blood.efficiency[scan.labelling] * kept
    return asl_kinetics.Label(scan.labelling == "PASL", scan.labelling_s, efficiency, blood.t1_s)


def walk(motion: AslMotion, n: int, rng: np.random.Generator) -> list[Moved]:
    """Draw the poses of n volumes, a random walk from the first."""
    spread = np.repeat([motion.shift_mm, motion.turn_deg], 3)
    steps = rng.standard_normal((n, 6)) * spread / np.sqrt(max(n - 1, 1))
    steps[0] = 0
    return [
        Moved(pose.rigid(angles_deg=at[3:], shift_mm=at[:3], centre_mm=np.zeros(3)), at[:3], at[3:])
        for at in np.cumsum(steps, axis=0)
    ]


def transverse(tissue: Tissue, scan: AslScan) -> float:
    """Signal of a tissue at equilibrium."""
    return float(tissue.density * np.exp(-scan.echo_s / tissue.t2_s))


def static(head: Head, scan: AslScan, *, recovery_s: float) -> Volume:
    """Signal without label in the cells of the anatomy, so long after a saturation."""

    def signal_of(tissue: Tissue) -> np.float32:
        recovered = -np.expm1(-recovery_s / tissue.t1_s)
        return np.float32(transverse(tissue, scan) * recovered)

    fine = np.zeros(head.anatomy.brain.shape, dtype=np.float32)
    for name, share in head.anatomy.tissues.items():
        if name not in {part.kind for part in head.parts}:
            fine += signal_of(getattr(head.tissues, name)) * share
    for part in head.parts:
        fine[part.box] += signal_of(part.tissue) * part.share
    return fine


def labelled(
    head: Head, scan: AslScan, blood: Blood, *, delay_s: float, bottom: int, top: int
) -> Volume:
    """Control minus label in a slab of cells, shape (X, Y, top - bottom)."""
    label = label_of(scan, blood)
    fine = np.zeros((*head.anatomy.brain.shape[:2], top - bottom), dtype=np.float32)
    for part in head.parts:
        start, stop, _ = part.box[2].indices(head.anatomy.brain.shape[2])
        low, high = max(start, bottom), min(stop, top)
        if low >= high:
            continue
        own = (slice(None), slice(None), slice(low - start, high - start))
        held = part.share[own] > 0
        cbf = part.cbf[own][held].astype(np.float64)
        clearance = asl_kinetics.clearance_per_s(
            tissue_t1_s=part.tissue.t1_s, cbf=cbf, partition_ml_g=part.partition_ml_g
        )
        seen = asl_kinetics.difference(
            label,
            time_s=label.since_start_s(delay_s),
            cbf=cbf,
            transit_s=part.transit_s[own][held].astype(np.float64),
            clearance=clearance,
        )
        # ASSUME: label has crossed into tissue and is read with its T2; none is in arteries.
        m0_of_blood = transverse(part.tissue, scan) / part.partition_ml_g
        there = fine[(*part.box[:2], slice(low - bottom, high - bottom))]
        there[held] += (part.share[own][held] * seen * m0_of_blood).astype(np.float32)
    return fine


def slabs(scan: AslScan, grids: Sequence[scanner.Grid], head: Head) -> Iterator[Slab]:
    """Yield the slices that are read together, and the cells that they see in any pose."""
    anatomy = head.anatomy
    n_slices, n_cells = grids[0].shape[2], anatomy.brain.shape[2]
    if scan.readout == "3D":
        yield Slab(0, n_slices, 0, n_cells, 0.0)
        return
    margin = int(np.ceil(scan.voxel_mm[2] / anatomy.affine[2, 2] / 2)) + MARGIN
    inverse = np.linalg.inv(anatomy.affine)
    corners = np.array([[i, j, 0.0] for i in (0, 1) for j in (0, 1)])
    corners[:, :2] *= np.array(grids[0].shape[:2]) - 1
    for k in range(n_slices):
        points = corners + np.array([0.0, 0.0, k])
        levels = [
            pose.apply(inverse @ np.linalg.inv(grid.pose) @ grid.affine, points)[:, 2]
            for grid in grids
        ]
        bottom = max(int(np.floor(np.min(levels))) - margin, 0)
        top = min(int(np.ceil(np.max(levels))) + margin + 1, n_cells)
        if bottom < top:
            yield Slab(k, k + 1, bottom, top, k * scan.slice_s)


def differences(
    head: Head, scan: AslScan, blood: Blood, grids: Sequence[scanner.Grid], *, delay_s: float
) -> list[Volume]:
    """Control minus label in the voxels of each pose."""
    found = [np.zeros(grid.shape, dtype=np.float32) for grid in grids]
    for slab in slabs(scan, grids, head):
        fine = labelled(
            head, scan, blood, delay_s=delay_s + slab.late_s, bottom=slab.bottom, top=slab.top
        )
        affine = raised(head.anatomy.affine, slab.bottom)
        averaged = scanner.box_average(fine, widths=widths(head, scan))
        for volume, grid in zip(found, grids, strict=True):
            shape = (*grid.shape[:2], slab.last - slab.first)
            slices = scanner.Grid(shape, raised(grid.affine, slab.first), grid.pose)
            volume[..., slab.first : slab.last] = scanner.resample(
                averaged, affine=affine, grid=slices
            )
    return found


def raised(affine: Array, n_slices: int) -> Array:
    """Return the affine of a grid without its first slices."""
    moved = affine.copy()
    moved[:3, 3] += n_slices * affine[:3, 2]
    return moved


def widths(head: Head, scan: AslScan) -> Array:
    """Edges of a voxel in cells of the anatomy."""
    return np.array(scan.voxel_mm) / float(head.anatomy.affine[0, 0])


def in_voxels(
    head: Head, scan: AslScan, fine: Volume, grids: Sequence[scanner.Grid]
) -> list[Volume]:
    """Mean of cells over the voxels of each pose."""
    averaged = scanner.box_average(fine, widths=widths(head, scan))
    return [scanner.resample(averaged, affine=head.anatomy.affine, grid=grid) for grid in grids]


def acquire(
    settings: Phantom,
    scan: AslScan,
    blood: Blood,
    motion: AslMotion,
    head: Head,
    grid: scanner.Grid,
    *,
    patient: str,
    visit: str,
) -> Series:
    """Acquire M0, then control and label in turn, delay by delay."""
    names = (patient, visit, NAME)
    n_volumes = 2 * scan.n_pairs
    rng = generator(settings, *names, "motion")
    moved = walk(motion, 1 + n_volumes * len(scan.delays_s), rng)
    grids = [replace(grid, pose=one.motion @ grid.pose) for one in moved]
    shades, sigma = receiver(settings, scan, head, grid, names)
    noise = generator(settings, *names, "noise")
    product = scan.layout == "product"
    recovery_s = scan.saturation_s if product else scan.m0_repetition_s
    m0 = in_voxels(head, scan, static(head, scan, recovery_s=recovery_s), grids[:1])[0]
    m0 = scanner.rician(m0 * shades, sigma=sigma, rng=noise)
    background = scan.background * static(head, scan, recovery_s=scan.repetition_s)
    volumes: list[Volume] = []
    roles: list[str] = []
    delays_s: list[float] = []
    for index, delay_s in enumerate(scan.delays_s):
        start = 1 + index * n_volumes
        own = grids[start : start + n_volumes]
        series = in_voxels(head, scan, background, own)
        drops = differences(head, scan, blood, own[1::2], delay_s=delay_s)
        for label, drop in zip(series[1::2], drops, strict=True):
            label -= drop
        taken, kinds = read(scan, [one * shades for one in series], sigma=sigma, rng=noise)
        volumes += taken
        roles += kinds
        delays_s += [delay_s] * len(taken)
    if scan.m0 == "included":
        volumes, roles, delays_s = [m0, *volumes], ["m0scan", *roles], [0.0, *delays_s]
    return Series([stored(one) for one in volumes], roles, delays_s, stored(m0), moved)


def stored(volume: Volume) -> NDArray[np.int16]:
    """Round to the numbers of a scan, which end at 32767."""
    ends = np.iinfo(np.int16)
    return np.clip(np.rint(volume), ends.min, ends.max).astype(np.int16)


def read(
    scan: AslScan, series: Sequence[Volume], *, sigma: float, rng: np.random.Generator
) -> tuple[list[Volume], list[str]]:
    """Return what the scanner writes of controls and labels in turn, and the role of each.

    Differences are taken of signals, pairs are magnitudes; the product is the sum of all
    differences, amplified.
    """
    if scan.layout == "pairs":
        taken = [scanner.rician(one, sigma=sigma, rng=rng) for one in series]
        return taken, ["control", "label"] * scan.n_pairs
    found = []
    for control, label in zip(series[::2], series[1::2], strict=True):
        drawn = rng.standard_normal(control.shape, dtype=np.float32) * np.float32(np.sqrt(2))
        found.append(control - label + np.float32(sigma) * drawn)
    if scan.layout == "deltam":
        return found, ["deltam"] * len(found)
    return [np.float32(scan.scale) * np.sum(found, axis=0)], ["deltam"]


def receiver(
    settings: Phantom, scan: AslScan, head: Head, grid: scanner.Grid, names: Sequence[str]
) -> tuple[Volume, float]:
    """Return gain times bias field, and the noise of one channel."""
    white = transverse(head.tissues.white, scan)
    rng = generator(settings, *names, "receiver")
    gain = LEVEL / white * np.exp(settings.gain_sd * rng.standard_normal())
    bias = scanner.bias_field(grid.shape, log_sd=settings.bias_sd, rng=rng)
    return bias * np.float32(gain), float(gain * white / scan.snr)


def grid_of(settings: Phantom, scan: AslScan, *, patient: str, visit: str) -> scanner.Grid:
    """Return the grid of a visit's scan, with the pose of its first volume."""
    placed = acquisition.head_pose(settings, patient, visit, NAME)
    return acquisition.grid_of(scan, placed)
