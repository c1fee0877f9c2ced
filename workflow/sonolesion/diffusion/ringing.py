"""Gibbs ringing within slices: lines shifted by parts of a voxel to where they ring least."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Lines = NDArray[np.float32]

# Shifts that are tried, in voxels; half a voxel is where a line rings least, and beyond it the
# minimum of a neighbour begins (Kellner et al. 2016, doi:10.1002/mrm.26054, with dipy's values).
SHIFTS_VOXELS = np.linspace(0.02, 0.9, num=45)
# Neighbours over which the variation is summed (ibid.).
N_NEIGHBOURS = 3
# Lines at once, so that they stay in the processor's cache; no result depends on it.
CHUNK_LINES = 512


def variation(lines: Lines) -> Lines:
    """Return the lesser of the variations to either side of each point.

    Parameters
    ----------
    lines : ndarray of shape (P, L)
        Lines along the first axis, periodic.

    Returns
    -------
    ndarray of shape (P, L)

    Examples
    --------
    >>> peak = np.array([[0, 0, 0, 0, 2, 0, 0, 0]], dtype=np.float32).T
    >>> variation(peak).ravel().tolist()
    [0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0]
    """
    n = N_NEIGHBOURS
    wrapped = np.concatenate([lines[-n:], lines, lines[:n]])
    steps = np.abs(wrapped[1:] - wrapped[:-1])
    after = steps[: 1 - n] + steps[n - 1 :]
    for number in range(1, n - 1):
        after += steps[number : number + 1 - n]
    # What lies after a point's third predecessor is what lies before the point.
    return np.asarray(np.minimum(after[n:], after[:-n]))


def unringed_lines(lines: Lines) -> Lines:
    """Remove the ringing of lines.

    Parameters
    ----------
    lines : ndarray of shape (P, L)
        Lines along the first axis.

    Returns
    -------
    ndarray of shape (P, L)
        Each point interpolated between the shifts to its left and right that ring least.
    """
    (right, to_right), (left, to_left) = _steadiest(lines, 1.0), _steadiest(lines, -1.0)
    total = to_right + to_left
    share = np.divide(to_left, total, out=np.zeros_like(total), where=total > 0)
    return np.where(total > 0, (right - left) * share + left, lines)


def _steadiest(lines: Lines, sign: float) -> tuple[Lines, Lines]:
    """Return each point's value at the shift of least variation to one side, and that shift."""
    spectrum = fft.rfft(lines, axis=0)
    frequency = 2j * np.pi * sign * fft.rfftfreq(len(lines))[:, None]
    shifts = np.concatenate([[0.0], SHIFTS_VOXELS]).astype(np.float32)
    moved = np.empty((shifts.size, *lines.shape), dtype=np.float32)
    moved[0] = lines
    least = variation(lines)
    number = np.zeros(lines.shape, dtype=np.uint8)
    for n in range(1, shifts.size):
        turn = np.exp(shifts[n] * frequency).astype(np.complex64)
        np.abs(fft.irfft(spectrum * turn, n=len(lines), axis=0), out=moved[n])
        tried = variation(moved[n])
        np.maximum(number, (tried < least).view(np.uint8) * np.uint8(n), out=number)
        np.minimum(least, tried, out=least)
    value = np.take_along_axis(moved, number[None].astype(np.intp), axis=0)[0]
    return value, shifts[number]


def unringed(data: NDArray[Any], *, threads: int) -> Lines:
    """Remove Gibbs ringing within slices.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        As reconstructed, not interpolated. ASSUME: slices lie along the third axis.
    threads : int
        At work at once; the result is the same, byte for byte.

    Returns
    -------
    ndarray of shape (X, Y, Z, N)
        Never negative.

    Notes
    -----
    Local sub-voxel shifts along both axes of a slice, put together by weights in k-space: Kellner
    et al. 2016, doi:10.1002/mrm.26054, eq. 5; the same as dipy's, which takes slice by slice.
    """
    whole = np.asarray(data, dtype=np.float32)
    columns = _along_first(whole, threads)
    rows = np.swapaxes(_along_first(np.swapaxes(whole, 0, 1), threads), 0, 1)
    share = _share_of_columns(whole.shape[:2])[:, :, None]

    def together(number: int) -> Lines:
        column, row = (fft.fft2(v[..., number], axes=(0, 1)) for v in (columns, rows))
        found = fft.ifft2(row + share * (column - row), axes=(0, 1))
        return np.asarray(np.abs(found), dtype=np.float32)

    with ThreadPoolExecutor(threads) as pool:
        return np.stack(list(pool.map(together, range(whole.shape[3]))), axis=3)


def _along_first(data: Lines, threads: int) -> Lines:
    """Return a scan without the ringing of its lines along the first axis."""
    lines = data.reshape(len(data), -1)
    parts = [lines[:, n : n + CHUNK_LINES] for n in range(0, lines.shape[1], CHUNK_LINES)]
    with ThreadPoolExecutor(threads) as pool:
        found = np.concatenate(list(pool.map(unringed_lines, parts)), axis=1)
    return found.reshape(data.shape)


def _share_of_columns(shape: tuple[int, ...]) -> Lines:
    """Return how much the spectrum of a slice takes from what was unrung along the first axis.

    Notes
    -----
    ``(1 + cos k1) / (2 + cos k0 + cos k1)``, half where both are at the edge of k-space: an axis
    counts where the other's frequencies are low.
    """
    along, across = (1.0 + np.cos(np.linspace(-np.pi, np.pi, n)) for n in shape)
    total = along[:, None] + across[None]
    known = total > 1e-12
    share = np.divide(across[None], total, out=np.full(shape, 0.5), where=known)
    return np.asarray(fft.ifftshift(share), dtype=np.float32)
