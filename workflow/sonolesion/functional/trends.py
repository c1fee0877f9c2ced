"""Slow trends of time series."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

Array = NDArray[np.float64]


def polynomials(n_frames: int, *, degree: int) -> Array:
    """Return Legendre polynomials of time up to a degree, the constant first, (N, degree + 1)."""
    return np.asarray(legendre.legvander(np.linspace(-1.0, 1.0, n_frames), degree))


def without(series: Array, basis: Array) -> Array:
    """Return what a basis of shape (N, K) leaves of series of shape (V, N)."""
    axes, sizes, _ = np.linalg.svd(basis, full_matrices=False)
    axes = axes[:, sizes > sizes.max(initial=0.0) * 1e-10]
    return np.asarray(series - (series @ axes) @ axes.T)


def without_polynomials(series: Array, *, degree: int) -> Array:
    """Return series of shape (V, N) without polynomials up to a degree, the mean included.

    Raises
    ------
    ValueError
        If the frames are no more than the polynomials.
    """
    n_frames = series.shape[1]
    if n_frames <= degree + 1:
        raise ValueError(f"{n_frames} frames are too few for polynomials of degree {degree}")
    return without(series, polynomials(n_frames, degree=degree))
