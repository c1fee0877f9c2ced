"""Outline a detected lesion: its zones, their uncertainty, on the acpc grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats

from sonolesion.lesion import posterior, shape
from sonolesion.lesion.alone import fit_alone
from sonolesion.lesion.blocks import Mask, Volume, block_sum
from sonolesion.lesion.calibration import robust_sd
from sonolesion.lesion.comparison import Change
from sonolesion.lesion.evidence import Zones, log_evidence
from sonolesion.lesion.extent import Lattice, extent_of

Array = NDArray[np.floating[Any]]
# First guesses of the lesion's size, as factors on the expected logarithm of its radius.
SIZES = (-0.6, -0.2, 0.2)
# Deviations beyond this many standard deviations don't tell how correlated noise is.
CLIP = 4.0


@dataclass(frozen=True)
class FitPlan:
    """Settings of the fit, see `core.settings.lesion.Fit`."""

    fine_mm: float
    edge_mm: float
    margin_mm: float
    least_reach_mm: float
    most_reach_mm: float
    log_evidence: float
    volume_log_sd: float
    core_ratio: float
    core_logit_sd: float
    oedema_ratio: float
    oedema_log_sd: float
    centre_sd_mm: float
    wave_sd: tuple[float, float, float]
    oedema_wave_sd: tuple[float, float, float]
    sample_mm: float
    block_mm: float
    rounds: int
    tolerance: float
    least_gain: float
    stride: float
    samples: int
    thin: int
    model_log_sd: float
    fluid_from: float
    fluid_to: float
    alone: tuple[str, ...]

    def prior(self, volume_mm3: float) -> shape.ShapePrior:
        """Return the prior on the shape of a lesion whose median volume is given."""
        return shape.ShapePrior(
            volume_mm3, self.volume_log_sd, self.core_ratio, self.core_logit_sd,
            self.oedema_ratio, self.oedema_log_sd, self.centre_sd_mm, self.wave_sd,
            self.oedema_wave_sd,
        )  # fmt: skip


@dataclass(frozen=True)
class Placed:
    """How a scan was brought to acpc: its voxels there (4, 4) [mm], and the spline's order."""

    voxel_to_acpc: NDArray[np.float64]
    order: int


@dataclass(frozen=True)
class Grid:
    """The acpc grid: affine (4, 4) [mm], brain and fraction of fluid (X, Y, Z)."""

    affine: NDArray[np.float64]
    brain: Mask
    fluid: Volume

    @property
    def voxel_mm(self) -> float:
        """Edge of a voxel [mm]."""
        return float(np.abs(self.affine[0, 0]))


@dataclass(frozen=True)
class Outline:
    """Zones of a lesion.

    Attributes
    ----------
    core, lesion, oedema : ndarray of shape (X, Y, Z)
        Mean fraction over the drawn shapes of zone I, zones I and II, zone III.
    volumes_mm3 : ndarray of shape (S, 3)
        Volume of core, lesion (I and II) and all zones of every drawn shape [mm³].
    centroids_mm : ndarray of shape (S, 3)
        Centroid of the lesion of every drawn shape, acpc [mm].
    changes : dict
        Contrast → fitted change of the zones (K,) [brain level].
    misfit : dict
        Contrast → root mean square of the rest inside the zones over the noise, at least 1.
    gain : float
        Log posterior odds against no change.
    alone_mm3 : dict
        Contrast → volumes of shapes drawn for it alone (S,) [mm³]; None where it shows nothing.
    """

    core: Volume
    lesion: Volume
    oedema: Volume
    volumes_mm3: Array
    centroids_mm: Array
    changes: dict[str, Array]
    misfit: dict[str, float]
    gain: float
    alone_mm3: dict[str, Array | None]


@dataclass(frozen=True)
class Problem:
    """What the fit works on: contrasts, fine points, prior on the shape, first guesses."""

    seen: list[posterior.Seen]
    inflation: Array
    field: posterior.Field
    lattice: Lattice
    mean: Array
    sd: Array
    starts: list[Array]


def outline(
    changes: Mapping[str, Change], placed: Mapping[str, Placed], *, grid: Grid, usable: Mask,
    zones: Zones, peak: NDArray[np.intp], plan: FitPlan, seed: int,
) -> tuple[Outline | None, float]:  # fmt: skip
    """Outline the lesion at a peak of evidence, and return the log odds against no change.

    There is no outline if they are below `plan.least_gain`.

    Parameters
    ----------
    changes, placed : mapping of contrast to Change and to Placed
        Changes, and how each follow-up scan samples space; in the order of `zones`.
    grid : Grid
    usable : ndarray of bool, shape (X, Y, Z)
        Brain without the spheres round plans, from which noise is known.
    zones : Zones
    peak : ndarray of int, shape (3,)
        Voxel of the largest evidence.
    plan : FitPlan
    seed : int
        Seed of the chain that draws shapes.
    """
    problem = _problem(changes, placed, grid, usable, zones, peak, plan)
    best, seen, misfit = _fitted(problem, plan)
    gain = posterior.log_odds(best, seen, sd=problem.sd)
    if gain < plan.least_gain:
        return None, gain
    shapes = posterior.draw(
        best, seen, problem.field, mean=problem.mean, sd=problem.sd, stride=plan.stride,
        count=plan.samples, thin=plan.thin, seed=seed,
    )  # fmt: skip
    alone = {
        name: fit_alone(
            one, problem.field, start=best.parameters, mean=problem.mean, sd=problem.sd,
            rounds=plan.rounds, tolerance=plan.tolerance, least_gain=plan.least_gain, seed=seed,
        ).volumes_mm3
        for name, one in zip(changes, seen, strict=True)
        if name in plan.alone
    }  # fmt: skip
    drawn = Outline(
        **_laid_out(shapes, problem, grid, plan),
        changes=dict(zip(changes, best.changes, strict=True)),
        misfit={name: float(factor) for name, factor in zip(changes, misfit, strict=True)},
        gain=gain, alone_mm3=alone,
    )  # fmt: skip
    return drawn, gain


def _fitted(problem: Problem, plan: FitPlan) -> tuple[posterior.Fit, list[posterior.Seen], Array]:
    """Fit from every first guess, widen the noise by what is left, and fit the best again.

    Returns the fit, the contrasts with their noise widened, and each contrast's misfit.
    """

    def fitted(seen: list[posterior.Seen], start: Array) -> posterior.Fit:
        return posterior.fit(
            seen, problem.field, start=start, mean=problem.mean, sd=problem.sd,
            rounds=plan.rounds, tolerance=plan.tolerance,
        )  # fmt: skip

    best = max(
        (fitted(problem.seen, start) for start in problem.starts),
        key=lambda one: one.log_posterior,
    )
    bare = [
        replace(one, sd=one.sd / factor)
        for one, factor in zip(problem.seen, problem.inflation, strict=True)
    ]
    misfit = posterior.misfit(best, bare, problem.field)
    worst = np.maximum(misfit, problem.inflation)
    seen = [replace(one, sd=one.sd * factor) for one, factor in zip(bare, worst, strict=True)]
    return fitted(seen, best.parameters), seen, misfit


def _problem(
    changes: Mapping[str, Change], placed: Mapping[str, Placed], grid: Grid, usable: Mask,
    zones: Zones, peak: NDArray[np.intp], plan: FitPlan,
) -> Problem:  # fmt: skip
    """Cut out what lies round the peak and guess where the zones are."""
    half = int(np.ceil(plan.most_reach_mm / grid.voxel_mm))
    low = np.maximum(peak - half, 0)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, peak + half + 1, strict=True))
    affine = grid.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ low
    blob = first_guess(changes, box, grid.brain[box], zones, peak - low, plan)
    points = Lattice(blob.shape, affine).points_mm()
    inside = points[blob.ravel()]
    centre = inside.mean(axis=0)
    spread = float(np.linalg.norm(inside - centre, axis=1).max()) + grid.voxel_mm
    reach = float(np.clip(spread + plan.margin_mm, plan.least_reach_mm, plan.most_reach_mm))
    near = (np.abs(points - centre).max(axis=1) <= reach) & grid.brain[box].ravel()
    lattice = shape.fine_lattice(centre, reach_mm=reach + 1.0, step_mm=plan.fine_mm)
    inflation = np.array([correlation(one, usable, grid, plan) for one in changes.values()])
    seen = []
    for index, (name, one) in enumerate(changes.items()):
        known = near & one.valid[box].ravel()
        extent = extent_of(
            placed[name].voxel_to_acpc, fine=lattice, points_mm=points[known],
            order=placed[name].order, step_mm=plan.sample_mm,
        )  # fmt: skip
        seen.append(
            posterior.Seen(
                one.value[box].ravel()[known].astype(float),
                one.sd[box].ravel()[known] * inflation[index], extent,
                zones.means[:, index], zones.spreads[:, index],
            )
        )  # fmt: skip
    fine = lattice.points_mm()
    field = posterior.Field(lattice, tissue_at(fine, grid, plan), plan.edge_mm)
    mean, sd = plan.prior(zones.volume_mm3).normal(centre, oedema=len(zones.means) == 3)
    starts = _starts(mean, volume_mm3=len(inside) * grid.voxel_mm**3)
    return Problem(seen, inflation, field, lattice, mean, sd, starts)


def first_guess(
    changes: Mapping[str, Change], box: tuple[slice, ...], brain: Mask, zones: Zones,
    peak: NDArray[np.intp], plan: FitPlan,
) -> Mask:  # fmt: skip
    """Return the voxels with clear evidence that are connected with the peak, or the peak."""
    parts = list(changes.values())
    evidence = log_evidence(
        np.stack([one.value[box] for one in parts]), np.stack([one.sd[box] for one in parts]),
        zones=zones, freedom=np.array([one.freedom for one in parts]), ceiling=np.inf,
    )  # fmt: skip
    label, _ = ndimage.label((evidence > plan.log_evidence) & brain)
    about = tuple(slice(max(int(p) - 1, 0), int(p) + 2) for p in peak)
    hit = np.unique(label[about])
    blob = np.isin(label, hit[hit > 0])
    if not blob.any():
        blob[tuple(peak)] = True
    return np.asarray(blob)


def correlation(change: Change, usable: Mask, grid: Grid, plan: FitPlan) -> float:
    """Return by how much block means of the noise exceed those of independent voxels, at least 1.

    Thick slices and interpolation make neighbours tell the same.
    """
    edge = max(2, round(plan.block_mm / grid.voxel_mm))
    known = usable & change.valid
    z = np.where(known, np.clip(change.value / change.sd, -CLIP, CLIP), 0.0)
    count = block_sum(known.astype(float), edge=edge)
    full = count > 0.9 * edge**3
    if np.count_nonzero(full) < 2:
        return 1.0
    means = block_sum(z, edge=edge)[full] / np.sqrt(count[full])
    alone = robust_sd(z[known])
    return max(1.0, robust_sd(means) / alone) if alone > 0 else 1.0


def tissue_at(points_mm: Array, grid: Grid, plan: FitPlan) -> Array:
    """Return the fraction of tissue at points (N, 3): fluid is not ablated."""
    inverse = np.linalg.inv(grid.affine)
    place = (points_mm @ inverse[:3, :3].T + inverse[:3, 3]).T
    fluid = ndimage.map_coordinates(grid.fluid, place, order=1, mode="nearest")
    return np.asarray(
        1.0 - np.clip((fluid - plan.fluid_from) / (plan.fluid_to - plan.fluid_from), 0.0, 1.0)
    )


def _starts(mean: Array, *, volume_mm3: float) -> list[Array]:
    """First guesses: some sizes of the lesion, the oedema as large as the change that was seen."""
    starts = []
    for size in SIZES:
        start = mean.copy()
        start[shape.SIZE] += size
        if len(start) == shape.N_ALL:
            radius = np.cbrt(3 * volume_mm3 / (4 * np.pi))
            start[shape.OEDEMA_SIZE] = max(np.log(radius) - start[shape.SIZE], 0.1)
        starts.append(start)
    return starts


def _laid_out(shapes: Array, problem: Problem, grid: Grid, plan: FitPlan) -> dict[str, Array]:
    """Average the drawn shapes on the acpc grid and measure each of them."""
    field, cell = problem.field, plan.fine_mm**3
    total = np.zeros((3, len(field.points_mm)))
    volumes, centroids = [], []
    for one in shapes:
        on, laid = field.lay_out(one, slopes=False)
        zones = np.zeros((3, len(on)))
        zones[: len(laid.zones)] = laid.zones
        total[:, on] += zones / len(shapes)
        lesion = zones[:2].sum(axis=0)
        volumes.append(np.cumsum(zones.sum(axis=1)) * cell)
        centroids.append(lesion @ field.points_mm[on] / max(float(lesion.sum()), 1e-9))
    core, rim, oedema = (on_grid(part, problem.lattice, grid) for part in total)
    return {
        "core": core,
        "lesion": core + rim,
        "oedema": oedema,
        "volumes_mm3": widened(np.array(volumes), plan.model_log_sd),
        "centroids_mm": np.array(centroids),
    }


def widened(volumes_mm3: Array, log_sd: float) -> Array:
    """Add what the model can't follow to drawn volumes (S, 3): a spread of their logarithm.

    Quantiles of a normal variate in place of random numbers: the spread is exactly `log_sd`, the
    same for all zones of a shape, and in no order that the chain knows.
    """
    count = len(volumes_mm3)
    even = stats.norm.ppf((np.arange(count) + 0.5) / count)
    shuffled = np.random.default_rng(count).permutation(even)
    return np.asarray(volumes_mm3 * np.exp(log_sd * shuffled)[:, None])


def on_grid(values: Array, lattice: Lattice, grid: Grid) -> Volume:
    """Average fine values (N,) over the voxels of the acpc grid."""
    step = float(lattice.affine[0, 0])
    ratio = grid.voxel_mm / step
    reach = int(np.ceil((ratio - 1) / 2))
    weights = np.clip(ratio / 2 - np.abs(np.arange(-reach, reach + 1)) + 0.5, 0, 1)
    fine = values.reshape(lattice.shape)
    for axis in range(3):
        fine = ndimage.convolve1d(fine, weights / weights.sum(), axis=axis, mode="constant")
    matrix = np.linalg.inv(lattice.affine) @ grid.affine
    return np.asarray(
        ndimage.affine_transform(
            fine, matrix[:3, :3], matrix[:3, 3], grid.brain.shape, order=1, mode="constant"
        )
    )
