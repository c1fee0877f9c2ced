"""Judge a distortion correction, and whether phase encodings were what their labels say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import GateFailure
from sonolesion.maths.distortion import unwarp

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Agreement:
    """How alike two scans are.

    Attributes
    ----------
    correlation : float
        Pearson's.
    difference : float
        Mean absolute difference over the mean, both scans scaled to one mean.
    """

    correlation: float
    difference: float


@dataclass(frozen=True)
class PairVerdict:
    """What the phase encodings of two scans were.

    Attributes
    ----------
    outcome : str
        ``"opposed"``; ``"same"``: one polarity, or no distortion at all; ``"unclear"``: the
        scans differ, and not by the field.
    reason : str
        In words.
    """

    outcome: Literal["opposed", "same", "unclear"]
    reason: str


@dataclass(frozen=True)
class SignVerdict:
    """Which sign of the phase encoding is right.

    Attributes
    ----------
    outcome : str
        ``"labelled"``, ``"reversed"`` or ``"unclear"``.
    reason : str
        In words.
    """

    outcome: Literal["labelled", "reversed", "unclear"]
    reason: str


def agreement(first: NDArray[Any], second: NDArray[Any], mask: Mask) -> Agreement:
    """Compare two scans of one contrast within a mask.

    Parameters
    ----------
    first, second : ndarray of shape (X, Y, Z)
        Scans.
    mask : ndarray of bool, shape (X, Y, Z)
        Where.

    Raises
    ------
    ValueError
        If a scan is constant or not positive in the mask.
    """
    x, y = first[mask].astype(np.float64), second[mask].astype(np.float64)
    if not x.size or min(x.std(), y.std()) == 0 or min(x.mean(), y.mean()) <= 0:
        raise ValueError("a scan is constant or empty in the mask")
    x, y = x / x.mean(), y / y.mean()
    return Agreement(float(np.corrcoef(x, y)[0, 1]), float(np.abs(x - y).mean()))


def shared_information(first: NDArray[Any], second: NDArray[Any], *, n_bins: int) -> float:
    """Return the normalised mutual information of two sets of values, 1 (none) to 2.

    Parameters
    ----------
    first, second : ndarray of shape (N,)
        Values at the same points; beyond the 0.5 and 99.5 percentiles they share the outer bins.
    n_bins : int
        Bins along each axis of the joint histogram.

    Notes
    -----
    ``(H(a) + H(b)) / H(a, b)``: Studholme et al. 1999, doi:10.1016/S0031-3203(98)00091-0, eq. 7.
    """
    held = [np.clip(v, *np.percentile(v, [0.5, 99.5])) for v in (first, second)]
    joint = np.histogram2d(held[0], held[1], bins=n_bins)[0] / first.size
    parts = [joint.sum(axis=1), joint.sum(axis=0), joint.ravel()]
    a, b, both = (-float((p[p > 0] * np.log(p[p > 0])).sum()) for p in parts)
    return (a + b) / both if both > 0 else 1.0


def judge_pair(
    before: Agreement,
    after: Agreement,
    displacement_voxels: NDArray[Any],
    *,
    min_displacement_voxels: float,
    min_share_explained: float,
) -> PairVerdict:
    """Judge whether two scans had opposite phase encodings.

    Parameters
    ----------
    before, after : Agreement
        Of both scans as they are, and unwarped with the field that the pair gave.
    displacement_voxels : ndarray of shape (N,)
        Displacements in the brain [voxels].
    min_displacement_voxels : float
        Spread of the displacements (2nd to 98th percentile) below which there is no distortion.
    min_share_explained : float
        Share of the difference between the scans that the field must take away.
    """
    low, high = np.percentile(displacement_voxels, [2.0, 98.0])
    spread = float(high - low)
    explained = 1 - after.difference / before.difference if before.difference > 0 else 0.0
    if spread < min_displacement_voxels:
        return PairVerdict(
            "same",
            f"both scans are displaced alike (by fields that spread over {spread:.2f} voxels, "
            f"under {min_displacement_voxels:g}): one polarity under two labels, or no distortion",
        )
    if explained < min_share_explained:
        return PairVerdict(
            "unclear",
            f"the field explains {100 * explained:.0f} % of the difference between the scans, "
            f"under {100 * min_share_explained:.0f} %: they differ by something else",
        )
    return PairVerdict(
        "opposed",
        f"displacements spread over {spread:.1f} voxels and explain {100 * explained:.0f} % of the "
        f"difference between the scans (correlation {before.correlation:.3f} to "
        f"{after.correlation:.3f})",
    )


def judge_sign(
    scan: NDArray[Any],
    field_hz: NDArray[Any],
    reference: NDArray[Any],
    mask: Mask,
    *,
    axis: int,
    sign: int,
    readout_s: float,
    n_bins: int,
    min_advantage: float,
) -> SignVerdict:
    """Judge by an undistorted scan whether a field undoes the distortion or doubles it.

    Parameters
    ----------
    scan, field_hz, reference : ndarray of shape (X, Y, Z)
        Distorted scan, field [Hz] that was measured apart from it, undistorted scan.
    mask : ndarray of bool, shape (X, Y, Z)
        Where the field is strong enough to tell.
    axis, sign, readout_s
        Of the scan, as labelled.
    n_bins : int
        Bins of the joint histogram.
    min_advantage : float
        Least advantage of one sign over the other, in normalised mutual information.

    Notes
    -----
    A field estimated from a pair is right with its own labels by making: this is for measured
    fields. Both signs interpolate alike, so that blur favours neither.
    """
    told = {
        trial: shared_information(
            unwarp(scan, field_hz, axis=axis, sign=trial, readout_s=readout_s)[mask],
            reference[mask],
            n_bins=n_bins,
        )
        for trial in (sign, -sign)
    }
    advantage = told[sign] - told[-sign]
    words = (
        f"normalised mutual information with the reference is {told[sign]:.4f} with the sign of "
        f"the label and {told[-sign]:.4f} with the other"
    )
    if abs(advantage) < min_advantage:
        return SignVerdict("unclear", words)
    return SignVerdict("labelled" if advantage > 0 else "reversed", words)


def judge_polarity(
    pair_hz: NDArray[Any],
    map_hz: NDArray[Any],
    mask: Mask,
    *,
    min_hz: float,
    min_correlation: float,
) -> SignVerdict:
    """Judge by a measured field whether the labels of a pair are swapped.

    Parameters
    ----------
    pair_hz, map_hz : ndarray of shape (X, Y, Z)
        Field of the pair under its labels, and measured one [Hz].
    mask : ndarray of bool, shape (X, Y, Z)
        Brain.
    min_hz : float
        Least measured field, either way of its median, of the voxels that are compared [Hz].
    min_correlation : float
        Least correlation, either way, that tells.

    Notes
    -----
    Swapped labels turn the sign of the pair's field; the unwarped scans stay the same.
    """
    centred = map_hz - np.median(map_hz[mask])
    strong = mask & (np.abs(centred) > min_hz)
    if np.count_nonzero(strong) < 2 or pair_hz[strong].std() == 0:
        return SignVerdict("unclear", f"no field beyond {min_hz:g} Hz to compare")
    r = float(np.corrcoef(pair_hz[strong], map_hz[strong])[0, 1])
    words = f"the pair's field and the measured one correlate with {r:.2f}"
    if abs(r) < min_correlation:
        return SignVerdict("unclear", words)
    return SignVerdict("labelled" if r > 0 else "reversed", words)


def require_better(
    before: NDArray[Any],
    after: NDArray[Any],
    reference: NDArray[Any],
    mask: Mask,
    *,
    file: str,
    n_bins: int,
    min_advantage: float,
) -> tuple[float, float]:
    """Refuse a correction that brings a scan no nearer to the undistorted reference.

    Parameters
    ----------
    before, after, reference : ndarray of shape (X, Y, Z)
        Scan as it is, unwarped, and undistorted scan of another contrast.
    mask : ndarray of bool, shape (X, Y, Z)
        Brain in the reference.
    file : str
        Name for errors.
    n_bins : int
        Bins of the joint histogram.
    min_advantage : float
        Least gain in normalised mutual information.

    Returns
    -------
    before, after : float
        Normalised mutual information with the reference.

    Raises
    ------
    GateFailure
        If the gain is too small.
    """
    told = [shared_information(v[mask], reference[mask], n_bins=n_bins) for v in (before, after)]
    if told[1] - told[0] < min_advantage:
        raise GateFailure(
            file=file,
            found=f"normalised mutual information with the undistorted scan of {told[0]:.4f} "
            f"before and {told[1]:.4f} after the correction",
            expected=f"a gain of at least {min_advantage:g}",
            remedy="the scan is used as it is; check its registration to the reference, or "
            "acquire a scan with opposite phase encoding",
        )
    return told[0], told[1]
