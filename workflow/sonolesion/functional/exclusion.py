"""The places of lesions that no seed, mean or noise mask takes, and how a lesion outgrows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.maths.points import moved

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Row = dict[str, object]


def spheres(
    targets_mm: Sequence[Sequence[float]],
    *,
    radius_mm: float,
    to_scan: Array,
    affine: Array,
    shape: tuple[int, ...],
) -> Flags:
    """Return the voxels within a radius of any planned target.

    Parameters
    ----------
    targets_mm : sequence of (x, y, z)
        Planned targets of all treatments of the patient, before or after this visit, acpc [mm].
    radius_mm : float
        Radius of the spheres [mm].
    to_scan : ndarray of shape (4, 4)
        Points of the acpc space to points of the scan.
    affine, shape
        Grid of the scan: voxel indices to RAS+ [mm].

    Notes
    -----
    The plan alone says where: what is found at later visits changes nothing at earlier ones.

    Examples
    --------
    >>> found = spheres([[2.0, 2.0, 2.0]], radius_mm=1.0, to_scan=np.eye(4), affine=np.eye(4),
    ...                 shape=(5, 5, 5))
    >>> int(found.sum())
    7
    """
    index = np.indices(shape[:3], dtype=np.float32).reshape(3, -1).T
    acpc = moved(index, np.linalg.inv(to_scan) @ affine)
    return _within(_squared_mm2(acpc, targets_mm), radius_mm).reshape(shape[:3])


@dataclass(frozen=True)
class Outside:
    """How much of a lesion lies beyond all spheres.

    Attributes
    ----------
    volume_mm3, share : float
        What is outside [mm3], and its share of the lesion [0 to 1].
    reach_mm : float
        Distance of the lesion's farthest voxel from the target nearest to it [mm]: the radius
        that would hold all of it.
    """

    volume_mm3: float
    share: float
    reach_mm: float


def outside(
    lesion: NDArray[Any],
    targets_mm: Sequence[Sequence[float]],
    *,
    radius_mm: float,
    affine: Array,
) -> Outside:
    """Compare a visit's lesion with the spheres at the planned targets.

    Parameters
    ----------
    lesion : ndarray of shape (X, Y, Z)
        Zones of the lesion with its oedema; not zero where there is any.
    targets_mm, radius_mm
        As in `spheres`.
    affine : ndarray of shape (4, 4)
        Voxel indices of the lesion to acpc [mm].

    Raises
    ------
    ValueError
        Without a lesion or without a target.

    Examples
    --------
    >>> found = outside(np.ones((1, 1, 4)), [[0.0, 0.0, 0.0]], radius_mm=2.0, affine=np.eye(4))
    >>> found.volume_mm3, found.share, found.reach_mm
    (1.0, 0.25, 3.0)
    """
    points = np.argwhere(lesion).astype(np.float32)
    if not len(points) or not len(targets_mm):
        raise ValueError(f"{len(points)} voxels of a lesion and {len(targets_mm)} targets")
    squared = _squared_mm2(moved(points, affine), targets_mm)
    beyond = ~_within(squared, radius_mm)
    voxel_mm3 = abs(float(np.linalg.det(affine[:3, :3])))
    return Outside(
        int(beyond.sum()) * voxel_mm3, float(beyond.mean()), float(np.sqrt(squared.max()))
    )


def rows(found: Outside | None, labels: Mapping[str, Any], *, radius_mm: float) -> list[Row]:
    """Return the rows of the table of measures.

    Parameters
    ----------
    found : Outside or None
        None where no lesion is seen.
    labels : mapping
        Ids, ``day_after`` and ``side`` of the treatment.
    radius_mm : float
        Radius of the spheres [mm]: the version of the mask.
    """
    common: Row = {
        "participant_id": labels["participant_id"],
        "session_id": labels["session_id"],
        "intervention_id": labels["intervention_id"],
        "days_from_treatment": labels["day_after"],
        "modality": "bold",
        "map": "exclusion",
        "region": "all_zones",
        "side": labels["side"],
        "method": f"functional; spheres of {radius_mm:g} mm",
    }
    if found is None:
        nothing = {"statistic": "outside_exclusion", "unit": "mm3", "status": "not_visible"}
        return [common | nothing]
    values = (
        ("outside_exclusion", found.volume_mm3, "mm3"),
        ("outside_exclusion_share", found.share, "1"),
        ("exclusion_reach", found.reach_mm, "mm"),
    )
    return [
        common | {"statistic": name, "value": value, "unit": unit, "status": "measured"}
        for name, value, unit in values
    ]


def _squared_mm2(points: NDArray[Any], targets_mm: Sequence[Sequence[float]]) -> NDArray[Any]:
    """Return the squared distance of points (N, 3) from the nearest target [mm2]."""
    out = np.full(len(points), np.inf, dtype=np.float32)
    for target in targets_mm:
        offset: NDArray[Any] = points - np.asarray(target, dtype=np.float32)
        np.minimum(out, np.square(offset).sum(axis=1), out=out)
    return out


def _within(squared_mm2: NDArray[Any], radius_mm: float) -> Flags:
    """Return what lies in a sphere; a voxel on its surface does, whatever the rounding."""
    return np.asarray(squared_mm2 <= radius_mm**2 + 1e-4)
