"""The change between two visits, and what it would be without a lesion.

Two scans of one head differ by noise, by a shift or a turn left over from registration, and
by the shape of their voxels. To second order the last two are a mixture of the first and
second derivatives of the image. Their coefficients are fitted robustly in the pair itself,
as smooth maps, without the sphere round the plan; what stays is noise whose variance grows
with edge strength.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, optimize, stats

from sonolesion.lesion.blocks import (
    Mask,
    Volume,
    blur,
    in_blocks,
    local_mean,
    neighbourhood,
    to_voxels,
)
from sonolesion.lesion.calibration import QUIET, robust_sd, tukey

Array = NDArray[np.floating[Any]]
# Every so-manieth voxel enters fits of a few numbers for the whole brain.
THIN = 7
ORDERS = (
    (1, 0, 0), (0, 1, 0), (0, 0, 1),
    (2, 0, 0), (0, 2, 0), (0, 0, 2), (1, 1, 0), (1, 0, 1), (0, 1, 1),
)  # fmt: skip


def derivatives(image: Volume, *, voxel_mm: Array, scale_mm: float) -> Array:
    """Return first and second Gaussian derivatives.

    Parameters
    ----------
    image : ndarray of shape (X, Y, Z)
    voxel_mm : ndarray of shape (3,)
        Voxel edges [mm].
    scale_mm : float
        Gaussian width at which derivatives are taken [mm].

    Returns
    -------
    ndarray of shape (9, X, Y, Z)
        x, y, z, xx, yy, zz, xy, xz, yz [1/mm and 1/mm²].
    """
    sigma = scale_mm / np.asarray(voxel_mm)
    found = np.empty((len(ORDERS), *image.shape), dtype=np.float32)
    for out, order in zip(found, ORDERS, strict=True):
        ndimage.gaussian_filter(image, sigma, order=order, truncate=5.0, output=out)
        out /= np.float32(np.prod(np.power(voxel_mm, order)))
    return found


def misfit(
    difference: Volume,
    columns: Array,
    *,
    applied: Array,
    usable: Mask,
    edge: int,
    sigma: float,
    hole: float,
    ridge: float,
    cut: float,
    rounds: int,
) -> Volume:
    """Predict the difference that misregistration and unequal blur make.

    Parameters
    ----------
    difference : ndarray of shape (X, Y, Z)
        Follow-up minus baseline, calibrated.
    columns : ndarray of shape (9, X, Y, Z)
        Derivatives of the mean of both images, see `derivatives`: the mean halves the noise that
        both sides of the fit share.
    applied : ndarray of shape (9, X, Y, Z)
        Derivatives to predict with, of the baseline: a lesion's own edges must not pass for
        misregistration.
    usable : ndarray of bool, shape (X, Y, Z)
        Voxels to fit in: brain without the excluded sphere.
    edge : int
        Edge of a block [voxels].
    sigma, hole : float
        Width of the neighbourhood that a fit is made in, and of its empty middle [blocks].
    ridge : float
        Strength of the pull to the fit of the whole brain, as a part of the mean weight of
        a neighbourhood.
    cut, rounds
        As in `calibration.intensity_field`.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        Predicted difference, everywhere.
    """
    # Slices are thicker than a voxel of the grid: every second voxel tells the same.
    thin = (slice(None, None, 2),) * difference.ndim
    seen, lattice, chosen = difference[thin], columns[(slice(None), *thin)], usable[thin]
    half, around = max(edge // 2, 1), neighbourhood(sigma=sigma, hole=hole)
    predicted = np.zeros(seen.shape, dtype=np.float32)
    table = np.stack([in_blocks(column, edge=half) for column in (*lattice, seen)], axis=-2)
    for _ in range(rounds):
        rest = seen - predicted
        weight = tukey(rest, scale=_scale(rest[chosen]), cut=cut) * chosen
        gram, moment = _normal_equations(table, in_blocks(weight, edge=half), around)
        slopes = _solve(gram, moment, ridge=ridge)
        predicted = _predict(slopes, lattice, edge=half)
    return _predict(slopes, applied, edge=2 * half)


def _predict(slopes: Array, columns: Array, *, edge: int) -> Volume:
    """Interpolate the slopes and apply them."""
    shape = columns.shape[1:]
    predicted = np.zeros(shape, dtype=np.float32)
    for slope, column in zip(np.moveaxis(slopes, -1, 0), columns, strict=True):
        predicted += to_voxels(slope, shape=shape, edge=edge) * column
    return predicted


def _scale(values: Array) -> float:
    return max(robust_sd(values), QUIET)


def _normal_equations(table: Array, weight: Array, around: Volume) -> tuple[Array, Array]:
    """Return the Gram matrix (..., 9, 9) and the moments (..., 9) of every block's fit.

    `table` (..., 10, V) holds derivatives and difference of the voxels of each block, `weight`
    (..., V) their weights.
    """
    products = (table * weight[..., None, :]) @ table.swapaxes(-1, -2)
    i, j = np.triu_indices(products.shape[-1])
    smooth = np.empty(products.shape)
    smooth[..., i, j] = blur(products[..., i, j], around)
    smooth[..., j, i] = smooth[..., i, j]
    return smooth[..., :-1, :-1], smooth[..., :-1, -1]


def _solve(gram: Array, moment: Array, *, ridge: float) -> Array:
    """Solve every block's fit, pulled to the fit of the whole."""
    whole, all_moments = gram.mean(axis=(0, 1, 2)), moment.mean(axis=(0, 1, 2))
    if not np.trace(whole) > 0:
        return np.zeros_like(moment)
    tiny = np.eye(len(whole)) * np.finfo(np.float32).eps * np.trace(whole)
    common = np.linalg.solve(whole + tiny, all_moments)
    pull = ridge * np.diag(np.diag(whole)) + tiny
    local = np.linalg.solve(gram + pull, (moment + pull @ common)[..., None])
    return np.asarray(local[..., 0])


def variance_features(columns: Array, fluid: Volume) -> Array:
    """Return what noise variance may grow with: nothing, edges, curvature, fluid.

    Returns
    -------
    ndarray of shape (4, X, Y, Z)
        One, squared gradient, squared second derivatives, fraction of fluid (pulsation).
    """
    features = np.ones((4, *fluid.shape), dtype=np.float32)
    features[1] = np.einsum("i...,i...->...", columns[:3], columns[:3])
    features[2] = np.einsum("i...,i...->...", columns[3:6], columns[3:6])
    features[2] += 2 * np.einsum("i...,i...->...", columns[6:], columns[6:])
    features[3] = fluid
    return features


def noise_sd(
    rest: Volume,
    features: Array,
    *,
    usable: Mask,
    edge: int,
    sigma: float,
    hole: float,
    cut: float,
    rounds: int,
) -> Volume:
    """Estimate the standard deviation of the difference at every voxel.

    The variance is a sum of the features with factors that are not negative, fitted by
    robust reweighting, times a smooth local factor (coils and parallel imaging make noise
    vary over the head).

    Parameters
    ----------
    rest : ndarray of shape (X, Y, Z)
        Difference without `misfit`.
    features : ndarray of shape (F, X, Y, Z)
        See `variance_features`.
    usable, edge, sigma, hole, cut, rounds
        As in `misfit`.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        Standard deviation, positive, in the unit of `rest`.
    """
    # Some thousand voxels tell four factors; their neighbours add nothing but time.
    values = rest[usable][::THIN].astype(float)
    table = features[:, usable][:, ::THIN].astype(float)
    size = np.maximum(table.mean(axis=1), np.finfo(float).tiny)
    floor = np.square(_scale(values)) * 1e-3
    variance = np.full(values.shape, np.square(_scale(values)))
    factors = np.zeros(len(table))
    for _ in range(rounds):
        weight = tukey(values / np.sqrt(variance), scale=1.0, cut=cut) / variance**2
        scaled = (table / size[:, None]) * weight
        gram = scaled @ (table / size[:, None]).T
        factors, _ = optimize.nnls(gram, scaled @ values**2)
        variance = np.maximum((factors / size) @ table, floor)
    per_feature = (factors / size).astype(np.float32)
    whole = np.maximum(np.tensordot(per_feature, features, axes=1), np.float32(floor))
    sd = np.sqrt(whole)
    sd *= robust_sd(values / sd[usable][::THIN]) or 1.0
    around = neighbourhood(sigma=sigma, hole=hole)
    return np.asarray(sd * _local_factor(rest / sd, usable, edge=edge, around=around))


def _local_factor(z: Volume, usable: Mask, *, edge: int, around: Volume) -> Volume:
    """Local mean of clipped deviations over its expectation for a normal variate."""
    clip = 3.0
    clipped = np.minimum(np.abs(z), clip)
    expected = float(np.mean(clipped[usable]))
    if not expected > 0:
        return np.ones(z.shape)
    blocks = local_mean(clipped, usable.astype(float), edge=edge, around=around) / expected
    return to_voxels(blocks, shape=z.shape, edge=edge)


def tail_freedom(z: Array, *, candidates: tuple[float, ...]) -> float:
    """Choose the degrees of freedom of Student's t that fits standardised deviations best."""
    z = z[::THIN]
    spread_of = robust_sd(z)
    if not spread_of > 0:
        return max(candidates)
    clipped = np.clip(z / spread_of, -20, 20)
    likelihood = [
        stats.t.logpdf(clipped, freedom, scale=_unit_mad_scale(freedom)).sum()
        for freedom in candidates
    ]
    return candidates[int(np.argmax(likelihood))]


def _unit_mad_scale(freedom: float) -> float:
    """Scale that gives Student's t the median absolute deviation of a standard normal."""
    return float(stats.norm.ppf(0.75) / stats.t.ppf(0.75, freedom))
