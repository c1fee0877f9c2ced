"""Flow and transit time from several delays, for all voxels at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.perfusion.kinetic import apparent_t1, pasl_response, pcasl_response
from sonolesion.perfusion.quantification import PER_MINUTE

Array = NDArray[np.float64]
Values = NDArray[np.float32]
# Transit times (v, 1) and apparent T1 (v, 1) → response (v, D) [s].
Response = Callable[[Array, Array], Array]
GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
BLOCK = 16_384
HALF_STEP_S = 1e-4
# Relative difference of two sums of squares that is rounding.
EVEN = 1e-10
# A transit time so much shorter that loses less of the sum of squares fits as well.
FLAT_STEP_S = 0.02
FLAT = 1e-6
MAPS = ("cbf", "cbf_se", "transit_s", "transit_se_s", "correlation", "residual")


@dataclass(frozen=True)
class DelayFit:
    """What was fitted, one row a voxel; NaN where nothing could be.

    Attributes
    ----------
    cbf, cbf_se : ndarray of shape (V,)
        Flow and its standard error [mL/100 g/min].
    transit_s, transit_se_s : ndarray of shape (V,)
        Arterial transit time and its standard error [s].
    correlation : ndarray of shape (V,)
        Of the errors of both.
    residual : ndarray of shape (V,)
        Root mean square of what the model leaves, weighted, in the unit of ΔM/M0.
    at_limit : ndarray of shape (V,), bool
        Transit time at an end of its range, or below the shortest delay, where it changes
        nothing but the scale: a limit, no estimate.
    """

    cbf: Values
    cbf_se: Values
    transit_s: Values
    transit_se_s: Values
    correlation: Values
    residual: Values
    at_limit: NDArray[np.bool_]


def pcasl_model(*, labelling_s: Array, delay_s: Array, blood_t1_s: float) -> Response:
    """Return the response of (pseudo-)continuous labelling at several delays.

    Parameters
    ----------
    labelling_s : ndarray of shape (D,)
        Durations of labelling [s].
    delay_s : ndarray of shape (D,)
        Delays [s]; slices that differ are fitted one by one.
    blood_t1_s : float
        T1 of blood [s].
    """

    def response(transit_s: Array, stay_s: Array) -> Array:
        return pcasl_response(
            transit_s=transit_s,
            labelling_s=labelling_s,
            delay_s=delay_s,
            blood_t1_s=blood_t1_s,
            apparent_t1_s=stay_s,
        )

    return response


def pasl_model(*, bolus_s: float, inversion_s: Array, blood_t1_s: float) -> Response:
    """Return the response of pulsed labelling at several inversion times; as `pcasl_model`."""

    def response(transit_s: Array, stay_s: Array) -> Array:
        return pasl_response(
            transit_s=transit_s,
            bolus_s=bolus_s,
            inversion_s=inversion_s,
            blood_t1_s=blood_t1_s,
            apparent_t1_s=stay_s,
        )

    return response


def fit(
    ratio: NDArray[Any],
    counts: NDArray[Any],
    model: Response,
    *,
    tissue_t1_s: float | NDArray[Any],
    partition_ml_g: float,
    efficiency: float,
    transit_range_s: tuple[float, float],
    grid_step_s: float,
    tolerance_s: float,
    n_rounds: int,
) -> DelayFit:
    """Fit flow and transit time by least squares.

    Parameters
    ----------
    ratio : ndarray of shape (V, D)
        Difference of each delay over M0 of tissue.
    counts : ndarray of shape (D,)
        Differences that each is the mean of: their weights.
    model : callable
        Of `pcasl_model` or `pasl_model`.
    tissue_t1_s : float or ndarray of shape (V,)
        T1 of tissue [s]: one, or that of each voxel by its shares of grey and white matter.
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
    """
    n_delays = ratio.shape[1] if ratio.ndim == 2 else 0
    if n_delays < 2 or counts.shape != (n_delays,) or not (counts > 0).all():
        raise ValueError(f"ratio {ratio.shape} and counts {counts.shape}: two delays are needed")
    problem = _Problem(
        model,
        np.asarray(counts / counts.mean(), dtype=np.float64),
        partition_ml_g,
        transit_range_s,
        grid_step_s,
        tolerance_s,
        n_rounds,
    )
    tissue = np.broadcast_to(np.asarray(tissue_t1_s, dtype=np.float64), len(ratio))
    # Signal is 2 α f / (6000 λ) times the response [s], f in mL/100 g/min.
    unit = 2.0 * efficiency / (PER_MINUTE * partition_ml_g)
    maps = {name: np.full(len(ratio), np.nan, np.float32) for name in MAPS}
    at_limit = np.zeros(len(ratio), dtype=bool)
    low, high = transit_range_s[0] + 2.0 * tolerance_s, transit_range_s[1] - 2.0 * tolerance_s
    sound = np.flatnonzero(np.isfinite(ratio).all(axis=1) & (tissue > 0))
    for start in range(0, len(sound), BLOCK):
        rows = sound[start : start + BLOCK]
        measured = np.asarray(ratio[rows], np.float64) / unit
        found = problem.solve(measured, tissue[rows])
        transit = found["transit_s"]
        for name in MAPS:
            maps[name][rows] = found[name] * (unit if name == "residual" else 1.0)
        told = (transit > low) & (transit < high) & np.isfinite(found["correlation"])
        at_limit[rows] = ~told
    return DelayFit(**maps, at_limit=at_limit)


@dataclass(frozen=True)
class _Problem:
    """What is the same in every voxel."""

    model: Response
    weights: Array
    partition_ml_g: float
    range_s: tuple[float, float]
    step_s: float
    tolerance_s: float
    n_rounds: int

    def solve(self, measured: Array, tissue_t1_s: Array) -> dict[str, Array]:
        """Return the maps of a block; the residual in the unit of the response."""
        cbf = np.zeros(len(measured))
        transit = self._coarse(measured, self._stay(cbf, tissue_t1_s))
        for _ in range(self.n_rounds):
            transit, cbf = self._fine(measured, transit, self._stay(cbf, tissue_t1_s))
        return self._described(measured, cbf, transit, self._stay(cbf, tissue_t1_s))

    def _stay(self, cbf: Array, tissue_t1_s: Array) -> Array:
        """Return T1' of a flow, shape (v, 1)."""
        return apparent_t1(tissue_t1_s=tissue_t1_s, cbf=cbf, partition_ml_g=self.partition_ml_g)[
            :, None
        ]

    def _project(self, measured: Array, shape: Array) -> tuple[Array, Array]:
        """Return the best flow, not below 0, and the sum of squares that it explains."""
        along = np.maximum((measured * shape) @ self.weights, 0.0)
        size = (shape * shape) @ self.weights
        flow = along / np.where(size > 0, size, 1.0)
        return flow, flow * along

    def _coarse(self, measured: Array, stay: Array) -> Array:
        """Return the best transit time of a grid [s]."""
        low, high = self.range_s
        transit, explained = np.full(len(measured), high), np.full(len(measured), -1.0)
        # Where transit times explain as much, as all below the shortest delay do, the longest
        # is kept.
        for candidate in np.arange(high, low - self.step_s / 2.0, -self.step_s):
            gain = self._project(measured, self.model(np.array([[candidate]]), stay))[1]
            better = gain > explained * (1.0 + EVEN)
            transit[better], explained[better] = candidate, gain[better]
        return transit

    def _fine(self, measured: Array, transit: Array, stay: Array) -> tuple[Array, Array]:
        """Return the best transit time [s] near one, and its flow [mL/100 g/min]."""
        left = np.maximum(transit - self.step_s, self.range_s[0])
        right = np.minimum(transit + self.step_s, self.range_s[1])
        best = _golden(
            lambda at: self._project(measured, self.model(at[:, None], stay))[1],
            left,
            right,
            tolerance_s=self.tolerance_s,
        )
        return best, self._project(measured, self.model(best[:, None], stay))[0]

    def _described(
        self, measured: Array, cbf: Array, transit: Array, stay: Array
    ) -> dict[str, Array]:
        """Return the maps, with errors from the curvature at the optimum."""
        at, step = transit[:, None], HALF_STEP_S
        shape = self.model(at, stay)
        change = (self.model(at + step, stay) - self.model(at - step, stay)) / (2.0 * step)
        slope = cbf[:, None] * change
        left = measured - cbf[:, None] * shape
        squares = (left * left) @ self.weights
        own, both = (shape * shape) @ self.weights, (shape * slope) @ self.weights
        other = (slope * slope) @ self.weights
        freedom = measured.shape[1] - 2
        variance = squares / freedom if freedom else np.full(len(squares), np.nan)
        determinant = own * other - both * both
        gain = self._project(measured, shape)[1]
        shorter = self._project(measured, self.model(at - FLAT_STEP_S, stay))[1]
        told = (determinant > 0) & (cbf > 0) & (shorter < gain * (1.0 - FLAT))
        with np.errstate(divide="ignore", invalid="ignore"):
            return {
                "cbf": cbf,
                "transit_s": np.where(cbf > 0, transit, np.nan),
                "cbf_se": np.where(told, np.sqrt(variance * other / determinant), np.nan),
                "transit_se_s": np.where(told, np.sqrt(variance * own / determinant), np.nan),
                "correlation": np.where(told, -both / np.sqrt(own * other), np.nan),
                "residual": np.sqrt(squares / measured.shape[1]),
            }


def _golden(
    gained: Callable[[Array], Array], left: Array, right: Array, *, tolerance_s: float
) -> Array:
    """Return where a function of each voxel is largest between two bounds."""
    inner = right - GOLDEN * (right - left)
    outer = left + GOLDEN * (right - left)
    at_inner, at_outer = gained(inner), gained(outer)
    while (right - left).max(initial=0.0) > tolerance_s:
        fall = at_inner > at_outer * (1.0 + EVEN)
        left, right = np.where(fall, left, inner), np.where(fall, outer, right)
        width = GOLDEN * (right - left)
        new = np.where(fall, right - width, left + width)
        at_new = gained(new)
        inner, outer = np.where(fall, new, outer), np.where(fall, inner, new)
        at_inner, at_outer = np.where(fall, at_new, at_outer), np.where(fall, at_inner, at_new)
    return np.asarray((left + right) / 2.0)
