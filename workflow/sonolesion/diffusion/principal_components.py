"""Noise of a diffusion scan by the principal components of its patches, all patches at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
# Matrices that are held at once: bounds the memory, not the result.
SLAB_BYTES = 64 << 20


@dataclass(frozen=True)
class Projections:
    """What the patches of a slab of centres say, one row a centre.

    Attributes
    ----------
    projection : ndarray of shape (V, N, N)
        Onto the components that are signal, times the patch's weight.
    offset : ndarray of shape (V, N)
        Mean of the patch less its own projection, times the weight.
    variance : ndarray of shape (V,)
        Of the noise, times the weight.
    weight : ndarray of shape (V,)
        The fewer components are signal, the larger.
    """

    projection: Array
    offset: Array
    variance: Array
    weight: Array


def window_sums(values: Array, width: int) -> Array:
    """Return the sums over cubes that lie within an array.

    Parameters
    ----------
    values : ndarray of shape (X, Y, Z)
    width : int
        Edge of a cube.

    Returns
    -------
    ndarray of shape (X - width + 1, Y - width + 1, Z - width + 1)

    Examples
    --------
    >>> window_sums(np.ones((3, 3, 4)), 3).tolist()
    [[[27.0, 27.0]]]
    """
    for axis in range(3):
        count = values.shape[axis] - width + 1
        lines = np.moveaxis(values, axis, 0)
        total = lines[:count] + lines[width - 1 : width - 1 + count] if width > 1 else lines
        for first in range(1, width - 1):
            total += lines[first : first + count]
        values = np.moveaxis(total, 0, axis)
    return values


def noise_variance(eigenvalues: Array, *, n_samples: int) -> Array:
    """Return the variance of the noise from the spectra of patches.

    Parameters
    ----------
    eigenvalues : ndarray of shape (V, N)
        Of the covariance of each patch, ascending.
    n_samples : int
        Voxels of a patch.

    Returns
    -------
    ndarray of shape (V,)

    Notes
    -----
    The largest number of least eigenvalues whose spread is no wider than a Marchenko-Pastur
    distribution of their mean: Veraart et al. 2016, doi:10.1002/mrm.26059, eq. 12.
    """
    known = np.maximum(eigenvalues[:, -min(eigenvalues.shape[1], n_samples - 1) :], 0.0)
    counts = np.arange(1, known.shape[1] + 1)
    means = np.cumsum(known, axis=1) / counts
    excess = known - known[:, :1] - 4.0 * np.sqrt(counts / n_samples) * means
    last = known.shape[1] - 1 - np.argmax((excess <= 0)[:, ::-1], axis=1)
    return np.asarray(means[np.arange(len(known)), last])


def projections(covariance: Array, mean: Array, *, n_samples: int) -> Projections:
    """Tell signal from noise in the covariances of patches.

    Parameters
    ----------
    covariance : ndarray of shape (V, N, N)
    mean : ndarray of shape (V, N)
        Mean over the voxels of each patch.
    n_samples : int
        Voxels of a patch.

    Notes
    -----
    Threshold and weight ``1 / (1 + n_signal)``: Manjon et al. 2013,
    doi:10.1371/journal.pone.0073021, eq. 1 to 3, with the noise of `noise_variance`.
    """
    size = mean.shape[1]
    values, vectors = np.linalg.eigh(covariance)
    variance = noise_variance(values, n_samples=n_samples)
    noise = values < (1.0 + np.sqrt(size / n_samples)) ** 2 * variance[:, None]
    weight = 1.0 / (1.0 + size - noise.sum(axis=1))
    kept = np.where(noise[:, None, :], 0.0, vectors)
    onto = kept @ np.swapaxes(kept * weight[:, None, None], 1, 2)
    offset = weight[:, None] * mean - (onto @ mean[:, :, None])[:, :, 0]
    return Projections(onto, offset, weight * variance, weight)


def denoised(
    data: NDArray[Any], mask: Flags, *, patch_radius_voxels: int, threads: int
) -> tuple[Array, Array]:
    """Replace each voxel by the mean of its projections in all patches that it belongs to.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        As reconstructed, not interpolated.
    mask : ndarray of shape (X, Y, Z)
        Centres of the patches, as far as these lie within the volume.
    patch_radius_voxels : int
        Half edge of a patch.
    threads : int
        At work at once; the result is the same, byte for byte.

    Returns
    -------
    clean : ndarray of shape (X, Y, Z, N)
        NaN where no patch reaches.
    variance : ndarray of shape (X, Y, Z)
        Of the noise [unit of the data squared]; NaN where no patch reaches.

    Notes
    -----
    The projection is linear in a voxel's signal, so that the sum over patches is a matrix a
    voxel: covariances come from, and matrices go back by, sums over cubes of the grid.
    """
    radius, width = patch_radius_voxels, 2 * patch_radius_voxels + 1
    box = _around(mask, radius)
    values = np.ascontiguousarray(np.moveaxis(data[box], 3, 0), dtype=np.float64)
    centres = mask[box][radius:-radius, radius:-radius, radius:-radius]
    sums = np.zeros((len(values) + 2, *values.shape[1:]))
    slabs = list(_slabs(centres, len(values)))

    def work(slab: slice) -> Array:
        reach = slice(slab.start, slab.stop + 2 * radius)
        return _slab_sums(values[:, reach], centres[slab], width)

    with ThreadPoolExecutor(threads) as pool:
        # In the order of the slabs, whoever is ready first: sums then round alike.
        for first in range(0, len(slabs), threads):
            part = slabs[first : first + threads]
            for slab, found in zip(part, pool.map(work, part), strict=True):
                sums[:, slab.start : slab.stop + 2 * radius] += found
    weight = np.where(sums[-1] > 0, sums[-1], np.nan)
    clean, variance = np.full(data.shape, np.nan), np.full(mask.shape, np.nan)
    clean[box] = np.moveaxis(sums[:-2] / weight, 0, 3)
    variance[box] = sums[-2] / weight
    return clean, variance


def _around(mask: Flags, radius: int) -> tuple[slice, slice, slice]:
    """Return the box of all patches whose centre is in a mask."""
    if not mask.any():
        return (slice(0, 0),) * 3
    places = [np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    a, b, c = (
        slice(max(int(p[0]) - radius, 0), min(int(p[-1]) + radius + 1, n))
        for p, n in zip(places, mask.shape, strict=True)
    )
    return a, b, c


def _slabs(centres: Flags, n_volumes: int) -> Iterator[slice]:
    """Yield runs of planes of centres whose matrices are small enough to be held."""
    counts = centres.sum(axis=(1, 2))
    most = max(1, SLAB_BYTES // (8 * n_volumes**2))
    first, held = 0, 0
    for plane, count in enumerate(counts):
        if held and held + count > most:
            yield slice(first, plane)
            first, held = plane, 0
        held += int(count)
    if held:
        yield slice(first, len(counts))


def _slab_sums(values: Array, centres: Flags, width: int) -> Array:
    """Return the sums of weighted projections, noise and weights of a slab's patches.

    Parameters
    ----------
    values : ndarray of shape (N, x, y, z)
        Signal that the patches reach.
    centres : ndarray of shape (x - width + 1, y - width + 1, z - width + 1)
        Where there is a patch.
    width : int
        Edge of a patch.

    Returns
    -------
    ndarray of shape (N + 2, x, y, z)
        Signal of each volume, variance of the noise, weight.
    """
    size, n_samples = len(values), width**3
    mean = np.stack([window_sums(one, width)[centres] for one in values], axis=1) / n_samples
    covariance = np.empty((len(mean), size, size))
    rows, columns = np.triu_indices(size)
    for i, j in zip(rows, columns, strict=True):
        product = window_sums(values[i] * values[j], width)[centres] / n_samples
        covariance[:, i, j] = covariance[:, j, i] = product - mean[:, i] * mean[:, j]
    found = projections(covariance, mean, n_samples=n_samples)
    field = np.zeros([n + 2 * (width - 1) for n in centres.shape])
    inner = field[(slice(width - 1, 1 - width),) * 3]

    def spread(amounts: Array) -> Array:
        """Give every voxel of a patch what the patch says."""
        inner[centres] = amounts
        return window_sums(field, width)

    sums = np.empty((size + 2, *values.shape[1:]))
    for number, amounts in enumerate([*found.offset.T, found.variance, found.weight]):
        sums[number] = spread(amounts)
    for i, j in zip(rows, columns, strict=True):
        share = spread(found.projection[:, i, j])
        sums[i] += share * values[j]
        if i != j:
            sums[j] += share * values[i]
    return sums
