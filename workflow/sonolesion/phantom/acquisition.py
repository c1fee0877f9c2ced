"""Acquire the scans of a visit: pose, grid, sequence, lesions, bias, noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.settings.phantom import Patient, Phantom
from sonolesion.core.settings.phantom_signal import Scan, Tissues
from sonolesion.phantom import damage, pose, scanner, sequences
from sonolesion.phantom.patient import Anatomy, generator

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
Spoil = Callable[[Volume], Volume]
Kept = TypeVar("Kept")
# Subject point [mm] that a technician brings to the isocentre: the middle of the head.
HEAD_CENTRE_MM = np.array([0.0, -16.0, 2.0])
INTENSITY = 1000.0


@dataclass(frozen=True)
class Held:
    """A lesion on the grid of a scan: the share of each zone (3, X, Y, Z) in voxels of `box`."""

    lesion: damage.Present
    box: damage.Box
    zones: NDArray[np.float32]


@dataclass(frozen=True)
class Acquired:
    """A scan (`volumes`, each of shape (X, Y, Z)), its grid, and the lesions on that grid."""

    volumes: tuple[NDArray[np.int16], ...]
    grid: scanner.Grid
    held: tuple[Held, ...]


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


def of_scan(table: Mapping[str, Kept], visit: str, contrast: str) -> Kept | None:
    """Look up what a patient's table says of a scan, or else of its visit."""
    return table.get(f"{visit}:{contrast}", table.get(visit))


def scan_of(settings: Phantom, patient: Patient, visit: str, contrast: str) -> Scan:
    """Return the sequence of a scan, with the drift of that visit."""
    scan: Scan = getattr(settings.scans, contrast.lower())
    drift = of_scan(patient.drift, visit, contrast)
    if drift is None:
        return scan
    return type(scan).model_validate({**scan.model_dump(), **drift.scan})


def seen(tissues: Tissues, scan: Scan) -> Tissues:
    """Return the tissues as a sequence sees them: some suppress fat."""
    fat_share = getattr(scan, "fat_share", None)
    if fat_share is None:
        return tissues
    faint = {
        name: tissue.model_copy(update={"density": tissue.density * fat_share})
        for name, tissue in (("fat", tissues.fat), ("marrow", tissues.marrow))
    }
    return tissues.model_copy(update=faint)


def acquire(
    settings: Phantom,
    anatomy: Anatomy,
    lesions: Sequence[damage.Present],
    *,
    contrast: str,
    patient: Patient,
    visit: str,
    spoil: Spoil | None = None,
) -> Acquired:
    """Acquire one scan of a visit; `spoil` acts on each volume before there is noise."""
    scan = scan_of(settings, patient, visit, contrast)
    grid = grid_of(scan, head_pose(settings, patient.label, visit, contrast))
    found = damage.damages(anatomy, lesions, grid)
    tissues = seen(settings.tissues, scan)
    reads = list(sequences.readouts(contrast, scan))
    white = reads[0].signal_of(tissues.white)
    rng = generator(settings, patient.label, visit, contrast, "receiver")
    gain = INTENSITY / white * np.exp(settings.gain_sd * rng.standard_normal())
    bias = scanner.bias_field(grid.shape, log_sd=settings.bias_sd, rng=rng)
    volumes = []
    for read in reads:
        clean = noiseless(settings, anatomy, tissues, found, grid, scan, read.signal_of)
        clean = np.abs(clean) * np.float32(gain)
        clean *= bias
        if spoil is not None:
            clean = spoil(clean)
        for _ in range(read.n_volumes):
            noisy = scanner.rician(clean, sigma=gain * white / scan.snr, rng=rng)
            volumes.append(np.rint(noisy).astype(np.int16))
    held = tuple(Held(one.lesion, one.box, one.shares()) for one in found)
    return Acquired(tuple(volumes), grid, held)


def noiseless(
    settings: Phantom,
    anatomy: Anatomy,
    tissues: Tissues,
    found: Sequence[damage.Damage],
    grid: scanner.Grid,
    scan: Scan,
    signal_of: sequences.SignalOf,
) -> Volume:
    """Mean signal of each voxel (a box: slices are perfect), signed."""
    fine = np.zeros(anatomy.brain.shape, dtype=np.float32)
    for name, fraction in anatomy.tissues.items():
        fine += np.float32(signal_of(getattr(tissues, name))) * fraction
    widths = np.array(scan.voxel_mm) / settings.anatomy_mm
    clean = scanner.resample(
        scanner.box_average(fine, widths=widths), affine=anatomy.affine, grid=grid
    )
    for one in found:
        clean[one.box] += one.change(tissues, signal_of)
    return clean
