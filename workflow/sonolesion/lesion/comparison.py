"""Compare a visit with its baseline: change and noise of one contrast, then of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.lesion import calibration, change
from sonolesion.lesion.blocks import Mask, Volume


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
    field, noise
        Models and their settings.
    """
    valid = covered(follow_up) & covered(baseline)
    level = calibration.brain_level(baseline, brain & valid)
    usable = brain & valid & ~excluded
    factor = calibration.intensity_field(
        follow_up, baseline, brain=brain & valid, excluded=excluded,
        edge=_voxels(field.block_mm, voxel_mm), sigma=field.smooth_mm / field.block_mm,
        cut=field.cut, rounds=field.rounds,
    )  # fmt: skip
    late, early = follow_up / factor / level, baseline / level
    columns = _columns(late, early, excluded, voxel_mm, noise.derivative_mm)
    edge, sigma = _voxels(noise.block_mm, voxel_mm), noise.smooth_mm / noise.block_mm
    value = late - early
    value = value - change.misfit(
        value, columns, usable=usable, edge=edge, sigma=sigma, ridge=noise.ridge,
        cut=field.cut, rounds=field.rounds,
    )  # fmt: skip
    value = value - slice_gain(
        value, usable=usable, cut=field.cut,
        width=(noise.slice_width_mm / voxel_mm, noise.slice_thickness_mm / voxel_mm),
    )  # fmt: skip
    sd = change.noise_sd(
        value, change.variance_features(columns, fluid), usable=usable, edge=edge,
        sigma=sigma, cut=field.cut, rounds=field.rounds,
    )  # fmt: skip
    freedom = change.tail_freedom((value / sd)[usable], candidates=noise.freedoms)
    return Change(np.where(valid, value, 0.0), np.where(valid, sd, UNKNOWN), freedom, valid)


def _columns(
    late: Volume, early: Volume, excluded: Mask, voxel_mm: float, scale_mm: float
) -> Volume:
    """Return derivatives of the mean of both visits; round the plans, of the baseline alone.

    The mean halves the noise that both sides of a fit share; but where a lesion may be, its own
    edges must not pass for misregistration.
    """
    size = np.full(3, voxel_mm)
    columns = change.derivatives((late + early) / 2, voxel_mm=size, scale_mm=scale_mm)
    if not excluded.any():
        return columns
    room = int(np.ceil(5 * scale_mm / voxel_mm))
    box = tuple(
        slice(max(int(i.min()) - room, 0), int(i.max()) + room + 1) for i in np.nonzero(excluded)
    )
    bare = change.derivatives(early[box], voxel_mm=size, scale_mm=scale_mm)
    columns[(slice(None), *box)] = np.where(excluded[box], bare, columns[(slice(None), *box)])
    return columns


def covered(scan: Volume) -> Mask:
    """Return where a scan has data: away from blocks of zeros, which lie outside its view."""
    empty = ndimage.binary_opening(scan <= 0, np.ones((3, 3, 3), dtype=bool))
    # Derivatives look some voxels far.
    return np.asarray(~ndimage.binary_dilation(empty, iterations=3))


def _voxels(length_mm: float, voxel_mm: float) -> int:
    return max(1, round(length_mm / voxel_mm))


def slice_gain(value: Volume, *, usable: Mask, width: tuple[float, float], cut: float) -> Volume:
    """Local mean of the change within a slice: interleaved slices differ in gain.

    `width` is the Gaussian width within and across slices [voxels].
    """
    # ASSUME: slices lie near the axial plane; in a scan with other slices this only removes
    # change that is wider than any lesion.
    scale = max(calibration.robust_sd(value[usable]), calibration.QUIET)
    weight = (calibration.tukey(value, scale=scale, cut=cut) * usable).astype(np.float32)
    sigma = (width[0], width[0], width[1])
    total = ndimage.gaussian_filter(value * weight, sigma, truncate=3.0)
    count = ndimage.gaussian_filter(weight, sigma, truncate=3.0)
    return np.asarray(total / np.maximum(count, 1e-3))


def stacked(changes: Mapping[str, Change]) -> tuple[Volume, Volume, NDArray[np.float64]]:
    """Return change (C, X, Y, Z), standard deviation (C, X, Y, Z) and freedom (C,)."""
    parts = list(changes.values())
    return (
        np.stack([part.value for part in parts]).astype(np.float32),
        np.stack([part.sd for part in parts]).astype(np.float32),
        np.array([part.freedom for part in parts]),
    )
