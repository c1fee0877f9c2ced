"""Shape and brightness of the zones, given the changes of all contrasts: fit and uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.lesion import shape
from sonolesion.lesion.extent import Extent, Lattice
from sonolesion.lesion.shape import Regions

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Seen:
    """Change of one contrast at the M points looked at.

    Attributes
    ----------
    value, sd : ndarray of shape (M,)
        Change, and its standard deviation inflated for correlated noise [brain level].
    extent : Extent
        From fine points to what the scan shows.
    mean, spread : ndarray of shape (K,)
        Expected change of each zone and its spread over lesions [brain level].
    """

    value: Array
    sd: Array
    extent: Extent
    mean: Array
    spread: Array


@dataclass(frozen=True)
class Field:
    """Fine points, their fraction of tissue (N,), and the width of surfaces [mm]."""

    lattice: Lattice
    tissue: Array
    edge_mm: float

    @cached_property
    def points_mm(self) -> Array:
        """Fine points, shape (N, 3) [mm]."""
        return self.lattice.points_mm()

    def lay_out(self, parameters: Array, *, slopes: bool) -> tuple[NDArray[np.intp], Regions]:
        """Return the fine points (P,) that zones can reach, and the zones there."""
        on = self.lattice.cube(parameters[shape.CENTRE], shape.reach_mm(parameters, self.edge_mm))
        laid = shape.regions(
            parameters, self.points_mm[on], self.tissue[on], edge_mm=self.edge_mm, slopes=slopes
        )
        return on, laid


@dataclass(frozen=True)
class Fit:
    """Most probable parameters, their covariance, and the change of the zones (C, K)."""

    parameters: Array
    covariance: Array
    changes: Array
    log_posterior: float


def fit(
    seen: Sequence[Seen], field: Field, *, start: Array, mean: Array, sd: Array,
    rounds: int, tolerance: float,
) -> Fit:  # fmt: skip
    """Find the most probable shape by damped Gauss–Newton steps.

    Parameters
    ----------
    seen : sequence of Seen
        Contrasts.
    field : Field
        Fine points.
    start, mean, sd : ndarray of shape (M,)
        First guess; prior mean and standard deviation of the parameters.
    rounds, tolerance
        Most steps, and the gain of log posterior below which they end.

    Notes
    -----
    Changes of zones enter linearly with a normal prior; they are integrated out of the
    value and fitted jointly with the shape for the step (Levenberg–Marquardt).
    """
    now, damping = np.asarray(start, dtype=float), 1e-2
    value, changes = score(now, seen, field, mean=mean, sd=sd)
    for _ in range(rounds):
        gram, slope = _normal(now, changes, seen, field, mean=mean, sd=sd)
        gain = 0.0
        while damping < 1e6:
            step = np.linalg.solve(gram + damping * np.diag(np.diag(gram)), slope)
            trial = now + np.clip(step[: len(now)], -2 * sd, 2 * sd)
            its, its_changes = score(trial, seen, field, mean=mean, sd=sd)
            if its > value:
                gain, now, value, changes = its - value, trial, its, its_changes
                damping = max(damping / 4, 1e-6)
                break
            damping *= 4
        if gain < tolerance:
            break
    gram, _ = _normal(now, changes, seen, field, mean=mean, sd=sd)
    covariance = np.linalg.inv(gram)[: len(now), : len(now)]
    return Fit(now, covariance, changes, value)


def score(
    parameters: Array, seen: Sequence[Seen], field: Field, *, mean: Array, sd: Array
) -> tuple[float, Array]:
    """Return the log posterior of a shape, changes integrated out, and their means (C, K)."""
    on, laid = field.lay_out(parameters, slopes=False)
    total = -0.5 * float(np.square((parameters - mean) / sd).sum())
    changes = []
    for one in seen:
        value, change = _collapsed(one, one.extent(laid.zones, on=on))
        total += value
        changes.append(change)
    return total, np.array(changes)


def _collapsed(one: Seen, shown: Array) -> tuple[float, Array]:
    """Log likelihood of one contrast with its zones' changes integrated out, and their mean."""
    weighted = shown / one.sd**2
    precision = weighted @ shown.T + np.diag(one.spread**-2.0)
    rest = one.value - one.mean @ shown
    moment = weighted @ rest
    gain = np.linalg.solve(precision, moment)
    _, log_det = np.linalg.slogdet(precision * np.outer(one.spread, one.spread))
    quiet = float(np.square(rest / one.sd).sum())
    return 0.5 * float(moment @ gain) - 0.5 * log_det - 0.5 * quiet, one.mean + gain


def misfit(found: Fit, seen: Sequence[Seen], field: Field) -> Array:
    """Return by how much the rest inside the zones exceeds the noise, one factor a contrast.

    Tissue within a zone is not of one brightness, and no zone has exactly a smooth surface;
    the mean square of what is left tells how much. Never below one.
    """
    on, laid = field.lay_out(found.parameters, slopes=False)
    factors = []
    for one, change in zip(seen, found.changes, strict=True):
        shown = one.extent(laid.zones, on=on)
        weight = np.clip(shown.sum(axis=0), 0, 1)
        square = np.square((one.value - change @ shown) / one.sd)
        factors.append(max(1.0, float(np.average(square, weights=weight + 1e-9))))
    return np.sqrt(factors)


def log_odds(found: Fit, seen: Sequence[Seen], *, sd: Array) -> float:
    """Return the log posterior odds of the fitted lesion against no change at all.

    Notes
    -----
    Laplace's approximation of the marginal likelihood; `sd` are the prior's standard
    deviations. Kass & Raftery 1995, doi:10.1080/01621459.1995.10476572, eq. 5.
    """
    nothing = -0.5 * sum(float(np.square(one.value / one.sd).sum()) for one in seen)
    _, log_det = np.linalg.slogdet(found.covariance / np.outer(sd, sd))
    return found.log_posterior - nothing + 0.5 * float(log_det)


def _normal(
    parameters: Array, changes: Array, seen: Sequence[Seen], field: Field, *,
    mean: Array, sd: Array,
) -> tuple[Array, Array]:  # fmt: skip
    """Return the Gram matrix and the slope of the joint fit of shape and changes."""
    on, laid = field.lay_out(parameters, slopes=True)
    m, k = len(parameters), len(laid.zones)
    size = m + k * len(seen)
    gram, slope = np.zeros((size, size)), np.zeros(size)
    gram[range(m), range(m)] = sd**-2.0
    slope[:m] = (mean - parameters) / sd**2
    for index, (one, change) in enumerate(zip(seen, changes, strict=True)):
        shown = one.extent(laid.zones, on=on)
        columns = np.vstack([_shape_columns(one, change, laid, on, m), shown])
        rest = one.value - change @ shown
        # Most points see nothing of the lesion.
        lit = columns.any(axis=0)
        columns, weight = columns[:, lit], one.sd[lit] ** -2.0
        here = np.r_[0:m, m + index * k : m + (index + 1) * k]
        gram[np.ix_(here, here)] += (columns * weight) @ columns.T
        slope[here] += (columns * weight) @ rest[lit]
        own = here[m:]
        gram[own, own] += one.spread**-2.0
        slope[own] += (one.mean - change) / one.spread**2
    return gram, slope


def _shape_columns(one: Seen, change: Array, laid: Regions, on: NDArray[np.intp], m: int) -> Array:
    """Differentiate what a contrast shows by the shape, (M, points)."""
    core, rim = change[0], change[1]
    outer = change[2] if len(change) == 3 else 0.0
    places, parts = [], []
    for index, (shell, slopes) in enumerate(laid.shells):
        beyond = laid.beyond[shell]
        jump = (np.full(len(shell), core - rim), rim - outer * beyond, outer * beyond)[index]
        places.append(on[shell])
        parts.append(slopes * jump[:, None])
    # A point on two surfaces is named twice; the average adds both.
    return one.extent(np.concatenate(parts).T.reshape(m, -1), on=np.concatenate(places))


def draw(
    found: Fit, seen: Sequence[Seen], field: Field, *, mean: Array, sd: Array,
    stride: float, count: int, thin: int, seed: int,
) -> Array:  # fmt: skip
    """Draw shapes from the posterior by a Markov chain round the fit.

    Parameters
    ----------
    found : Fit
        Most probable shape; its covariance shapes the steps.
    stride : float
        Part of a step that is new, 0 to 1.
    count, thin : int
        Shapes wanted, and steps from one to the next.

    Returns
    -------
    ndarray of shape (count, M)
        Equally weighted shapes.

    Notes
    -----
    Preconditioned Crank–Nicolson with the normal approximation as reference (Cotter 2013,
    doi:10.1214/13-STS421): where the approximation is exact every step is taken.
    """
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(found.covariance)

    def excess(place: Array) -> float:
        tried = found.parameters + root @ place
        value, _ = score(tried, seen, field, mean=mean, sd=sd)
        return value + 0.5 * float(place @ place)

    now = np.zeros(len(found.parameters))
    here, kept = excess(now), []
    for step in range(count * thin):
        trial = np.sqrt(1 - stride**2) * now + stride * rng.standard_normal(len(now))
        there = excess(trial)
        if np.log(rng.uniform()) < there - here:
            now, here = trial, there
        if step % thin == thin - 1:
            kept.append(found.parameters + root @ now)
    return np.array(kept)
