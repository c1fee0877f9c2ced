"""The gradient table of a tensor scan: unit, lengths, shells, directions; faults by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault
from sonolesion.maths.directions import N_TENSOR, unique_directions
from sonolesion.maths.shells import effective_b_values

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Numbers = NDArray[np.int64]

# Even orders of spherical harmonics have (l + 1)(l + 2) / 2 coefficients; l of 8 is the highest
# in use for single-fibre responses (Tournier et al. 2013, doi:10.1002/nbm.3017).
ORDERS = (8, 6, 4, 2)
REMEDY = "convert scan and table again, together"


@dataclass(frozen=True)
class Scheme:
    """A gradient table that was found sound.

    Attributes
    ----------
    b_values : ndarray of shape (N,)
        Effective b-values [s/mm²].
    vectors : ndarray of shape (N, 3)
        Unit vectors in the file's axes; zeros where there is no weighting.
    unweighted : ndarray of int
        Volumes without weighting.
    shells : tuple of (float, ndarray of int)
        Mean b [s/mm²] and volumes of each shell, ascending.
    n_directions : int
        Distinct directions of the fullest shell, ``g`` and ``-g`` being one.
    lmax : int
        Highest order of spherical harmonics that those determine.
    rescaled : bool
        Whether lengths of the directions changed b-values.
    """

    b_values: Vector
    vectors: Matrix
    unweighted: Numbers
    shells: tuple[tuple[float, Numbers], ...]
    n_directions: int
    lmax: int
    rescaled: bool


def require_unit(b_values: Vector, *, b_min_s_mm2: float, b_max_s_mm2: float, file: object) -> None:
    """Raise if the b-values can't be in s/mm².

    Parameters
    ----------
    b_values : ndarray of shape (N,)
        As stored.
    b_min_s_mm2, b_max_s_mm2 : float
        Range in which the largest b-value is believed [s/mm²].
    file : object
        Name for errors.

    Raises
    ------
    InputFault
        Naming the unit that it looks like: ms/µm² (1 means 1000), or s/m² (1e9 means 1000).
    """
    largest = float(b_values.max(initial=0.0))
    if not (b_values >= 0).all():
        raise _fault(file, f"b of {b_values.min():g}", "finite b-values, none negative")
    if largest == 0.0 or b_min_s_mm2 <= largest <= b_max_s_mm2:
        return
    units = {"ms/µm²": 1e3, "s/m²": 1e-6}
    fitting = [
        f"as if in {unit}"
        for unit, factor in units.items()
        if b_min_s_mm2 <= largest * factor <= b_max_s_mm2
    ]
    raise InputFault(
        file=file,
        found=f"b-values up to {largest:g}, {fitting[0] if fitting else 'in no unit in use'}",
        expected=f"s/mm², the largest between {b_min_s_mm2:g} and {b_max_s_mm2:g}",
        remedy="write the .bval file in s/mm²",
    )


def require_lengths(vectors: Matrix, *, norm_tolerance: float, file: object) -> None:
    """Raise if a direction is longer than 1.

    Parameters
    ----------
    vectors : ndarray of shape (N, 3)
        As stored; shorter ones are how some scanners tell several shells.
    norm_tolerance : float
        Deviation of a length from 1 that is rounding.
    file : object
        Name for errors.

    Raises
    ------
    InputFault
        Naming the first such volume, and whether the numbers stand in the other order.
    """
    length = np.linalg.norm(vectors, axis=1)
    long = np.flatnonzero(length > 1.0 + norm_tolerance)
    if not long.size:
        return
    turned = vectors.ravel().reshape(3, len(length)).T
    hint = ""
    if _unit(turned, norm_tolerance) and not _unit(vectors, norm_tolerance):
        hint = "; read in the other order the lengths are 1: the table is transposed"
    found = f"a direction of length {length.max():.3f} (volume {long[0]}, counted from 0)"
    raise _fault(file, found + hint, "lengths of at most 1")


def shells(
    b_values: Vector, *, b0_max_s_mm2: float, shell_width_s_mm2: float
) -> tuple[tuple[float, Numbers], ...]:
    """Part the weighted volumes into shells.

    Parameters
    ----------
    b_values : ndarray of shape (N,)
        Effective b-values [s/mm²].
    b0_max_s_mm2 : float
        Largest b-value that counts as none [s/mm²].
    shell_width_s_mm2 : float
        Gap between neighbours that parts two shells [s/mm²].

    Returns
    -------
    tuple of (float, ndarray of int)
        Mean b and volumes, ascending.

    Examples
    --------
    >>> b = np.array([0.0, 1000, 995, 2000])
    >>> [(b, v.tolist()) for b, v in shells(b, b0_max_s_mm2=50, shell_width_s_mm2=100)]
    [(997.5, [1, 2]), (2000.0, [3])]
    """
    weighted = np.flatnonzero(b_values > b0_max_s_mm2)
    if not weighted.size:
        return ()
    order = weighted[np.argsort(b_values[weighted], kind="stable")]
    cuts = np.flatnonzero(np.diff(b_values[order]) > shell_width_s_mm2) + 1
    return tuple((float(b_values[part].mean()), np.sort(part)) for part in np.split(order, cuts))


def weighting(
    b_values: Vector,
    vectors: Matrix,
    *,
    vectors_file: object,
    b0_max_s_mm2: float,
    shell_width_s_mm2: float,
    max_shells: int,
    norm_tolerance: float,
) -> tuple[Vector, tuple[tuple[float, Numbers], ...]]:
    """Return the effective b-values and their shells; refuse lengths that mean none.

    Parameters
    ----------
    b_values, vectors, vectors_file, b0_max_s_mm2, shell_width_s_mm2, max_shells, norm_tolerance
        As for `scheme`.

    Raises
    ------
    InputFault
        If shortened directions make too many shells, or such wide ones, that they are wrong.
    """
    b = effective_b_values(b_values, vectors, norm_tolerance=norm_tolerance)
    parts = shells(b, b0_max_s_mm2=b0_max_s_mm2, shell_width_s_mm2=shell_width_s_mm2)
    wide = any(np.ptp(b[part]) > 2.0 * shell_width_s_mm2 for _, part in parts)
    rescaled = bool((b != b_values)[b_values > b0_max_s_mm2].any())
    if rescaled and (wide or len(parts) > max_shells):
        length = np.linalg.norm(vectors[b_values > b0_max_s_mm2], axis=1)
        found = f"directions of many lengths, {length.min():.2f} to {length.max():.2f}"
        expected = f"length 1, or lengths that make at most {max_shells} shells"
        raise _fault(vectors_file, found, expected)
    return b, parts


def lmax_for(n_directions: int) -> int:
    """Return the highest even order of spherical harmonics that so many directions determine.

    Parameters
    ----------
    n_directions : int
        Distinct directions of one shell.

    Raises
    ------
    ValueError
        For fewer than 6, which determine no tensor either.

    Notes
    -----
    ``(l + 1)(l + 2) / 2`` coefficients: 6, 15, 28, 45 for 2, 4, 6, 8 (Descoteaux et al. 2007,
    doi:10.1002/mrm.21277, sec. Theory).

    Examples
    --------
    >>> [lmax_for(n) for n in (6, 14, 15, 16, 28, 45, 64)]
    [2, 2, 4, 4, 6, 8, 8]
    """
    for order in ORDERS:
        if n_directions >= (order + 1) * (order + 2) // 2:
            return order
    raise ValueError(f"{n_directions} directions determine no tensor: 6 are needed")


def scheme(
    b_values: Vector,
    vectors: Matrix,
    *,
    file: object,
    vectors_file: object,
    b0_max_s_mm2: float,
    b_min_s_mm2: float,
    b_max_s_mm2: float,
    shell_width_s_mm2: float,
    expected_shells_s_mm2: tuple[float, ...],
    max_shells: int,
    norm_tolerance: float,
    min_angle_deg: float,
) -> Scheme:
    """Read a table for the tensor, or name what is wrong with it.

    Parameters
    ----------
    b_values : ndarray of shape (N,)
        As stored.
    vectors : ndarray of shape (N, 3)
        As stored; lengths below 1 mean a smaller b (``b |g|²``).
    file, vectors_file : object
        Names of both tables, for errors.
    b0_max_s_mm2, b_min_s_mm2, b_max_s_mm2 : float
        Largest b-value that counts as none; range in which the largest is believed [s/mm²].
    shell_width_s_mm2, expected_shells_s_mm2
        Gap that parts shells, and shells that must be there [s/mm²].
    max_shells : int
        Most shells that shortened directions may mean; more are wrong lengths.
    norm_tolerance : float
        Deviation of a length from 1 that is rounding.
    min_angle_deg : float
        As for `maths.directions.unique_directions`.

    Raises
    ------
    InputFault
        If count, unit, lengths, unweighted volumes, shells or directions are not as they must be.
    """
    _require_count(b_values, vectors, vectors_file)
    require_unit(b_values, b_min_s_mm2=b_min_s_mm2, b_max_s_mm2=b_max_s_mm2, file=file)
    require_lengths(vectors, norm_tolerance=norm_tolerance, file=vectors_file)
    length = np.linalg.norm(vectors, axis=1)
    weighted = b_values > b0_max_s_mm2
    _require_given(weighted & (length == 0), vectors_file)
    b, parts = weighting(
        b_values, vectors, vectors_file=vectors_file, b0_max_s_mm2=b0_max_s_mm2,
        shell_width_s_mm2=shell_width_s_mm2, max_shells=max_shells, norm_tolerance=norm_tolerance,
    )  # fmt: skip
    rescaled = bool((b != b_values)[weighted].any())
    unweighted = np.flatnonzero(b <= b0_max_s_mm2)
    _require_shells(unweighted, parts, expected_shells_s_mm2, shell_width_s_mm2, file)
    unit = np.divide(
        vectors, length[:, None], out=np.zeros_like(vectors), where=length[:, None] > 0
    )
    unit[unweighted] = 0.0
    counts = [unique_directions(unit[part], min_angle_deg=min_angle_deg) for _, part in parts]
    _require_directions(counts, parts, vectors_file)
    return Scheme(b, unit, unweighted, parts, max(counts), lmax_for(max(counts)), rescaled)


def _require_count(b_values: Vector, vectors: Matrix, file: object) -> None:
    if vectors.shape != (len(b_values), 3):
        raise _fault(file, f"{vectors.shape} directions", f"3 for each of {len(b_values)} b-values")
    if not (np.isfinite(vectors).all() and np.isfinite(b_values).all()):
        raise _fault(file, "numbers that are not finite", "finite numbers")


def _require_given(missing: NDArray[np.bool_], file: object) -> None:
    """Raise if weighted volumes have no direction."""
    if missing.any():
        raise InputFault(
            file=file,
            found=f"no direction for {np.count_nonzero(missing)} weighted volumes: trace images",
            expected="a direction for every weighted volume",
            remedy="a trace image gives an ADC but no tensor; take it out of the tensor's scan",
        )


def _require_shells(
    unweighted: Numbers,
    parts: tuple[tuple[float, Numbers], ...],
    expected: tuple[float, ...],
    width: float,
    file: object,
) -> None:
    """Raise if there is no unweighted volume, no weighted one, or not every expected shell."""
    there = ", ".join(f"{b:.0f} ({len(part)})" for b, part in parts) or "none"
    if not unweighted.size:
        raise _fault(file, f"no unweighted volume; shells {there} s/mm²", "at least one b of 0")
    missing = [e for e in expected if not any(abs(b - e) <= width for b, _ in parts)]
    if missing or not parts:
        names = ", ".join(f"{b:g}" for b in missing) or "one"
        raise _fault(file, f"shells {there} s/mm²", f"shell {names} s/mm² as well")


def _require_directions(
    counts: list[int], parts: tuple[tuple[float, Numbers], ...], file: object
) -> None:
    """Raise if no shell has directions enough."""
    if max(counts) >= N_TENSOR:
        return
    found = ", ".join(
        f"{n} direction{'s' * (n != 1)} at b = {b:.0f} s/mm²"
        for n, (b, _) in zip(counts, parts, strict=True)
    )
    raise InputFault(
        file=file,
        found=found,
        expected=f"{N_TENSOR} distinct directions in one shell",
        remedy="no tensor from this scan; its unweighted volumes may still correct distortion",
    )


def _unit(vectors: Matrix, tolerance: float) -> bool:
    """Return whether every row has length 1, or 0."""
    length = np.linalg.norm(vectors, axis=1)
    return bool(((length == 0) | (np.abs(length - 1.0) <= tolerance)).all() and length.any())


def _fault(file: object, found: str, expected: str) -> InputFault:
    return InputFault(file=file, found=found, expected=expected, remedy=REMEDY)
