"""How sure a cut fraction is: the scan, the tracking, the registration and the outline redrawn.

Streamlines themselves are not resampled: that interval shrinks with their number, which is a
choice, not knowledge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.maths.points import Matrix, Points
from sonolesion.tracts.disconnection import contacts
from sonolesion.tracts.geometry import Offsets

# A volume that alone determines a parameter has leverage 1 and no residual.
MAX_LEVERAGE = 1.0 - 1e-6


@dataclass(frozen=True)
class Draw:
    """One redrawn outline and its place.

    Attributes
    ----------
    shift_mm : ndarray of shape (3,)
        By how much the lesion is displaced [mm].
    threshold : float
        Probability from which a voxel is lesion in this draw.
    """

    shift_mm: NDArray[np.float64]
    threshold: float


@dataclass(frozen=True)
class Interval:
    """A cut fraction with its interval.

    Attributes
    ----------
    value, low, high : float
        From the data as they are, and the ends of the interval.
    tracking_sd, lesion_sd : float
        Standard deviation between tractograms (scan and tracking redrawn), and between draws of
        the lesion (place and outline) within one.
    n_draws : int
    """

    value: float
    low: float
    high: float
    tracking_sd: float
    lesion_sd: float
    n_draws: int


def leverage(design: Matrix, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the leverage of each volume in a weighted fit, shape (V, N).

    Parameters
    ----------
    design : ndarray of shape (N, K)
        Linear model of the logarithm of the signal.
    weights : ndarray of shape (V, N)
        Weights of the fit (squared signal).

    Notes
    -----
    ``h_i = w_i x_i' (X'WX)^-1 x_i``; they sum to the number of parameters.
    """
    dyads = np.einsum("ni,nj->nij", design, design).reshape(len(design), -1)
    size = design.shape[1]
    normal = (weights @ dyads).reshape(-1, size, size)
    inverse = np.linalg.inv(normal).reshape(len(weights), -1)
    return np.asarray(weights * (inverse @ dyads.T))


def wild_bootstrap(
    log_fit: NDArray[Any],
    log_residual: NDArray[Any],
    leverages: NDArray[Any],
    *,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Return a redrawn diffusion scan.

    Parameters
    ----------
    log_fit, log_residual : ndarray of shape (V, N)
        Logarithm of the signal as fitted, and what is left of the measured one.
    leverages : ndarray of shape (V, N) or (N,)
        From `leverage`.
    rng : numpy Generator
        A sign a voxel and volume.

    Returns
    -------
    ndarray of float32, shape (V, N)
        ``exp(fit + sign * residual / sqrt(1 - h))``.

    Notes
    -----
    Whitcher et al. 2008, doi:10.1002/hbm.20395, with Rademacher signs: the residual keeps its
    size, so that noise may differ between volumes. Dividing by ``sqrt(1 - h)`` undoes the
    shrinking of residuals by the fit (HC2; Davidson & Flachaire 2008,
    doi:10.1016/j.jeconom.2008.08.003). Where the model misfits (crossing fibres), the misfit
    is redrawn as if it were noise, and the interval is too wide there.
    """
    scale = 1.0 / np.sqrt(1.0 - np.minimum(leverages, MAX_LEVERAGE))
    sign = rng.integers(0, 2, size=log_fit.shape, dtype=np.int8) * 2 - 1
    return np.asarray(np.exp(log_fit + sign * log_residual * scale), dtype=np.float32)


def fitted(
    signals: NDArray[Any], design: Matrix, *, min_signal: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Fit the logarithm of signals, weighted by the ordinary fit's prediction.

    Parameters
    ----------
    signals : ndarray of shape (V, N)
    design : ndarray of shape (N, K)
        ``tensor_design`` of the gradient table.
    min_signal : float
        Floor of the signal before its logarithm.

    Returns
    -------
    log_fit, log_residual, leverages : ndarray of shape (V, N)
        As `wild_bootstrap` takes them.
    """
    log_signal = np.log(np.maximum(signals, min_signal)).astype(np.float64)
    ordinary = log_signal @ np.linalg.pinv(design).T @ design.T
    weights = np.exp(2.0 * (ordinary - ordinary.max(axis=1, keepdims=True)))
    dyads = np.einsum("ni,nj->nij", design, design).reshape(len(design), -1)
    size = design.shape[1]
    normal = (weights @ dyads).reshape(-1, size, size)
    right = (weights * log_signal) @ design
    log_fit = np.linalg.solve(normal, right[:, :, None])[:, :, 0] @ design.T
    return log_fit, log_signal - log_fit, leverage(design, weights)


def tensor_design(b_values: NDArray[np.float64], vectors: NDArray[np.float64]) -> Matrix:
    """Return the design of the tensor model, shape (N, 7): xx, xy, xz, yy, yz, zz, ln S0.

    b is given in 1000 s/mm², so that the columns are alike in size.
    """
    x, y, z = vectors.T
    squares = [x * x, 2 * x * y, 2 * x * z, y * y, 2 * y * z, z * z]
    return np.stack([-b_values * 1e-3 * s for s in squares] + [np.ones(len(b_values))], axis=1)


def draws(n_draws: int, *, registration_sd_mm: float, seed: int) -> list[Draw]:
    """Draw places and outlines of the lesion.

    Parameters
    ----------
    n_draws : int
    registration_sd_mm : float
        Error of the registration of scan and lesion, an axis (standard deviation) [mm].
    seed : int

    Notes
    -----
    An outline is the lesion probability above a level drawn evenly from 0 to 1: every voxel is
    then lesion as often as its probability says, and a draw is one connected outline, not
    speckle. A level of 0 would make the whole volume lesion, so it is never drawn.
    """
    rng = np.random.default_rng(seed)
    shifts = rng.normal(0.0, registration_sd_mm, (n_draws, 3))
    # Even places in shuffled order: the same number of draws tells more than random ones.
    levels = rng.permutation((np.arange(n_draws) + 0.5) / n_draws)
    return [Draw(shift, float(level)) for shift, level in zip(shifts, levels, strict=True)]


def redrawn_cuts(
    points: Points,
    offsets: Offsets,
    lesion: NDArray[Any],
    affine: Matrix,
    plan: list[Draw],
    *,
    floor: float,
) -> NDArray[np.bool_]:
    """Tell which streamlines each draw of the lesion cuts, shape (n_draws, S).

    Parameters
    ----------
    points, offsets, lesion, affine, floor
        As for `disconnection.contacts`.
    plan : list of Draw
    """
    cut = np.zeros((len(plan), len(offsets) - 1), dtype=bool)
    for number, draw in enumerate(plan):
        place = affine.copy()
        place[:3, 3] += draw.shift_mm
        found = contacts(points, offsets, lesion, place, floor=floor)
        cut[number, found.line[found.probability >= draw.threshold]] = True
    return cut


def interval(value: float, tractograms: list[NDArray[np.float64]], *, share: float) -> Interval:
    """Return the interval of a cut fraction, and what makes it wide.

    Parameters
    ----------
    value : float
        From the data as they are.
    tractograms : list of ndarray of shape (n_draws,)
        Cut fraction of the bundle for each draw of the lesion, an array a redrawn tractogram
        (scan and tracking seed); NaN where the bundle has no streamline.
    share : float
        Share of the draws between low and high.
    """
    known = [part[np.isfinite(part)] for part in tractograms]
    known = [part for part in known if part.size]
    if not known:
        unknown = float("nan")
        return Interval(value, unknown, unknown, unknown, unknown, 0)
    whole = np.concatenate(known)
    low, high = np.quantile(whole, [(1.0 - share) / 2.0, (1.0 + share) / 2.0])
    return Interval(
        value,
        float(np.fmin(low, value)),
        float(np.fmax(high, value)),
        float(np.std([part.mean() for part in known])),
        float(np.mean([part.std() for part in known])),
        len(whole),
    )
