"""From a run as acquired to the corrected one: steady volumes, slice times, motion, distortion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault
from sonolesion.core.nipype_confounds import framewise_displacement
from sonolesion.functional.slice_timing import shifted
from sonolesion.maths import brain, undistortion, volumes
from sonolesion.maths.distortion import displacement_voxels
from sonolesion.maths.rigid_motion import RIGID
from sonolesion.maths.rigid_resample import resample, resampled
from sonolesion.maths.rigid_series import Realigned, Search, realign
from sonolesion.maths.undistortion import Field, Scene

Array = NDArray[np.float64]
Series = NDArray[np.float32]
Volume = NDArray[np.float32]
Flags = NDArray[np.bool_]
Told = Mapping[str, Any]
MOTION_COLUMNS = (*RIGID, "framewise_displacement", "residual", "arrived")


@dataclass(frozen=True)
class Head:
    """T1w, and the share of each voxel in its brain, on the scan's grid."""

    t1w: Volume
    share: Volume


@dataclass(frozen=True)
class Prepared:
    """A corrected run.

    Attributes
    ----------
    data : ndarray of float32, shape (X, Y, Z, N)
        Steady volumes in the place of the reference.
    before, mean : ndarray of float32, shape (X, Y, Z)
        Mean of the realigned volumes before and after the correction of distortion.
    mask : ndarray of bool, shape (X, Y, Z)
        Brain.
    motion : list of dict
        Rows of the table of motion.
    told : dict
        What the sidecar says.
    """

    data: Series
    before: Volume
    mean: Volume
    mask: Flags
    motion: list[dict[str, object]]
    told: dict[str, Any]


def steady(data: Series, *, run: Told, limits: Told, file: object) -> tuple[Series, dict[str, Any]]:
    """Return the volumes of the steady state, and how many began before it.

    Raises
    ------
    InputFault
        If what is left is too short.
    """
    signal = np.array([float(data[..., n].mean()) for n in range(data.shape[3])])
    by_signal = volumes.non_steady(
        signal, max_z=limits["max_steady_z"], n_looked_at=limits["n_steady_compared"]
    )
    n_first = max(run["n_discarded"], by_signal)
    mark = volumes.require_minutes(
        data.shape[3] - n_first, run["repetition_s"], min_minutes=limits["min_minutes"],
        accept_short=limits["accept_short"], file=file,
    )  # fmt: skip
    told = {
        "VolumesDiscarded": n_first,
        "VolumesNotSteadyByIntensity": by_signal,
        "NumberOfVolumes": data.shape[3] - n_first,
        "RepetitionTime": run["repetition_s"],
        "Mark": mark,
    }
    return data[..., n_first:], told


def at_one_time(data: Series, *, run: Told, how: Told) -> tuple[Series, dict[str, Any]]:
    """Return the series with every slice at one time, and what was done."""
    if run["slice_times_s"] is None or how["method"] == "none":
        return data, {"SliceTimingCorrected": False, "SliceTimingNote": run["slice_note"]}
    times = np.array(run["slice_times_s"])
    middle = float(times.min() + how["reference_share"] * np.ptp(times))
    found = shifted(
        data, times, repetition_s=run["repetition_s"], reference_s=middle, method=how["method"]
    )
    return found, {"SliceTimingCorrected": True, "StartTime": middle}


def still(data: Series, affine: Array, mask: Flags, *, how: Told) -> Realigned:
    """Return where the head lay in each volume."""
    places: dict[str, Any] = {"mean": "mean", "first": 0, "middle": data.shape[3] // 2}
    return realign(data, affine, mask, reference=places[how["reference"]], search=Search.of(how))


def mean_of(data: Series, affine: Array, matrices: Array) -> Volume:
    """Return the mean of the realigned volumes, distorted as they are."""
    total = np.zeros(data.shape[:3])
    for volume in resampled(data, affine, matrices, order=1):
        total += volume
    return np.asarray(total / data.shape[3], dtype=np.float32)


def prepared(
    data: Series, affine: Array, head: Head, *, pair: tuple[Volume | None, Volume | None],
    measured: tuple[Volume, Array, Array] | None, run: Told, slice_timing: Told,
    realignment: Told, brain_mask: Told, distortion: Told, radius_mm: float,
) -> Prepared:  # fmt: skip
    """Correct the steady volumes of a run, interpolated once in space.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Volumes of the steady state.
    affine : ndarray of shape (4, 4)
        Voxel to world, RAS+ [mm].
    head : Head
        T1w and brain, where the header says that they lie.
    pair : tuple of ndarray or None
        Echo-planar volumes of the same and of the opposite phase encoding; without the first
        the run's own mean stands in.
    measured : tuple or None
        A field [Hz], its affine, and what carries points of the scan to it.
    run, slice_timing, realignment, brain_mask, distortion : mapping
        What the plan says of the run, and settings.
    radius_mm : float
        Ball on which rotations count as displacement [mm].

    Notes
    -----
    ASSUME: the head lay alike in the scans of the pair and in the run, and the displacement
    turns with the head.
    """
    voxel_mm = np.linalg.norm(affine[:3, :3], axis=0)
    series, said = at_one_time(data, run=run, how=slice_timing)
    rough = np.asarray(series.mean(axis=3), dtype=np.float32)
    around = brain.mask(head.share, rough, voxel_mm=voxel_mm, **brain_mask)
    if not around.any():
        raise InputFault(
            file="run",
            found="no signal where the T1w has its brain",
            expected="the head of the T1w of the same session",
            remedy="check origin and orientation in the headers of both",
        )
    motion = still(series, affine, around, how=realignment)
    before = mean_of(series, affine, motion.matrices)
    like, opposite = pair
    place = (None, affine, np.eye(4)) if measured is None else measured
    scene = Scene(
        before if like is None else like, opposite, place[0], place[1], head.t1w,
        head.share > brain.HALF, around, affine, place[2],
    )  # fmt: skip
    field = undistortion.find_field(scene, phase=run, settings=distortion, register=False)
    shift = None
    if field.hz is not None:
        shift = displacement_voxels(field.hz, run["readout_s"], run["sign"])
    found = resample(
        series, affine, motion.matrices, order=realignment["order"], shift_voxels=shift,
        axis=run["axis"],
    )  # fmt: skip
    mean = np.asarray(found.mean(axis=3), dtype=np.float32)
    mask = brain.mask(head.share, mean, voxel_mm=voxel_mm, **brain_mask)
    rows = _motion_rows(motion, radius_mm)
    return Prepared(found, before, mean, mask, rows, said | _told(field, shift, motion, mask))


def _motion_rows(motion: Realigned, radius_mm: float) -> list[dict[str, object]]:
    moved = framewise_displacement(motion.parameters, radius_mm=radius_mm)
    return [
        {
            **{name: f"{value:.6f}" for name, value in zip(RIGID, parameters, strict=True)},
            "framewise_displacement": "n/a" if np.isnan(step) else f"{step:.6f}",
            "residual": f"{residual:.6f}",
            "arrived": int(arrived),
        }
        for parameters, step, residual, arrived in zip(
            motion.parameters, moved, motion.residual, motion.arrived, strict=True
        )
    ]


def _told(field: Field, shift: Volume | None, motion: Realigned, mask: Flags) -> dict[str, Any]:
    away = np.abs(motion.parameters - motion.parameters.mean(axis=0))
    told = field.told | {
        "LargestTranslation_mm": round(float(away[:, :3].max()), 4),
        "LargestRotation_deg": round(float(np.degrees(away[:, 3:].max())), 4),
        "VolumesNotArrived": int((~motion.arrived).sum()),
    }
    if shift is not None:
        told["MedianDisplacement_voxels"] = round(float(np.median(np.abs(shift[mask]))), 3)
    return told
