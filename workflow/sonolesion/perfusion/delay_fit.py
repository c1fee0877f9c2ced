"""Flow and transit time from several delays, for all voxels at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.perfusion.delay_curves import (
    Curves,
    DelayFit,
    Filled,
    Model,
    blocks,
    unit_of,
    weights_of,
)
from sonolesion.perfusion.delay_search import Gained, Search
from sonolesion.perfusion.kinetic import apparent_t1

Array = NDArray[np.float64]


def fit(
    ratio: NDArray[Any],
    counts: NDArray[Any],
    model: Model,
    *,
    tissue_t1_s: float | NDArray[Any],
    partition_ml_g: float,
    efficiency: float,
    transit_range_s: tuple[float, float],
    grid_step_s: float,
    tolerance_s: float,
    n_rounds: int,
) -> DelayFit:
    """Fit flow and transit time of each voxel by least squares.

    Parameters
    ----------
    ratio : ndarray of shape (V, D)
        Difference of each delay over M0 of tissue.
    counts : ndarray of shape (D,)
        Differences that each is the mean of: their weights.
    model : callable
        Of `pcasl_model` or `pasl_model`.
    tissue_t1_s : float or ndarray of shape (V,)
        T1 of tissue [s]: one, or that of each voxel.
    partition_ml_g, efficiency : float
        Partition coefficient [mL/g], labelling efficiency.
    transit_range_s : tuple of float
        Range of transit times that is searched [s].
    grid_step_s, tolerance_s : float
        Step of the first search, and width at which the second one ends [s].
    n_rounds : int
        Rounds in which T1' is set anew from the flow that was found.

    Returns
    -------
    DelayFit
        Flow is not below 0: less signal than none tells no transit time, so NaN of that.

    Raises
    ------
    ValueError
        If there are fewer than two delays, or arrays don't fit.

    Notes
    -----
    Flow is linear in the signal once the transit time is known, so only that is searched
    (variable projection, Golub & Pereyra 1973, doi:10.1137/0710036): on a grid, then by golden
    section about its best point, which passes the kinks of the model where a derivative
    doesn't. Outflow (``f/λ`` in T1') is set from the flow of the round before; it changes T1' by
    1 to 2 %. Label that has all arrived before the shortest delay tells no transit time, and up
    to a tenth of the flow depends on it: the longest that fits is taken. Standard errors:
    residual variance times the inverse of ``JᵀJ``; of two delays nothing is left to tell them by.

    Noise as large as the signal lets transit times run off, and late ones make much flow of
    little signal: the flow is then biased upwards. `fit_near` is for that.
    """
    weights = weights_of(ratio, counts)
    tissue = np.broadcast_to(np.asarray(tissue_t1_s, dtype=np.float64), len(ratio))
    search = Search(transit_range_s, grid_step_s, tolerance_s)
    unit = unit_of(efficiency=efficiency, partition_ml_g=partition_ml_g)
    found = Filled(len(ratio), search, unit)
    for rows in blocks(np.isfinite(ratio).all(axis=1) & (tissue > 0)):
        own = _Voxels(
            np.asarray(ratio[rows], np.float64) / unit, weights, model, tissue[rows], partition_ml_g
        )
        cbf = np.zeros(len(rows))
        transit = search.coarse(own.curves(cbf).explained_by_inflow, len(rows))
        for _ in range(n_rounds):
            curves = own.curves(cbf)
            transit = search.fine(curves.explained_by_inflow, transit)
            cbf = np.maximum(curves.flow(transit), 0.0)
        found.take(rows, own.curves(cbf).described(cbf, transit, noise=None, pull=0.0))
    return found.fit()


@dataclass(frozen=True)
class _Voxels:
    """Voxels of one tissue each."""

    measured: Array
    weights: Array
    model: Model
    tissue_t1_s: Array
    partition_ml_g: float

    def curves(self, cbf: Array) -> Curves:
        """Return their curves with the outflow of a flow."""
        stay = apparent_t1(
            tissue_t1_s=self.tissue_t1_s, cbf=cbf, partition_ml_g=self.partition_ml_g
        )
        response = self.model(stay[:, None])

        def shape_of(transit_s: Array) -> Array:
            return response(transit_s[:, None])

        return Curves(self.measured, self.weights, shape_of)


@dataclass(frozen=True)
class Surroundings:
    """What is known of each voxel before its own signal is looked at: its tissues.

    Attributes
    ----------
    weight : ndarray of shape (V, K)
        Share of the flow of a voxel that goes to each of K tissues; they sum to 1.
    transit_s : ndarray of shape (V, K)
        Transit time to each [s].
    stay_s : ndarray of shape (V, K)
        Apparent T1 of each [s].
    """

    weight: Array
    transit_s: Array
    stay_s: Array

    @property
    def mean_transit_s(self) -> Array:
        """Transit time of the label of a voxel, weighted by flow, shape (V,) [s]."""
        return np.asarray((self.weight * self.transit_s).sum(axis=1))

    def curves(
        self, rows: NDArray[np.intp], measured: Array, weights: Array, model: Model
    ) -> Curves:
        """Return the curves of some voxels, whose tissues are late or early together."""
        lag = self.transit_s[rows] - self.mean_transit_s[rows, None]
        parts = [
            (self.weight[rows, k, None], lag[:, k, None], model(self.stay_s[rows, k, None]))
            for k in range(lag.shape[1])
        ]

        def shape_of(transit_s: Array) -> Array:
            held = [share * of(transit_s[:, None] + later) for share, later, of in parts]
            return np.asarray(sum(held[1:], held[0]))

        return Curves(measured, weights, shape_of)


def noise_variance(
    ratio: NDArray[Any], counts: NDArray[Any], model: Model, near: Surroundings
) -> Array:
    """Return the variance of the signal of a delay about what flow and transit time explain.

    Parameters
    ----------
    ratio, counts, model
        As in `fit`.
    near : Surroundings
        Tissues of each voxel.

    Returns
    -------
    ndarray of shape (V,)
        In the unit of the ratio, squared; NaN of two delays, which leave none. Of a single voxel
        it is rough: to be averaged over many.

    Notes
    -----
    Response and slope at the surroundings' transit time are regressed out: a transit time of the
    voxel's own counts as noise only by its curvature.
    """
    weights = weights_of(ratio, counts)
    found, freedom = np.full(len(ratio), np.nan), ratio.shape[1] - 2
    for rows in blocks(np.isfinite(ratio).all(axis=1)) if freedom else ():
        measured = np.asarray(ratio[rows], np.float64)
        local = near.curves(rows, measured, weights, model).local(near.mean_transit_s[rows])
        along = (measured * local.shape) @ weights / local.own
        slope = local.change - (local.both / local.own)[:, None] * local.shape
        left = measured - along[:, None] * local.shape
        steep = (slope * slope) @ weights
        aside = np.where(local.turned, (left * slope) @ weights, 0.0)
        aside = aside / np.where(local.turned, steep, 1.0)
        left = left - aside[:, None] * slope
        found[rows] = (left * left) @ weights / freedom
    return found


def fit_near(
    ratio: NDArray[Any],
    counts: NDArray[Any],
    model: Model,
    near: Surroundings,
    *,
    noise: NDArray[Any],
    transit_sd_s: float,
    partition_ml_g: float,
    efficiency: float,
    transit_range_s: tuple[float, float],
    grid_step_s: float,
    tolerance_s: float,
) -> DelayFit:
    """Fit flow and transit time of each voxel, the transit time near that of its surroundings.

    Parameters
    ----------
    ratio, counts, model, partition_ml_g, efficiency, transit_range_s, grid_step_s, tolerance_s
        As in `fit`.
    near : Surroundings
        Tissues of each voxel.
    noise : ndarray of shape (V,)
        Variance of the ratio, as `noise_variance` tells it; NaN keeps the surroundings' transit
        time.
    transit_sd_s : float
        Spread of transit times about those of the surroundings [s].

    Returns
    -------
    DelayFit
        Flow may be negative, so that noise doesn't raise its mean; of that no transit time is
        told.

    Raises
    ------
    ValueError
        If there are fewer than two delays, or arrays don't fit.

    Notes
    -----
    The largest posterior of Gaussian noise and a Gaussian transit time: ``Σ w (y - f r(t))² +
    (σ/s)² (t - t₀)²`` is least. Where signal is large the second term is nothing, and this is
    `fit`; where it is small, the transit time is that of the surroundings, and flow is linear in
    the signal, so unbiased. Transit time holds little detail (Dai et al. 2012,
    doi:10.1002/mrm.23103); a prior on it is what BASIL has (Chappell et al. 2009,
    doi:10.1109/TSP.2008.2005752). Outflow is that of the surroundings. Standard errors: noise
    times the inverse of ``JᵀJ`` with the prior's term.
    """
    weights = weights_of(ratio, counts)
    search = Search(transit_range_s, grid_step_s, tolerance_s)
    unit = unit_of(efficiency=efficiency, partition_ml_g=partition_ml_g)
    found = Filled(len(ratio), search, unit)
    centre_s = near.mean_transit_s
    for rows in blocks(np.isfinite(ratio).all(axis=1) & np.isfinite(centre_s)):
        curves = near.curves(rows, np.asarray(ratio[rows], np.float64) / unit, weights, model)
        variance, centre = np.asarray(noise[rows], np.float64) / unit**2, centre_s[rows]
        known = np.isfinite(variance)
        pull = np.where(known, variance, 0.0) / transit_sd_s**2
        gained = _posterior(curves, pull, centre)
        best = search.fine(gained, search.coarse(gained, len(rows)))
        transit = np.where(known, best, centre)
        maps = curves.described(curves.flow(transit), transit, noise=variance, pull=pull)
        found.take(rows, maps)
    return found.fit()


def _posterior(curves: Curves, pull: Array, centre_s: Array) -> Gained:
    """Return what signal and surroundings together say for a transit time."""

    def gained(transit_s: Array) -> Array:
        return curves.explained(transit_s) - pull * (transit_s - centre_s) ** 2

    return gained
