"""Compare a visit with its baseline: change and noise of one contrast, then of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from sonolesion.lesion import calibration, change
from sonolesion.lesion.blocks import Mask, Volume, block_sum, to_voxels


@dataclass(frozen=True)
class FieldModel:
    """Settings of the intensity calibration, see `calibration.intensity_field`."""

    block_mm: float
    smooth_mm: float
    cut: float
    rounds: int


@dataclass(frozen=True)
class NoiseModel:
    """Settings of the noise model, see `change`."""

    derivative_mm: float
    block_mm: float
    smooth_mm: float
    ridge: float
    slice_width_mm: float
    slice_thickness_mm: float
    freedoms: tuple[float, ...]


@dataclass(frozen=True)
class Change:
    """Change of one contrast.

    Attributes
    ----------
    value, sd : ndarray of shape (X, Y, Z)
        Calibrated change and its standard deviation without a lesion [brain level].
    freedom : float
        Degrees of freedom of the noise's tails.
    valid : ndarray of bool, shape (X, Y, Z)
        Where both scans have data; elsewhere the change is zero and its deviation `UNKNOWN`.
    """

    value: Volume
    sd: Volume
    freedom: float
    valid: Mask


# Standard deviation where a scan has no data [brain level]: tells nothing.
UNKNOWN = 1e3


def compare(
    follow_up: Volume,
    baseline: Volume,
    *,
    brain: Mask,
    excluded: Mask,
    fluid: Volume,
    voxel_mm: float,
    hole_mm: float,
    field: FieldModel,
    noise: NoiseModel,
) -> Change:
    """Compare one contrast of two visits on one grid of cubic voxels.

    Parameters
    ----------
    follow_up, baseline : ndarray of shape (X, Y, Z)
        Scans, any unit.
    brain, excluded : ndarray of bool, shape (X, Y, Z)
        Brain, and the frozen sphere round the plan that takes no part in any fit.
    fluid : ndarray of shape (X, Y, Z)
        Fraction of cerebrospinal fluid.
    voxel_mm : float
        Edge of a voxel [mm].
    hole_mm : float
        Distance within which nothing tells what to expect at a voxel, as wide as the sphere:
        so that every place is judged as the plan is [mm].
    field, noise
        Models and their settings.
    """
    valid = covered(follow_up) & covered(baseline)
    level = calibration.brain_level(baseline, brain & valid)
    usable = brain & valid & ~excluded
    factor = calibration.intensity_field(
        follow_up, baseline, brain=brain & valid, excluded=excluded,
        edge=_voxels(field.block_mm, voxel_mm), sigma=field.smooth_mm / field.block_mm,
        hole=hole_mm / field.block_mm, cut=field.cut, rounds=field.rounds,
    )  # fmt: skip
    late, early = follow_up / factor / level, baseline / level
    local: dict[str, Any] = {
        "usable": usable, "edge": _voxels(noise.block_mm, voxel_mm),
        "sigma": noise.smooth_mm / noise.block_mm, "hole": hole_mm / noise.block_mm,
        "cut": field.cut, "rounds": field.rounds,
    }  # fmt: skip
    value, variance = _without_misfit(late, early, fluid, voxel_mm, noise, local)
    value = value - slice_gain(
        value, usable=usable, cut=field.cut, hole=hole_mm / voxel_mm,
        width=(noise.slice_width_mm / voxel_mm, noise.slice_thickness_mm / voxel_mm),
    )  # fmt: skip
    sd = change.noise_sd(value, variance, **local)
    freedom = change.tail_freedom((value / sd)[usable], candidates=noise.freedoms)
    return Change(np.where(valid, value, 0.0), np.where(valid, sd, UNKNOWN), freedom, valid)


def _without_misfit(
    late: Volume, early: Volume, fluid: Volume, voxel_mm: float, noise: NoiseModel,
    local: dict[str, Any],
) -> tuple[Volume, Volume]:  # fmt: skip
    """Return the change less what misregistration makes, and what its variance grows with."""
    scale: dict[str, Any] = {"voxel_mm": np.full(3, voxel_mm), "scale_mm": noise.derivative_mm}
    columns = change.derivatives((late + early) / 2, **scale)
    bare = change.derivatives(early, **scale)
    value = late - early
    value = value - change.misfit(value, columns, applied=bare, ridge=noise.ridge, **local)
    return value, change.variance_features(bare, fluid)


def covered(scan: Volume) -> Mask:
    """Return where a scan has data: away from blocks of zeros, which lie outside its view."""
    empty = ndimage.binary_opening(scan <= 0, np.ones((3, 3, 3), dtype=bool))
    # Derivatives look some voxels far.
    return np.asarray(~ndimage.binary_dilation(empty, iterations=3))


def _voxels(length_mm: float, voxel_mm: float) -> int:
    return max(1, round(length_mm / voxel_mm))


def slice_gain(
    value: Volume, *, usable: Mask, width: tuple[float, float], hole: float, cut: float
) -> Volume:
    """Local mean of the change within a slice: interleaved slices differ in gain.

    Parameters
    ----------
    value : ndarray of shape (X, Y, Z)
    usable : ndarray of bool, shape (X, Y, Z)
    width : tuple of two float
        Gaussian width within and across slices [voxels].
    hole : float
        Distance within the slice below which voxels have no say [voxels].
    cut : float
        As in `calibration.intensity_field`.
    """
    # ASSUME: slices lie near the axial plane; in a scan with other slices this only removes
    # change that is wider than any lesion.
    scale = max(calibration.robust_sd(value[usable]), calibration.QUIET)
    weight = (calibration.tukey(value, scale=scale, cut=cut) * usable).astype(np.float32)
    edge = max(1, round(width[0] / 3))
    around = disc(sigma=width[0] / edge, hole=hole / edge)
    total, count = (
        signal.fftconvolve(_across(part, edge, width[1]), around[..., None], "same", axes=(0, 1))
        for part in (value * weight, weight)
    )
    # Where a slice knows nothing its gain is taken as none.
    mean = total / np.maximum(count, 1e-3 * float(count.max()))
    fine = to_voxels(mean, shape=value.shape, edge=(edge, edge, 1))
    return np.asarray(fine)


def disc(*, sigma: float, hole: float) -> NDArray[np.float64]:
    """Return the weights of a Gaussian neighbourhood within a slice, its middle left out."""
    reach = int(np.ceil(max(3.0 * sigma, hole + 1.0)))
    square = np.sum(np.square(np.indices((2 * reach + 1,) * 2) - reach), axis=0)
    weights = np.where(square >= hole**2, np.exp(-0.5 * square / sigma**2), 0.0)
    return np.asarray(weights / weights.sum())


def _across(values: Volume, edge: int, sigma: float) -> Volume:
    """Sum over squares of `edge` voxels within slices, blurred across slices."""
    return np.asarray(
        ndimage.gaussian_filter1d(
            block_sum(values, edge=(edge, edge, 1)), sigma, axis=2, truncate=3.0
        )
    )
