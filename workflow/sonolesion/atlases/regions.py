"""The regions of every atlas of a study in one stack, and the record that describes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.atlases.carry import WHOLE, Box, Carried, carried
from sonolesion.atlases.loader import Region, regions
from sonolesion.atlases.space import Matrix, box_grid, carry, subpoints
from sonolesion.atlases.target import ellipsoid
from sonolesion.core.errors import InputFault

# What is told of each atlas in the record.
TOLD = ("space", "carried_as", "extra_sd_mm", "note", "licence", "citation", "fingerprint")
CENTROID = "centroid"
SPACING_MM = 0.5


def acpc_box(
    brain: NDArray[np.bool_],
    brain_affine: Matrix,
    *,
    low_mm: Sequence[float],
    high_mm: Sequence[float],
    samples_per_edge: int,
    to_template: tuple[NDArray[Any], Matrix],
    from_template: tuple[NDArray[Any], Matrix],
    to_other: tuple[NDArray[Any], Matrix],
    from_other: tuple[NDArray[Any], Matrix],
    template: str,
    other: str,
) -> Box:
    """Lay a box in acpc and find where its voxels lie in both templates.

    Parameters
    ----------
    brain, brain_affine : ndarray of bool, shape (X, Y, Z) and (4, 4)
        The subject's brain in acpc.
    low_mm, high_mm : sequence of 3 floats
        Corners of the box [mm].
    samples_per_edge : int
        Points an edge of a voxel.
    to_template, from_template : field (X, Y, Z, 3) [mm] with its affine
        acpc points to points of `template`, and back.
    to_other, from_other : field with its affine
        Points of `template` to points of `other`, and back.
    template, other : str
        The template the subject was registered to, and the other one.
    """
    part, affine = box_grid(low_mm, high_mm, grid_affine=brain_affine, shape=brain.shape)
    shape = brain[part].shape
    inside = subpoints(shape, affine, per_edge=samples_per_edge)
    points = carry(inside.reshape(*shape, *inside.shape[1:]), *to_template)
    return Box(
        shape=(shape[0], shape[1], shape[2]),
        affine=affine,
        points={template: points, other: carry(points, *to_other)},
        back={template: [from_template], other: [from_other, from_template]},
        brain=brain,
        brain_affine=brain_affine,
    )


def collected(
    rows: Sequence[Mapping[str, Any]],
    targets: Sequence[Mapping[str, str]],
    box: Box,
    *,
    target: str,
    ellipsoid_ratio: Sequence[float],
    min_inside: float,
) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    """Carry every usable atlas to the box; an atlas that can't be used is named, with its fault.

    Parameters
    ----------
    rows : sequence of mapping
        Rows of `table.chosen`.
    targets : sequence of mapping
        Rows of ``targets.tsv``, with ``carried_as`` and ``extra_sd_mm`` of their space.
    box : Box
        Where the regions are wanted.
    target : str
        Target nucleus; where no atlas has it, an ellipsoid stands for it.
    ellipsoid_ratio, min_inside
        As in the settings ``atlases``.

    Returns
    -------
    stack : ndarray of uint8, shape (X, Y, Z, n_regions)
        Share of each voxel, ``record["whole"]`` meaning all of it.
    record : dict
        ``atlases`` (name → origin, licence, citation, ``status`` and ``reason``), ``regions``
        (in the order of the stack), ``target`` and ``whole``.
    """
    stack: list[NDArray[np.uint8]] = []
    entries: list[dict[str, Any]] = []
    told: dict[str, Any] = {}
    for row in rows:
        found = _carried(row, box, min_inside)
        told[row["name"]] = _told(row, found.fault)
        stack += found.fractions
        entries += _named(row, found.entries)
    has_target = any(e["structure"] == target and e["relation"] != "holds" for e in entries)
    for place in [] if has_target else [p for p in targets if p["name"] == target]:
        found = carried(
            [_stand_in(place, ellipsoid_ratio)], box, space=place["carried_as"], min_inside=0.0
        )
        told[CENTROID] = _told({**place, "licence": "coordinates of a publication"}, "")
        stack += found.fractions
        structure = {target: [target, "ellipsoid"]}
        row = {"name": CENTROID, "structures": structure, "extra_sd_mm": place["extra_sd_mm"]}
        entries += _named(row, found.entries)
    shape = (*box.shape, 0)
    whole = np.stack(stack, axis=-1) if stack else np.zeros(shape, dtype=np.uint8)
    return whole, {"atlases": told, "regions": entries, "target": target, "whole": WHOLE}


def _carried(row: Mapping[str, Any], box: Box, min_inside: float) -> Carried:
    """Carry one atlas; whatever is wrong with it becomes its fault, and blocks nothing else."""
    if row["fault"]:
        return Carried(fault=row["fault"])
    if row["kind"] == "coordinates":
        return Carried(fault="points have no extent to overlap with")
    try:
        return carried(regions(row), box, space=row["carried_as"], min_inside=min_inside)
    except InputFault as fault:
        return Carried(fault=f"{fault.file}: {fault.found}; expected {fault.expected}")
    except (OSError, EOFError, ValueError) as fault:
        return Carried(fault=f"{row['file']} can't be read ({fault})")


def _told(row: Mapping[str, Any], fault: str) -> dict[str, Any]:
    told = {name: row.get(name, "") for name in TOLD}
    return told | {"status": "refused" if fault else "carried", "reason": fault}


def _named(row: Mapping[str, Any], entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add atlas, structure and uncertainty to entries; regions of one name are numbered."""
    seen: dict[tuple[str, str], int] = {}
    named = []
    for entry in entries:
        structure, relation = row["structures"].get(entry["region"], ["", ""])
        number = seen[entry["region"], entry["side"]] = (
            seen.get((entry["region"], entry["side"]), 0) + 1
        )
        region = entry["region"] if number == 1 else f"{entry['region']}_{number}"
        named.append(
            entry
            | {
                "region": region,
                "atlas": row["name"],
                "structure": structure,
                "relation": relation,
                "extra_sd_mm": row["extra_sd_mm"],
            }
        )
    return named


def _stand_in(place: Mapping[str, str], ratio: Sequence[float]) -> Region:
    centre = [float(place[f"{axis}_mm"]) for axis in "xyz"]
    volume, affine = ellipsoid(
        centre, volume_mm3=float(place["volume_mm3"]), ratio=ratio, spacing_mm=SPACING_MM
    )
    return Region(place["name"], place["name"], place["side"], volume, affine, 0)
