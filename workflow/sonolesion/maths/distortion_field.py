"""Coarse-to-fine search for a field, with gain, intensities and head position in alternation.

Arrays have the phase-encoding axis last; shifts are those of the reference scan [voxels].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.maths.distortion_pose import Matrix, align, largest_motion_mm, moved
from sonolesion.maths.distortion_solver import Smoothness, Term, search
from sonolesion.maths.line_transport import Lines, Volume, prepare, transport
from sonolesion.maths.resolution_levels import Factors, block_factors, blocks, onto

HEAD_RADIUS_MM = 80.0
# Correlation in a window at which the sign of the contrast is half believed.
UNSURE = 0.3


@dataclass(frozen=True)
class Search:
    """How a field is looked for.

    Attributes
    ----------
    levels_mm : tuple of float
        Edges of the blocks, coarse to fine [mm].
    stiffness : float
        Cost of a squared gradient of the displacement, where the signal is 1.
    barrier : float
        Cost of stretching and squeezing.
    n_rounds : int
        Alternations at each level.
    n_steps, n_inner : int
        Most Gauss-Newton steps a round, conjugate-gradient steps in each.
    min_gain : float
        Share of the cost that a Gauss-Newton step must save for another one to follow.
    window_blocks : float
        Standard deviation of the Gaussian window over which gain or intensities are compared
        [blocks of the level].
    floor : float
        Signal (or its spread), as a share of the tissue's, below which a window counts little.
    """

    levels_mm: tuple[float, ...]
    stiffness: float
    barrier: float
    n_rounds: int
    n_steps: int
    n_inner: int
    min_gain: float
    window_blocks: float
    floor: float


def scaled(volume: NDArray[Any]) -> Volume:
    """Scale a scan so that what is brighter than its mean has a mean of 1.

    Raises
    ------
    ValueError
        If the scan is empty or constant.
    """
    signal = np.ascontiguousarray(np.maximum(volume, 0), dtype=np.float32)
    bright = signal[signal > signal.mean()]
    if not bright.size:
        raise ValueError("a scan is empty or constant")
    return np.asarray(signal / bright.mean(), dtype=np.float32)


def opposed(
    first: Volume,
    second: Volume,
    *,
    edges_mm: NDArray[np.float64],
    ratio: float,
    how: Search,
    min_motion_mm: float,
) -> tuple[Volume, Matrix, Volume]:
    """Find the shift that makes two scans with opposite phase encoding agree.

    Parameters
    ----------
    first, second : ndarray of shape (X, Y, N)
        Scans, `scaled`.
    edges_mm : ndarray of shape (3,)
        Edges of a voxel [mm].
    ratio : float
        Readout time of the second over that of the first scan.
    how : Search
        Levels, smoothness, effort.
    min_motion_mm : float
        Motion within the head below which none is assumed [mm].

    Returns
    -------
    shift : ndarray of shape (X, Y, N)
        Of the first scan [voxels].
    pose : ndarray of shape (4, 4)
        Points [mm from the centre] of the first to points of the second scan.
    gain : ndarray of shape (X, Y, N)
        Factor from the first to the second scan, unwarped.
    """
    shift, factors = np.zeros((1, 1, 1), dtype=np.float32), first.shape
    pose = found = np.eye(4)
    gain = np.ones_like(first)
    for level_mm in how.levels_mm:
        coarse, shift, factors = _level(first, shift, factors, edges_mm, level_mm)
        block_mm = edges_mm * factors
        for _ in range(how.n_rounds):
            moves = largest_motion_mm(found, radius_mm=HEAD_RADIUS_MM) > min_motion_mm
            pose = found if moves else pose
            other = blocks(moved(second, pose, voxel_mm=edges_mm, order=3), factors)
            lines = prepare(coarse), prepare(other)
            gain = _gain(*_unwarped(lines, shift, ratio), block_mm, how)
            terms = [Term(lines[0], 1.0, gain), Term(lines[1], -ratio, -1.0)]
            shift = _search(terms, 0.0, shift, block_mm, how)
            still, away = _unwarped(lines, shift, ratio)
            # Not with the gain, which takes up part of a rotation.
            found = pose @ align(_ranked(still, away), away, voxel_mm=block_mm, phase_axis=2)
    size, whole = first.shape, (1, 1, 1)
    gain = onto(gain, factors=factors, finer_factors=whole, shape=size)
    fine = onto(shift * np.float32(factors[2]), factors=factors, finer_factors=whole, shape=size)
    return fine, pose, gain


def towards(
    scan: Volume,
    reference: Volume,
    mask: Volume,
    *,
    edges_mm: NDArray[np.float64],
    how: Search,
) -> Volume:
    """Find the shift that lays a scan on an undistorted one of another contrast.

    Parameters
    ----------
    scan, reference : ndarray of shape (X, Y, N)
        Distorted scan and undistorted one, `scaled`.
    mask : ndarray of shape (X, Y, N)
        Where they are compared, 0 to 1.
    edges_mm : ndarray of shape (3,)
        Edges of a voxel [mm].
    how : Search
        Levels, smoothness, effort.

    Returns
    -------
    ndarray of shape (X, Y, N)
        Shift of the scan [voxels].

    Notes
    -----
    In each round the reference gets the scan's intensities by a linear fit in a window about each
    voxel; the squared difference that is left is the window's ``1 - r²``, so that the local
    correlation rises (Cachier et al. 2003, doi:10.1016/S1077-3142(03)00002-X).
    """
    shift, factors = np.zeros((1, 1, 1), dtype=np.float32), scan.shape
    for level_mm in how.levels_mm:
        coarse, shift, factors = _level(scan, shift, factors, edges_mm, level_mm)
        block_mm = edges_mm * factors
        lines, anatomy, weight = prepare(coarse), blocks(reference, factors), blocks(mask, factors)
        for _ in range(how.n_rounds):
            unwarped = transport(lines, shift)[0]
            target = local_fit(
                unwarped,
                anatomy,
                weight,
                window=how.window_blocks * block_mm.max() / block_mm,
                floor=how.floor,
            )
            shift = _search([Term(lines, 1.0, weight)], weight * target, shift, block_mm, how)
    fine = shift * np.float32(factors[2])
    return onto(fine, factors=factors, finer_factors=(1, 1, 1), shape=scan.shape)


def local_fit(
    scan: Volume,
    reference: Volume,
    weight: Volume,
    *,
    window: NDArray[np.float64],
    floor: float,
) -> Volume:
    """Give a reference the intensities of a scan by a linear fit in each window.

    Parameters
    ----------
    scan, reference, weight : ndarray of shape (X, Y, Z)
        Volumes on one grid, and what each voxel counts.
    window : ndarray of shape (3,)
        Standard deviation of the Gaussian window [voxels].
    floor : float
        Spread of the reference in a window below which its contrast counts little.
    """

    def mean(values: Volume) -> Volume:
        return np.asarray(ndimage.gaussian_filter(weight * values, window) / share)

    share = ndimage.gaussian_filter(weight, window) + np.float32(1e-3)
    middle, anatomy = mean(scan), mean(reference)
    spread = np.maximum(mean(scan * scan) - middle**2, 0) + np.float32(1e-6)
    contrast = np.maximum(mean(reference * reference) - anatomy**2, 0) + np.float32(floor**2)
    covariance = mean(scan * reference) - middle * anatomy
    told = covariance / np.sqrt(covariance**2 + np.float32(UNSURE**2) * spread * contrast)
    slope = told * np.sqrt(spread / contrast)
    return np.asarray(middle + slope * (reference - anatomy), dtype=np.float32)


def _level(
    scan: Volume,
    shift: Volume,
    before: Sequence[int],
    edges_mm: NDArray[np.float64],
    level_mm: float,
) -> tuple[Volume, Volume, Factors]:
    """Return scan and shift in the blocks of a level, and the blocks' voxels along each axis."""
    factors = block_factors(scan.shape, voxel_mm=list(edges_mm), level_mm=level_mm)
    coarse = blocks(scan, factors)
    shift = shift * np.float32(before[2] / factors[2])
    last = (before[0], before[1], before[2])
    return coarse, onto(shift, factors=last, finer_factors=factors, shape=coarse.shape), factors


def _unwarped(lines: tuple[Lines, Lines], shift: Volume, ratio: float) -> tuple[Volume, Volume]:
    return transport(lines[0], shift)[0], transport(lines[1], np.float32(-ratio) * shift)[0]


def _ranked(first: Volume, second: Volume) -> Volume:
    """Give one unwarped scan the intensities of another.

    Scans with unlike echo times differ by the tissue's T2, which goes with the intensity: what is
    k-th brightest in one is laid on what is k-th brightest in the other. Ranks, unlike a
    regression, do not fade while the scans are still apart.
    """
    order = np.sort(first, axis=None), np.sort(second, axis=None)
    return np.interp(first, *order).astype(np.float32)


def _gain(first: Volume, second: Volume, block_mm: NDArray[np.float64], how: Search) -> Volume:
    """Return the factor that makes one unwarped scan's ranks and local means those of another."""
    floor = np.float32(how.floor)
    alike = (_ranked(first, second) + floor) / (np.maximum(first, 0) + floor)
    window = how.window_blocks * block_mm.max() / block_mm
    smooth = [ndimage.gaussian_filter(v, window) + floor for v in (alike * first, second)]
    return np.asarray(alike * smooth[1] / smooth[0], dtype=np.float32)


def _search(
    terms: Sequence[Term], target: Any, shift: Volume, block_mm: NDArray[np.float64], how: Search
) -> Volume:
    a, b, c = how.stiffness * (block_mm[2] / block_mm) ** 2
    return search(
        terms,
        target,
        shift,
        smoothness=Smoothness((float(a), float(b), float(c)), how.barrier),
        n_steps=how.n_steps,
        n_inner=how.n_inner,
        min_gain=how.min_gain,
    )
