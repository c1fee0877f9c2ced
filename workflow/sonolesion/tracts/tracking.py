"""Streamlines from fibre orientations, in millimetres of any space."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault
from sonolesion.maths.points import Matrix, Points, moved
from sonolesion.tracts import walking
from sonolesion.tracts.geometry import Offsets

Method = Literal["probabilistic", "deterministic"]


def seeds(
    mask: NDArray[np.bool_], affine: Matrix, *, n_seeds: int, seed: int
) -> NDArray[np.float64]:
    """Return random points in a mask [mm], shape (n_seeds, 3).

    Parameters
    ----------
    mask : ndarray of bool, shape (X, Y, Z)
        Where streamlines start.
    affine : ndarray of shape (4, 4)
        Voxel indices to millimetres.
    n_seeds : int
        Points.
    seed : int
        Seed of the random numbers: the same gives the same points.

    Raises
    ------
    InputFault
        If the mask is empty.
    """
    index = np.argwhere(mask)
    if not len(index):
        raise InputFault(
            file="mask of seeds",
            found="no voxel",
            expected="a region inside the diffusion scan",
            remedy="check the field of view and the registration to the template",
        )
    rng = np.random.default_rng(seed)
    voxel = index[rng.integers(len(index), size=n_seeds)] + rng.uniform(-0.5, 0.5, (n_seeds, 3))
    return np.asarray(voxel @ affine[:3, :3].T + affine[:3, 3])


def stopping_map(
    fa: NDArray[Any], *, fluid: NDArray[Any] | None, max_fluid: float
) -> NDArray[np.float64]:
    """Return the map below a threshold of which streamlines stop.

    Parameters
    ----------
    fa : ndarray of shape (X, Y, Z)
        Fractional anisotropy; NaN outside the brain.
    fluid : ndarray of shape (X, Y, Z), optional
        Share of cerebrospinal fluid on the same grid.
    max_fluid : float
        Above this share of fluid, they stop whatever the anisotropy.
    """
    value = np.nan_to_num(fa, nan=0.0).astype(np.float64)
    return value if fluid is None else np.where(fluid > max_fluid, 0.0, value)


def track(
    coefficients: NDArray[Any],
    affine: Matrix,
    seeds_mm: NDArray[np.float64],
    stopping: NDArray[np.float64],
    *,
    to_space: Matrix,
    method: Method,
    stop_below: float,
    step_mm: float,
    max_angle_deg: float,
    min_amplitude: float,
    min_mm: float,
    max_mm: float,
    sphere: str,
    seed: int,
    threads: int,
) -> tuple[Points, Offsets]:
    """Follow fibres from seeds.

    Parameters
    ----------
    coefficients : ndarray of shape (X, Y, Z, C)
        Fibre orientations in the voxel axes, from `response_csd.orientations`; 0 outside.
    affine : ndarray of shape (4, 4)
        Voxel indices of the scan to its millimetres.
    seeds_mm : ndarray of shape (N, 3)
        Where to start, in the scan's millimetres.
    stopping : ndarray of shape (X, Y, Z)
        Map that stops them, from `stopping_map`.
    to_space : ndarray of shape (4, 4)
        Points of the scan to points of the wanted space (acpc).
    method : {"probabilistic", "deterministic"}
    stop_below : float
        Value of the map below which a streamline stops.
    step_mm, max_angle_deg : float
        Step [mm], and largest turn in a step [degrees].
    min_amplitude : float
        Directions below this share of the largest amplitude are not taken.
    min_mm, max_mm : float
        Lengths that are kept [mm].
    sphere : str
        Name of dipy's set of directions; the time grows with their number.
    seed : int
        Seed of the random numbers, 1 or more: the same gives the same streamlines, whatever
        the number of threads.
    threads : int

    Returns
    -------
    points : ndarray of float32, shape (P, 3)
        In the wanted space [mm].
    offsets : ndarray of int64, shape (S + 1,)

    Notes
    -----
    Probabilistic: a direction drawn from the orientation distribution at each step (Tournier et
    al. 2012, doi:10.1002/ima.22005, iFOD1); deterministic: the largest amplitude within the turn.
    Streamlines walk along voxel axes, so that the grid's rotation is left to the very end.
    """
    voxel_mm = np.linalg.norm(affine[:3, :3], axis=0)
    to_voxel = np.linalg.inv(affine)
    directions, amplitudes = half_sphere(sphere, n_harmonics=coefficients.shape[3])
    walk = walking.Walk(
        method == "probabilistic",
        step_mm / voxel_mm,
        max_angle_deg,
        min_amplitude,
        stop_below,
        int(max_mm / step_mm),
    )
    volume = np.concatenate([coefficients, stopping[..., None]], axis=3, dtype=np.float32)
    points, counts = walking.streamlines(
        walking.Field(volume, amplitudes, directions),
        walk,
        seeds_mm @ to_voxel[:3, :3].T + to_voxel[:3, 3],
        seed=seed,
        threads=threads,
    )
    length_mm = (counts - 1) * step_mm
    kept = (counts > 1) & (length_mm >= min_mm) & (length_mm <= max_mm)
    offsets = np.concatenate([[0], np.cumsum(counts[kept])]).astype(np.int64)
    return moved(points[np.repeat(kept, counts)], to_space @ affine), offsets


def half_sphere(name: str, *, n_harmonics: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return one of each two opposite directions of dipy's sphere, and the harmonics there.

    Parameters
    ----------
    name : str
        Of the sphere.
    n_harmonics : int
        Coefficients C of the distributions.

    Returns
    -------
    directions : ndarray of shape (D, 3)
    amplitudes : ndarray of shape (C, D)
        In the basis of `response_csd.orientations`.
    """
    from dipy.core.sphere import HemiSphere
    from dipy.data import get_sphere
    from dipy.reconst.shm import sh_to_sf_matrix

    half = HemiSphere.from_sphere(get_sphere(name=name))
    order = next(n for n in range(0, 2 * n_harmonics, 2) if (n + 1) * (n + 2) == 2 * n_harmonics)
    with warnings.catch_warnings():
        # The basis that dipy's own deconvolution gives, and warns of.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        matrix = sh_to_sf_matrix(
            half, sh_order_max=order, basis_type="descoteaux07", legacy=True, return_inv=False
        )
    return half.vertices.astype(np.float32), matrix.astype(np.float32)
