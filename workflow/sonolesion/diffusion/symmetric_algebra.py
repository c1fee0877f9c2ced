"""Symmetric matrices, one a voxel: solving, eigenvalues, first eigenvector.

Every operation runs over all voxels of a block at once, since the library's routines, called
matrix by matrix, take ten times as long for matrices this small.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def solve_in_place(upper: Array, right: Array) -> Array:
    """Solve ``A x = r`` for every voxel, without square roots; both arrays are overwritten.

    Parameters
    ----------
    upper : ndarray of shape (n (n + 1) / 2, V)
        Upper triangles, row by row. Lost.
    right : ndarray of shape (n, V)
        Right sides. Becomes the solution.

    Returns
    -------
    ndarray of shape (n, V)
        `right`; NaN where a matrix is not positive definite.

    Notes
    -----
    ``A = L D Lᵀ``: Golub & Van Loan 2013, Matrix Computations, algorithm 4.1.2.

    Examples
    --------
    >>> solve_in_place(np.array([[2.0], [1.0], [2.0]]), np.array([[4.0], [5.0]])).ravel()
    array([1., 2.])
    """
    n, n_voxels = right.shape
    scratch = np.empty((n, n_voxels))
    ends = np.cumsum(np.arange(n, 0, -1))
    rows = [upper[end - (n - k) : end] for k, end in enumerate(ends)]
    for k, row in enumerate(rows):
        pivot = np.where(row[0] > 0, row[0], np.nan)
        factors = row[1:] / pivot
        for i, below in enumerate(rows[k + 1 :]):
            below -= np.multiply(row[1 + i :], factors[i], out=scratch[: len(below)])
        right[k + 1 :] -= np.multiply(factors, right[k], out=scratch[: n - 1 - k])
        right[k] /= pivot
        row[1:] = factors
    for k in range(n - 2, -1, -1):
        np.multiply(rows[k][1:], right[k + 1 :], out=scratch[: n - 1 - k])
        right[k] -= scratch[: n - 1 - k].sum(axis=0)
    return right


def eigenvalues(elements: Array) -> Array:
    """Return the eigenvalues of 3x3 matrices, largest first.

    Parameters
    ----------
    elements : ndarray of shape (6, V)
        xx, xy, xz, yy, yz, zz.

    Returns
    -------
    ndarray of shape (3, V)
        Eigenvalues, in the unit of the elements.

    Notes
    -----
    Trigonometric solution of the characteristic polynomial: Smith 1961,
    doi:10.1145/355578.366316.

    Examples
    --------
    >>> eigenvalues(np.array([[1.0], [0], [0], [3], [0], [2]])).ravel().round(12)
    array([3., 2., 1.])
    """
    xx, xy, xz, yy, yz, zz = elements
    mean = (xx + yy + zz) / 3.0
    x, y, z = xx - mean, yy - mean, zz - mean
    spread = np.sqrt((x * x + y * y + z * z + 2.0 * (xy * xy + xz * xz + yz * yz)) / 6.0)
    determinant = x * (y * z - yz * yz) - xy * (xy * z - yz * xz) + xz * (xy * yz - y * xz)
    # An isotropic matrix has no angle, and needs none.
    cube = spread**3
    cosine = determinant / np.where(cube > 0, 2.0 * cube, 1.0)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0)) / 3.0
    largest = mean + 2.0 * spread * np.cos(angle)
    smallest = mean + 2.0 * spread * np.cos(angle + 2.0 * np.pi / 3.0)
    return np.stack([largest, 3.0 * mean - largest - smallest, smallest])


def first_vector(elements: Array, largest: Array) -> Array:
    """Return the unit eigenvector of the largest eigenvalue of 3x3 matrices.

    Parameters
    ----------
    elements : ndarray of shape (6, V)
        xx, xy, xz, yy, yz, zz.
    largest : ndarray of shape (V,)
        Largest eigenvalue of each.

    Returns
    -------
    ndarray of shape (3, V)
        Either of the two senses; NaN where the two largest eigenvalues are equal.

    Notes
    -----
    The adjugate of ``A - l1 I`` is ``(l1 - l2) (l1 - l3) v1 v1ᵀ`` (Cayley-Hamilton); its column
    with the largest diagonal element is the best conditioned one.
    """
    xy, xz, yz = elements[1], elements[2], elements[4]
    x, y, z = (elements[i] - largest for i in (0, 3, 5))
    across_xy, across_xz, across_yz = xz * yz - xy * z, xy * yz - xz * y, xy * xz - x * yz
    adjugate_x = np.stack([y * z - yz * yz, across_xy, across_xz])
    adjugate_y = np.stack([across_xy, x * z - xz * xz, across_yz])
    adjugate_z = np.stack([across_xz, across_yz, x * y - xy * xy])
    column = np.where(adjugate_y[1] > adjugate_x[0], adjugate_y, adjugate_x)
    best = np.maximum(adjugate_x[0], adjugate_y[1])
    column = np.where(adjugate_z[2] > best, adjugate_z, column)
    length = np.sqrt((column * column).sum(axis=0))
    return np.asarray(column / np.where(length > 0, length, np.nan))
