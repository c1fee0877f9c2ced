"""Acquire the scans of a visit: pose, grid, sequence, lesion, bias, noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.settings.phantom import Phantom
from sonolesion.core.settings.phantom_signal import Scan, Tissue
from sonolesion.phantom import ablation, pose, scanner, signal
from sonolesion.phantom.head import TISSUES
from sonolesion.phantom.patient import Anatomy, generator
from sonolesion.phantom.treatment import Site, State, brain_tissue, levels

Array = NDArray[np.float64]
CONTRASTS = ("T1w", "T2w", "FLAIR")
# Subject point [mm] that a technician brings to the isocentre: the middle of the head.
HEAD_CENTRE_MM = np.array([0.0, -16.0, 2.0])
INTENSITY = 1000.0
BRAIN_TISSUES = ("grey", "white")


@dataclass(frozen=True)
class Acquired:
    """A scan, its grid, and the truth on that grid.

    `zones` (3, X, Y, Z) is the fraction of each zone in the voxels of `box`, which is empty
    without a lesion.
    """

    image: NDArray[np.int16]
    grid: scanner.Grid
    box: tuple[slice, slice, slice]
    zones: NDArray[np.float32]


def head_pose(settings: Phantom, patient: str, visit: str, contrast: str) -> Array:
    """Pose of the head in one scan (subject to scanner): that of the visit, and a small motion."""
    matrix = np.eye(4)
    matrix[:3, 3] = -HEAD_CENTRE_MM
    for share, names in ((1.0, (visit,)), (settings.between_scans, (visit, contrast))):
        rng = generator(settings, patient, *names, "pose")
        motion = pose.rigid(
            angles_deg=share * settings.rotation_sd_deg * rng.uniform(-1, 1, 3) * np.sqrt(3),
            shift_mm=share * settings.shift_sd_mm * rng.uniform(-1, 1, 3) * np.sqrt(3),
            centre_mm=np.zeros(3),
        )
        matrix = motion @ matrix
    return matrix


def grid_of(scan: Scan, head: Array) -> scanner.Grid:
    """Grid of a scan about the isocentre."""
    counts = [round(fov / edge) for fov, edge in zip(scan.fov_mm, scan.voxel_mm, strict=True)]
    shape = (counts[0], counts[1], counts[2])
    affine = pose.grid_affine(
        shape=shape, voxel_mm=np.array(scan.voxel_mm), axes=scan.axes, centre_mm=np.zeros(3)
    )
    return scanner.Grid(shape, affine, head)


def sequence(contrast: str, scan: Scan) -> Callable[[Tissue], float]:
    """Return the signal of a tissue in the sequence of a contrast."""
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


def altered(tissue: Tissue, factors: Array) -> Tissue:
    """Return a tissue with T1, T2 and density changed by factors; density stays below one."""
    return Tissue(
        t1_s=tissue.t1_s * factors[0],
        t2_s=tissue.t2_s * factors[1],
        density=min(tissue.density * factors[2], 1.0),
    )


def acquire(
    settings: Phantom,
    anatomy: Anatomy,
    place: Site | None,
    lesion: State | None,
    *,
    contrast: str,
    patient: str,
    visit: str,
) -> Acquired:
    """Acquire one contrast of a visit."""
    scan: Scan = getattr(settings.scans, contrast.lower())
    grid = grid_of(scan, head_pose(settings, patient, visit, contrast))
    signal_of = sequence(contrast, scan)
    signals = {name: signal_of(getattr(settings.tissues, name)) for name in TISSUES}
    fine = np.zeros(anatomy.brain.shape, dtype=np.float32)
    for name, fraction in anatomy.tissues.items():
        fine += np.float32(signals[name]) * fraction
    widths = np.array(scan.voxel_mm) / settings.anatomy_mm
    clean = scanner.resample(
        scanner.box_average(fine, widths=widths), affine=anatomy.affine, grid=grid
    )
    box, zones = (slice(0, 0),) * 3, np.zeros((3, 0, 0, 0), dtype=np.float32)
    if place is not None and lesion is not None:
        box, change, zones = lesion_change(settings, anatomy, place, lesion, grid, signal_of)
        clean[box] += change
    rng = generator(settings, patient, visit, contrast, "receiver")
    gain = INTENSITY / signals["white"] * np.exp(settings.gain_sd * rng.standard_normal())
    clean = np.abs(clean) * np.float32(gain)
    clean *= scanner.bias_field(grid.shape, log_sd=settings.bias_sd, rng=rng)
    noisy = scanner.rician(clean, sigma=gain * signals["white"] / scan.snr, rng=rng)
    return Acquired(np.rint(noisy).astype(np.int16), grid, box, zones)


def lesion_change(
    settings: Phantom,
    anatomy: Anatomy,
    place: Site,
    lesion: State,
    grid: scanner.Grid,
    signal_of: Callable[[Tissue], float],
) -> tuple[tuple[slice, slice, slice], NDArray[np.float32], NDArray[np.float32]]:
    """Signal change by the lesion and the fraction of each zone, in the voxels about it.

    Returns
    -------
    box : three slices
        The voxels.
    change : ndarray of shape (X, Y, Z)
        Mean over each voxel of lesioned minus healthy signal.
    held : ndarray of shape (3, X, Y, Z)
        Fraction of each voxel that is tissue of zone I, II, III.
    """
    box, points = scanner.sub_points(
        grid,
        centre_mm=place.shape.centre_mm,
        reach_mm=lesion.reach_mm,
        step_mm=settings.lesion.sub_voxel_mm,
    )
    flat = points.reshape(-1, 3)
    zone = ablation.zones(*levels(flat, place.shape, settings.lesion), limits_mm=lesion.limits_mm)
    tissue = np.zeros((2, len(flat)))
    tissue[:, zone > 0] = brain_tissue(flat[zone > 0], anatomy)
    change, held = np.zeros(len(flat)), np.zeros((3, len(flat)))
    for index in range(3):
        within = zone == index + 1
        held[index, within] = tissue[:, within].sum(axis=0)
        for fraction, name in zip(tissue, BRAIN_TISSUES, strict=True):
            healthy: Tissue = getattr(settings.tissues, name)
            difference = signal_of(altered(healthy, lesion.factors[index])) - signal_of(healthy)
            change[within] += fraction[within] * difference
    shape = points.shape[:4]
    return (
        box,
        change.reshape(shape).mean(axis=-1).astype(np.float32),
        held.reshape(3, *shape).mean(axis=-1).astype(np.float32),
    )
