"""Diffusion tensor by weighted least squares, for all voxels of a block at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sonolesion.diffusion.blocks import over_blocks
from sonolesion.diffusion.symmetric_algebra import eigenvalues, first_vector, solve_in_place
from sonolesion.diffusion.tensor_design import Design, design

Values = NDArray[np.float32]
Array = NDArray[np.float64]
Weighting = Literal["ols_prediction", "signal"]


@dataclass(frozen=True)
class Tensor:
    """What was fitted, one row a voxel; NaN where there is no signal or no solution.

    Attributes
    ----------
    elements : ndarray of shape (V, 6)
        xx, xy, xz, yy, yz, zz in the axes of the gradient vectors [mm²/s].
    s0 : ndarray of shape (V,)
        Signal without diffusion weighting, in the unit of the data.
    residual : ndarray of shape (V,)
        Root mean square of the difference of measured and fitted signal, over `s0`.
    """

    elements: Values
    s0: Values
    residual: Values


def fit(
    data: NDArray[Any],
    b_values: NDArray[Any],
    vectors: NDArray[Any],
    *,
    weighting: Weighting,
    min_signal: float,
    threads: int = 1,
    voxels: NDArray[np.intp] | None = None,
    with_residual: bool = True,
) -> Tensor:
    """Fit a tensor to every voxel by weighted linear least squares of the log signal.

    Parameters
    ----------
    data : ndarray of shape (V, N)
        Signal; fastest where one volume is contiguous (the transpose of an (N, V) array).
    b_values : ndarray of shape (N,)
        [s/mm²].
    vectors : ndarray of shape (N, 3)
        Unit gradient directions; zeros for unweighted volumes.
    weighting : {"ols_prediction", "signal"}
        Weights are the squares of the signal that unweighted least squares predicts, or of the
        measured signal.
    min_signal : float
        Lower signals count as this much, in the unit of the data; above 0.
    threads : int
        Blocks of voxels that are fitted at once. One thread each for the linear-algebra
        library (OPENBLAS_NUM_THREADS=1) is then best.
    voxels : ndarray of int, optional
        Rows of `data` that are fitted; the result has a row for each.
    with_residual : bool
        Without, the residual is NaN and a third of the time is saved.

    Returns
    -------
    Tensor
        NaN where no signal exceeds `min_signal` or one is not finite.

    Raises
    ------
    ValueError
        If the arrays do not fit each other or do not determine a tensor.

    Notes
    -----
    Weights from the prediction: Chung et al. 2006, doi:10.1016/j.neuroimage.2006.06.001, the
    same as ``WLS`` of dipy; weights from the signal: Basser et al. 1994,
    doi:10.1006/jmrb.1994.1037, the same as ``dwi2tensor -iter 0`` of MRtrix. Veraart et al.
    2013, doi:10.1016/j.neuroimage.2013.05.028, recommend the former.
    """
    _require_fitting(data, b_values, vectors, weighting=weighting, min_signal=min_signal)
    equations = design(b_values, vectors)
    n_voxels = len(data) if voxels is None else len(voxels)
    out = Tensor(
        np.empty((n_voxels, 6), dtype=np.float32),
        np.empty(n_voxels, dtype=np.float32),
        np.full(n_voxels, np.nan, dtype=np.float32),
    )

    def one(part: slice) -> None:
        with np.errstate(all="ignore"):
            signal = _taken(data, part if voxels is None else voxels[part])
            scale = _normalise(signal, min_signal=min_signal)
            coefficients = _coefficients(signal, equations, weighting=weighting)
            out.elements[part] = (equations.to_elements @ coefficients[1:]).T
            out.s0[part] = np.exp(coefficients[0]) * scale
            if with_residual:
                out.residual[part] = _residual(signal, coefficients, equations)

    over_blocks(one, n_voxels, threads=threads)
    return out


def maps(elements: NDArray[Any], *, threads: int = 1) -> dict[str, NDArray[Any]]:
    """Return what is told of tensors.

    Parameters
    ----------
    elements : ndarray of shape (V, 6)
        xx, xy, xz, yy, yz, zz [mm²/s]; NaN gives NaN.
    threads : int
        Blocks of voxels at once.

    Returns
    -------
    dict of ndarray
        ``fa`` fractional anisotropy, ``md``, ``ad``, ``rd`` mean, axial and radial diffusivity
        [mm²/s], ``mode`` (-1 planar to 1 linear), each of shape (V,); ``v1`` of shape (V, 3),
        unit vector; ``positive_definite`` of shape (V,), bool. Where a tensor is not positive
        definite, its negative eigenvalues, which no tissue has, count as 0.

    Notes
    -----
    FA: Basser & Pierpaoli 1996, doi:10.1006/jmrb.1996.0086; mode: Ennis & Kindlmann 2006,
    doi:10.1002/mrm.20741, eq. 5.

    Examples
    --------
    >>> stick = maps(np.array([[1e-3, 0, 0, 0, 0, 0]]))
    >>> float(stick["fa"][0]), bool(stick["positive_definite"][0])
    (1.0, False)
    """
    n_voxels = len(elements)
    names = ("fa", "md", "ad", "rd", "mode")
    out: dict[str, NDArray[Any]] = {n: np.empty(n_voxels, dtype=np.float32) for n in names}
    out["v1"] = np.empty((n_voxels, 3), dtype=np.float32)
    out["positive_definite"] = np.empty(n_voxels, dtype=bool)

    def one(part: slice) -> None:
        with np.errstate(all="ignore"):
            block = np.ascontiguousarray(elements[part].T, dtype=np.float64)
            values = eigenvalues(block)
            out["v1"][part] = first_vector(block, values[0]).T
            out["positive_definite"][part] = values[2] > 0
            for name, value in invariants(np.maximum(values, 0.0)).items():
                out[name][part] = value

    over_blocks(one, n_voxels, threads=threads)
    return out


def invariants(values: Array) -> dict[str, Array]:
    """Return FA, MD, AD, RD and mode of eigenvalues.

    Parameters
    ----------
    values : ndarray of shape (3, V)
        Eigenvalues, largest first, none negative [mm²/s].

    Returns
    -------
    dict of ndarray of shape (V,)
        FA and mode are 0 where there is no anisotropy.
    """
    mean = values.sum(axis=0) / 3.0
    a, b, c = values - mean
    deviation = a * a + b * b + c * c
    size = (values * values).sum(axis=0)
    cube = deviation**1.5
    mode = 3.0 * np.sqrt(6.0) * a * b * c / np.where(cube > 0, cube, 1.0)
    return {
        "fa": np.sqrt(1.5 * deviation / np.where(size > 0, size, 1.0)),
        "md": mean,
        "ad": values[0],
        "rd": (values[1] + values[2]) / 2.0,
        "mode": np.clip(mode, -1.0, 1.0),
    }


def _require_fitting(
    data: NDArray[Any],
    b_values: NDArray[Any],
    vectors: NDArray[Any],
    *,
    weighting: str,
    min_signal: float,
) -> None:
    """Raise `ValueError` for arrays that do not belong together."""
    n_volumes = data.shape[-1]
    if data.ndim != 2 or b_values.shape != (n_volumes,) or vectors.shape != (n_volumes, 3):
        raise ValueError(
            f"data {data.shape}, b-values {b_values.shape} and vectors {vectors.shape} "
            "should be (V, N), (N,) and (N, 3)"
        )
    if not (np.isfinite(b_values).all() and np.isfinite(vectors).all()):
        raise ValueError("b-values and vectors must be finite")
    if weighting not in {"ols_prediction", "signal"} or not min_signal > 0:
        raise ValueError(f"weighting {weighting!r} or min_signal {min_signal} is impossible")


def _taken(data: NDArray[Any], rows: slice | NDArray[np.intp]) -> Values:
    """Return voxels as a new array of shape (N, v)."""
    if isinstance(rows, slice) or data.flags.c_contiguous:
        return np.array(data[rows].T, dtype=np.float32, order="C")
    taken: Values = np.take(data.T, rows, axis=1).astype(np.float32, copy=False)
    return taken


def _normalise(signal: Values, *, min_signal: float) -> Values:
    """Divide each voxel by its largest signal, in place; return that, NaN where all is dark."""
    np.maximum(signal, np.float32(min_signal), out=signal)
    scale: Values = signal.max(axis=0)
    scale[~(scale > np.float32(min_signal))] = np.nan
    signal *= 1.0 / scale
    return scale


def _coefficients(signal: Values, equations: Design, *, weighting: Weighting) -> Array:
    """Return the weighted solution in the basis of `Design`, shape (7, v)."""
    logarithm = np.log(signal)
    if weighting == "signal":
        weights = np.square(signal, dtype=np.float64)
    else:
        inverse, basis = (a.astype(np.float32) for a in (equations.inverse, equations.basis))
        predicted = basis.T @ (inverse @ logarithm)
        weights = np.square(np.exp(predicted, out=predicted), dtype=np.float64)
    normal = equations.products @ weights
    weights *= logarithm
    return solve_in_place(normal, equations.basis @ weights)


def _residual(signal: Values, coefficients: Array, equations: Design) -> Values:
    """Return the root mean square residual over S0; `signal` is overwritten."""
    predicted = equations.basis.T.astype(np.float32) @ coefficients.astype(np.float32)
    signal -= np.exp(predicted, out=predicted)
    mean_square = np.einsum("nv,nv->v", signal, signal) / len(signal)
    return np.asarray(np.sqrt(mean_square) / np.exp(coefficients[0]), dtype=np.float32)
