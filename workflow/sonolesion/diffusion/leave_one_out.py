"""Each volume of a diffusion scan as the others predict it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import sph_harm_y

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


def groups(
    b_values: Array, *, b0_max_s_mm2: float, shell_width_s_mm2: float
) -> list[NDArray[np.int64]]:
    """Return the numbers of the volumes of each shell, that of the unweighted ones first.

    Examples
    --------
    >>> shells = groups(np.array([0.0, 1000, 2000, 995]), b0_max_s_mm2=50, shell_width_s_mm2=100)
    >>> [shell.tolist() for shell in shells]
    [[0], [1, 3], [2]]
    """
    found = [np.flatnonzero(b_values <= b0_max_s_mm2)]
    left = np.flatnonzero(b_values > b0_max_s_mm2)
    while left.size:
        shell = b_values[left] <= b_values[left].min() + shell_width_s_mm2
        found.append(left[shell])
        left = left[~shell]
    return found


def harmonics(vectors: Array, order: int) -> tuple[Array, NDArray[np.int64]]:
    """Return real even spherical harmonics and the order of each.

    Parameters
    ----------
    vectors : ndarray of shape (N, 3)
        Unit vectors.
    order : int
        Highest order, even.

    Returns
    -------
    basis : ndarray of shape (N, K)
        K = (order + 1) (order + 2) / 2.
    orders : ndarray of shape (K,)
    """
    polar = np.arccos(np.clip(vectors[:, 2], -1.0, 1.0))
    azimuth = np.arctan2(vectors[:, 1], vectors[:, 0])
    columns, orders = [], []
    for degree in range(0, order + 1, 2):
        for m in range(-degree, degree + 1):
            value = sph_harm_y(degree, abs(m), polar, azimuth)
            part = value.imag if m < 0 else value.real
            columns.append(part * (np.sqrt(2.0) if m else 1.0))
            orders.append(degree)
    return np.array(columns).T, np.array(orders)


def weights(vectors: Array, kept: Flags, *, smoothness: float, directions_per_term: float) -> Array:
    """Return the matrix that predicts each volume of a shell from the others.

    Parameters
    ----------
    vectors : ndarray of shape (N, 3)
        Directions; zeros for unweighted volumes.
    kept : ndarray of shape (N,)
        Volumes to predict from.
    smoothness : float
        Weight of the Laplace-Beltrami penalty.
    directions_per_term : float
        Volumes there must be for each term of the harmonics; the order follows from it.

    Returns
    -------
    ndarray of shape (N, N)
        ``prediction = matrix @ signal``; diagonal zero. All zeros where nothing predicts.

    Notes
    -----
    Spherical harmonics with a smoothness penalty (Descoteaux et al. 2007,
    doi:10.1002/mrm.21277); leaving one out needs no second fit: with the hat matrix H of a
    linear smoother the prediction is ``(H y - h y) / (1 - h)``.
    """
    sound = np.linalg.norm(vectors, axis=1) > 0
    order = order_for(int(kept.sum()), directions_per_term) if sound.all() else 0
    basis, orders = harmonics(vectors, order)
    penalty = np.diag(smoothness * (orders * (orders + 1.0)) ** 2)
    used = basis[kept]
    matrix = np.zeros((len(vectors), len(vectors)))
    if not len(used):
        return matrix
    matrix[:, kept] = basis @ np.linalg.pinv(used.T @ used + penalty) @ used.T
    own = np.diag(matrix).copy()
    np.fill_diagonal(matrix, 0.0)
    alone = own > 1.0 - 1e-6
    matrix[alone] = 0.0
    return np.asarray(matrix / np.where(alone, 1.0, 1.0 - own)[:, None])


def order_for(n_directions: int, directions_per_term: float) -> int:
    """Return the highest even order, at most 4, that so many directions support.

    Examples
    --------
    >>> [order_for(n, 1.5) for n in (3, 9, 16, 30)]
    [0, 2, 2, 4]
    """
    terms = {order: (order + 1) * (order + 2) // 2 for order in (4, 2)}
    fits = [o for o, n_terms in terms.items() if n_directions >= directions_per_term * n_terms]
    return max(fits, default=0)


class Predictor:
    """Predicts each volume of a shell from the others, point by point.

    Parameters
    ----------
    flagged : ndarray of shape (N, P)
        Where a volume is not to be believed; it predicts nothing there, but is predicted.
    vectors, smoothness, directions_per_term
        As for `weights`.
    """

    def __init__(
        self, flagged: Flags, vectors: Array, *, smoothness: float, directions_per_term: float
    ) -> None:
        self._parts = [
            (
                weights(
                    vectors,
                    kept,
                    smoothness=smoothness,
                    directions_per_term=directions_per_term,
                ).astype(np.float32),
                points,
            )
            for kept, points in _patterns(flagged)
        ]

    @property
    def able(self) -> Flags:
        """Which volumes the others can predict, (N,)."""
        return np.asarray(self._parts[0][0].any(axis=1))

    def volume(self, number: int, signal: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return one volume as the others predict it.

        Parameters
        ----------
        number : int
            Its number within the shell.
        signal : ndarray of shape (N, P)
            All volumes of the shell at points of the reference.

        Returns
        -------
        ndarray of shape (P,)
            Never negative; 0 where nothing predicts.
        """
        predicted = np.zeros(signal.shape[1], dtype=np.float32)
        for matrix, points in self._parts:
            predicted[points] = matrix[number] @ signal[:, points]
        return np.maximum(predicted, 0.0)


def _patterns(flagged: Flags) -> Iterator[tuple[Flags, Any]]:
    """Yield each set of believed volumes with the points where it holds."""
    touched = flagged.any(axis=0)
    yield np.ones(len(flagged), dtype=bool), slice(None)
    places = np.flatnonzero(touched)
    if not places.size:
        return
    kinds, kind = np.unique(flagged[:, places], axis=1, return_inverse=True)
    kind = kind.ravel()
    for number in range(kinds.shape[1]):
        yield ~kinds[:, number], places[kind == number]
