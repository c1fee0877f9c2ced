"""Blood flow of a lesion's zones, of the tissue around them, and of the mirrored place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.maths import region_measures
from sonolesion.maths.brain import carried
from sonolesion.perfusion.appraisal import FLOW

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
Told = Mapping[str, Any]
Row = dict[str, object]
# Labels of the zones, as the lesion stage writes them.
CORE, RIM, OEDEMA = 1, 2, 3
MIRROR = np.diag([-1.0, 1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Zones:
    """Zones on a part of the acpc grid: region → mask (A, B, C), with one affine."""

    masks: dict[str, Mask]
    affine: Matrix


@dataclass(frozen=True)
class Flow:
    """A visit's map of blood flow (X, Y, Z), its affine, and acpc points to points of the scan."""

    cbf: NDArray[Any]
    affine: Matrix
    to_scan: Matrix
    method: str

    @property
    def grid(self) -> dict[str, Any]:
        """Shape and affine."""
        return {"shape": self.cbf.shape, "affine": self.affine}


def around(
    labels: NDArray[Any], tissue: NDArray[Any], affine: Matrix, *, core_told: bool, ring_mm: float
) -> Zones:
    """Return the zones of a lesion, and the shell of tissue around all of them.

    Parameters
    ----------
    labels : ndarray of shape (X, Y, Z)
        Zones on the acpc grid: 1 core, 2 rim, 3 oedema, 0 elsewhere; not empty.
    tissue : ndarray of shape (X, Y, Z)
        Share of grey and white matter together.
    affine : ndarray of shape (4, 4)
        Voxel indices to acpc points, RAS+ [mm].
    core_told : bool
        Whether core and rim are told apart; else 1 is the lesion.
    ring_mm : float
        Thickness of the shell [mm].

    Returns
    -------
    Zones
        Those that hold anything: ``lesion``, ``core``, ``rim``, ``oedema``, ``perilesional``.
    """
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    rim_voxels = np.ceil(ring_mm / edges).astype(int) + region_measures.RIM_VOXELS
    index = np.argwhere(labels)
    low, high = np.maximum(index.min(axis=0) - rim_voxels, 0), index.max(axis=0) + rim_voxels + 1
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    own = labels[box]
    near = ndimage.distance_transform_edt(own == 0, sampling=edges) <= ring_mm
    lesion = (own == CORE) | (own == RIM)
    found = {"lesion": lesion}
    if core_told:
        found |= {"core": own == CORE, "rim": own == RIM}
    found["oedema"] = own == OEDEMA
    found["perilesional"] = near & (own == 0) & (tissue[box] > 0.5)
    moved = affine.copy()
    moved[:3, 3] += affine[:3, :3] @ low
    return Zones({name: mask for name, mask in found.items() if mask.any()}, moved)


def seen_share(zones: Zones, mask: Mask, flow: Flow, to_scan: Matrix) -> float:
    """Return the share of a zone's volume that lies in the scan's field of view."""
    points = np.argwhere(mask) @ zones.affine[:3, :3].T + zones.affine[:3, 3]
    to_voxel = np.linalg.inv(flow.affine) @ to_scan
    index = np.round(points @ to_voxel[:3, :3].T + to_voxel[:3, 3])
    inside = ((index >= 0) & (index < flow.cbf.shape)).all(axis=1)
    return float(inside.mean())


def places(
    zones: Zones, flow: Flow, *, min_share: float, mirrored: bool
) -> Iterator[region_measures.Place]:
    """Yield every zone on the grid of the scan, or its place mirrored at the midsagittal plane.

    Parameters
    ----------
    min_share : float
        Least share of a voxel that lies in a zone.
    mirrored : bool
        Whether the other side is meant; the midsagittal plane is that of the acpc space.
    """
    # A point p of the other side belongs to the zone if its mirror image does.
    to_scan = flow.to_scan @ MIRROR if mirrored else flow.to_scan
    for name, mask in zones.masks.items():
        share = carried(mask.astype(np.float32), zones.affine, to_scan, **flow.grid)
        yield region_measures.Place(
            f"mirrored_{name}" if mirrored else name, "", f"share from {min_share:g}",
            share >= min_share, seen_share(zones, mask, flow, to_scan),
        )  # fmt: skip


def rows(
    zones: Zones | None, flows: Mapping[str, Flow], *, labels: Told, regions: Told,
    voxel_ratio: float, note: str, other_treated: bool,
) -> list[Row]:  # fmt: skip
    """Return the rows of a visit after a treatment.

    Parameters
    ----------
    zones : Zones or None
        None where no lesion is visible.
    flows : mapping
        Name of the map in the rows → flow: ``cbf`` of the visit, ``cbf_baseline`` of the
        treatment's baseline at the same place, where there is one.
    labels : mapping
        Ids, ``day_after`` and ``side``.
    regions : mapping
        Settings ``perfusion.regions``.
    voxel_ratio : float
        Volume of a voxel as acquired over one of the grid: an interpolated grid has voxels
        that resolve nothing.
    note : str
        Where the zones come from, for the method.
    other_treated : bool
        The mirrored place may hold another lesion: no ratio is told.
    """
    common: Row = {
        "participant_id": labels["participant_id"],
        "session_id": labels["session_id"],
        "intervention_id": labels["intervention_id"],
        "days_from_treatment": labels["day_after"],
        "modality": "perf",
    }
    sides = {False: labels["side"], True: {"left": "right", "right": "left"}[labels["side"]]}
    if zones is None:
        empty = {"map": "cbf", "region": "lesion", "side": sides[False], "unit": FLOW}
        nothing = {"statistic": "cbf_median", "status": "not_visible", "method": note}
        return [common | empty | nothing]
    few = math.ceil(regions["few_voxels"] * max(voxel_ratio, 1.0))
    found: list[Row] = []
    for name, flow in flows.items():
        cells = common | {"map": name}
        medians = {
            mirrored: [
                _median(place, flow, few, sides[mirrored])
                for place in places(zones, flow, min_share=regions["min_share"], mirrored=mirrored)
            ]
            for mirrored in (False, True)
        }
        words = f"{flow.method}; {note}" + "; other side treated too" * other_treated
        every = [*medians[False], *medians[True]]
        if not other_treated:
            every += [_ratio(*pair) for pair in zip(*medians.values(), strict=True)]
        found += [cells | row | {"method": f"{words}; {row['method']}"} for row in every]
    return found


def _median(place: region_measures.Place, flow: Flow, few: int, side: str) -> Row:
    (row,) = region_measures.medians({"cbf_median": (flow.cbf, FLOW)}, place, few)
    # A zone too small to fill half a voxel is in the scan all the same.
    covered = {} if place.chosen.any() else {"coverage": round(place.coverage, 4)}
    return row | covered | {"side": side}


def _ratio(own: Row, other: Row) -> Row:
    """Return the row of a zone's flow over that of its mirrored place; none is told below 0."""
    row = own | {
        "statistic": "cbf_ratio",
        "unit": "1",
        "coverage": min(float(str(one["coverage"])) for one in (own, other)),
        "below_resolution": max(str(one["below_resolution"]) for one in (own, other)),
        "status": "absent",
    }
    above, below = row.pop("value", None), other.get("value")
    if isinstance(above, float) and isinstance(below, float) and below > 0:
        return row | {"value": above / below, "status": "measured"}
    return row
