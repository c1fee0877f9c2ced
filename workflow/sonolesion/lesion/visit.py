"""One visit after treatment: whether the lesion is there, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.lesion import detection
from sonolesion.lesion.blocks import Mask, Volume
from sonolesion.lesion.comparison import Change, FieldModel, NoiseModel, compare
from sonolesion.lesion.detection import Detection, SearchPlan
from sonolesion.lesion.evidence import Zones
from sonolesion.lesion.outline import FitPlan, Grid, Outline, Placed, outline

# Voxels kept round the brain.
MARGIN = 4


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
    others_mm : ndarray of shape (N, 3)
        Planned targets of the patient's other interventions, acpc [mm].
    """

    brain: Mask
    tissue: Volume
    affine: NDArray[np.float64]
    target_mm: NDArray[np.float64]
    others_mm: NDArray[np.float64]

    @property
    def voxel_mm(self) -> float:
        """Edge of a voxel [mm]."""
        return float(np.abs(self.affine[0, 0]))

    def excluded(self, radius_mm: float) -> Mask:
        """Return the spheres round all plans: they take no part in calibration and noise."""
        centres = [self.target_mm, *self.others_mm]
        spheres = [self.distance_mm(one) < radius_mm for one in centres]
        return np.asarray(np.any(spheres, axis=0))

    def distance_mm(self, point_mm: NDArray[np.float64]) -> Volume:
        """Distance of every voxel from a point [mm]."""
        place = self.voxel_of(point_mm)
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
    """What was found; `outline` is None where nothing is visible.

    `coverage` holds the part of the sphere searched that each contrast has data in, of those
    left out for lack of it too; `log_odds` those of the fitted lesion against no change, if one
    was fitted.
    """

    changes: dict[str, Change]
    detection: Detection
    outline: Outline | None
    coverage: dict[str, float]
    log_odds: float | None = None


@dataclass(frozen=True)
class Anchor:
    """Where an earlier visit found the lesion, acpc [mm], and how far off that may be."""

    centre_mm: NDArray[np.float64]
    flat_mm: float
    fall_mm: float


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
    return Zones(table[..., 0], table[..., 1], phase["volume_mm3"])


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
    placed: Mapping[str, Placed],
    *,
    head: Head,
    day: float,
    phases: Sequence[Mapping[str, Any]],
    exclusion_radius_mm: float,
    least_coverage: float,
    field: FieldModel,
    noise: NoiseModel,
    search: SearchPlan,
    fit: FitPlan,
    anchor: Anchor | None,
    n_threads: int,
) -> Outcome:
    """Look for the lesion of one visit and outline it where it is visible.

    Parameters
    ----------
    follow_up, baseline : mapping of contrast to ndarray of shape (X, Y, Z)
        The same contrasts of both visits.
    placed : mapping of contrast to Placed
        How the follow-up's scans were brought to acpc.
    head : Head
        Brain, tissue, grid and plan.
    day : float
        Days from treatment.
    phases
        Expected changes, see `zones_of`.
    least_coverage : float
        Part of the sphere searched that a contrast must have data in.
    anchor : Anchor or None
        Where an earlier visit saw the lesion: searched instead of the plan.
    n_threads : int
        Contrasts compared at a time.

    Raises
    ------
    ValueError
        If no contrast covers the place searched.
    """
    excluded = head.excluded(exclusion_radius_mm)
    changes = changes_of(
        follow_up, baseline, head=head, excluded=excluded, hole_mm=exclusion_radius_mm,
        field=field, noise=noise, n_threads=n_threads,
    )  # fmt: skip
    centre = head.target_mm
    if anchor is not None:
        centre = anchor.centre_mm
        search = replace(search, flat_mm=anchor.flat_mm, fall_mm=anchor.fall_mm)
    about = head.brain & (head.distance_mm(centre) < search.flat_mm + 3 * search.fall_mm)
    coverage = {name: float(np.mean(one.valid[about])) for name, one in changes.items()}
    changes = {name: one for name, one in changes.items() if coverage[name] >= least_coverage}
    if not changes:
        raise ValueError(f"no contrast covers the place searched: {coverage}")
    zones = zones_of(phases, day=day, contrasts=list(changes))
    found = _search(
        changes, head, zones, centre, excluded, exclusion_radius_mm, field, noise, search
    )
    if found.p > search.alpha:
        return Outcome(changes, found, None, coverage)
    drawn, log_odds = outline(
        changes, placed, grid=Grid(head.affine, head.brain, head.tissue[2]),
        usable=head.brain & ~excluded, zones=zones, peak=found.peak, plan=fit, seed=0,
    )  # fmt: skip
    return Outcome(changes, found, drawn, coverage, log_odds)


def changes_of(
    follow_up: Mapping[str, Volume], baseline: Mapping[str, Volume], *, head: Head,
    excluded: Mask, hole_mm: float, field: FieldModel, noise: NoiseModel, n_threads: int,
) -> dict[str, Change]:  # fmt: skip
    """Compare every contrast of two visits, some at a time, see `comparison.compare`."""

    def compared(name: str) -> Change:
        return compare(
            follow_up[name], baseline[name], brain=head.brain, excluded=excluded,
            fluid=head.tissue[2], voxel_mm=head.voxel_mm, hole_mm=hole_mm, field=field,
            noise=noise,
        )  # fmt: skip

    with ThreadPoolExecutor(n_threads) as pool:
        return dict(zip(follow_up, pool.map(compared, follow_up), strict=True))


def _search(
    changes: Mapping[str, Change], head: Head, zones: Zones, centre: NDArray[np.float64],
    excluded: Mask, hole_mm: float, field: FieldModel, noise: NoiseModel, search: SearchPlan,
) -> Detection:  # fmt: skip
    usable = head.brain & ~excluded & np.all([one.valid for one in changes.values()], axis=0)
    blurred = detection.blurred(
        [one.value for one in changes.values()], [one.sd for one in changes.values()],
        usable=usable, brain=head.brain,
        sigma=search.scale_mm / head.voxel_mm,
        edge=max(1, round(noise.block_mm / head.voxel_mm)),
        width=noise.smooth_mm / noise.block_mm, hole=hole_mm / noise.block_mm,
        cut=field.cut, rounds=field.rounds, freedoms=noise.freedoms,
    )  # fmt: skip
    mirror = head.target_mm * np.array([-1.0, 1.0, 1.0])
    treated_too = any(
        np.linalg.norm(mirror - other) < search.null_distance_mm for other in head.others_mm
    )
    allowed = head.brain.copy()
    for other in head.others_mm:
        allowed &= head.distance_mm(other) >= search.null_distance_mm
    return detection.detect(
        *blurred, zones=zones, brain=head.brain, allowed=allowed, target=_nearest(head, centre),
        descriptors=_descriptors(blurred[1], head.tissue, head.voxel_mm), step_mm=head.voxel_mm,
        plan=search,
        mirror=None if treated_too else _nearest(head, mirror), seed=0,
    )  # fmt: skip


def _nearest(head: Head, point_mm: NDArray[np.float64]) -> NDArray[np.intp]:
    return np.round(head.voxel_of(point_mm)).astype(np.intp)


def _descriptors(sd: Volume, tissue: Volume, step_mm: float) -> Volume:
    """Describe tissue round every voxel: expected noise and fractions, in a 10 mm window."""
    window = max(3, round(10.0 / step_mm))
    found = np.empty((len(sd) + len(tissue), *tissue.shape[1:]), dtype=np.float32)
    for out, one in zip(found, sd, strict=False):
        ndimage.uniform_filter(np.log(one), window, output=out)
    for out, one in zip(found[len(sd) :], tissue, strict=True):
        ndimage.uniform_filter(3.0 * one, window, output=out)
    return found
