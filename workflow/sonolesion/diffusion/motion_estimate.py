"""Find motion, eddy currents and lost slices of a diffusion scan, volume by volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.diffusion import outliers, shell_alignment
from sonolesion.diffusion.motion_model import N_RIGID, Grid, compose, inverse
from sonolesion.diffusion.motion_scan import Scan, Settings, begin
from sonolesion.diffusion.registration import Samples, register, sampled

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Passes in which lost slices are marked, the deepest of neighbours first.
N_PASSES = 12


@dataclass(frozen=True)
class Motion:
    """What was found.

    Attributes
    ----------
    parameters : ndarray of shape (N, 6 + E)
        As for `motion_model.place`; the first unweighted volume is the reference.
    residual_before, residual_after : ndarray of shape (N,)
        Root mean square of each volume against its prediction from the others, as a share of
        that, over points of the head; NaN where nothing predicts it.
    slice_residuals : ndarray of shape (Z, N)
        As `outliers.slice_residuals` returns them.
    outlier : ndarray of shape (Z, N)
        Slices that lost signal, in the numbering of the measured volume.
    lost : ndarray of shape (N,)
        Volumes that are lost as a whole.
    """

    parameters: Array
    residual_before: Array
    residual_after: Array
    slice_residuals: Array
    outlier: Flags
    lost: Flags


def estimate(
    data: NDArray[Any],
    b_values: Array,
    vectors: Array,
    grid: Grid,
    mask: Flags,
    settings: Settings,
) -> Motion:
    """Find motion, eddy currents and lost slices.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Scan, of one polarity of the phase encoding. ASSUME: slices lie along the third axis.
    b_values : ndarray of shape (N,)
        [s/mm²].
    vectors : ndarray of shape (N, 3)
        Unit vectors on world axes; zeros of unweighted volumes.
    grid : Grid
        Its grid and phase-encoding axis.
    mask : ndarray of shape (X, Y, Z)
        Head or brain in the first unweighted volume.
    settings : Settings
        All thresholds.

    Raises
    ------
    InputFault
        If shapes don't fit, nothing is in the mask, or no volume is unweighted.

    Notes
    -----
    Every volume is registered to what the others predict for its direction (Andersson &
    Sotiropoulos 2016, doi:10.1016/j.neuroimage.2015.10.019; here with penalised spherical
    harmonics for their Gaussian process), one after the other, each seeing the newest place of
    the others, in several rounds from smooth to sharp. What all volumes of a shell have in common
    can't be seen that way: the common motion is that of the unweighted volumes between which they
    lie or, where those are few, found by mutual information with them; the common eddy field is
    found by its dependence on the gradient, which it must be odd in.
    """
    scan = begin(data, b_values, vectors, grid, mask, settings)
    scan.soften(settings.sigmas_mm[-1])
    before = _residuals(scan)
    for number, sigma_mm in enumerate(settings.sigmas_mm):
        scan.soften(sigma_mm)
        scan.plain = number < settings.plain_rounds
        for shell in scan.shells:
            _round(scan, shell)
        if settings.align_shells and number in (0, len(settings.sigmas_mm) - 1):
            _align(scan)
        found = _lost(scan)
    scan.plain = False
    scan.soften(settings.sigmas_mm[-1])
    return Motion(
        scan.parameters, before, _residuals(scan), found, scan.outlier, _gone(scan, found)
    )


def _round(scan: Scan, shell: NDArray[np.int64]) -> None:
    """Register each volume of a shell to the newest prediction from the others."""
    values = scan.values(shell)
    predictor = scan.predictor(shell)
    weighted = scan.b_values[shell[0]] > scan.settings.b0_max_s_mm2
    n_free = scan.parameters.shape[1] if weighted else N_RIGID
    for row, number in enumerate(shell):
        if not predictor.able[row]:
            continue
        target = predictor.volume(row, values)
        lost = scan.outlier[:, number]
        if lost.any():
            target[outliers.touched(scan.slices(number), lost)] = 0.0
        scan.parameters[number, :n_free] = register(
            scan.small[number],
            target,
            scan.parameters[number, :n_free],
            scan.points,
            scan.grid,
            scan.settings.search,
        )
        new = sampled(scan.small[number], scan.parameters[number], scan.points, scan.grid)
        values[row] = np.where(np.isfinite(new), new, target)
    _anchor(scan, shell, weighted=weighted)


def _anchor(scan: Scan, shell: NDArray[np.int64], *, weighted: bool) -> None:
    """Take out what a shell has drifted in common."""
    if not weighted:
        back = inverse(scan.parameters[shell[0]])
        for number in shell:
            scan.parameters[number] = compose(scan.parameters[number], back)
        return
    eddy = scan.parameters[shell, N_RIGID:]
    if shell.size < scan.settings.min_anchored or not eddy.size:
        return
    driven = np.column_stack([_gradients(scan, shell), np.ones(shell.size)])
    scan.parameters[shell, N_RIGID:] -= np.linalg.lstsq(driven, eddy, rcond=None)[0][-1]


def _gradients(scan: Scan, shell: NDArray[np.int64]) -> Array:
    """Return the gradient of each volume as a share of the shell's largest, shape (S, 3).

    Its amplitude goes with the root of b, and its eddy currents with the amplitude.
    """
    amplitude = np.sqrt(scan.b_values[shell] / scan.b_values[shell].max())
    return np.asarray(scan.vectors[shell] * amplitude[:, None])


def _align(scan: Scan) -> None:
    """Align each weighted shell to the unweighted volumes."""
    unweighted = scan.shells[0]
    often = shell_alignment.interspersed(
        unweighted, n_volumes=len(scan.parameters), max_gap_share=scan.settings.max_gap_share
    )
    for shell in scan.shells[1:]:
        if often:
            frame = shell_alignment.followed(
                scan.parameters,
                unweighted,
                shell,
                gradients=_gradients(scan, shell),
                axis=scan.grid.axis,
            )
        else:
            frame = _seen(scan, shell)
        for number in shell:
            scan.parameters[number] = compose(scan.parameters[number], inverse(frame))


def _seen(scan: Scan, shell: NDArray[np.int64]) -> Array:
    """Return the motion of a shell's frame into the first unweighted volume, across contrasts.

    Within the brain alone: fat and fluid at its edge are bright in one contrast and black in the
    other, and pulled the shell of a real scan by 0.9 mm.
    """
    mean = np.where(scan.deep, scan.values(shell).mean(axis=0), 0.0).astype(np.float32)
    return shell_alignment.align(
        np.where(mean > 0, mean, np.nan),
        scan.small[scan.shells[0][0]],
        np.zeros(N_RIGID),
        scan.points,
        scan.grid,
        n_bins=scan.settings.n_bins,
        tolerance_mm=scan.settings.tolerance_mm,
    )


def _residuals(scan: Scan) -> Array:
    """Return the residual of each volume against its prediction, as a share of that."""
    found = np.full(scan.data.shape[3], np.nan)
    for shell in scan.shells:
        values = scan.values(shell)
        predictor = scan.predictor(shell)
        for row, number in enumerate(shell):
            target = predictor.volume(row, values)
            used = scan.inside & (target > 0) & (values[row] > 0)
            if used.any():
                ratio = values[row][used].sum() / target[used].sum()
                rest = values[row][used] - ratio * target[used]
                found[number] = np.sqrt(np.mean(rest**2)) / values[row][used].mean()
    return found


def _lost(scan: Scan) -> Array:
    """Mark lost slices; return the residuals of all, (Z, N), seen without smoothing."""
    scan.soften(0.0)
    scan.plain = False
    scan.outlier[:] = False
    found = np.full(scan.outlier.shape, np.nan)
    for shell in scan.shells:
        values = scan.values(shell)
        for _ in range(N_PASSES):
            found[:, shell] = _shell_residuals(scan, shell, values)
            low = outliers.outlier_slices(
                found[:, shell],
                threshold_sd=scan.settings.threshold_sd,
                min_loss=scan.settings.min_loss,
            )
            new = outliers.deepest(low & ~scan.outlier[:, shell], found[:, shell])
            if not new.any():
                break
            scan.outlier[:, shell] |= new
    return found


def _shell_residuals(scan: Scan, shell: NDArray[np.int64], values: Samples) -> Array:
    """Return the residual of each slice of a shell, blind to what is marked by now."""
    predictor = scan.predictor(shell)
    columns = []
    for row, number in enumerate(shell):
        place, lost = scan.slices(number), scan.outlier[:, number]
        nearest = np.clip(np.rint(place).astype(int), 0, lost.size - 1)
        spoiled = outliers.touched(place, lost) & ~lost[nearest]
        columns.append(
            outliers.slice_residuals(
                np.where(scan.inside & ~spoiled, values[row], np.nan),
                predictor.volume(row, values),
                place,
                n_slices=lost.size,
                min_points=scan.settings.min_points,
            )
        )
    return np.array(columns).T


def _gone(scan: Scan, residuals: Array) -> Flags:
    """Return which volumes are lost as a whole."""
    told = np.isfinite(residuals)
    gains = np.array(
        [
            1.0 + np.median(column[sound]) if sound.any() else 1.0
            for column, sound in zip(residuals.T, told.T, strict=True)
        ]
    )
    return outliers.outlier_volumes(
        scan.outlier,
        residuals,
        gains,
        max_share=scan.settings.max_share,
        min_gain=scan.settings.min_gain,
    )
