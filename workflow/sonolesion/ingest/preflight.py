"""What a scan's name, header and sidecar must say before anything runs on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sonolesion.core.settings.ingest import Ingest
from sonolesion.ingest.scans import Facts

MAX_SHEAR = 0.01  # cosine between voxel axes; rotations stored in float32 reach 1e-4
MIN_VOXELS_PER_AXIS = 8
DIMENSIONS = {"T1w": 3, "T2w": 3, "FLAIR": 3, "MEGRE": 3, "dwi": 4, "bold": 4}
# Physical parameters no stage can do without: BIDS 1.10 names, seconds. Those of perfusion depend
# on the volumes: `asl` asks for them.
REQUIRED_KEYS: Mapping[str, tuple[str, ...]] = {
    "bold": ("RepetitionTime",),
    "MEGRE": ("EchoTime",),
    "svs": ("EchoTime", "SpectrometerFrequency", "ResonantNucleus"),
}


class Fault(NamedTuple):
    """Why a scan can't be used, and what to mend."""

    reason: str
    remedy: str


def faults(
    modality: str, facts: Facts, sidecar: Mapping[str, Any], settings: Ingest
) -> Iterator[Fault]:
    """Yield every fault of a scan's header and sidecar, gravest first."""
    if facts.fault:
        yield Fault(f"unreadable header: {facts.fault}", "convert the scan again")
        return
    if facts.missing:
        yield Fault(f"voxel data that end early: {facts.missing}", "copy or convert the scan again")
    yield from _grid_faults(modality, facts, settings)
    yield from _orientation_faults(facts, settings)
    yield from _sidecar_faults(modality, sidecar, settings)


def _grid_faults(modality: str, facts: Facts, settings: Ingest) -> Iterator[Fault]:
    wanted = DIMENSIONS.get(modality)
    shape = "x".join(map(str, facts.shape))
    if wanted and len(facts.shape) != wanted:
        yield Fault(
            f"{len(facts.shape)}-D volume ({shape}), expected {wanted}-D",
            "split or merge the series, or name the right file",
        )
    elif modality != "svs" and min(facts.shape[:3]) < MIN_VOXELS_PER_AXIS:
        yield Fault(
            f"grid {shape}, expected at least {MIN_VOXELS_PER_AXIS} voxels along each axis",
            "convert the whole series; a localizer is no input",
        )
    if facts.unit not in {"mm", "unknown"}:
        yield Fault(f"lengths in {facts.unit}, expected mm", "write the header in mm")
    small, large = settings.min_voxel_mm, settings.max_voxel_mm
    if modality != "svs" and not all(small <= mm <= large for mm in facts.voxel_mm):
        yield Fault(
            f"voxels of {' x '.join(map(str, facts.voxel_mm))} mm, expected {small} to {large} mm",
            "mend the header, or widen ingest.min_voxel_mm / ingest.max_voxel_mm",
        )


def _orientation_faults(facts: Facts, settings: Ingest) -> Iterator[Fault]:
    if not facts.oriented:
        yield Fault(
            "neither qform nor sform is set: the side can't be known",
            "convert again from DICOM; never set it by eye",
        )
    if facts.shear > MAX_SHEAR:
        yield Fault(
            f"voxel axes that are not at right angles (cosine {facts.shear})",
            "resample to a regular grid; gantry tilt shears a volume",
        )
    shift_mm = facts.affine_difference_mm
    if shift_mm is not None and shift_mm > settings.max_affine_difference_mm:
        yield Fault(
            f"qform and sform disagree by {shift_mm} mm, "
            f"expected at most {settings.max_affine_difference_mm} mm",
            "keep the scanner's (delete the other by setting its code to 0)",
        )


def _sidecar_faults(modality: str, sidecar: Mapping[str, Any], settings: Ingest) -> Iterator[Fault]:
    required = REQUIRED_KEYS.get(modality, ())
    lacking = [name for name in required if name not in sidecar]
    if lacking:
        yield Fault(
            f"sidecar lacks {', '.join(lacking)}",
            "add to the JSON file, in the units of BIDS; it is never guessed",
        )
    echo_s = sidecar.get("EchoTime")
    if isinstance(echo_s, int | float) and echo_s > settings.max_echo_time_s:
        yield Fault(
            f"EchoTime {echo_s}, expected seconds (at most {settings.max_echo_time_s})",
            "divide by 1000 if it is in milliseconds",
        )
