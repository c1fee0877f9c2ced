"""The equations of a diffusion tensor, which all voxels of a scan share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault

Array = NDArray[np.float64]

N_UNKNOWNS = 7
# Smallest over largest singular value of a design that determines the tensor; directions rounded
# to four decimals that lie in one plane reach 1e-4, 6 even directions 0.1.
LEAST_SINGULAR_SHARE = 3e-3


@dataclass(frozen=True)
class Design:
    """The equations that all voxels share.

    Attributes
    ----------
    basis : ndarray of shape (7, N)
        A row of ones, and the tensor's columns made orthogonal to each other.
    products : ndarray of shape (28, N)
        Products of two rows of `basis`; weighted sums of them make a voxel's normal matrix.
    inverse : ndarray of shape (7, N)
        Unweighted least squares in that basis.
    to_elements : ndarray of shape (6, 6)
        From coefficients of that basis to tensor elements [mm²/s].
    """

    basis: Array
    products: Array
    inverse: Array
    to_elements: Array


def columns(b_values: NDArray[Any], vectors: NDArray[Any]) -> Array:
    """Return minus the b-matrices: ``log(S / S0)`` of unit tensor elements.

    Parameters
    ----------
    b_values : ndarray of shape (N,)
        [s/mm²].
    vectors : ndarray of shape (N, 3)
        Unit gradient directions; zeros for unweighted volumes.

    Returns
    -------
    ndarray of shape (N, 6)
        For xx, xy, xz, yy, yz, zz [s/mm²].

    Notes
    -----
    Basser et al. 1994, doi:10.1006/jmrb.1994.1037, eq. 2.

    Examples
    --------
    >>> columns(np.array([1000.0]), np.array([[0.6, 0.8, 0.0]])).round(6) + 0.0
    array([[-360., -960.,    0., -640.,    0.,    0.]])
    """
    x, y, z = np.asarray(vectors, dtype=np.float64).T
    squares = [x * x, 2 * x * y, 2 * x * z, y * y, 2 * y * z, z * z]
    return np.asarray(-np.asarray(b_values)[:, None] * np.stack(squares, axis=1))


def share_determined(b_values: NDArray[Any], vectors: NDArray[Any]) -> float:
    """Return the smallest over the largest singular value of the equations, 0 if too few.

    Parameters
    ----------
    b_values, vectors
        As for `columns`.
    """
    weighted = columns(b_values, vectors) / max(float(np.max(b_values)), 1.0)
    full = np.column_stack([np.ones(len(weighted)), weighted])
    if len(full) < N_UNKNOWNS:
        return 0.0
    values = np.linalg.svd(full, compute_uv=False)
    return float(values[-1] / values[0])


def require_determined(
    b_values: NDArray[Any], vectors: NDArray[Any], *, b0_max_s_mm2: float, file: str
) -> None:
    """Raise `InputFault` if b-values and directions do not determine a tensor.

    Parameters
    ----------
    b_values, vectors
        As for `columns`.
    b0_max_s_mm2 : float
        Largest b-value that needs no direction [s/mm²].
    file : str
        Name for the error.
    """
    lengths = np.linalg.norm(vectors, axis=1)
    lost = np.flatnonzero((b_values > b0_max_s_mm2) & (lengths == 0))
    if lost.size:
        raise InputFault(
            file=file,
            found=f"no direction for volumes {', '.join(map(str, lost[:8]))} (b above "
            f"{b0_max_s_mm2:g} s/mm²)",
            expected="a direction for every weighted volume",
            remedy="leave the scanner's trace images out of the scan and of its tables",
        )
    share = share_determined(b_values, vectors)
    if share < LEAST_SINGULAR_SHARE:
        raise InputFault(
            file=file,
            found=f"{np.count_nonzero((b_values > 0) & (lengths > 0))} volumes with a direction, "
            f"b-values {np.min(b_values):g} to {np.max(b_values):g} s/mm², which leave the "
            f"tensor open (singular values 1 to {share:.1e})",
            expected=f"6 or more directions that cover space and an unweighted volume, or two "
            f"shells (at least {LEAST_SINGULAR_SHARE:g})",
            remedy="check the .bval and .bvec files; a trace scan has no tensor",
        )


def design(b_values: NDArray[Any], vectors: NDArray[Any]) -> Design:
    """Return the equations in a basis in which 32-bit signals lose nothing.

    Parameters
    ----------
    b_values, vectors
        As for `columns`.

    Raises
    ------
    ValueError
        If they do not determine a tensor; `require_determined` tells the user why.
    """
    if share_determined(b_values, vectors) < LEAST_SINGULAR_SHARE:
        raise ValueError("b-values and directions do not determine a tensor")
    # Orthogonal among the tensor's columns alone: rows of unweighted volumes stay (1, 0, ... 0),
    # and their far larger weights stay out of the tensor's part of the normal matrix.
    orthogonal, triangle = np.linalg.qr(columns(b_values, vectors))
    gain = np.sqrt(len(orthogonal))
    basis = np.vstack([np.ones(len(orthogonal)), gain * orthogonal.T])
    first, second = np.triu_indices(N_UNKNOWNS)
    return Design(
        basis=basis,
        products=basis[first] * basis[second],
        inverse=np.linalg.pinv(basis.T),
        to_elements=gain * np.linalg.inv(triangle),
    )
