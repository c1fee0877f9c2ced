"""Gradient directions between FSL's convention and the world axes of the scan."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]
Matrix = NDArray[np.float64]


def direction_cosines(affine: NDArray[Any]) -> Matrix:
    """Return the orthogonal matrix nearest to the directions of the voxel axes.

    Parameters
    ----------
    affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ world [mm].

    Returns
    -------
    ndarray of shape (3, 3)
        Its columns are the voxel axes in the world; determinant -1 where they are left-handed.

    Raises
    ------
    ValueError
        If the affine is no invertible 4x4 matrix.

    Notes
    -----
    Polar decomposition (Higham 1986, doi:10.1137/0907079) of the axes scaled to unit length: the
    voxel size drops out, and so does a shear that rounding left in the header.
    """
    if affine.shape != (4, 4) or not np.isfinite(affine).all():
        raise ValueError(f"the affine is no finite 4x4 matrix but {affine.shape}")
    linear = np.asarray(affine[:3, :3], dtype=np.float64)
    edges = np.linalg.norm(linear, axis=0)
    if not edges.all() or abs(np.linalg.det(linear / edges)) < np.finfo(np.float32).eps:
        raise ValueError("the affine has no inverse: two voxel axes fall together")
    left, _, right = np.linalg.svd(linear / edges)
    return np.asarray(left @ right, dtype=np.float64)


def fsl_to_world(affine: NDArray[Any]) -> Matrix:
    """Return the orthogonal matrix that carries FSL's directions to the world.

    Parameters
    ----------
    affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ world [mm].

    Notes
    -----
    A ``.bvec`` file speaks of the voxel axes, the first of them reversed where the affine's
    determinant is positive (FSL's "radiological" storage).
    """
    axes = direction_cosines(affine)
    first = -1.0 if np.linalg.det(axes) > 0 else 1.0
    return np.asarray(axes * np.array([first, 1.0, 1.0]), dtype=np.float64)


def to_world(fsl_vectors: NDArray[Any], affine: NDArray[Any]) -> Vectors:
    """Carry directions of a ``.bvec`` file to the world axes of the scan.

    Parameters
    ----------
    fsl_vectors : ndarray of shape (N, 3)
        Rows as the columns of the file; zeros stay zeros, lengths stay.
    affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ world [mm].

    Returns
    -------
    ndarray of shape (N, 3)
        RAS+.

    Raises
    ------
    ValueError
        If the vectors are not N rows of 3, or the affine has no inverse.

    Examples
    --------
    >>> to_world(np.array([[1.0, 0.0, 0.0]]), np.diag([2.0, 2.0, 2.0, 1.0])).tolist()
    [[-1.0, 0.0, 0.0]]
    """
    return np.asarray(_rows(fsl_vectors) @ fsl_to_world(affine).T, dtype=np.float64)


def to_fsl(world_vectors: NDArray[Any], affine: NDArray[Any]) -> Vectors:
    """Carry directions in the world axes of the scan to those of a ``.bvec`` file.

    Parameters
    ----------
    world_vectors : ndarray of shape (N, 3)
        RAS+.
    affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ world [mm].

    Returns
    -------
    ndarray of shape (N, 3)
        Rows as the columns of the file.

    Raises
    ------
    ValueError
        If the vectors are not N rows of 3, or the affine has no inverse.
    """
    return np.asarray(_rows(world_vectors) @ fsl_to_world(affine), dtype=np.float64)


def _rows(vectors: NDArray[Any]) -> Vectors:
    if vectors.ndim != 2 or vectors.shape[1] != 3:
        raise ValueError(f"gradient directions are N rows of 3, not {vectors.shape}")
    return np.asarray(vectors, dtype=np.float64)
