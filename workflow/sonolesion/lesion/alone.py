"""How large the lesion is on one contrast alone: as a reader of that contrast would say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.lesion import posterior, shape

Array = NDArray[np.floating[Any]]
DRAWS = 200
# Logit of core over lesion radius, and its spread, that leave no rim.
ALL_CORE = (7.0, 0.1)
# First guesses of the size, on the logarithm of the joint radius.
SIZES = (-0.2, 0.3)


@dataclass(frozen=True)
class Alone:
    """Volumes [mm³] of drawn shapes (S,) of what one contrast shows; None if it shows nothing."""

    volumes_mm3: Array | None


def fit_alone(
    one: posterior.Seen, field: posterior.Field, *, start: Array, mean: Array, sd: Array,
    rounds: int, tolerance: float, least_gain: float, seed: int,
) -> Alone:  # fmt: skip
    """Fit one zone to one contrast, from the shape that all contrasts share.

    A rim that may take any brightness could hide round what is seen, so there is none: what the
    contrast shows is one region of one brightness.

    Parameters
    ----------
    one : Seen
        The contrast.
    field : Field
        Fine points.
    start, mean, sd : ndarray of shape (M,)
        Joint fit, prior mean and standard deviation; what belongs to the oedema is left out.
    rounds, tolerance
        As in `posterior.fit`.
    least_gain : float
        Log posterior odds below which the contrast shows nothing.
    seed : int
        Seed of the draws.
    """
    size = shape.N_LESION
    bare, prior = _one_zone(one), mean[:size].copy()
    spread = sd[:size].copy()
    prior[shape.CORE], spread[shape.CORE] = ALL_CORE
    tried = []
    for larger in SIZES:
        first = start[:size].copy()
        first[shape.CORE] = prior[shape.CORE]
        first[shape.SIZE] += larger
        tried.append(
            posterior.fit(
                [bare], field, start=first, mean=prior, sd=spread, rounds=rounds,
                tolerance=tolerance,
            )
        )  # fmt: skip
    found = max(tried, key=lambda fit: fit.log_posterior)
    if posterior.log_odds(found, [bare], sd=spread) < least_gain:
        return Alone(None)
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_normal(found.parameters, found.covariance, DRAWS, method="cholesky")
    volumes = [shape.volumes_mm3(parameters, shape.DIRECTIONS)[1] for parameters in drawn]
    return Alone(np.array(volumes))


def _one_zone(one: posterior.Seen) -> posterior.Seen:
    """Return a contrast whose lesion may be as bright as its core or as its rim."""
    middle = float(one.mean[:2].mean())
    spread = float(one.spread[:2].max() + np.abs(np.diff(one.mean[:2]))[0] / 2)
    return replace(one, mean=np.full(2, middle), spread=np.full(2, spread))
