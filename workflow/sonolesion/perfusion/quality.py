"""Numbers that tell how far a map of blood flow can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.perfusion.smoothing import smoothed

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class QualityIndex:
    """Quality evaluation index, 0 (useless) to 1, and its three parts.

    Attributes
    ----------
    value : float
        Cube root of the product of the three.
    likeness : float
        Correlation with the flow that tissue alone predicts.
    dispersion : float
        Variance within tissues over the mean of grey matter [mL/100 g/min].
    negative_share : float
        Share of grey matter below 0.
    """

    value: float
    likeness: float
    dispersion: float
    negative_share: float


@dataclass(frozen=True)
class Transit:
    """Whether label still lay in arteries.

    Attributes
    ----------
    suspected : bool
        Both numbers are above their limits.
    spatial_cov : float
        Standard deviation over mean of grey matter.
    spot_share : float
        Share of the brain in bright spots.
    """

    suspected: bool
    spatial_cov: float
    spot_share: float


def spatial_cov(cbf: NDArray[Any], grey: Mask) -> float:
    """Return the standard deviation over the mean of blood flow in grey matter.

    Parameters
    ----------
    cbf : ndarray of shape (X, Y, Z)
        Flow, not smoothed [mL/100 g/min]; NaN doesn't count.
    grey : ndarray of shape (X, Y, Z), bool
        Grey matter.

    Returns
    -------
    float
        NaN without flow above 0 on average.

    Notes
    -----
    Mutsaerts et al. 2017, doi:10.1177/0271678X16683690.

    Examples
    --------
    >>> spatial_cov(np.array([[[40.0, 80.0]]]), np.ones((1, 1, 2), bool))
    0.3333333333333333
    """
    values = _values(cbf, grey)
    mean = values.mean() if len(values) else 0.0
    return float(values.std() / mean) if mean > 0 else float("nan")


def negative_share(cbf: NDArray[Any], inside: Mask) -> float:
    """Return the share of voxels below 0; NaN without any."""
    values = _values(cbf, inside)
    return float((values < 0).mean()) if len(values) else float("nan")


def tissue_ratio(cbf: NDArray[Any], grey: Mask, white: Mask) -> float:
    """Return the median flow of grey over that of white matter; NaN if that is not above 0."""
    one, other = _values(cbf, grey), _values(cbf, white)
    if not len(one) or not len(other) or np.median(other) <= 0:
        return float("nan")
    return float(np.median(one) / np.median(other))


def transit_artefact(
    cbf: NDArray[Any],
    grey: Mask,
    brain: Mask,
    *,
    max_spatial_cov: float,
    spot_multiple: float,
    max_spot_share: float,
) -> Transit:
    """Return whether label still lay in arteries when it was read out.

    Parameters
    ----------
    cbf : ndarray of shape (X, Y, Z)
        Flow, not smoothed [mL/100 g/min].
    grey, brain : ndarray of shape (X, Y, Z), bool
        Grey matter, and the whole brain.
    max_spatial_cov : float
        Spatial coefficient of variation above which it is suspected.
    spot_multiple : float
        Flow of a bright spot, in medians of grey matter.
    max_spot_share : float
        Share of the brain in spots above which it is suspected.

    Notes
    -----
    Label in arteries is bright there and lacks in the tissue beyond: both numbers rise. Noise
    alone raises the first, a well perfused nucleus the second.
    """
    values, own = _values(cbf, brain), _values(cbf, grey)
    level = float(np.median(own)) if len(own) else float("nan")
    spots = float((values > spot_multiple * level).mean()) if level > 0 else float("nan")
    spread = spatial_cov(cbf, grey)
    return Transit(spread > max_spatial_cov and spots > max_spot_share, spread, spots)


def quality_index(
    cbf: NDArray[Any],
    grey: NDArray[Any],
    white: NDArray[Any],
    fluid: NDArray[Any],
    *,
    voxel_mm: NDArray[np.float64],
    fwhm_mm: float,
    min_probability: float,
    grey_to_white: float,
    likeness_curve: tuple[float, float],
    dispersion_curve: tuple[float, float],
    negative_curve: tuple[float, float],
) -> QualityIndex:
    """Return the quality evaluation index.

    Parameters
    ----------
    cbf : ndarray of shape (X, Y, Z)
        Flow [mL/100 g/min]; NaN counts as missing.
    grey, white, fluid : ndarray of shape (X, Y, Z)
        Probabilities of grey matter, white matter and CSF.
    voxel_mm : ndarray of shape (3,)
        Edges of a voxel [mm].
    fwhm_mm : float
        Smoothing before anything else [mm].
    min_probability : float
        Least probability of a voxel of a tissue.
    grey_to_white : float
        Flow of grey over that of white matter in the prediction.
    likeness_curve, dispersion_curve, negative_curve : tuple of float
        Factor and power of each part.

    Returns
    -------
    QualityIndex
        0 where flow doesn't correlate with tissue; NaN without grey matter.

    Notes
    -----
    Dolui et al. 2024, doi:10.1002/jmri.29308: ``(1 - exp(-a r^b)) exp(-c D^d) exp(-e n^g)``, its
    cube root.
    """
    smooth = smoothed(cbf, fwhm_mm / voxel_mm)
    tissues = [np.isfinite(smooth) & (tissue > min_probability) for tissue in (grey, white, fluid)]
    own = smooth[tissues[0]]
    if not len(own) or own.mean() == 0:
        return QualityIndex(*[float("nan")] * 4)
    inside = np.isfinite(smooth) & (grey + white + fluid > 0)
    expected = grey_to_white * grey + white
    likeness = max(0.0, float(np.corrcoef(smooth[inside], expected[inside])[0, 1]))
    sizes = np.array([max(int(tissue.sum()) - 1, 0) for tissue in tissues])
    spread = [float(smooth[tissue].var()) if tissue.any() else 0.0 for tissue in tissues]
    dispersion = float(sizes @ spread / max(sizes.sum(), 1) / abs(own.mean()))
    negative = float((own < 0).mean())
    parts = (
        1.0 - np.exp(-likeness_curve[0] * likeness ** likeness_curve[1]),
        np.exp(-dispersion_curve[0] * dispersion ** dispersion_curve[1]),
        np.exp(-negative_curve[0] * negative ** negative_curve[1]),
    )
    return QualityIndex(float(np.cbrt(np.prod(parts))), likeness, dispersion, negative)


def _values(cbf: NDArray[Any], inside: Mask) -> NDArray[np.float64]:
    """Return the finite values inside."""
    values = np.asarray(cbf[inside], dtype=np.float64)
    return values[np.isfinite(values)]
