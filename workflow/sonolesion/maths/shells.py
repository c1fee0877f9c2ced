"""Which volumes of a diffusion scan are weighted how: unweighted ones, shell, directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Shell:
    """What the trace is made of.

    Attributes
    ----------
    unweighted, weighted : ndarray of int
        Numbers of the volumes without and with diffusion weighting.
    weights : ndarray of shape (N,)
        Weight of each weighted volume in the geometric mean; they sum to 1.
    b_low, b_high : float
        Mean b-values of the two [s/mm²].
    anisotropy : float
        How far the mean is from seeing all directions alike; 0 is isotropic.
    """

    unweighted: NDArray[np.int64]
    weighted: NDArray[np.int64]
    weights: Vector
    b_low: float
    b_high: float
    anisotropy: float


def effective_b_values(b_values: Vector, vectors: Vector, *, norm_tolerance: float) -> Vector:
    """Return the b-values that a table with gradients of several lengths means.

    Parameters
    ----------
    b_values : ndarray of shape (N,)
        Nominal b-values [s/mm²].
    vectors : ndarray of shape (N, 3)
        Gradient directions; a zero vector is an isotropic volume or an unweighted one.
    norm_tolerance : float
        Deviation of a length from 1 that is mere rounding.

    Returns
    -------
    ndarray of shape (N,)
        ``b |g|²`` where the length differs from 1, else ``b``.

    Notes
    -----
    Scanners that play several shells by shortening the gradients store one b-value and scaled
    vectors; b goes with the square of the amplitude (Le Bihan et al. 1986,
    doi:10.1148/radiology.161.2.3763909).

    Examples
    --------
    >>> effective_b_values(np.array([1000.0]), np.array([[0, 0, 0.5]]), norm_tolerance=0.01)
    array([250.])
    """
    length = np.linalg.norm(vectors, axis=1)
    scaled = (length > 0) & (np.abs(length - 1.0) > norm_tolerance)
    return np.where(scaled, b_values * length**2, b_values)


def isotropic_weights(vectors: Vector) -> tuple[Vector, float]:
    """Return the weights that make a geometric mean of directions see all of them alike.

    Parameters
    ----------
    vectors : ndarray of shape (N, 3)
        Gradient directions; zero vectors are isotropic volumes.

    Returns
    -------
    weights : ndarray of shape (N,)
        Sum to 1; of all weights that fit equally well the most even ones.
    anisotropy : float
        Norm of ``sum(w g gᵀ) - I/3``: 0 if the mean is exactly the trace, 0.82 of one direction.

    Notes
    -----
    In a tensor model the logarithm of the weighted geometric mean is ``-b D : sum(w g gᵀ)``; it
    is the trace's where that sum is a third of the unit matrix (Basser et al. 1994,
    doi:10.1006/jmrb.1994.1037). Three orthogonal directions get a third each.
    """
    length = np.linalg.norm(vectors, axis=1)
    if not length.all():
        isotropic = (length == 0) / np.count_nonzero(length == 0)
        return np.asarray(isotropic, dtype=np.float64), 0.0
    unit = vectors / length[:, None]
    dyads = np.einsum("ni,nj->ijn", unit, unit).reshape(9, -1)
    target = (np.eye(3) / 3.0).ravel()
    even = np.full(len(unit), 1.0 / len(unit))
    # The least change of even weights; each dyad has trace 1, so that the sum stays near 1.
    weights = even + np.linalg.pinv(dyads, rcond=1e-6) @ (target - dyads @ even)
    weights /= weights.sum()
    if (weights <= 0).any():
        weights = even
    return weights, float(np.linalg.norm(dyads @ weights - target))


def choose_shell(
    b_values: Vector,
    vectors: Vector,
    *,
    file: str,
    b0_max_s_mm2: float,
    b_min_s_mm2: float,
    b_max_s_mm2: float,
    shell_width_s_mm2: float,
    norm_tolerance: float,
    max_anisotropy: float,
) -> Shell:
    """Choose the highest usable shell and weigh its directions.

    Parameters
    ----------
    b_values : ndarray of shape (N,)
        b-values as stored [s/mm²].
    vectors : ndarray of shape (N, 3)
        Gradient directions.
    file : str
        Name for errors.
    b0_max_s_mm2 : float
        Largest b-value that counts as unweighted [s/mm²].
    b_min_s_mm2, b_max_s_mm2 : float
        Range of the shell [s/mm²].
    shell_width_s_mm2 : float
        Spread of b-values within one shell [s/mm²].
    norm_tolerance : float
        As for `effective_b_values`.
    max_anisotropy : float
        Largest anisotropy, as `isotropic_weights` returns it.

    Raises
    ------
    InputFault
        If there is no unweighted volume, no shell in the range, or too few directions.
    """
    b = effective_b_values(b_values, vectors, norm_tolerance=norm_tolerance)
    unweighted = np.flatnonzero(b <= b0_max_s_mm2)
    usable = b[(b >= b_min_s_mm2) & (b <= b_max_s_mm2)]
    if not unweighted.size or not usable.size:
        raise InputFault(
            file=file,
            found=f"{_lacking(unweighted, usable)}: {_told(b, b_values)}",
            expected=f"b up to {b0_max_s_mm2:g}, and b of {b_min_s_mm2:g} to {b_max_s_mm2:g} s/mm²",
            remedy="check unit and order of the .bval file; without such volumes there is no ADC",
        )
    weighted = np.flatnonzero(np.abs(b - usable.max()) <= shell_width_s_mm2)
    weights, anisotropy = isotropic_weights(vectors[weighted])
    if anisotropy > max_anisotropy:
        raise InputFault(
            file=file,
            found=f"{len(weighted)} volumes at b = {usable.max():.0f} s/mm² whose directions "
            f"do not cover space (anisotropy {anisotropy:.2f})",
            expected=f"three orthogonal directions, or a trace image (at most {max_anisotropy})",
            remedy="add the missing directions; if the volume is the scanner's trace image, "
            "write 0 0 0 as its gradient in the .bvec file",
        )
    used = weighted[weights != 0]
    return Shell(
        unweighted,
        used,
        weights[weights != 0],
        float(b[unweighted].mean()),
        float(b[used].mean()),
        anisotropy,
    )


def _lacking(unweighted: NDArray[Any], usable: NDArray[Any]) -> str:
    words = {"no unweighted volume": unweighted.size, "no usable shell": usable.size}
    return " and ".join(word for word, size in words.items() if not size)


def _told(effective: Vector, stored: Vector) -> str:
    changed = not np.array_equal(effective, stored)
    lengths = f" (b |g|²; stored as {_listed(stored)})" if changed else ""
    return f"b-values {_listed(effective)} s/mm²{lengths}"


def _listed(values: NDArray[Any]) -> str:
    return ", ".join(f"{value:g}" for value in np.unique(values.round(1)))
