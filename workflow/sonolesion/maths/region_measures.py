"""Medians of maps in tissue and atlas regions, on the grid of the scan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sonolesion.maths.brain import carried

Matrix = NDArray[np.float64]
COLUMNS = (
    "participant_id", "session_id", "intervention_id", "days_from_treatment", "modality", "map",
    "region", "side", "statistic", "value", "unit", "n_voxels", "coverage", "below_resolution",
    "status", "method",
)  # fmt: skip
Map = tuple[NDArray[Any], str]
# Smoothing to voxels of up to 8 mm reaches so far (four standard deviations).
RIM_VOXELS = 10


class Place(NamedTuple):
    """A region on the grid of a scan: its voxels, and which part of it the atlas covers."""

    region: str
    side: str
    method: str
    chosen: NDArray[np.bool_]
    coverage: float


def rows(
    maps: Mapping[str, Map],
    affine: Matrix,
    to_scan: Matrix,
    *,
    tissue: Mapping[str, tuple[NDArray[Any], Matrix]],
    stack: NDArray[Any],
    stack_affine: Matrix,
    record: Mapping[str, Any],
    labels: Mapping[str, Any],
    modality: str,
    map_name: str,
    min_tissue: float,
    min_share: float,
    few_voxels: int,
    note: str = "",
) -> list[dict[str, object]]:
    """Return the rows of a visit for one map, or several that count where all are told.

    Parameters
    ----------
    maps : mapping
        Statistic → map (X, Y, Z), NaN where nothing is told, and unit.
    affine, to_scan, tissue, stack, stack_affine, record, min_tissue, min_share
        As in `places`; regions that are or hold a structure of ``structures.tsv`` are told.
    labels : mapping
        Ids and day of the visit.
    modality, map_name : str
        Cells of each row.
    few_voxels : int
        A region of fewer voxels is too small for the scan.
    note : str
        What else each row's method tells.
    """
    shape = next(iter(maps.values()))[0].shape
    found = places(
        affine, to_scan, shape=shape, tissue=tissue, stack=stack, stack_affine=stack_affine,
        record=record, min_tissue=min_tissue, min_share=min_share,
    )  # fmt: skip
    common = {**visit_cells(labels), "modality": modality, "map": map_name}
    return [
        {**common, **row, "method": "; ".join(filter(None, (str(row["method"]), note)))}
        for place in found
        for row in medians(maps, place, few_voxels)
    ]


def places(
    affine: Matrix,
    to_scan: Matrix,
    *,
    shape: tuple[int, ...],
    tissue: Mapping[str, tuple[NDArray[Any], Matrix]],
    stack: NDArray[Any],
    stack_affine: Matrix,
    record: Mapping[str, Any],
    min_tissue: float,
    min_share: float,
    every_region: bool = False,
) -> Iterator[Place]:
    """Yield tissue and atlas regions on the grid of a scan.

    Parameters
    ----------
    affine, to_scan : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm]; acpc points to points of the scan.
    shape : tuple of int
        Grid of the scan (X, Y, Z).
    tissue : mapping
        Region → probability map in acpc, and its affine.
    stack, stack_affine, record
        Regions of the subject, as the step `atlases_carry` writes them.
    min_tissue, min_share : float
        Least probability of a tissue, and least share of a voxel in a region.
    every_region : bool
        Not only those that are or hold a structure of ``structures.tsv``.
    """
    grid: dict[str, Any] = {"shape": shape, "affine": affine}
    for name, (volume, place) in tissue.items():
        share = carried(volume, place, to_scan, **grid)
        yield Place(name, "", f"probability from {min_tissue:g}", share >= min_tissue, 1.0)
    for number, entry in enumerate(record["regions"]):
        if not entry["structure"] and not every_region:
            continue
        box, moved = _boxed(stack[..., number], stack_affine)
        share = carried(box / record["whole"], moved, to_scan, **grid)
        kind = f"{entry['relation']} {entry['structure']}; " if entry["structure"] else ""
        yield Place(
            f"{entry['atlas']}:{entry['region']}", entry["side"],
            f"{kind}share from {min_share:g}", share >= min_share, entry["coverage"],
        )  # fmt: skip


def _boxed(volume: NDArray[Any], affine: Matrix) -> tuple[NDArray[Any], Matrix]:
    """Return what is not zero with a rim as wide as smoothing reaches, and its affine."""
    index = np.argwhere(volume)
    if not len(index):
        return volume[:1, :1, :1], affine
    low = np.maximum(index.min(axis=0) - RIM_VOXELS, 0)
    high = index.max(axis=0) + RIM_VOXELS + 1
    moved = affine.copy()
    moved[:3, 3] += affine[:3, :3] @ low
    return volume[tuple(slice(a, b) for a, b in zip(low, high, strict=True))], moved


def visit_cells(labels: Mapping[str, Any]) -> dict[str, object]:
    """Return the cells of a row that tell the visit."""
    return {
        "participant_id": labels["participant_id"],
        "session_id": labels["session_id"],
        "days_from_treatment": labels["day"],
    }


def medians(maps: Mapping[str, Map], place: Place, few_voxels: int) -> Iterator[dict[str, object]]:
    """Yield the rows of one region; without a value where no voxel belongs to it."""
    total = int(np.count_nonzero(place.chosen))
    seen = place.chosen & np.all([np.isfinite(volume) for volume, _ in maps.values()], axis=0)
    count = int(np.count_nonzero(seen))
    size = {
        "region": place.region,
        "side": place.side,
        "method": place.method,
        "n_voxels": count,
        "coverage": round(place.coverage * count / total, 4) if total else 0.0,
        "below_resolution": "true" if count < few_voxels else "false",
    }
    for statistic, (volume, unit) in maps.items():
        row = {**size, "statistic": statistic, "unit": unit}
        if count:
            yield row | {"value": float(np.median(volume[seen])), "status": "measured"}
        else:
            yield row | {"status": "absent"}
