"""Confounds by nipype's algorithms, of voxels in memory: FD, DVARS, aCompCor, tCompCor.

nipype reads files. Voxels of a mask alone are written, to a folder that is taken away again.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]

N_RIGID = 6
# Rows of voxels in a file: a NIfTI axis ends at 32 767.
ROW = 512
# Least standard deviation of a voxel that varies, as a share of its mean: that of float32.
RESOLUTION = float(np.finfo(np.float32).eps)
# Quartiles closer than this are no variation, as ComputeDVARS has it.
ZERO_VARIANCE = 1e-7


class Components(NamedTuple):
    """Noise components (N, K), the strongest first, and the share of the variance of each (K,)."""

    series: Array
    explained: Array


def _nipype() -> Any:
    """Return nipype's module; it takes a second to import, and must not ask for its newest self."""
    os.environ["NIPYPE_NO_ET"] = "1"
    import nipype.algorithms.confounds

    return nipype.algorithms.confounds


def framewise_displacement(parameters: Array, *, radius_mm: float) -> Array:
    """Return how far the head moved since the frame before.

    Parameters
    ----------
    parameters : ndarray of shape (N, 6)
        Translations [mm] and rotations [rad] of each frame.
    radius_mm : float
        Of the ball on whose surface rotations are told [mm].

    Returns
    -------
    ndarray of shape (N,)
        [mm]; NaN for the first frame, which nothing precedes.

    Raises
    ------
    ValueError
        If the parameters are not six columns or not finite.

    Notes
    -----
    Power et al. 2012, doi:10.1016/j.neuroimage.2011.10.018, p. 2144, by nipype's
    FramewiseDisplacement; SPM has the order and the units of our columns.
    """
    if parameters.ndim != 2 or parameters.shape[1] != N_RIGID:
        raise ValueError(f"expected six columns of motion, found shape {parameters.shape}")
    if not np.isfinite(parameters).all():
        raise ValueError("the motion parameters are not all finite")
    if len(parameters) < 2:
        return np.full(len(parameters), np.nan)
    with tempfile.TemporaryDirectory() as folder:
        motion, found = Path(folder, "motion.txt"), Path(folder, "fd.txt")
        np.savetxt(motion, parameters)
        _nipype().FramewiseDisplacement(
            in_file=str(motion), parameter_source="SPM", radius=radius_mm, out_file=str(found)
        ).run(cwd=folder)
        return np.concatenate([[np.nan], np.loadtxt(found, skiprows=1, ndmin=1)])


def dvars(series: Rows, *, scale: float) -> tuple[Array, Array]:
    """Return how much the images change from frame to frame.

    Parameters
    ----------
    series : ndarray of shape (V, N)
        Voxels of the brain without the exclusion mask.
    scale : float
        Median of the brain after scaling: 1000 gives a tenth of a percent.

    Returns
    -------
    standardised : ndarray of shape (N,)
        1 where a frame differs as much as noise of such smoothness in time does.
    scaled : ndarray of shape (N,)
        Root mean square of the differences, at a median of `scale`.
        Both are NaN for the first frame.

    Raises
    ------
    ValueError
        If nothing varies.

    Notes
    -----
    Power et al. 2012, doi:10.1016/j.neuroimage.2011.10.018, standardised as by Nichols 2017, by
    nipype's compute_dvars; voxels that do not vary are left out before, as there.
    """
    with _files(_varying(series)) as (_, data, mask):
        found = _nipype().compute_dvars(
            data, mask, intensity_normalization=scale, remove_zerovariance=True,
            variance_tol=ZERO_VARIANCE,
        )  # fmt: skip
    standardised, scaled = (np.concatenate([[np.nan], one]) for one in found[:2])
    return standardised, scaled


def acompcor(
    series: Rows, *, n_components: int, repetition_s: float, period_s: float
) -> Components:
    """Return the strongest components of a tissue without neurones.

    Parameters
    ----------
    series : ndarray of shape (V, N)
        Voxels of the tissue.
    n_components : int
        Components K.
    repetition_s : float
        Repetition time [s].
    period_s : float
        Trends slower than this are taken out before [s].

    Raises
    ------
    ValueError
        If nothing varies.

    Notes
    -----
    Behzadi et al. 2007, doi:10.1016/j.neuroimage.2007.04.042, by nipype's
    compute_noise_components, as its ACompCor calls it. Of N frames it takes
    ``floor(2 N TR / period) - 1`` cosines, one fewer than SPM.
    """
    rows = _varying(series)[:, None, None].astype(np.float32)
    found, _, told = _nipype().compute_noise_components(
        rows, [_image(np.ones(rows.shape[:3], np.uint8))], n_components, "cosine", 0, period_s,
        repetition_s,
    )  # fmt: skip
    return Components(np.asarray(found, np.float64), told["variance_explained"][: found.shape[1]])


def tcompcor(
    series: Rows, *, share: float, n_components: int, repetition_s: float, period_s: float
) -> Array:
    """Return the strongest components (N, K) of the voxels that vary most.

    Parameters
    ----------
    series : ndarray of shape (V, N)
        Voxels of the brain without the exclusion mask.
    share : float
        Share of the voxels that vary most; a trend of second degree is no variation.
    n_components, repetition_s, period_s
        As for `acompcor`.

    Notes
    -----
    Behzadi et al. 2007, doi:10.1016/j.neuroimage.2007.04.042, by nipype's TCompCor.
    """
    with _files(_varying(series)) as (folder, data, mask):
        _nipype().TCompCor(
            realigned_file=data, mask_files=mask, num_components=n_components,
            percentile_threshold=share, pre_filter="cosine", high_pass_cutoff=period_s,
            repetition_time=repetition_s, components_file="found.txt",
        ).run(cwd=folder)  # fmt: skip
        return np.loadtxt(Path(folder, "found.txt"), skiprows=1, ndmin=2)


def _varying(series: Rows) -> Rows:
    """Return the voxels that vary: of the others nipype would take the rounding for noise."""
    spread = RESOLUTION * np.abs(series.mean(axis=1))
    varies = series.std(axis=1, dtype=np.float64) > spread
    if not varies.any():
        raise ValueError("nothing in the mask varies")
    return np.asarray(series[varies])


@contextmanager
def _files(series: Rows) -> Iterator[tuple[str, str, str]]:
    """Write voxels (V, N) and their mask; yield folder, series and mask."""
    n_voxels, n_frames = series.shape
    whole = np.zeros((-(-n_voxels // ROW), ROW, 1, n_frames), dtype=np.float32)
    mask = np.zeros(whole.shape[:3], dtype=np.uint8)
    whole.reshape(-1, n_frames)[:n_voxels] = series
    mask.reshape(-1)[:n_voxels] = 1
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder, name)) for name in ("series.nii", "mask.nii")]
        for path, data in zip(paths, (whole, mask), strict=True):
            _image(data).to_filename(path)
        del whole
        yield folder, paths[0], paths[1]


def _image(data: NDArray[Any]) -> Any:
    import nibabel as nib

    return nib.Nifti2Image(data, np.eye(4))
