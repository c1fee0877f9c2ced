"""Overlap of the lesion with atlas regions, with the uncertainty of where the regions lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Matrix = NDArray[np.float64]
Values = NDArray[np.float64]
STATISTICS = {
    "overlap_volume": "mm3",
    "overlap_of_region": "1",
    "overlap_of_lesion": "1",
    "centroid_distance": "mm",
}
# A region lies where at least half of its highest share is.
HALF = 0.5


@dataclass(frozen=True)
class Lesion:
    """The lesion as points: centres of its voxels [mm], shape (N, 3), and one voxel [mm³]."""

    points_mm: NDArray[np.float64]
    voxel_mm3: float

    @property
    def volume_mm3(self) -> float:
        """Volume [mm³]."""
        return len(self.points_mm) * self.voxel_mm3


def lesion_of(mask: NDArray[np.bool_], affine: Matrix) -> Lesion:
    """Return the voxels of a mask of shape (X, Y, Z) as points."""
    points = np.argwhere(mask) @ affine[:3, :3].T + affine[:3, 3]
    return Lesion(points, abs(float(np.linalg.det(affine[:3, :3]))))


def unit_shifts(n: int, *, seed: int) -> Values:
    """Return `n` random displacements of unit variance an axis after one of zero, (n + 1, 3)."""
    drawn = np.random.default_rng(seed).standard_normal((n, 3))
    return np.concatenate([np.zeros((1, 3)), drawn])


def overlaps(
    lesion: Lesion,
    share: NDArray[Any],
    affine: Matrix,
    *,
    volume_mm3: float,
    centroid_mm: Sequence[float],
    shifts_mm: Values,
) -> dict[str, Values]:
    """Return each statistic for the lesion in place and for each displaced copy.

    Parameters
    ----------
    lesion : Lesion
        The lesion, with at least one voxel.
    share : ndarray of shape (X, Y, Z)
        Share of each voxel that belongs to the region, or its probability; zero beyond the grid.
    affine : ndarray of shape (4, 4)
        Voxel indices of `share` to millimetres.
    volume_mm3, centroid_mm : float, sequence of 3 floats
        Of the whole region, also beyond the grid.
    shifts_mm : ndarray of shape (K, 3)
        Displacements of the lesion; the first is zero.

    Returns
    -------
    dict
        Statistic → values of shape (K,).
    """
    places = (lesion.points_mm[None] + shifts_mm[:, None]).reshape(-1, 3)
    inverse = np.linalg.inv(affine)
    index = places @ inverse[:3, :3].T + inverse[:3, 3]
    read = ndimage.map_coordinates(share, index.T, order=1, mode="grid-constant", output=np.float64)
    common = read.reshape(len(shifts_mm), -1).sum(axis=1) * lesion.voxel_mm3
    centre = lesion.points_mm.mean(axis=0)
    away = centre + shifts_mm - np.asarray(centroid_mm, dtype=float)
    return {
        "overlap_volume": common,
        "overlap_of_region": np.minimum(common / volume_mm3, 1.0),
        "overlap_of_lesion": common / lesion.volume_mm3,
        "centroid_distance": np.linalg.norm(away, axis=1),
    }


def interval(values: Values, *, share: float) -> tuple[float, float, float]:
    """Return the first value, and the range that holds it and a share of the others.

    Examples
    --------
    >>> interval(np.array([0.9, 0.1, 0.2, 0.3]), share=1.0)
    (0.9, 0.1, 0.9)
    """
    tail = (1.0 - share) / 2.0
    low, high = np.quantile(values[1:], [tail, 1.0 - tail])
    value = float(values[0])
    return value, min(value, float(low)), max(value, float(high))


def distance_mm(share: NDArray[Any], affine: Matrix, point_mm: Sequence[float]) -> float:
    """Return the distance from a point to the nearest voxel centre of a region [mm]."""
    inside = np.argwhere(share >= HALF * share.max())
    places = inside @ affine[:3, :3].T + affine[:3, 3]
    return float(np.linalg.norm(places - np.asarray(point_mm, dtype=float), axis=1).min())


def within_reach(
    stack: NDArray[Any],
    affine: Matrix,
    entries: Sequence[Mapping[str, Any]],
    *,
    target_mm: Sequence[float],
    side: str,
    reach_mm: float,
) -> list[int]:
    """Return which regions are reported: near the plan, on its side or of no side.

    The plan alone decides, so that every visit reports the same regions. The target nucleus is
    always among them.
    """
    return [
        k
        for k, entry in enumerate(entries)
        if entry["side"] in {side, ""}
        and (
            entry["relation"] in {"is", "ellipsoid"}
            or distance_mm(stack[..., k], affine, target_mm) <= reach_mm
        )
    ]


def role(entry: Mapping[str, Any], *, target: str) -> str:
    """Say in words what a region is to the plan.

    Examples
    --------
    >>> role({"structure": "CL", "relation": "holds"}, target="CL")
    'holds target CL'
    """
    structure, relation = entry["structure"], entry["relation"]
    kind = "target" if structure == target else "neighbour"
    words = {"is": "", "holds": "holds ", "part": "part of ", "ellipsoid": "ellipsoid for "}
    return f"{words.get(relation, '')}{kind} {structure}".strip() if structure else "neighbour"


def rows(
    lesion: Lesion | None,
    stack: NDArray[Any],
    affine: Matrix,
    record: Mapping[str, Any],
    *,
    labels: Mapping[str, Any],
    target_mm: Sequence[float],
    shifts: Values,
    registration_sd_mm: float,
    interval_share: float,
    reach_mm: float,
    few_voxels: int,
) -> list[dict[str, object]]:
    """Return the rows of one visit.

    Parameters
    ----------
    lesion : Lesion or None
        None where no lesion is visible.
    stack, affine, record
        Regions of the subject and their record, as the step `atlases_carry` writes them.
    labels : mapping
        Ids, ``day_after`` and ``side`` of the visit.
    target_mm : sequence of 3 floats
        Planned target, acpc [mm].
    shifts : ndarray of shape (K, 3)
        Displacements in units of the standard deviation; the first is zero.
    registration_sd_mm : float
        Standard deviation an axis of the registration to the template [mm]; that of an atlas'
        own space is added in quadrature.
    interval_share, reach_mm, few_voxels
        As in the settings ``atlases``.
    """
    common = _common(labels)
    found: list[dict[str, object]] = []
    reached = within_reach(
        stack, affine, record["regions"], target_mm=target_mm, side=labels["side"],
        reach_mm=reach_mm,
    )  # fmt: skip
    for k in reached:
        entry = record["regions"][k]
        sd_mm = float(np.hypot(registration_sd_mm, entry["extra_sd_mm"]))
        told = f"{role(entry, target=record['target'])}; position sd {sd_mm:.2g} mm"
        here = common | {
            "region": f"{entry['atlas']}:{entry['region']}",
            "side": entry["side"],
            "coverage": entry["coverage"],
            "method": told,
        }
        if lesion is None:
            found.append(here | _nothing("not_visible"))
            continue
        values = overlaps(
            lesion, stack[..., k] / record["whole"], affine, volume_mm3=entry["volume_mm3"],
            centroid_mm=entry["centroid_mm"], shifts_mm=shifts * sd_mm,
        )  # fmt: skip
        few = "true" if entry["volume_mm3"] < few_voxels * lesion.voxel_mm3 else "false"
        numbers = {"below_resolution": few, "status": "measured",
                   "n_voxels": float(values["overlap_volume"][0]) / lesion.voxel_mm3}  # fmt: skip
        found += _region_rows(here | numbers, entry, values, interval_share)
    return found + [common | row for row in _refused(record)]


def _common(labels: Mapping[str, Any]) -> dict[str, object]:
    ids = ("participant_id", "session_id", "intervention_id")
    return {name: labels[name] for name in ids} | {
        "days_from_treatment": labels["day_after"],
        "modality": "anat",
        "map": "overlap",
    }


def _nothing(status: str) -> dict[str, object]:
    return {"statistic": "overlap_volume", "unit": "mm3", "status": status}


def _region_rows(
    here: Mapping[str, object],
    entry: Mapping[str, Any],
    values: Mapping[str, Values],
    share: float,
) -> list[dict[str, object]]:
    size = {"statistic": "region_volume", "value": entry["volume_mm3"], "unit": "mm3"}
    found = [{**here, **size}]
    for name, unit in STATISTICS.items():
        three = interval(values[name], share=share)
        for suffix, value in zip(("", "_low", "_high"), three, strict=True):
            found.append({**here, "statistic": name + suffix, "value": value, "unit": unit})
    return found


def _refused(record: Mapping[str, Any]) -> list[dict[str, object]]:
    """Return a row without a number for each atlas that could not be used, with the reason."""
    return [
        {"region": f"{name}:all", "method": told["reason"]} | _nothing("absent")
        for name, told in record["atlases"].items()
        if told["status"] == "refused"
    ]
