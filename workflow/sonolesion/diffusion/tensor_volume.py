"""Tensor maps of a whole scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.diffusion import tensor
from sonolesion.diffusion.tensor import Weighting


@dataclass(frozen=True)
class TensorVolumes:
    """Maps of a scan, and how many voxels have none.

    Attributes
    ----------
    maps : dict of ndarray
        ``fa``, ``md``, ``ad``, ``rd`` [mm²/s], ``mode``, ``s0``, ``residual`` of shape
        (X, Y, Z), ``tensor`` of shape (X, Y, Z, 6), ``v1`` of shape (X, Y, Z, 3); float32, NaN
        outside the mask and where nothing could be fitted.
    positive_definite : ndarray of shape (X, Y, Z)
        Bool; False also where there is no tensor.
    n_not_positive_definite, n_without_fit : int
        Voxels of the mask whose tensor has an eigenvalue of 0 or less, and that have no tensor.
    """

    maps: dict[str, NDArray[np.float32]]
    positive_definite: NDArray[np.bool_]
    n_not_positive_definite: int
    n_without_fit: int


def fit_volume(
    data: NDArray[Any],
    mask: NDArray[np.bool_],
    b_values: NDArray[Any],
    vectors: NDArray[Any],
    *,
    weighting: Weighting,
    min_signal: float,
    threads: int,
) -> TensorVolumes:
    """Fit the tensor in the mask and return its maps.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Signal, as it lies in the file (no copy is made of an array contiguous either way).
    mask : ndarray of shape (X, Y, Z)
        Voxels that are fitted.
    b_values, vectors, weighting, min_signal, threads
        As for `tensor.fit`.

    Raises
    ------
    ValueError
        If mask and data differ in shape, and as `tensor.fit`.
    """
    if data.shape[:-1] != mask.shape:
        raise ValueError(f"data {data.shape} and mask {mask.shape} differ in shape")
    rows, inside = _rows(data, mask)
    fitted = tensor.fit(
        rows,
        b_values,
        vectors,
        weighting=weighting,
        min_signal=min_signal,
        threads=threads,
        voxels=inside,
    )
    told = tensor.maps(fitted.elements, threads=threads)
    positive = told.pop("positive_definite")
    told |= {"s0": fitted.s0, "residual": fitted.residual, "tensor": fitted.elements}
    known = np.isfinite(fitted.elements).all(axis=1)
    order = _order(data)
    return TensorVolumes(
        {name: _volume(values, inside, mask.shape, order) for name, values in told.items()},
        _volume(positive, inside, mask.shape, order) == 1,
        int(np.count_nonzero(known & ~positive)),
        int(np.count_nonzero(~known)),
    )


def _order(data: NDArray[Any]) -> Any:
    return "F" if data.flags.f_contiguous else "C"


def _rows(data: NDArray[Any], mask: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the data as one row a voxel, and the rows in the mask."""
    rows = data.reshape(-1, data.shape[-1], order=_order(data))
    return rows, np.flatnonzero(np.asarray(mask, dtype=bool).ravel(order=_order(data)))


def _volume(
    values: NDArray[Any], inside: NDArray[np.intp], shape: tuple[int, ...], order: Any
) -> NDArray[np.float32]:
    """Return values of the mask as a volume, NaN elsewhere."""
    filled = np.full((int(np.prod(shape)), *values.shape[1:]), np.nan, dtype=np.float32)
    filled[inside] = values
    return filled.reshape((*shape, *values.shape[1:]), order=order)
