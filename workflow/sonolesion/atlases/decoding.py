"""What the voxels of an atlas file hold: the coding of its regions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault

Volume = NDArray[np.float32]
# Highest value of a byte: probability 1 in a packed atlas.
FULL_BYTE = 255.0


def unpack(packed: NDArray[Any], index: int) -> Volume:
    """Return the probability of one region of a packed atlas.

    Parameters
    ----------
    packed : ndarray of uint8, shape (X, Y, Z, 4)
        The two most probable labels of a voxel (red, green) and their probabilities (blue,
        alpha), 255 meaning 1.
    index : int
        Label.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        Probability, 0 to 1.
    """
    first = np.where(packed[..., 0] == index, packed[..., 2], 0).astype(np.float32)
    second = np.where(packed[..., 1] == index, packed[..., 3], 0).astype(np.float32)
    return np.asarray((first + second) / FULL_BYTE, dtype=np.float32)


def require_packed(packed: NDArray[Any], *, n_labels: int, file: str) -> None:
    """Raise `InputFault` unless the voxels can be labels and probabilities.

    The first label is the likelier one, and the two probabilities sum to at most 1.
    """
    first, second = packed[..., 2].astype(int), packed[..., 3].astype(int)
    highest = int(packed[..., :2].max())
    sound = bool((first >= second).all() and (first + second <= FULL_BYTE).all())
    if not sound or highest >= n_labels:
        raise InputFault(
            file=file,
            found=f"labels up to {highest}, probabilities {'in' if sound else 'out of'} order",
            expected=f"labels below {n_labels}, the first likelier, both summing to at most 255",
            remedy="check the coding and the table of labels of this atlas",
        )


def box_of(volume: NDArray[Any]) -> tuple[slice, slice, slice]:
    """Return the slices that hold every voxel that is not zero, and one voxel around."""
    out = []
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        found = np.flatnonzero(volume.any(axis=others))
        low, high = (int(found[0]), int(found[-1])) if found.size else (0, 0)
        out.append(slice(max(0, low - 1), min(volume.shape[axis], high + 2)))
    return out[0], out[1], out[2]
