"""One visit after treatment: whether the lesion is there, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.lesion import detection, evidence
from sonolesion.lesion.blocks import Mask, Volume
from sonolesion.lesion.comparison import Change, FieldModel, NoiseModel, compare, stacked
from sonolesion.lesion.detection import Detection, SearchPlan
from sonolesion.lesion.evidence import Segmentation, Zones

OEDEMA = "oedema"
# Half-width of the cube round the peak that the lesion must touch [voxels].
SEED = 2
# Voxels kept round the brain.
MARGIN = 4


@dataclass(frozen=True)
class FitPlan:
    """Settings of the segmentation, see `evidence.segment`."""

    half_width_mm: float
    flat_mm: float
    fall_mm: float
    log_odds: float
    mixture: float
    coupling: float
    rounds: int
    min_depth: float


@dataclass(frozen=True)
class Head:
    """What both visits share, on the acpc grid.

    Attributes
    ----------
    brain : ndarray of bool, shape (X, Y, Z)
    tissue : ndarray of shape (3, X, Y, Z)
        Fractions of grey matter, white matter and fluid.
    affine : ndarray of shape (4, 4)
        Voxels to acpc [mm]; cubic voxels along the axes.
    target_mm : ndarray of shape (3,)
        Planned target, acpc [mm].
    """

    brain: Mask
    tissue: Volume
    affine: NDArray[np.float64]
    target_mm: NDArray[np.float64]

    @property
    def voxel_mm(self) -> float:
        """Edge of a voxel [mm]."""
        return float(np.abs(self.affine[0, 0]))

    def distance_mm(self) -> Volume:
        """Distance of every voxel from the planned target [mm]."""
        place = self.voxel_of(self.target_mm)
        axes = [
            (np.arange(n, dtype=np.float32) - at) * self.voxel_mm
            for n, at in zip(self.brain.shape, place, strict=True)
        ]
        grid = np.meshgrid(*axes, indexing="ij", sparse=True)
        return np.asarray(np.sqrt(sum(np.square(axis) for axis in grid)))

    def voxel_of(self, point_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the (fractional) voxel of an acpc point."""
        return np.linalg.solve(self.affine, np.append(point_mm, 1.0))[:3]


@dataclass(frozen=True)
class Outcome:
    """What was found; `segmentation` is None where nothing is visible."""

    changes: dict[str, Change]
    detection: Detection
    segmentation: Segmentation | None


def zones_of(phases: Sequence[Mapping[str, Any]], *, day: float, contrasts: Sequence[str]) -> Zones:
    """Return the expected changes at a day after treatment, for some contrasts.

    Raises
    ------
    ValueError
        If no phase reaches the day, or a zone lacks a contrast.
    """
    phase = next((phase for phase in phases if day <= phase["until_d"]), None)
    if phase is None:
        raise ValueError(f"no phase in the settings reaches day {day:g}")
    table = np.array(
        [[zone["change"][contrast] for contrast in contrasts] for zone in phase["zones"]]
    )
    names = [zone["name"] for zone in phase["zones"]]
    return Zones(table[..., 0], table[..., 1], np.array([name != OEDEMA for name in names]))


def crop(brain: Mask, *, margin: int) -> tuple[slice, slice, slice]:
    """Return the box of the brain with a margin [voxels]."""
    if not brain.any():
        raise ValueError("the brain mask is empty")
    bounds = [(int(i.min()), int(i.max()) + 1) for i in np.nonzero(brain)]
    x, y, z = (
        slice(max(low - margin, 0), min(high + margin, size))
        for (low, high), size in zip(bounds, brain.shape, strict=True)
    )
    return x, y, z


def moved(affine: NDArray[np.float64], box: tuple[slice, ...]) -> NDArray[np.float64]:
    """Return the affine of a box cut out of a grid."""
    start = np.array([part.start for part in box])
    cut = affine.copy()
    cut[:3, 3] += affine[:3, :3] @ start
    return cut


def uncropped(part: NDArray[Any], box: tuple[slice, ...], shape: tuple[int, ...]) -> NDArray[Any]:
    """Put a box back into a grid of zeros."""
    whole = np.zeros(shape, dtype=part.dtype)
    whole[box] = part
    return whole


def read_visit(
    follow_up: Mapping[str, Volume],
    baseline: Mapping[str, Volume],
    *,
    head: Head,
    zones: Zones,
    exclusion_radius_mm: float,
    field: FieldModel,
    noise: NoiseModel,
    search: SearchPlan,
    fit: FitPlan,
) -> Outcome:
    """Look for the lesion of one visit and segment it where it is visible.

    Parameters
    ----------
    follow_up, baseline : mapping of contrast to ndarray of shape (X, Y, Z)
        The same contrasts of both visits, in the order of `zones`.
    head : Head
        Brain, tissue, grid and plan.
    zones : Zones
        Expected changes, see `zones_of`.
    """
    excluded = head.distance_mm() < exclusion_radius_mm
    changes = {
        name: compare(
            follow_up[name], baseline[name], brain=head.brain, excluded=excluded,
            fluid=head.tissue[2], voxel_mm=head.voxel_mm, field=field, noise=noise,
        )
        for name in follow_up
    }  # fmt: skip
    found = _search(changes, head, zones, excluded, field, noise, search)
    if found.p > search.alpha:
        return Outcome(changes, found, None)
    return Outcome(changes, found, _segment(changes, head, zones, found, fit))


def _search(
    changes: Mapping[str, Change], head: Head, zones: Zones, excluded: Mask,
    field: FieldModel, noise: NoiseModel, search: SearchPlan,
) -> Detection:  # fmt: skip
    values, sds, _ = stacked(changes)
    blurred = detection.blurred(
        values, sds, usable=head.brain & ~excluded, brain=head.brain,
        sigma=search.scale_mm / head.voxel_mm,
        edge=max(1, round(noise.block_mm / head.voxel_mm)),
        width=noise.smooth_mm / noise.block_mm,
        cut=field.cut, rounds=field.rounds, freedoms=noise.freedoms,
    )  # fmt: skip
    return detection.detect(
        *blurred, zones=zones, brain=head.brain, target=_nearest(head, head.target_mm),
        step_mm=head.voxel_mm, descriptors=_descriptors(blurred[1], head.tissue, head.voxel_mm),
        plan=search, mirror=_nearest(head, head.target_mm * np.array([-1.0, 1.0, 1.0])), seed=0,
    )  # fmt: skip


def _nearest(head: Head, point_mm: NDArray[np.float64]) -> NDArray[np.intp]:
    return np.round(head.voxel_of(point_mm)).astype(np.intp)


def _descriptors(sd: Volume, tissue: Volume, step_mm: float) -> Volume:
    """Describe tissue round every voxel: expected noise and fractions, in a 10 mm window."""
    window = max(3, round(10.0 / step_mm))
    parts = [*np.log(sd), *(3.0 * tissue)]
    return np.stack([ndimage.uniform_filter(part, window) for part in parts])


def _segment(
    changes: Mapping[str, Change], head: Head, zones: Zones, found: Detection, fit: FitPlan
) -> Segmentation:
    """Segment in a box round the plan, and put the box back into the grid."""
    values, sds, _ = stacked(changes)
    half = round(fit.half_width_mm / head.voxel_mm)
    centre = np.round(head.voxel_of(head.target_mm)).astype(int)
    box = tuple(slice(max(int(c) - half, 0), int(c) + half + 1) for c in centre)
    prior = fit.log_odds + evidence.log_prior(
        head.distance_mm()[box], flat_mm=fit.flat_mm, fall_mm=fit.fall_mm
    )
    seed = np.zeros(head.brain.shape, dtype=bool)
    seed[tuple(slice(int(p) - SEED, int(p) + SEED + 1) for p in found.peak)] = True
    part = evidence.segment(
        values[(slice(None), *box)], sds[(slice(None), *box)], zones=zones, seed=seed[box],
        prior=np.where(head.brain[box], prior, -np.inf), mixture=fit.mixture,
        coupling=fit.coupling, rounds=fit.rounds, min_depth=fit.min_depth,
    )  # fmt: skip
    lesion, oedema = np.zeros(head.brain.shape), np.zeros(head.brain.shape)
    lesion[box], oedema[box] = part.lesion, part.oedema
    return replace(part, lesion=lesion, oedema=oedema)
