"""Write an arterial spin labelling scan, and what is known of its flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonolesion.core import images
from sonolesion.core.settings.phantom_asl import AslScan
from sonolesion.phantom import asl_scan, dataset, scanner
from sonolesion.phantom.asl_flow import Head, Part
from sonolesion.phantom.asl_scan import Series

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
# A tissue that fills less of a voxel has no flow of its own there.
LEAST_SHARE = 0.02
KINDS = {"GM": "grey", "WM": "white"}
SIDES = ("left", "right")


def write_scan(
    folder: Path, series: Series, scan: AslScan, affine: Array, *, label: str, visit: str
) -> None:
    """Write a scan with its table and sidecars into the data set."""
    name = f"sub-{label}_ses-{visit}"
    stem = folder / f"sub-{label}" / f"ses-{visit}" / "perf" / name
    volumes = np.stack(series.volumes, axis=-1)
    images.save(f"{stem}_asl.nii.gz", volumes, affine, sidecar=sidecar_of(scan, series))
    table = "\n".join(["volume_type", *series.roles]) + "\n"
    stem.with_name(f"{name}_aslcontext.tsv").write_text(table, encoding="utf-8")
    if scan.m0 == "separate":
        within = f"ses-{visit}/perf/{name}_asl.nii.gz"
        told = {**shared(scan), "RepetitionTimePreparation": m0_recovery_s(scan)}
        told |= {"IntendedFor": [f"bids::sub-{label}/{within}"]}
        images.save(f"{stem}_m0scan.nii.gz", series.m0, affine, sidecar=told)


def m0_recovery_s(scan: AslScan) -> float:
    """Return how long the M0 scan recovers [s]."""
    return scan.saturation_s if scan.layout == "product" else scan.m0_repetition_s


def shared(scan: AslScan) -> dict[str, object]:
    """Return what the sidecars of a scan and of its M0 have in common."""
    told: dict[str, object] = {
        "MagneticFieldStrength": 3.0,
        "Manufacturer": "sonolesion",
        "ManufacturersModelName": "digital phantom",
        "PulseSequenceType": "3D GRASE" if scan.readout == "3D" else "Gradient Echo EPI",
        "MRAcquisitionType": scan.readout,
        "EchoTime": scan.echo_s,
        "FlipAngle": scan.flip_deg,
        "SliceThickness": scan.voxel_mm[2],
    }
    if scan.readout == "2D":
        n_slices = round(scan.fov_mm[2] / scan.voxel_mm[2])
        told["SliceTiming"] = [round(k * scan.slice_s, 6) for k in range(n_slices)]
    return told


def sidecar_of(scan: AslScan, series: Series) -> dict[str, object]:
    """Return the acquisition parameters of a series by their BIDS names."""
    pulsed = scan.labelling == "PASL"
    several = len({*series.delays_s}) > 1
    first_m0 = scan.m0 == "included"
    repetition_s: object = scan.repetition_s
    if first_m0:
        repetition_s = [m0_recovery_s(scan), *[scan.repetition_s] * (len(series.roles) - 1)]
    told = {
        **shared(scan),
        "ArterialSpinLabelingType": scan.labelling,
        "PostLabelingDelay": series.delays_s if several else series.delays_s[-1],
        "RepetitionTimePreparation": repetition_s,
        "BackgroundSuppression": scan.suppression_pulses > 0,
        "M0Type": scan.m0.capitalize(),
        "TotalAcquiredPairs": scan.n_pairs * len(scan.delays_s),
        "VascularCrushing": False,
    }
    if scan.suppression_pulses:
        told["BackgroundSuppressionNumberPulses"] = scan.suppression_pulses
    if pulsed:
        return told | {
            "PASLType": "FAIR",
            "BolusCutOffFlag": True,
            "BolusCutOffTechnique": "QUIPSSII",
            "BolusCutOffDelayTime": scan.labelling_s,
        }
    durations = [scan.labelling_s * (role != "m0scan") for role in series.roles]
    return told | {
        "PCASLType": "balanced",
        "LabelingDuration": durations if first_m0 and several else scan.labelling_s,
    }


def write_maps(
    folder: Path, head: Head, scan: AslScan, grid: scanner.Grid, *, label: str, visit: str
) -> None:
    """Write flow, transit time and tissue on the undistorted grid of the scan.

    Flow of a voxel counts fluid as tissue without flow; that of a tissue is its own mean, NaN
    where there is next to none; transit time is weighted by flow.
    """
    stem = stem_of(folder, label, visit)

    def onto(fine: Volume) -> Volume:
        return asl_scan.in_voxels(head, scan, fine, [grid])[0]

    def write(name: str, volume: NDArray[np.float32] | NDArray[np.bool_], unit: str) -> None:
        images.save(f"{stem}_{name}.nii.gz", volume, grid.affine, sidecar={"Units": unit})

    inflow = np.zeros(grid.shape, dtype=np.float32)
    arriving = np.zeros(grid.shape, dtype=np.float32)
    for short, kind in KINDS.items():
        share, flow, late = (onto(fine) for fine in sums(head, kind))
        write(f"label-{short}_probseg", share, "share")
        write(f"desc-{short}_cbf", over(flow, share, least=LEAST_SHARE), "mL/100 g/min")
        write(f"desc-{short}_att", over(late, flow, least=LEAST_SHARE), "s")
        inflow, arriving = inflow + flow, arriving + late
    write("label-CSF_probseg", onto(head.anatomy.tissues["fluid"]), "share")
    write("cbf", inflow, "mL/100 g/min")
    write("att", over(arriving, inflow, least=LEAST_SHARE), "s")
    for side, cells in zip(SIDES, head.thalami, strict=True):
        write(f"hemi-{side[0].upper()}_label-thalamus_probseg", onto(cells.astype("f4")), "share")
    write("desc-brain_mask", onto(head.anatomy.brain) >= 0.5, "bool")


def sums(head: Head, kind: str) -> tuple[Volume, Volume, Volume]:
    """Return share of a tissue in each cell, that times flow, and times transit time."""
    share, flow, late = (np.zeros(head.anatomy.brain.shape, dtype=np.float32) for _ in range(3))
    for part in head.parts:
        if part.kind == kind:
            share[part.box] += part.share
            flow[part.box] += part.share * part.cbf
            late[part.box] += part.share * part.cbf * part.transit_s
    return share, flow, late


def over(above: Volume, below: Volume, *, least: float) -> Volume:
    """Divide, NaN where the divisor is less than `least`."""
    there = below >= least
    return np.where(there, above / np.where(there, below, 1), np.nan).astype(np.float32)


def write_motion(folder: Path, moved: Sequence[asl_scan.Moved], *, label: str, visit: str) -> None:
    """Write motion [mm, deg] of M0 and of each control and label."""
    units = {"trans": "mm", "rot": "deg"}
    columns = {f"{kind}_{axis}": {"Units": units[kind]} for kind in units for axis in "xyz"}
    rows: list[Mapping[str, object]] = [
        dict(zip(columns, map(float, [*one.shifts_mm, *one.angles_deg]), strict=True))
        for one in moved
    ]
    path = Path(f"{stem_of(folder, label, visit)}_desc-motion_timeseries.tsv")
    dataset.write_table(path, rows, columns)


def describe(head: Head, scan: AslScan, efficiency: float) -> dict[str, object]:
    """Return the numbers of a scan's truth: mean flow of each tissue and each thalamus."""
    flows = {
        f"{short}_cbf": mean_flow([part for part in head.parts if part.kind == kind])
        for short, kind in KINDS.items()
    }
    both = [sums(head, kind) for kind in KINDS.values()]
    for side, cells in zip(SIDES, head.thalami, strict=True):
        share, flow = (sum(float(one[n][cells].sum()) for one in both) for n in (0, 1))
        flows[f"thalamus_{side}_cbf"] = round(flow / share, 3)
    return {
        **flows,
        "visit_factor": round(head.visit_factor, 5),
        "efficiency": round(efficiency, 5),
        "sequence": scan.model_dump(mode="json"),
    }


def mean_flow(parts: Sequence[Part]) -> float:
    """Mean flow of some tissue [mL/100 g/min]."""
    flow = sum(float((part.share * part.cbf).sum(dtype=float)) for part in parts)
    return round(flow / sum(float(part.share.sum(dtype=float)) for part in parts), 3)


def stem_of(folder: Path, label: str, visit: str) -> Path:
    """Begin the names of a visit's files."""
    return folder / f"sub-{label}" / f"ses-{visit}" / "perf" / f"sub-{label}_ses-{visit}"
