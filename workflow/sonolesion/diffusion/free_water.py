"""Fraction of free water beside the tissue's tensor.

Two compartments, ``S = S0 (f exp(-b W) + (1 - f) exp(-b : D))`` with the diffusivity ``W`` of
water. Two shells or more tell ``f``; one shell does not: there ``f`` follows from a mean
diffusivity that the tissue is taken to have, and the map is exploratory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.diffusion import tensor
from sonolesion.diffusion.blocks import over_blocks
from sonolesion.diffusion.tensor import Weighting
from sonolesion.diffusion.tensor_design import columns

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FreeWater:
    """What was found.

    Attributes
    ----------
    fraction : ndarray of shape (V,)
        Share of the unweighted signal that is free water, 0 to 1; NaN without a tensor.
    exploratory : bool
        True if the data do not determine it (one shell).
    method : str
        How it was found, for the sidecar.
    """

    fraction: NDArray[np.float32]
    exploratory: bool
    method: str


def fit(
    data: NDArray[Any],
    b_values: NDArray[Any],
    vectors: NDArray[Any],
    *,
    weighting: Weighting,
    min_signal: float,
    b0_max_s_mm2: float,
    shell_width_s_mm2: float,
    water_mm2_s: float,
    tissue_mm2_s: float,
    max_fraction: float,
    n_levels: int,
    threads: int = 1,
) -> FreeWater:
    """Estimate the fraction of free water.

    Parameters
    ----------
    data, b_values, vectors, weighting, min_signal, threads
        As for `tensor.fit`.
    b0_max_s_mm2 : float
        Largest b-value that counts as unweighted [s/mm²].
    shell_width_s_mm2 : float
        Spread of b-values within one shell [s/mm²].
    water_mm2_s : float
        Diffusivity of water at body temperature [mm²/s].
    tissue_mm2_s : float
        Mean diffusivity that tissue is taken to have if there is one shell [mm²/s].
    max_fraction : float
        Largest fraction that is told.
    n_levels : int
        Fractions that are tried if there are several shells.

    Returns
    -------
    FreeWater

    Raises
    ------
    ValueError
        If no volume is weighted or the diffusivities are the wrong way round.

    Notes
    -----
    One shell: the constraint on mean diffusivity that Pasternak et al. 2009,
    doi:10.1002/mrm.22055, start from (in the closed form of Golub et al. 2021,
    doi:10.1002/mrm.28599), voxel by voxel; neither their spatial regularisation nor their start
    from S0, which needs S0 of pure tissue and water in the same coil and T2 weighting. A true
    rise of the tissue's diffusivity reads as water. Several shells: the fraction whose tensor
    fits best, Hoy et al. 2014, doi:10.1016/j.neuroimage.2014.09.053.
    """
    weighted = b_values[b_values > b0_max_s_mm2]
    if water_mm2_s <= tissue_mm2_s or not len(weighted):
        raise ValueError("water should diffuse faster than tissue, and a volume be weighted")
    options: dict[str, Any] = {"weighting": weighting, "min_signal": min_signal}
    if n_shells(weighted, shell_width_s_mm2=shell_width_s_mm2) < 2:
        elements = tensor.fit(
            data, b_values, vectors, **options, threads=threads, with_residual=False
        ).elements
        fraction = from_mean_diffusivity(
            elements[:, [0, 3, 5]].mean(axis=1, dtype=np.float64),
            b_s_mm2=float(weighted.mean()),
            water_mm2_s=water_mm2_s,
            tissue_mm2_s=tissue_mm2_s,
            max_fraction=max_fraction,
        )
        return FreeWater(fraction, True, f"one shell, tissue held at {tissue_mm2_s:g} mm2/s")
    levels = np.linspace(0.0, max_fraction, n_levels)
    water = np.exp(-b_values * water_mm2_s)
    fraction = np.empty(len(data), dtype=np.float32)
    table: dict[str, Any] = {"b_values": b_values, "vectors": vectors, "b0_max_s_mm2": b0_max_s_mm2}

    def one(part: slice) -> None:
        block = np.asarray(data[part], dtype=np.float32)
        costs = level_costs(block, **table, levels=levels, water=water, options=options)
        fraction[part] = lowest(levels, costs)

    over_blocks(one, len(data), threads=threads)
    return FreeWater(fraction, False, f"best of {n_levels} fractions, refined by a parabola")


def n_shells(weighted: NDArray[Any], *, shell_width_s_mm2: float) -> int:
    """Return the number of groups of b-values, gaps within which are at most the width.

    Examples
    --------
    >>> n_shells(np.array([995.0, 1000, 1005, 2000]), shell_width_s_mm2=100.0)
    2
    """
    return 1 + int(np.count_nonzero(np.diff(np.sort(weighted)) > shell_width_s_mm2))


def from_mean_diffusivity(
    mean_mm2_s: Array,
    *,
    b_s_mm2: float,
    water_mm2_s: float,
    tissue_mm2_s: float,
    max_fraction: float,
) -> NDArray[np.float32]:
    """Return the fraction at which tissue of a given diffusivity shows the measured one.

    Parameters
    ----------
    mean_mm2_s : ndarray of shape (V,)
        Measured mean diffusivity [mm²/s].
    b_s_mm2 : float
        b-value of the shell [s/mm²].
    water_mm2_s, tissue_mm2_s, max_fraction : float
        As for `fit`.

    Examples
    --------
    >>> options = dict(b_s_mm2=1000.0, water_mm2_s=3e-3, tissue_mm2_s=6e-4, max_fraction=1.0)
    >>> from_mean_diffusivity(np.array([1e-4, 6e-3]), **options)
    array([0., 1.], dtype=float32)
    """
    measured, water, tissue = (
        np.exp(-b_s_mm2 * value) for value in (mean_mm2_s, water_mm2_s, tissue_mm2_s)
    )
    fraction = (measured - tissue) / (water - tissue)
    return np.asarray(np.clip(fraction, 0.0, max_fraction), dtype=np.float32)


def level_costs(
    data: NDArray[np.float32],
    b_values: NDArray[Any],
    vectors: NDArray[Any],
    *,
    levels: Array,
    water: Array,
    b0_max_s_mm2: float,
    options: dict[str, Any],
) -> Array:
    """Return the mean square misfit of each fraction.

    Parameters
    ----------
    data : ndarray of shape (V, N)
        Signal.
    b_values, vectors, b0_max_s_mm2
        As for `fit`.
    levels : ndarray of shape (L,)
        Fractions that are tried.
    water : ndarray of shape (N,)
        Signal of water over its S0.
    options : dict
        Weighting and min_signal of `tensor.fit`.

    Returns
    -------
    ndarray of shape (L, V)
        In the square of the data's unit; NaN where no tensor could be fitted.
    """
    unweighted = b_values <= b0_max_s_mm2
    whole = tensor.fit(data, b_values, vectors, **options, with_residual=False)
    # The tensor's own S0 is too low where two compartments decay; a measured one is not.
    s0 = data[:, unweighted].mean(axis=1) if unweighted.any() else whole.s0
    model = columns(b_values, vectors).astype(np.float32)
    costs = np.empty((len(levels), len(data)))
    for row, level in zip(costs, levels, strict=True):
        tissue = data - np.outer(s0, level * water).astype(np.float32)
        found = tensor.fit(tissue, b_values, vectors, **options, with_residual=False)
        tissue -= found.s0[:, None] * np.exp(found.elements @ model.T)
        row[:] = np.einsum("vn,vn->v", tissue, tissue) / tissue.shape[1]
    return costs


def lowest(levels: Array, costs: Array) -> NDArray[np.float32]:
    """Return the fraction of the lowest cost, between levels by a parabola; NaN if there is none.

    Parameters
    ----------
    levels : ndarray of shape (L,)
        Evenly spaced fractions, three or more.
    costs : ndarray of shape (L, V)
        Cost of each.
    """
    known = np.isfinite(costs[0])
    filled = np.where(np.isfinite(costs), costs, np.inf)
    best = np.clip(filled.argmin(axis=0), 1, len(levels) - 2)
    below, at, above = (filled[best + i, np.arange(len(best))] for i in (-1, 0, 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = 0.5 * (below - above) / (below - 2.0 * at + above)
    shift = np.clip(np.where(np.isfinite(shift), shift, 0.0), -1.0, 1.0)
    fraction = levels[best] + shift * (levels[1] - levels[0])
    return np.where(known, fraction, np.nan).astype(np.float32)
