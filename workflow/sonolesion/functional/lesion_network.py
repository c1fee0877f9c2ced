"""What the lesion's voxels went together with before they were treated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault
from sonolesion.functional.seeds import standardised

Array = NDArray[np.float64]
Values = NDArray[np.float32]
BLOCK = 4096


@dataclass(frozen=True)
class Network:
    """The lesion's network.

    Attributes
    ----------
    correlation : ndarray of float32, shape (V,)
        Mean over the lesion's voxels of their correlation with each voxel; NaN where constant.
    n_voxels : float
        Voxels of the lesion that were used, fractions counting in part.
    coherence : float
        Mean correlation of two voxels of the lesion: how far they are one place. NaN if there
        is one voxel.
    """

    correlation: Values
    n_voxels: float
    coherence: float


@dataclass(frozen=True)
class GroupNetwork:
    """Mean and one-sample t of maps of a normative connectome, each of shape (V,)."""

    mean: Values
    t: Values
    n_scans: int


def network(
    series: NDArray[Any], lesion: NDArray[Any], *, file: str, min_voxels: float,
    targets: NDArray[Any] | None = None,
) -> Network:  # fmt: skip
    """Return the mean correlation of a lesion's voxels with every voxel.

    Parameters
    ----------
    series : ndarray of shape (V, N)
        One row a voxel of the whole brain in a scan before any treatment, the place of the
        lesion included; frames that were kept.
    lesion : ndarray of shape (V,)
        Share of each voxel that the later lesion takes, 0 to 1.
    file : str
        The lesion, for messages.
    min_voxels : float
        Fewest voxels of the lesion, fractions counting in part.
    targets : ndarray of shape (V, N), optional
        What the lesion's voxels are correlated with, such as smoothed series; else `series`.

    Returns
    -------
    Network

    Raises
    ------
    InputFault
        If the lesion is smaller in the scan.
    ValueError
        If the arrays do not fit each other.

    Notes
    -----
    The idea is lesion network mapping (Boes et al. 2015, doi:10.1093/brain/awv228), there with
    a normative connectome. The mean of correlations is the correlation with the sum of the
    standardised series, times the spread of that sum; it is lower where the lesion's voxels go
    different ways, which the correlation with their mean series would hide.
    """
    if series.ndim != 2 or lesion.shape != (len(series),):
        raise ValueError(f"series {series.shape} and lesion {lesion.shape} should be (V, N), (V,)")
    rows = np.flatnonzero(lesion > 0)
    scaled = standardised(series[rows])
    sound = np.isfinite(scaled).all(axis=1)
    weights = np.asarray(lesion[rows[sound]], dtype=np.float64)
    total = float(weights.sum())
    if not total >= min_voxels or total == 0:
        raise InputFault(
            file=file,
            found=f"a lesion of {total:.1f} voxels with signal in the scan before treatment",
            expected=f"at least {min_voxels:g}",
            remedy="it is too small for the scan's voxels, or lies outside: leave the map out",
        )
    mean = weights @ scaled[sound] / total
    out = np.empty(len(series), dtype=np.float32)
    for start in range(0, len(series), BLOCK):
        part = slice(start, start + BLOCK)
        out[part] = standardised((series if targets is None else targets)[part]) @ mean
    return Network(out, total, _coherence(mean, weights))


def group(maps: Iterable[NDArray[Any]]) -> GroupNetwork:
    """Return mean and one-sample t of maps, held one at a time.

    Parameters
    ----------
    maps : iterable of ndarray of shape (V,)
        A map of Fisher z of each scan of a normative connectome that the user supplied.

    Raises
    ------
    ValueError
        With fewer than two.

    Notes
    -----
    Welford 1962, doi:10.1080/00401706.1962.10490022. NaN where any scan has NaN.
    """
    number, mean, spread = 0, np.zeros(1), np.zeros(1)
    for one in maps:
        number += 1
        step = np.asarray(one, dtype=np.float64) - mean
        mean = mean + step / number
        spread = spread + step * (one - mean)
    if number < 2:
        raise ValueError(f"{number} scans of a normative connectome; 2 are needed")
    with np.errstate(invalid="ignore", divide="ignore"):
        t = mean / np.sqrt(spread / (number - 1) / number)
    return GroupNetwork(mean.astype(np.float32), t.astype(np.float32), number)


def _coherence(mean: Array, weights: Array) -> float:
    """Return the weighted mean correlation of two different voxels."""
    total, own = weights.sum(), np.square(weights).sum()
    if len(weights) < 2:
        return float("nan")
    return float((mean @ mean * total**2 - own) / (total**2 - own))
