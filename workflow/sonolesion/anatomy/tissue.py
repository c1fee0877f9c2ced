"""Grey matter, white matter and CSF from one T1-weighted image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.anatomy.resample import sample

Volume = NDArray[np.float32]
# Thalamus, caudate, putamen, pallidum in MNI152 [mm], RAS+.
SURE_NUCLEUS, FEWEST_VOXELS, SMALLEST_SPREAD = 0.5, 30, 0.01
DEEP_BOX_MM = ((-34.0, -36.0, -8.0), (34.0, 24.0, 22.0))


def fit_classes(
    values: NDArray[Any], *, n_iterations: int, start_percentiles: tuple[float, float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Fit three Gaussians to brain intensities by expectation–maximisation.

    Parameters
    ----------
    values : ndarray of shape (N,)
        Intensities within the brain.
    n_iterations : int
        Rounds of expectation and maximisation.
    start_percentiles : tuple of float
        Percentiles of the intensities where the three means start.

    Returns
    -------
    means, deviations, shares : ndarray of shape (3,)
        Sorted from dark to bright: CSF, grey matter, white matter on T1w.
    """
    counts, edges = np.histogram(
        values, bins=512, range=tuple(np.percentile(values, [0.05, 99.9]).tolist())
    )
    x = ((edges[1:] + edges[:-1]) / 2)[:, None]
    means = np.percentile(values, start_percentiles)
    deviations = np.full(3, (means[2] - means[0]) / 6)
    shares = np.full(3, 1 / 3)
    for _ in range(n_iterations):
        likelihood = shares * _gauss(x, means, deviations)
        part = counts[:, None] * likelihood / np.maximum(likelihood.sum(1, keepdims=True), 1e-300)
        total = part.sum(axis=0)
        means = (part * x).sum(axis=0) / total
        deviations = np.sqrt((part * (x - means) ** 2).sum(axis=0) / total)
        shares = total / total.sum()
    order = np.argsort(means)
    return means[order], deviations[order], shares[order]


def _gauss(
    x: NDArray[Any], mean: NDArray[np.float64], deviation: NDArray[np.float64]
) -> NDArray[Any]:
    return np.asarray(np.exp(-0.5 * ((x - mean) / deviation) ** 2) / deviation)


def classify(
    volume: Volume,
    mask: NDArray[np.bool_],
    *,
    n_iterations: int,
    start_percentiles: tuple[float, float, float],
    smoothness: float,
    n_rounds: int,
    template_grey: Volume,
    deep_grey: float,
) -> Volume:
    """Give each brain voxel its probability of being CSF, grey or white matter.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        T1-weighted image, bias corrected.
    mask : ndarray of bool, shape (X, Y, Z)
        Brain.
    n_iterations : int
        Rounds of the fit of the Gaussians.
    start_percentiles : tuple of float
        Percentiles of the brain's intensities where CSF, grey and white matter start.
    smoothness : float
        Weight of the six neighbours (0: none).
    n_rounds : int
        Rounds in which neighbours are heard.
    template_grey : ndarray of shape (X, Y, Z)
        Probability from the template that the voxel belongs to a deep grey nucleus, whose
        intensity lies between cortex and white matter; zeros elsewhere.
    deep_grey : float
        Trust in it, 0 to 1.

    Returns
    -------
    ndarray of shape (3, X, Y, Z)
        CSF, grey matter, white matter; sums to 1 in the mask, 0 outside.

    Notes
    -----
    Hidden Markov random field in its mean-field form: Zhang et al. 2001,
    doi:10.1109/42.906424.
    """
    means, deviations, shares = fit_classes(
        volume[mask], n_iterations=n_iterations, start_percentiles=start_percentiles
    )
    likelihood = np.moveaxis(_gauss(volume[mask][:, None], means, deviations), -1, 0)
    prior = shares[:, None] * (1 - deep_grey * template_grey[mask])
    nuclei = template_grey[mask]
    deep = deep_grey * nuclei * _deep_likelihood(volume[mask], nuclei, floor=float(means[0]))
    evidence = likelihood * prior + 1e-12
    evidence[1] += deep
    out = np.zeros((3, *volume.shape), dtype=np.float32)
    out[:, mask] = evidence / evidence.sum(axis=0)
    for _ in range(n_rounds):
        heard = np.stack([_neighbours(part)[mask] for part in out])
        weighted = evidence * np.exp(smoothness * heard)
        out[:, mask] = weighted / weighted.sum(axis=0)
    return out


def _deep_likelihood(values: NDArray[Any], nuclei: NDArray[Any], *, floor: float) -> NDArray[Any]:
    """Return the likelihood of deep nuclei, whose own Gaussian the template points out."""
    known = (nuclei > SURE_NUCLEUS) & (values > floor)
    if np.count_nonzero(known) < FEWEST_VOXELS:
        return np.zeros(values.shape)
    mean = np.median(values[known])
    deviation = max(float(values[known].std()), SMALLEST_SPREAD * float(mean))
    return _gauss(values, np.array([mean]), np.array([deviation]))


def _neighbours(part: Volume) -> Volume:
    """Return the sum over the six neighbours of each voxel."""
    kernel = ndimage.generate_binary_structure(3, 1).astype(np.float32)
    kernel[1, 1, 1] = 0
    return np.asarray(ndimage.convolve(part, kernel, mode="constant"), dtype=np.float32)


def deep_nuclei(
    points: NDArray[Any], grey: NDArray[Any], grey_affine: NDArray[np.float64]
) -> Volume:
    """Return the template's grey matter in the box of thalamus and basal ganglia.

    Parameters
    ----------
    points : ndarray of shape (X, Y, Z, 3)
        Template point of each voxel [mm].
    grey, grey_affine : ndarray of shape (A, B, C) and (4, 4)
        Grey matter in the template, in any unit: its largest value means certainty.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        Zero outside the box, where intensities alone decide.
    """
    low, high = np.array(DEEP_BOX_MM, dtype=np.float32)
    inside = ((points >= low) & (points <= high)).all(axis=-1)
    out = np.zeros(points.shape[:3], dtype=np.float32)
    out[inside] = sample(grey, grey_affine, points[inside], order=1) / max(float(grey.max()), 1e-6)
    return out
