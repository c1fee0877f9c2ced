"""Curves of signal over several delays: their models, and what is told of a fit to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.perfusion.delay_search import Search
from sonolesion.perfusion.kinetic import pasl_response
from sonolesion.perfusion.quantification import PER_MINUTE

Array = NDArray[np.float64]
Values = NDArray[np.float32]
# Transit times (v, 1) → response (v, D), all in s; and apparent T1 (v, 1) → that.
Shape = Callable[[Array], Array]
Model = Callable[[Array], Shape]
BLOCK = 16_384
HALF_STEP_S = 1e-4
# A response that changes by less than this (share of its sum of squares), but for its scale, with
# so much shorter a transit time tells none.
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
        nothing but the scale, or of a flow that is none: no estimate.
    """

    cbf: Values
    cbf_se: Values
    transit_s: Values
    transit_se_s: Values
    correlation: Values
    residual: Values
    at_limit: NDArray[np.bool_]


def pcasl_model(*, labelling_s: Array, delay_s: Array, blood_t1_s: float) -> Model:
    """Return the model of (pseudo-)continuous labelling at several delays.

    Parameters
    ----------
    labelling_s : ndarray of shape (D,)
        Durations of labelling [s].
    delay_s : ndarray of shape (D,)
        Delays [s]; slices that differ are fitted one by one.
    blood_t1_s : float
        T1 of blood [s].

    Notes
    -----
    `kinetic.pcasl_response` with what doesn't hold the transit time taken out of the search:
    ``exp(-max(PLD - Δt, 0)/T1') = min(exp(-PLD/T1') exp(Δt/T1'), 1)``.
    """

    def model(stay_s: Array) -> Shape:
        last = np.exp(-delay_s / stay_s)
        first = np.exp(-(labelling_s + delay_s) / stay_s)

        def response(transit_s: Array) -> Array:
            grown = np.exp(transit_s / stay_s)
            held = np.minimum(last * grown, 1.0) - np.minimum(first * grown, 1.0)
            return np.asarray(held * (stay_s * np.exp(-transit_s / blood_t1_s)))

        return response

    return model


def pasl_model(*, bolus_s: float, inversion_s: Array, blood_t1_s: float) -> Model:
    """Return the model of pulsed labelling at several inversion times; as `pcasl_model`."""

    def model(stay_s: Array) -> Shape:
        def response(transit_s: Array) -> Array:
            return pasl_response(
                transit_s=transit_s,
                bolus_s=bolus_s,
                inversion_s=inversion_s,
                blood_t1_s=blood_t1_s,
                apparent_t1_s=stay_s,
            )

        return response

    return model


def weights_of(ratio: NDArray[Any], counts: NDArray[Any]) -> Array:
    """Return the weight of each delay, 1 on average.

    Parameters
    ----------
    ratio : ndarray of shape (V, D)
        Difference of each delay over M0 of tissue.
    counts : ndarray of shape (D,)
        Differences that each is the mean of.

    Raises
    ------
    ValueError
        If there are fewer than two delays, or arrays don't fit.
    """
    n_delays = ratio.shape[1] if ratio.ndim == 2 else 0
    if n_delays < 2 or counts.shape != (n_delays,) or not (counts > 0).all():
        raise ValueError(f"ratio {ratio.shape} and counts {counts.shape}: two delays are needed")
    return np.asarray(counts / counts.mean(), dtype=np.float64)


def unit_of(*, efficiency: float, partition_ml_g: float) -> float:
    """Return ΔM/M0 of a flow of 1 mL/100 g/min and a response of 1 s, ``2 α / (6000 λ)``."""
    return 2.0 * efficiency / (PER_MINUTE * partition_ml_g)


def blocks(sound: NDArray[np.bool_]) -> Iterator[NDArray[np.intp]]:
    """Yield the rows that are sound, as many at once as a cache holds."""
    rows = np.flatnonzero(sound)
    for start in range(0, len(rows), BLOCK):
        yield rows[start : start + BLOCK]


@dataclass(frozen=True)
class Curves:
    """Measured curves of some voxels, and the model of each.

    Attributes
    ----------
    measured : ndarray of shape (v, D)
        ΔM/M0 over `unit_of`: flow times response.
    weights : ndarray of shape (D,)
        Of `weights_of`.
    shape_of : callable
        Transit times (v,) → response (v, D) [s].
    """

    measured: Array
    weights: Array
    shape_of: Callable[[Array], Array]

    def flow(self, transit_s: Array) -> Array:
        """Return the flow that fits best at a transit time; it may be negative."""
        along, size = self._projected(self.shape_of(transit_s))
        return along / size

    def explained(self, transit_s: Array) -> Array:
        """Return the sum of squares that this flow explains."""
        along, size = self._projected(self.shape_of(transit_s))
        return along * along / size

    def explained_by_inflow(self, transit_s: Array) -> Array:
        """Return the sum of squares that a flow from 0 explains."""
        along, size = self._projected(self.shape_of(transit_s))
        return np.maximum(along, 0.0) ** 2 / size

    def _projected(self, shape: Array) -> tuple[Array, Array]:
        """Return what is along a response, and its own sum of squares, 1 if that is nothing."""
        size = (shape * shape) @ self.weights
        return (self.measured * shape) @ self.weights, np.where(size > 0, size, 1.0)

    def local(self, transit_s: Array) -> Local:
        """Return response and slope at a transit time."""
        step = HALF_STEP_S
        shape = self.shape_of(transit_s)
        change = (self.shape_of(transit_s + step) - self.shape_of(transit_s - step)) / (2.0 * step)
        shorter = self.shape_of(transit_s - FLAT_STEP_S)
        own, other, across = (
            (first * second) @ self.weights
            for first, second in ((shape, shape), (shorter, shorter), (shape, shorter))
        )
        turned = across * across < own * other * (1.0 - FLAT)
        both, steep = (shape * change) @ self.weights, (change * change) @ self.weights
        return Local(shape, change, own, both, steep, turned)

    def described(
        self, cbf: Array, transit_s: Array, *, noise: Array | None, pull: Array | float
    ) -> dict[str, Array]:
        """Return the maps of a fit.

        Parameters
        ----------
        cbf, transit_s : ndarray of shape (v,)
            What was found.
        noise : ndarray of shape (v,) or None
            Variance of `measured`, NaN where not known; None for that of the residual.
        pull : ndarray of shape (v,) or float
            What is known of the transit time beforehand: `noise` over its variance.
        """
        near = self.local(transit_s)
        left = self.measured - cbf[:, None] * near.shape
        squares = (left * left) @ self.weights
        freedom = self.measured.shape[1] - 2
        if noise is None:
            noise = squares / freedom if freedom else np.full(len(squares), np.nan)
        own, both, other = near.own, cbf * near.both, cbf * cbf * near.steep + pull
        determinant = own * other - both * both
        told = (determinant > 0) & (cbf > 0) & near.turned
        with np.errstate(divide="ignore", invalid="ignore"):
            return {
                "cbf": cbf,
                "transit_s": np.where(cbf > 0, transit_s, np.nan),
                "cbf_se": np.where(told, np.sqrt(noise * other / determinant), np.nan),
                "transit_se_s": np.where(told, np.sqrt(noise * own / determinant), np.nan),
                "correlation": np.where(told, -both / np.sqrt(own * other), np.nan),
                "residual": np.sqrt(squares / self.measured.shape[1]),
            }


@dataclass(frozen=True)
class Local:
    """Response and slope at a transit time.

    Attributes
    ----------
    shape, change : ndarray of shape (v, D)
        Response [s], and its derivative by the transit time.
    own, both, steep : ndarray of shape (v,)
        Weighted sums of squares of the response, of its product with the slope, of the slope.
    turned : ndarray of shape (v,), bool
        Whether a shorter transit time changes more than the scale.
    """

    shape: Array
    change: Array
    own: Array
    both: Array
    steep: Array
    turned: NDArray[np.bool_]


class Filled:
    """Maps as they are filled, block by block."""

    def __init__(self, n_voxels: int, search: Search, unit: float) -> None:
        self._maps = {name: np.full(n_voxels, np.nan, np.float32) for name in MAPS}
        self._at_limit = np.zeros(n_voxels, dtype=bool)
        self._search, self._unit = search, unit

    def take(self, rows: NDArray[np.intp], maps: dict[str, Array]) -> None:
        """Take the maps of a block."""
        for name in MAPS:
            self._maps[name][rows] = maps[name] * (self._unit if name == "residual" else 1.0)
        told = self._search.within(maps["transit_s"]) & np.isfinite(maps["correlation"])
        self._at_limit[rows] = ~told

    def fit(self) -> DelayFit:
        """Return what was fitted."""
        return DelayFit(**self._maps, at_limit=self._at_limit)
