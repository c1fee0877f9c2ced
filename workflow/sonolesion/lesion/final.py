"""The measures of one visit: size, shape, place and errors of the zones, and their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.lesion import correction, findings, geometry, ventricle
from sonolesion.lesion.blocks import Mask, Volume
from sonolesion.lesion.ventricle import Wall
from sonolesion.lesion.zones import HALF, Zones

Point = NDArray[np.float64]
Numbers = dict[str, float]
REGIONS = ("core", "lesion", "oedema", "all_zones")
# Names of the samples of volume in the record of the segmentation, by region.
SAMPLED = {"core": "core", "lesion": "lesion", "all_zones": "all"}


@dataclass(frozen=True)
class Scene:
    """What the lesion is measured against.

    Attributes
    ----------
    affine : ndarray of shape (4, 4)
        Voxels to acpc [mm]; cubic voxels along the axes.
    side : str
        Side that was treated.
    target_mm : ndarray of shape (3,)
        Planned target, acpc [mm].
    fluid : ndarray of shape (X, Y, Z)
        Fraction of fluid at the baseline.
    wall : Wall
        Where the third ventricle's wall is looked for.
    focus_mm : ndarray of shape (3,) or None
        Energy-weighted focus of the sonications, acpc [mm].
    interval : float
        Share of the samples that an interval holds.
    few_voxels : int
        A region of fewer voxels has no shape.
    """

    affine: NDArray[np.float64]
    side: str
    target_mm: Point
    fluid: Volume
    wall: Wall
    focus_mm: Point | None
    interval: float
    few_voxels: int

    @property
    def voxel_mm(self) -> float:
        """Edge of a voxel [mm]."""
        return float(np.abs(self.affine[0, 0]))


@dataclass(frozen=True)
class Result:
    """What is written of one visit: its zones, and the content of the record."""

    zones: Zones
    record: dict[str, Any]

    def volumes(self) -> tuple[Volume, Volume, Mask, NDArray[np.uint8]]:
        """Return probabilities of lesion and oedema, the mask, and the labels of the zones."""
        return self.zones.lesion, self.zones.oedema, self.zones.mask, self.zones.labels()


def read(
    automatic: Zones, found: Mapping[str, Any], drawn: Sequence[tuple[str, NDArray[Any]]],
    box: tuple[slice, ...], scene: Scene, *, scans: Mapping[str, Volume], tolerance_mm: float,
) -> Result:  # fmt: skip
    """Measure a visit: the person's lesion if there is one, else the segmented one.

    Parameters
    ----------
    automatic : Zones
        Zones as segmented, in the box of the head.
    found : mapping
        Record of the segmentation.
    drawn : sequence of (file name, ndarray of shape (X, Y, Z))
        Corrected labels on the whole grid; none or one.
    box : tuple of slice
        The head.
    scans : mapping of contrast to ndarray
        The visit, in the box; zero outside what was acquired.
    tolerance_mm : float
        Distance of two outlines that counts as agreement [mm].
    """
    zones, told, samples = replace(automatic, core_told=found.get("core_told", True)), None, found
    if found["outcome"] == "not_visible" or not zones.visible:
        zones = zones.emptied()
    source = str(found.get("source", "automatic"))
    if drawn:
        file, labels = correction.only(drawn)
        zones, told = correction.applied(
            zones, labels, box, file=file, voxel_mm=scene.voxel_mm, tolerance_mm=tolerance_mm
        )
        source, samples = "corrected", {}
    numbers = measures(zones, scene, samples) if zones.visible else {}
    used = {name: scans[name] for name in found["contrasts_used"] if name in scans}
    inside = coverage(zones.mask, used)
    return Result(
        zones,
        findings.record(
            found, zones=zones, measures=numbers, source=source, correction=told, coverage=inside
        ),
    )


def measures(zones: Zones, scene: Scene, samples: Mapping[str, Any]) -> dict[str, Numbers]:
    """Measure every region of a visible lesion.

    Parameters
    ----------
    samples : mapping
        ``volume_samples_mm3`` (region → samples) and ``centroid_samples_mm`` of shape (N, 3),
        as the segmentation gives them; empty where a person drew the lesion.

    Returns
    -------
    dict
        Region → statistic → value; volumes [mm³], lengths [mm], shape in plain numbers. A
        region that holds nothing is empty.
    """
    masks = zones.masks()
    weights = {"core": zones.core, "lesion": zones.lesion, "oedema": zones.oedema,
               "all_zones": zones.lesion + zones.oedema}  # fmt: skip
    found = {
        name: sizes(masks[name], weights[name], scene.voxel_mm) for name in REGIONS if name in masks
    }
    for name, numbers in found.items():
        if numbers:
            numbers |= _drawn_volume(name, samples, scene.interval)
    found["lesion"] |= _shape(zones, scene) | _place(zones, scene, samples)
    return found


def sizes(mask: Mask, probability: Volume, voxel_mm: float) -> Numbers:
    """Return volume by mask and by probability, and diameters; nothing of an empty region."""
    if not mask.any():
        return {}
    volume = float(mask.sum()) * voxel_mm**3
    return {
        "volume": volume,
        "mask_volume": volume,
        "probability_volume": float(probability.sum(dtype=float)) * voxel_mm**3,
        "diameter": geometry.max_diameter_mm(mask, np.full(3, voxel_mm)),
        "equivalent_diameter": geometry.sphere_diameter_mm(volume),
    }


def _drawn_volume(region: str, samples: Mapping[str, Any], level: float) -> Numbers:
    """Return the mean volume of the drawn shapes and its interval; nothing without them.

    The mask holds the voxels that are more likely inside than not: in a lesion of few voxels
    that is less than the lesion. Means of zones add up.
    """
    drawn = samples.get("volume_samples_mm3") or {}
    values = np.asarray(drawn.get(SAMPLED.get(region, ""), ()), dtype=float)
    if region == "oedema" and drawn.get("all") and drawn.get("lesion"):
        values = np.asarray(drawn["all"]) - np.asarray(drawn["lesion"])
    if not len(values):
        return {}
    middle = float(np.mean(values))
    return {
        "volume": middle,
        "equivalent_diameter": geometry.sphere_diameter_mm(middle),
        **_between("volume", values, level),
    }


def _between(name: str, values: NDArray[Any], level: float) -> Numbers:
    """Return the ends of the interval of a statistic; nothing without samples."""
    if not len(values):
        return {}
    low, high = geometry.interval(values, level=level)
    return {f"{name}_low": low, f"{name}_high": high}


def _shape(zones: Zones, scene: Scene) -> Numbers:
    edges = np.full(3, scene.voxel_mm)
    extents = geometry.extents_mm(zones.mask, edges)
    axes = ("ml", "ap", "si")
    numbers = {f"extent_{axis}": float(e) for axis, e in zip(axes, extents, strict=True)}
    if int(zones.mask.sum()) >= scene.few_voxels:
        numbers |= geometry.shape_numbers(zones.lesion, edges, level=HALF)
    return numbers


def _place(zones: Zones, scene: Scene, samples: Mapping[str, Any]) -> Numbers:
    """Return the centroid and its distances from plan, ventricle and focus, with intervals."""
    centre = geometry.centroid_mm(np.where(zones.mask, zones.lesion, 0.0), scene.affine)
    wall = ventricle.wall_mm(scene.fluid, scene.affine, centre, side=scene.side, plan=scene.wall)
    numbers = _distances(centre, scene, wall)
    drawn = np.asarray(samples.get("centroid_samples_mm") or (), dtype=float).reshape(-1, 3)
    each = [_distances(point, scene, wall) for point in drawn]
    for name in list(numbers):
        numbers |= _between(name, np.array([one[name] for one in each]), scene.interval)
    return numbers | ({} if wall is None else {"wall_x": wall[0], "wall_z": wall[1]})


def _distances(point: Point, scene: Scene, wall: tuple[float, float] | None) -> Numbers:
    numbers = {f"centroid_{axis}": float(c) for axis, c in zip("xyz", point, strict=True)}
    miss = geometry.targeting_error_mm(point, scene.target_mm, side=scene.side)
    numbers |= {f"error_{name}": value for name, value in miss.items()}
    if wall is not None:
        lateral = 1.0 if scene.side == "right" else -1.0
        numbers["wall_distance"] = lateral * (float(point[0]) - wall[0])
    if scene.focus_mm is not None:
        away = geometry.targeting_error_mm(point, scene.focus_mm, side=scene.side)
        numbers |= {f"focus_error_{name}": value for name, value in away.items()}
    return numbers


def coverage(mask: Mask, scans: Mapping[str, Volume]) -> float:
    """Return the share of a region inside every scan: the smallest over the contrasts.

    Scans are zero outside what was acquired.
    """
    if not mask.any() or not scans:
        return 1.0
    return min(float(np.count_nonzero(scan[mask]) / mask.sum()) for scan in scans.values())


def native_voxel_mm3(grids: Sequence[NDArray[np.float64]]) -> float:
    """Return the volume of the smallest voxel among scans [mm³].

    Parameters
    ----------
    grids : sequence of ndarray of shape (4, 4)
        Voxel indices of each scan as acquired to acpc [mm].
    """
    return min(float(abs(np.linalg.det(grid[:3, :3]))) for grid in grids)
