"""Linear and deformable registration with greedy, started from several places."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray
from picsl_greedy import Greedy3D

from sonolesion.anatomy.gates import mutual_information
from sonolesion.anatomy.geometry import (
    Matrix,
    about,
    apply,
    crop_box,
    cropped_affine,
    grid_points,
    rotation,
    to_itk,
    voxel_edges,
)
from sonolesion.anatomy.resample import resample, sample

Volume = NDArray[np.float32]
Mask = NDArray[np.bool_]
COARSE_MM = 3.0


def register_linear(
    fixed: Volume,
    fixed_affine: Matrix,
    moving: Volume,
    moving_affine: Matrix,
    *,
    mask: Mask,
    start: Matrix,
    dof: int,
    metric: str,
    iterations: Sequence[int],
    jitter_voxels: float,
    seed: int,
    n_threads: int,
) -> Matrix:
    """Find the linear transform that lays one volume on another.

    Parameters
    ----------
    fixed, moving : ndarray of shape (X, Y, Z) and (A, B, C)
        Volumes, each with an affine of shape (4, 4): voxel indices to RAS+ [mm].
    mask : ndarray of bool, shape (X, Y, Z)
        Where the fixed volume is compared.
    start : ndarray of shape (4, 4)
        Rigid first guess, RAS+ points of the fixed to points of the moving space.
    dof : int
        6 (rigid), 7 (with one scale) or 12 (affine).
    metric : str
        ``"NMI"``, or ``"NCC 2x2x2"`` with its patch radius [voxels].
    iterations : sequence of int
        Iterations a level, coarse to fine; the last level is the fixed grid itself.
    jitter_voxels : float
        Random displacement of the sampling points, standard deviation [voxels of the level].
    seed : int
        Seed of that randomness, at least 1: the same seed gives the same answer.
    n_threads : int
        Threads to use.

    Returns
    -------
    ndarray of shape (4, 4)
        RAS+ points of the fixed to points of the moving space.

    Raises
    ------
    ValueError
        If the coarsest level has no iteration (greedy crashes on it), or the seed is not
        positive (greedy then takes the clock for it).

    Notes
    -----
    greedy takes no first guess from memory, so the guess goes into the moving volume's
    placement; this asks it to be rigid. Yushkevich et al. 2016, doi:10.1016/j.jalz.2016.06.205.
    """
    if iterations[0] < 1:
        raise ValueError(f"the coarsest level needs an iteration, not {list(iterations)}")
    if seed < 1:
        raise ValueError(f"a seed is at least 1, not {seed}")
    box = crop_box(mask, margin_voxels=4)
    box_affine = cropped_affine(fixed_affine, box)
    images = {
        "fixed": to_itk(np.asarray(fixed[box], np.float32), box_affine),
        "moving": to_itk(np.asarray(moving, np.float32), np.linalg.inv(start) @ moving_affine),
        "mask": to_itk(mask[box].astype(np.float32), box_affine),
    }
    levels = "x".join(str(n) for n in iterations)
    command = (
        f"-d 3 -V 0 -a -dof {dof} -i fixed moving -gm mask -m {metric} -n {levels} "
        f"-ia-identity -jitter {jitter_voxels} -seed {seed} -o matrix -threads {n_threads}"
    )
    found = _greedy(command, images, ["matrix"])["matrix"]
    return np.asarray(start @ np.asarray(found, dtype=np.float64), dtype=np.float64)


def _greedy(command: str, images: dict[str, SimpleITK.Image], outputs: list[str]) -> dict[str, Any]:
    """Run greedy on images in memory and return its outputs."""
    tool, text = Greedy3D(), io.StringIO()
    tool.execute(command, out=text, err=text, **images, **dict.fromkeys(outputs))
    return {name: tool[name] for name in outputs}


def register_deformable(
    fixed: Volume,
    moving: Volume,
    affine: Matrix,
    *,
    mask: Mask,
    metric: str,
    iterations: Sequence[int],
    smooth_gradient_mm: float,
    smooth_field_mm: float,
    seed: int,
    n_threads: int,
) -> tuple[Volume, Volume]:
    """Find the smooth deformation between two volumes on one grid.

    Parameters
    ----------
    fixed, moving : ndarray of shape (X, Y, Z)
        Volumes that a linear registration has brought together.
    affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm].
    mask : ndarray of bool, shape (X, Y, Z)
        Where the fixed volume is compared.
    metric : str
        For instance ``"NCC 2x2x2"``.
    iterations : sequence of int
        Iterations a level, coarse to fine.
    smooth_gradient_mm, smooth_field_mm : float
        Gaussian smoothing of each update and of the whole field [mm].
    seed : int
        Seed of the weak noise that greedy adds, so that flat patches have a correlation.
    n_threads : int
        Threads to use.

    Returns
    -------
    forward, inverse : ndarray of shape (X, Y, Z, 3)
        RAS+ displacement [mm] of a point of the grid towards the moving volume, and back.

    Raises
    ------
    ValueError
        If the volumes differ in shape.
    """
    if fixed.shape != moving.shape:
        raise ValueError(f"shapes differ: fixed {fixed.shape}, moving {moving.shape}")
    images = {
        "fixed": to_itk(np.asarray(fixed, np.float32), affine),
        "moving": to_itk(np.asarray(moving, np.float32), affine),
        "mask": to_itk(mask.astype(np.float32), affine),
    }
    levels = "x".join(str(n) for n in iterations)
    command = (
        f"-d 3 -V 0 -i fixed moving -gm mask -m {metric} -n {levels} "
        f"-s {smooth_gradient_mm}mm {smooth_field_mm}mm -seed {seed} "
        f"-o forward -oinv inverse -threads {n_threads}"
    )
    found = _greedy(command, images, ["forward", "inverse"])
    return _ras_field(found["forward"]), _ras_field(found["inverse"])


def _ras_field(field: SimpleITK.Image) -> Volume:
    """Turn ITK's displacements (LPS+ [mm]) into an array (X, Y, Z, 3) in RAS+ [mm]."""
    array = np.moveaxis(SimpleITK.GetArrayFromImage(field).T, 0, -1)
    return np.asarray(array * np.array([-1, -1, 1], dtype=np.float32), dtype=np.float32)


def centre_of_mass(volume: NDArray[Any], affine: Matrix) -> Matrix:
    """Return the centre of mass of a volume's positive values, RAS+ [mm], shape (3,)."""
    weight = np.maximum(volume.astype(np.float64), 0)
    total = weight.sum()
    index = [
        float(weight.sum(axis=tuple(a for a in range(3) if a != axis)) @ np.arange(n) / total)
        for axis, n in enumerate(weight.shape)
    ]
    return apply(affine, np.array(index))


def head_starts(
    fixed_centre: Matrix,
    moving_centre: Matrix,
    *,
    pitch_degrees: Iterable[float],
    rise_mm: Iterable[float],
) -> list[Matrix]:
    """Return rigid first guesses: centres laid together, the head nodded and raised.

    Parameters
    ----------
    fixed_centre, moving_centre : ndarray of shape (3,)
        Centres of mass, RAS+ [mm]. A scan with a neck has its centre below the brain's.
    pitch_degrees : iterable of float
        Rotations about the left–right axis [degrees].
    rise_mm : iterable of float
        How far above the moving centre the brain's may lie [mm].
    """
    shift = moving_centre - fixed_centre
    up = np.array([0.0, 0.0, 1.0])
    return [
        about(fixed_centre, rotation((1, 0, 0), pitch), shift + rise * up)
        for pitch in pitch_degrees
        for rise in rise_mm
    ]


def coarser(volume: Volume, affine: Matrix, spacing_mm: float) -> tuple[Volume, Matrix]:
    """Return a volume smoothed and sampled on an isotropic, RAS+ grid of a wider spacing."""
    corners = apply(affine, np.array(list(np.ndindex(2, 2, 2))) * (np.array(volume.shape) - 1))
    low, high = corners.min(axis=0), corners.max(axis=0)
    target = np.diag([spacing_mm] * 3 + [1.0])
    target[:3, 3] = low
    shape = np.ceil((high - low) / spacing_mm).astype(int) + 1
    image = to_itk(np.asarray(volume, np.float32), affine)
    sigma = np.where(voxel_edges(affine) < spacing_mm, 0.4 * spacing_mm, 1e-3)
    smooth = SimpleITK.SmoothingRecursiveGaussian(image, np.maximum(sigma, 1e-3).tolist())
    array = np.ascontiguousarray(SimpleITK.GetArrayFromImage(smooth).T)
    identity = np.eye(4)
    return resample(array, affine, identity, shape=shape.tolist(), affine=target, order=1), target


def nearest_rigid(matrix: Matrix, centre: NDArray[Any]) -> Matrix:
    """Return the rigid transform (4, 4) closest to an affine one near a point.

    Notes
    -----
    The rotation is the orthogonal factor of the polar decomposition.
    """
    left, _, right = np.linalg.svd(matrix[:3, :3])
    turn = left @ np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))]) @ right
    out = np.eye(4)
    out[:3, :3] = turn
    out[:3, 3] = apply(matrix, centre) - turn @ centre
    return out


def register_best(
    fixed: Volume,
    fixed_affine: Matrix,
    moving: Volume,
    moving_affine: Matrix,
    *,
    mask: Mask,
    starts: Sequence[Matrix],
    metric: str,
    iterations: Sequence[int],
    jitter_voxels: float,
    seed: int,
    n_bins: int,
    n_threads: int,
) -> Matrix:
    """Register rigidly from the most promising of several starts.

    Each start is first tried on a coarse grid; the one with the largest mutual information
    is refined on the fixed grid.

    Parameters
    ----------
    fixed, moving : ndarray of shape (X, Y, Z) and (A, B, C)
        Volumes with their affines (4, 4).
    mask : ndarray of bool, shape (X, Y, Z)
        Where the fixed volume is compared.
    starts : sequence of ndarray of shape (4, 4)
        Rigid first guesses.
    metric, iterations, jitter_voxels, seed, n_threads
        As for `register_linear`.
    n_bins : int
        Bins of the joint histogram.

    Returns
    -------
    ndarray of shape (4, 4)
        RAS+ points of the fixed to points of the moving space.
    """
    low, low_affine = coarser(fixed, fixed_affine, COARSE_MM)
    head, head_affine = coarser(moving, moving_affine, COARSE_MM)
    inside = coarser(mask.astype(np.float32), fixed_affine, COARSE_MM)[0] > 0.5
    points = grid_points(low.shape, low_affine)[inside]

    def tried(start: Matrix) -> tuple[float, Matrix]:
        matrix = register_linear(
            low, low_affine, head, head_affine, mask=inside, start=start, dof=6,
            metric=metric, iterations=iterations[:-1], jitter_voxels=jitter_voxels, seed=seed,
            n_threads=n_threads,
        )  # fmt: skip
        values = sample(head, head_affine, apply(matrix, points), order=1)
        return mutual_information(low[inside], values, n_bins=n_bins), matrix

    best = max((tried(start) for start in starts), key=lambda found: found[0])[1]
    return register_linear(
        fixed, fixed_affine, moving, moving_affine, mask=mask, start=best, dof=6,
        metric=metric, iterations=iterations[1:], jitter_voxels=jitter_voxels, seed=seed,
        n_threads=n_threads,
    )  # fmt: skip


def centred(fixed_centre: Matrix, moving_centre: Matrix, start: Matrix) -> Matrix:
    """Return a start (4, 4) whose translation lays one centre (3,) on the other [mm]."""
    out = start.copy()
    out[:3, 3] += moving_centre - apply(start, fixed_centre)
    return out
