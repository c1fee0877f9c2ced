"""Medians of FA and MD in tissue and atlas regions, on the grid of the scan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.diffusion.brain import carried

Matrix = NDArray[np.float64]
COLUMNS = (
    "participant_id", "session_id", "intervention_id", "days_from_treatment", "modality", "map",
    "region", "side", "statistic", "value", "unit", "n_voxels", "coverage", "below_resolution",
    "status", "method",
)  # fmt: skip
UNITS = {"fa_median": "1", "md_median": "mm2/s"}


def rows(
    fa: NDArray[Any],
    md: NDArray[Any],
    affine: Matrix,
    to_scan: Matrix,
    *,
    tissue: Mapping[str, tuple[NDArray[Any], Matrix]],
    stack: NDArray[Any],
    stack_affine: Matrix,
    record: Mapping[str, Any],
    labels: Mapping[str, Any],
    distortion: str,
    min_tissue: float,
    min_share: float,
    few_voxels: int,
) -> list[dict[str, object]]:
    """Return the rows of a visit.

    Parameters
    ----------
    fa, md : ndarray of shape (X, Y, Z)
        Maps, MD in mm²/s; NaN outside the brain.
    affine, to_scan : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm]; acpc points to points of the scan.
    tissue : mapping
        Region → probability map in acpc, and its affine.
    stack, stack_affine, record
        Regions of the subject, as the step `atlases_carry` writes them; those that are or hold a
        structure of ``structures.tsv`` are told.
    labels : mapping
        Ids and day of the visit.
    distortion : str
        How the scan was freed of distortion; part of each row's method.
    min_tissue, min_share, few_voxels
        As in the settings ``diffusion.regions``.
    """
    grid: dict[str, Any] = {"shape": fa.shape, "affine": affine}
    found: list[dict[str, object]] = []
    for name, (volume, place) in tissue.items():
        share = carried(volume, place, to_scan, **grid)
        here = {"region": name, "side": "", "method": f"probability from {min_tissue:g}"}
        found += _region(fa, md, share, min_tissue, 1.0, few_voxels, here)
    for number, entry in enumerate(record["regions"]):
        if not entry["structure"]:
            continue
        share = carried(stack[..., number] / record["whole"], stack_affine, to_scan, **grid)
        here = {
            "region": f"{entry['atlas']}:{entry['region']}",
            "side": entry["side"],
            "method": f"{entry['relation']} {entry['structure']}; share from {min_share:g}",
        }
        found += _region(fa, md, share, min_share, entry["coverage"], few_voxels, here)
    return [
        {**_common(labels), **row, "method": f"{row['method']}; distortion: {distortion}"}
        for row in found
    ]


def _common(labels: Mapping[str, Any]) -> dict[str, object]:
    return {
        "participant_id": labels["participant_id"],
        "session_id": labels["session_id"],
        "days_from_treatment": labels["day"],
        "modality": "dwi",
        "map": "tensor",
    }


def _region(
    fa: NDArray[Any], md: NDArray[Any], share: NDArray[Any], level: float, coverage: float,
    few_voxels: int, here: Mapping[str, object],
) -> Iterator[dict[str, object]]:  # fmt: skip
    """Yield the rows of one region; without a value where no voxel belongs to it."""
    chosen = share >= level
    seen = chosen & np.isfinite(fa) & np.isfinite(md)
    count = int(np.count_nonzero(seen))
    total = int(np.count_nonzero(chosen))
    size = {
        "n_voxels": count,
        "coverage": round(coverage * count / total, 4) if total else 0.0,
        "below_resolution": "true" if count < few_voxels else "false",
    }
    for statistic, volume in (("fa_median", fa), ("md_median", md)):
        row = {**here, **size, "statistic": statistic, "unit": UNITS[statistic]}
        if count:
            yield row | {"value": float(np.median(volume[seen])), "status": "measured"}
        else:
            yield row | {"status": "absent"}
