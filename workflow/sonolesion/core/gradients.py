"""The table of b-values and gradient directions beside a diffusion scan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault


@dataclass(frozen=True)
class Table:
    """One row a volume.

    Attributes
    ----------
    b_values : ndarray of shape (N,)
        [s/mm²].
    vectors : ndarray of shape (N, 3)
        Directions; zeros where none is stored.
    """

    b_values: NDArray[np.float64]
    vectors: NDArray[np.float64]


def read(b_values: str | Path, vectors: str | Path | None, *, n_volumes: int) -> Table:
    """Read a ``.bval`` and, if there is one, a ``.bvec`` file.

    Raises
    ------
    InputFault
        If a file holds no numbers, or not as many as there are volumes, or the directions are
        one line a volume: a table that was turned once may have been turned wrongly.
    """
    b = _numbers(b_values).ravel()
    if len(b) != n_volumes or (b < 0).any():
        raise InputFault(
            file=b_values,
            found=f"{len(b)} b-values, the smallest {b.min() if b.size else 'none'}",
            expected=f"{n_volumes}, one a volume, none negative",
            remedy="convert scan and table again, together",
        )
    if not vectors:
        return Table(b, np.zeros((n_volumes, 3)))
    rows = _numbers(vectors)
    if rows.shape != (3, n_volumes):
        what, remedy = _form(rows.shape, n_volumes)
        raise InputFault(
            file=vectors,
            found=f"{rows.shape[0]} lines of {rows.shape[1]} numbers ({what})",
            expected=f"3 lines of {n_volumes}, one number a volume",
            remedy=remedy,
        )
    return Table(b, rows.T.copy())


def _form(shape: tuple[int, ...], n_volumes: int) -> tuple[str, str]:
    """Return what a table of directions of the wrong shape is, and what to do about it.

    A table of 3 x 3 has the right shape, whichever way it was meant.
    """
    if shape == (n_volumes, 3):
        return "transposed: one line a volume", "write it as 3 lines: x, y and z of every volume"
    if 4 in shape and n_volumes in shape:
        return (
            "the b-values among them, as MRtrix has it",
            "export it with mrconvert -export_grad_fsl: its axes are others too",
        )
    return "of another number of volumes", "convert scan and table again, together"


def _numbers(path: str | Path) -> NDArray[np.float64]:
    """Return the numbers of a text file, one row a line."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        rows = [[float(word) for word in line.split()] for line in lines if line.strip()]
        table = np.array(rows, dtype=np.float64, ndmin=2)
    except (OSError, UnicodeDecodeError, ValueError) as fault:
        raise InputFault(
            file=path, found=str(fault), expected="lines of numbers", remedy="mend the file"
        ) from fault
    if not np.isfinite(table).all():
        raise InputFault(file=path, found="NaN", expected="finite numbers", remedy="mend the file")
    return table
