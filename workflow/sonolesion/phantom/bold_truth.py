"""Write a resting-state run, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonolesion.core import images
from sonolesion.core.settings.phantom_bold import PhantomBold
from sonolesion.phantom import bold_networks, bold_scan, dataset, echo_planar, scanner
from sonolesion.phantom.bold_head import Head, regions_on
from sonolesion.phantom.bold_networks import Regions

Array = NDArray[np.float64]
HALF = 0.5
PER_SCAN: dict[str, object] = {
    "ScanningSequence": "EP",
    "SequenceVariant": "SK",
    "PulseSequenceType": "Gradient Echo EPI",
    "MRAcquisitionType": "2D",
    "MagneticFieldStrength": 3.0,
    "Manufacturer": "sonolesion",
    "ManufacturersModelName": "digital phantom",
}
DIRECTION_NAMES = {1: "j", -1: "j-"}


def sidecar(bold: PhantomBold, n_lines: int, *, sign: int) -> dict[str, object]:
    """Return acquisition parameters by their BIDS names."""
    scan = bold.scan
    return {
        **PER_SCAN,
        "EchoTime": scan.echo_s,
        "RepetitionTime": scan.repetition_s,
        "FlipAngle": scan.flip_deg,
        "SliceThickness": scan.voxel_mm[2],
        "SpacingBetweenSlices": scan.voxel_mm[2],
        "PhaseEncodingDirection": DIRECTION_NAMES[sign],
        "TotalReadoutTime": scan.readout_s,
        "EffectiveEchoSpacing": scan.readout_s / (n_lines - 1),
    }


def write_run(
    folder: Path,
    bold: PhantomBold,
    series: NDArray[np.int16],
    affine: Array,
    *,
    label: str,
    visit: str,
) -> None:
    """Write a run (X, Y, Z, N) with its sidecar into the data set."""
    path = folder / f"sub-{label}/ses-{visit}/func/sub-{label}_ses-{visit}_task-rest_bold.nii.gz"
    told = {
        **sidecar(bold, series.shape[1], sign=bold_scan.SIGN),
        "TaskName": "rest",
        "SliceTiming": list(bold.scan.slice_times_s),
        "SliceEncodingDirection": "k",
        "NumberOfVolumesDiscardedByScanner": 0,
    }
    images.save(path, series, affine, sidecar=told, step_s=bold.scan.repetition_s)


def write_opposed(
    folder: Path,
    bold: PhantomBold,
    volume: NDArray[np.int16],
    affine: Array,
    *,
    label: str,
    visit: str,
) -> None:
    """Write a volume of the opposite phase encoding into the data set."""
    name = f"sub-{label}_ses-{visit}"
    path = folder / f"sub-{label}/ses-{visit}/fmap/{name}_dir-PA_epi.nii.gz"
    told = {
        **sidecar(bold, volume.shape[1], sign=-bold_scan.SIGN),
        "IntendedFor": f"ses-{visit}/func/{name}_task-rest_bold.nii.gz",
    }
    images.save(path, volume, affine, sidecar=told)


def write_regions(folder: Path, regions: Regions, matrix: Array, *, label: str, visit: str) -> None:
    """Write the stated correlations, with the names of the regions and their networks."""
    columns = {
        name: {"Description": f"Correlation with {name}.", "Network": network}
        for name, network in zip(regions.names, regions.networks, strict=True)
    }
    rows = [dict(zip(regions.names, map(float, line), strict=True)) for line in matrix]
    path = Path(f"{stem_of(folder, label, visit)}_stat-population_relmat.tsv")
    dataset.write_table(path, rows, columns)


def write_series(
    folder: Path, bold: PhantomBold, regions: Regions, run: bold_scan.Run, *, label: str, visit: str
) -> None:
    """Write the neural signals in the middle of each volume's slice times."""
    times = np.array(bold.scan.slice_times_s)
    middle = float(times.min() + np.ptp(times) / 2)
    starts = bold_scan.times_s(bold)[:, 0] - times[0]
    columns: dict[str, object] = {
        name: {"Description": f"Neural signal at {middle:.6f} s of each volume."}
        for name in regions.names
    }
    rows = [
        dict(zip(regions.names, map(float, line), strict=True))
        for line in run.neural.at(starts + middle)
    ]
    path = Path(f"{stem_of(folder, label, visit)}_desc-neural_timeseries.tsv")
    dataset.write_table(path, rows, columns)


def write_motion(
    folder: Path, bold: PhantomBold, run: bold_scan.Run, *, label: str, visit: str
) -> None:
    """Write motion [mm, deg] and what was spoilt of each volume."""
    columns: dict[str, object] = {
        **{name: {"Units": "mm"} for name in ("trans_x", "trans_y", "trans_z")},
        **{name: {"Units": "deg"} for name in ("rot_x", "rot_y", "rot_z")},
        "jerked": {"Description": "1: the head jerked and came back."},
        "spiked": {"Description": "1: a spike in k-space."},
        "lost": {"Description": "Share of signal lost to spin history, on average."},
    }
    moves = run.moves
    rows: list[Mapping[str, object]] = []
    for n in range(bold.scan.n_volumes):
        numbers = [*map(float, moves.shifts_mm[n]), *map(float, moves.angles_deg[n])]
        told = [*numbers, int(moves.jerked[n]), int(run.spiked[n]), float(moves.lost[n])]
        rows.append(dict(zip(columns, told, strict=True)))
    path = Path(f"{stem_of(folder, label, visit)}_desc-motion_timeseries.tsv")
    dataset.write_table(path, rows, columns)


def write_maps(
    folder: Path,
    bold: PhantomBold,
    inside: Head,
    run: bold_scan.Run,
    grid: scanner.Grid,
    reads: bold_scan.Receiver,
    *,
    label: str,
    visit: str,
) -> None:
    """Write what lies where, on the undistorted grid of the first volume.

    Steady mean, standard deviation of the neural signal (both in units of the scan), regions,
    brain, field [Hz] and, where the systemic wave is on, its lag [s].
    """
    stem = stem_of(folder, label, visit)
    anatomy = inside.anatomy
    mean = scanner.resample(inside.means[-1], affine=anatomy.affine, grid=grid)
    labels, size = regions_on(inside, grid, run.matrix)
    names = bold_networks.atlas()[0].names
    numbered = {"Labels": {str(n + 1): name for n, name in enumerate(names)}}
    images.save(f"{stem}_desc-mean_boldref.nii.gz", mean * reads.shades, grid.affine)
    images.save(f"{stem}_stat-neural_boldmap.nii.gz", size * reads.shades, grid.affine)
    images.save(f"{stem}_seg-regions_dseg.nii.gz", labels, grid.affine, sidecar=numbered)
    brain = scanner.resample(anatomy.brain, affine=anatomy.affine, grid=grid) >= HALF
    images.save(f"{stem}_desc-brain_mask.nii.gz", brain, grid.affine)
    field = echo_planar.on_grid(inside.field_hz, anatomy, grid)
    images.save(f"{stem}_fieldmap.nii.gz", field, grid.affine, sidecar={"Units": "Hz"})
    if bold.physiology.systemic:
        late = echo_planar.on_grid(inside.lag_s, anatomy, grid)
        images.save(f"{stem}_stat-lag_boldmap.nii.gz", late, grid.affine, sidecar={"Units": "s"})


def stem_of(folder: Path, label: str, visit: str) -> Path:
    """Begin the names of a visit's files."""
    name = f"sub-{label}_ses-{visit}_task-rest"
    return folder / f"sub-{label}" / f"ses-{visit}" / "func" / name
