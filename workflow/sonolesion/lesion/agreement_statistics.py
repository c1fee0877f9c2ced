"""Agreement of numbers: Bland–Altman limits and intraclass correlations, with intervals."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.floating[Any]]
NAN = float("nan")
# Normal quantile of the limits of agreement.
LIMIT = 1.96


class Estimate(NamedTuple):
    """A number and the ends of its confidence interval; NaN where undefined."""

    value: float
    low: float
    high: float


class BlandAltman(NamedTuple):
    """Differences of two raters: their mean, and the limits within which 95 % lie."""

    n: int
    bias: Estimate
    sd: float
    lower: Estimate
    upper: Estimate


def bland_altman(first: Array, second: Array, *, confidence: float) -> BlandAltman:
    """Compare two raters' numbers of the same cases.

    Parameters
    ----------
    first, second : ndarray of shape (N,)
    confidence : float
        Of the intervals, such as 0.95.

    Returns
    -------
    BlandAltman
        Of `first` minus `second`; NaN throughout with fewer than two cases.

    Notes
    -----
    Bland & Altman 1999, doi:10.1177/096228029900800204; intervals of the limits exact for
    normal differences, by the noncentral t (Carkeet 2015, doi:10.1097/OPX.0000000000000513).
    """
    away = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    n, tail = len(away), (1.0 - confidence) / 2.0
    if n < 2:
        nothing = Estimate(float(away.mean()) if n else NAN, NAN, NAN)
        return BlandAltman(n, nothing, NAN, Estimate(NAN, NAN, NAN), Estimate(NAN, NAN, NAN))
    mean, sd = float(away.mean()), float(away.std(ddof=1))
    error = sd / np.sqrt(n)
    half = float(stats.t.ppf(1.0 - tail, n - 1)) * error
    reach = [
        float(stats.nct.ppf(share, n - 1, LIMIT * np.sqrt(n))) * error
        for share in (tail, 1.0 - tail)
    ]
    return BlandAltman(
        n,
        Estimate(mean, mean - half, mean + half),
        sd,
        Estimate(mean - LIMIT * sd, mean - reach[1], mean - reach[0]),
        Estimate(mean + LIMIT * sd, mean + reach[0], mean + reach[1]),
    )


class Squares(NamedTuple):
    """Mean squares of a table of N cases by K raters: cases, raters, residual."""

    n: int
    k: int
    cases: float
    raters: float
    rest: float


def mean_squares(table: Array) -> Squares:
    """Return the mean squares of the two-way analysis of variance of a table (N, K)."""
    values = np.asarray(table, dtype=float)
    n, k = values.shape
    grand = values.mean()
    rows, columns = values.mean(axis=1) - grand, values.mean(axis=0) - grand
    rest = values - grand - rows[:, None] - columns[None, :]
    return Squares(
        n, k, k * float(rows @ rows) / (n - 1), n * float(columns @ columns) / (k - 1),
        float(np.square(rest).sum()) / ((n - 1) * (k - 1)),
    )  # fmt: skip


def icc_agreement(table: Array, *, confidence: float) -> Estimate:
    """Return ICC(2,1): raters drawn from many, absolute agreement.

    Parameters
    ----------
    table : ndarray of shape (N, K)
        Number of each case by each rater, none missing.

    Notes
    -----
    Shrout & Fleiss 1979, doi:10.1037/0033-2909.86.2.420; interval of McGraw & Wong 1996,
    doi:10.1037/1082-989X.1.1.30, table 7, ICC(A,1).
    """
    if not _enough(table):
        return Estimate(NAN, NAN, NAN)
    n, k, cases, raters, rest = mean_squares(table)
    value = (cases - rest) / (cases + (k - 1) * rest + k * (raters - rest) / n)
    if value >= 1.0:
        return Estimate(1.0, 1.0, 1.0)
    a = k * value / (n * (1.0 - value))
    b = 1.0 + k * value * (n - 1) / (n * (1.0 - value))
    spread = (a * raters) ** 2 / (k - 1) + (b * rest) ** 2 / ((n - 1) * (k - 1))
    freedom = (a * raters + b * rest) ** 2 / spread if spread > 0 else 1.0
    upper_tail = (1.0 + confidence) / 2.0
    below = float(stats.f.ppf(upper_tail, n - 1, freedom))
    above = float(stats.f.ppf(upper_tail, freedom, n - 1))
    common = k * raters + (k * n - k - n) * rest
    low = n * (cases - below * rest) / (below * common + n * cases)
    high = n * (above * cases - rest) / (common + n * above * cases)
    # Satterthwaite's approximation breaks down where raters agree less than chance would have it.
    if not low <= value <= high:
        return Estimate(value, NAN, NAN)
    return Estimate(value, low, high)


def icc_consistency(table: Array, *, confidence: float) -> Estimate:
    """Return ICC(3,1): these raters alone, their constant differences not counted.

    Parameters
    ----------
    table : ndarray of shape (N, K)

    Notes
    -----
    Shrout & Fleiss 1979, doi:10.1037/0033-2909.86.2.420; McGraw & Wong 1996,
    doi:10.1037/1082-989X.1.1.30, table 7, ICC(C,1).
    """
    if not _enough(table):
        return Estimate(NAN, NAN, NAN)
    n, k, cases, _, rest = mean_squares(table)
    if rest <= 1e-12 * cases:
        return Estimate(1.0, 1.0, 1.0)
    ratio, upper_tail = cases / rest, (1.0 + confidence) / 2.0
    below = ratio / float(stats.f.ppf(upper_tail, n - 1, (n - 1) * (k - 1)))
    above = ratio * float(stats.f.ppf(upper_tail, (n - 1) * (k - 1), n - 1))
    ends = [(one - 1.0) / (one + k - 1.0) for one in (ratio, below, above)]
    return Estimate(*ends)


def _enough(table: Array) -> bool:
    """Return whether a table has two raters, two cases, and any difference among the cases."""
    values = np.asarray(table, dtype=float)
    few = values.ndim != 2 or min(values.shape, default=0) < 2
    return not few and bool(np.ptp(values) > 0)
