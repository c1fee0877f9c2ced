"""From the series as measured to realigned differences and M0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.nipype_confounds import framewise_displacement
from sonolesion.maths import asl_context, rigid_resample, rigid_series
from sonolesion.perfusion import calibration

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
Told = Mapping[str, Any]
COLUMNS = (
    "volume", "role", "trans_x_mm", "trans_y_mm", "trans_z_mm", "rot_x_rad", "rot_y_rad",
    "rot_z_rad", "framewise_displacement_mm", "residual",
)  # fmt: skip
BRIGHTEST = 98.0
# Of the plan, what the sidecar repeats.
ROLES = ("layout", "controls", "labels", "differences", "m0", "cbf", "m0_source")


@dataclass(frozen=True)
class Prepared:
    """What the step writes.

    Attributes
    ----------
    differences : ndarray of shape (X, Y, Z, P)
        Control minus label; NaN outside the field of view, and all over where there is only a map.
    m0 : ndarray of shape (X, Y, Z)
        M0 of tissue, fully relaxed, or the proton density of GE's equation; NaN where there is
        none.
    reference : ndarray of shape (X, Y, Z)
        What is registered: M0, else the mean control, else the map or difference itself; finite.
    confounds : list of dict
        A row a volume that has its own pose.
    """

    differences: Volume
    m0: Volume
    reference: Volume
    confounds: list[dict[str, object]]
    told: dict[str, Any]


def series_of(told: Told) -> asl_context.Series:
    """Return which volume is what, as the plan says."""
    names = ("controls", "labels", "differences", "m0", "cbf")
    numbers = [np.array(told[name], dtype=np.intp) for name in names]
    return asl_context.Series(told["layout"], *numbers)


def prepared(
    data: NDArray[Any], m0_scan: NDArray[Any] | None, affine: Array, *, told: Told, motion: Told
) -> Prepared:
    """Realign the volumes, subtract, and bring M0 to full relaxation.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Series; NaN outside a round field of view.
    m0_scan : ndarray of shape (X, Y, Z, M) or None
        M0 scan of its own.
    affine : ndarray of shape (4, 4)
        Voxel to world, RAS+ [mm].
    told : mapping
        What the plan says of the series (`ingest.asl`).
    motion : mapping
        Settings ``perfusion.motion``.
    """
    found = series_of(told)
    joined = data if m0_scan is None else np.concatenate([data, m0_scan], axis=3)
    outside = ~np.isfinite(joined).all(axis=3)
    # A copy only where something is missing: a scan outside its field of view is 0 here.
    whole = np.nan_to_num(joined, nan=0.0, posinf=0.0, neginf=0.0) if outside.any() else joined
    m0_volumes = found.m0 if m0_scan is None else np.arange(data.shape[3], joined.shape[3])
    moved, rows, said = _realigned(whole, affine, found, m0_volumes, told, motion)
    m0 = _calibration(moved, found, m0_volumes, told)
    if found.layout == "cbf":
        differences = np.full((*data.shape[:3], 1), np.nan, dtype=np.float32)
    else:
        differences = asl_context.differences(moved, found)
    reference = _reference(moved, found, m0_volumes)
    differences[outside] = np.nan
    m0[outside] = np.nan
    return Prepared(differences, m0, reference, rows, said)


def _realigned(
    data: NDArray[Any], affine: Array, found: asl_context.Series, m0_volumes: NDArray[np.intp],
    told: Told, motion: Told,
) -> tuple[NDArray[Any], list[dict[str, object]], dict[str, Any]]:  # fmt: skip
    """Lay volumes of one contrast on each other; return all of them, rows, and what was done."""
    weighted = np.sort(np.concatenate([found.controls, found.labels]))
    sets = {"controls and labels": weighted, "M0 volumes": m0_volumes}
    if told["one_contrast"] and len(weighted):
        sets = {"controls, labels and M0 volumes": np.sort(np.concatenate([weighted, m0_volumes]))}
    search = rigid_series.Search.of(motion)
    moved = np.array(data, dtype=np.float32)
    rows: list[dict[str, object]] = []
    done = []
    for name, volumes in sets.items():
        if len(volumes) < 2:
            continue
        part = data[..., volumes]
        # When a scan of its own was taken isn't told.
        first = _nearest(volumes, found.m0)
        head = _head(part[..., first], motion["bright_share"])
        pose = rigid_series.realign(part, affine, head, reference=first, search=search)
        moved[..., volumes] = rigid_resample.resample(
            part, affine, pose.matrices, order=motion["order"]
        )
        rows += _rows(volumes, pose, found, motion["head_radius_mm"])
        done.append(name)
    rows.sort(key=lambda row: int(str(row["volume"])))
    return moved, rows, _motion_told(rows, done, told, m0_volumes)


def _nearest(volumes: NDArray[np.intp], m0_volumes: NDArray[np.intp]) -> int:
    """Return the position of the volume next to M0: the least the head can have moved between."""
    if not len(m0_volumes):
        return 0
    return int(np.abs(volumes[:, None] - m0_volumes[None]).min(axis=1).argmin())


def _head(volume: NDArray[Any], bright_share: float) -> NDArray[np.bool_]:
    """Return the bright, connected part of a volume, without holes."""
    bright = volume > bright_share * np.percentile(volume, BRIGHTEST)
    labels, _ = ndimage.label(bright)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(ndimage.binary_fill_holes(labels == sizes.argmax()))


def _rows(
    volumes: NDArray[np.intp], pose: rigid_series.Realigned,
    found: asl_context.Series, radius_mm: float,
) -> list[dict[str, object]]:  # fmt: skip
    """Return a row a volume; displacement is told within one set."""
    role = dict.fromkeys(found.controls.tolist(), "control")
    role |= dict.fromkeys(found.labels.tolist(), "label")
    steps = framewise_displacement(pose.parameters, radius_mm=radius_mm)
    rows = []
    for n, volume in enumerate(volumes.tolist()):
        numbers = [*pose.parameters[n], steps[n], pose.residual[n]]
        cells = [f"{v:.6g}" if np.isfinite(v) else "" for v in numbers]
        known = role.get(volume, "m0scan")
        rows.append(dict(zip(COLUMNS, [volume, known, *cells], strict=True)))
    return rows


def _motion_told(
    rows: Sequence[Mapping[str, object]], done: Sequence[str], told: Told,
    m0_volumes: NDArray[np.intp],
) -> dict[str, Any]:  # fmt: skip
    steps = [float(str(r["framewise_displacement_mm"])) for r in rows
             if r["framewise_displacement_mm"] and r["role"] != "m0scan"]  # fmt: skip
    said: dict[str, Any] = {
        "Realigned": "; ".join(done) or "nothing: single volumes",
        "MeanFramewiseDisplacement_mm": float(np.mean(steps)) if steps else None,
        "LargestFramewiseDisplacement_mm": float(np.max(steps)) if steps else None,
    }
    if len(m0_volumes) and not told["one_contrast"]:
        said["M0AndSeries"] = (
            "not laid on each other: suppressed controls look otherwise than M0; the series is "
            "laid on its volume next to M0"
        )
    return said


def _calibration(
    moved: NDArray[Any], found: asl_context.Series, m0_volumes: NDArray[np.intp], told: Told
) -> Volume:
    """Return M0 of tissue on the scale of the differences."""
    value = {name: entry["value"] for name, entry in told["constants"].items()}
    shape = moved.shape[:3]
    source = told["m0_source"]
    if source == "none":
        return np.full(shape, np.nan, dtype=np.float32)
    if source == "estimate":
        return np.full(shape, value["m0"] * value["m0_scale"], dtype=np.float32)
    volumes = found.controls if source == "controls" else m0_volumes
    mean = moved[..., volumes].mean(axis=3, dtype=np.float64) * value["m0_scale"]
    if "recovery_s" not in value:
        return np.asarray(mean, dtype=np.float32)
    return calibration.relaxed(mean, recovery_s=value["recovery_s"], tissue_t1_s=value["grey_t1_s"])


def _reference(
    moved: NDArray[Any], found: asl_context.Series, m0_volumes: NDArray[np.intp]
) -> Volume:
    """Return the volume that shows most anatomy."""
    options = (m0_volumes, found.controls, found.cbf, found.differences)
    volumes = next(some for some in options if len(some))
    return np.asarray(moved[..., volumes].mean(axis=3), dtype=np.float32)
