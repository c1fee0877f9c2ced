"""Field of a multi-echo gradient echo from its phase: unwrapped, fitted over the echoes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.restoration import unwrap_phase

from sonolesion.core.errors import InputFault

Volume = NDArray[np.float32]
Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

TURN = 2.0 * np.pi
# How scanners store a phase: largest size of a number, and radians a unit. Radians; GE's
# milliradians; Siemens' twelve bits after the converter's slope and intercept, and before.
SIGNED = ((np.pi, 1.0), (1000.0 * np.pi, 1e-3), (4096.0, np.pi / 4096.0))
UNSIGNED = ((TURN, 1.0), (4096.0, np.pi / 2048.0))
# Noise of the air fills the range; rounding may go beyond it by as much.
FILLED, BEYOND = 0.97, 1.005


@dataclass(frozen=True)
class FieldMap:
    """A measured field.

    Attributes
    ----------
    hz : ndarray of shape (X, Y, Z)
        Offset of the precession frequency [Hz], whatever its sign means; 0 outside `inside`.
    error_hz : ndarray of shape (X, Y, Z)
        How far it may be off [Hz]: by noise, and against its neighbours; the larger one.
    inside : ndarray of bool, shape (X, Y, Z)
        Where it is believed.
    wrapped_share : float
        Share of the believed voxels whose phase had to be unwrapped.
    """

    hz: Volume
    error_hz: Volume
    inside: Mask
    wrapped_share: float


def radians(stored: NDArray[Any], *, file: object) -> Volume:
    """Return a stored phase in radians, up to a constant.

    Parameters
    ----------
    stored : ndarray
        As the file has it; the noise of the air is expected to fill its range.
    file : object
        Name for errors.

    Raises
    ------
    InputFault
        If the numbers fill no range in which a scanner stores phase.

    Examples
    --------
    >>> radians(np.array([-4096.0, 0.0, 2048.0, 4094.0]), file="phase.nii.gz").round(2).tolist()
    [-3.140000104904175, 0.0, 1.5700000524520874, 3.140000104904175]
    """
    low, high = float(stored.min()), float(stored.max())
    known = SIGNED if low < 0 else UNSIGNED
    for end, unit in known:
        if FILLED * end <= high <= BEYOND * end and (low >= 0 or -low <= BEYOND * end):
            return np.asarray(stored * unit, dtype=np.float32)
    raise InputFault(
        file=file,
        found=f"numbers from {low:g} to {high:g}",
        expected="phase that fills -π to π, 0 to 2π, ±3142 (milliradians), ±4096 or 0 to 4095",
        remedy="write the phase in radians; a filtered or masked phase gives no field",
    )


def fit(
    magnitudes: NDArray[Any],
    phases: NDArray[Any],
    echo_times_s: Array,
    *,
    noise: float,
    floor: float,
    max_error_hz: float,
) -> FieldMap:
    """Fit the field to the phase of several echoes.

    Parameters
    ----------
    magnitudes, phases : ndarray of shape (X, Y, Z, N)
        Magnitude, any unit, and phase [rad].
    echo_times_s : ndarray of shape (N,)
        Growing [s].
    noise : float
        Standard deviation of the noise of a magnitude; 0 if it can't be known.
    floor : float
        Magnitude below which an echo tells nothing.
    max_error_hz : float
        Largest error that is believed [Hz].

    Returns
    -------
    FieldMap

    Raises
    ------
    ValueError
        If the shapes differ, or there are not two echoes with growing times.

    Notes
    -----
    The difference of the first two echoes, in which the phase of transmission and reception
    falls out, is unwrapped in space along the most reliable path (Herráez et al. 2002,
    doi:10.1364/AO.41.007437); every later echo by the line through those before it, as in
    Dymerska et al. 2021, doi:10.1002/mrm.28563. Then a line through all, weighted with the
    square of the magnitude: the variance of a phase is ``(noise / magnitude)²`` (Gudbjartsson &
    Patz 1995, doi:10.1002/mrm.1910340618), of a slope ``1 / Σ w (t - mean t)²``.
    A turn that the whole head shares can't be told: the median difference is held within ±π.
    """
    _require(magnitudes, phases, echo_times_s)
    inside = _head(np.asarray((magnitudes[..., :2] > floor).all(axis=3)))
    wrapped = np.angle(np.exp(1j * (phases[..., 1] - phases[..., 0]).astype(np.float64)))
    difference = _unwrapped(wrapped, inside)
    weights = np.where(magnitudes > floor, magnitudes, 0.0).astype(np.float64) ** 2
    lines = phases[..., 0][..., None].astype(np.float64) + np.stack([0 * difference, difference], 3)
    for number in range(2, len(echo_times_s)):
        offset, slope, _ = _line(lines, weights[..., :number], echo_times_s[:number])
        ahead = offset + slope * echo_times_s[number]
        own = phases[..., number] + TURN * np.round((ahead - phases[..., number]) / TURN)
        lines = np.concatenate([lines, own[..., None]], axis=3)
    _, slope, spread = _line(lines, weights, echo_times_s)
    hz = np.where(inside, slope / TURN, 0.0)
    by_noise = np.divide(noise, np.sqrt(spread) * TURN, out=np.zeros_like(hz), where=spread > 0)
    error = np.maximum(by_noise, _against_neighbours(hz, inside))
    believed = _head(inside & (error <= max_error_hz))
    turned = np.abs(difference - wrapped) > np.pi
    return FieldMap(
        np.where(believed, hz, 0.0).astype(np.float32),
        np.where(inside, error, 0.0).astype(np.float32),
        believed,
        float(turned[believed].mean()) if believed.any() else 0.0,
    )


def record(found: FieldMap) -> dict[str, Any]:
    """Return what the sidecar says of a field map."""
    believed = found.hz[found.inside]
    known = bool(believed.size)
    return {
        "Units": "Hz",
        "WrappedShare": found.wrapped_share,
        "BelievedVoxels": int(believed.size),
        "MedianError": float(np.median(found.error_hz[found.inside])) if known else None,
        "Range": [float(v) for v in np.percentile(believed, [2.0, 98.0])] if known else None,
    }


def _require(magnitudes: NDArray[Any], phases: NDArray[Any], times_s: Array) -> None:
    if magnitudes.shape != phases.shape or magnitudes.shape[3:] != times_s.shape:
        raise ValueError(f"shapes differ: {magnitudes.shape}, {phases.shape}, {times_s.shape}")
    if len(times_s) < 2 or not (np.diff(times_s) > 0).all():
        raise ValueError(f"a field takes two echoes with growing times, not {times_s}")


def _head(mask: Mask) -> Mask:
    """Return the largest piece of a mask."""
    pieces, n = ndimage.label(mask)
    if n < 2:
        return mask
    return np.asarray(pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:])))


def _unwrapped(wrapped: Array, inside: Mask) -> Array:
    """Unwrap a phase within a mask; its median stays within half a turn."""
    if not inside.any():
        return wrapped
    # The order among equally reliable voxels is drawn; a fixed seed makes it the same each time.
    found = np.asarray(unwrap_phase(np.ma.array(wrapped, mask=~inside), rng=0).filled(0.0))
    whole = TURN * np.round(np.median(found[inside]) / TURN)
    return np.where(inside, found - whole, wrapped)


def _line(values: Array, weights: Array, times_s: Array) -> tuple[Array, Array, Array]:
    """Return offset and slope of weighted lines, and ``Σ w (t - mean t)²``; 0 without weight."""
    total = weights.sum(axis=-1)
    some = np.where(total > 0, total, 1.0)
    mean_t = (weights @ times_s) / some
    mean_y = (weights * values).sum(axis=-1) / some
    away = times_s - mean_t[..., None]
    spread = (weights * away**2).sum(axis=-1)
    slope = (weights * away * values).sum(axis=-1)
    slope = np.divide(slope, spread, out=np.zeros_like(slope), where=spread > 0)
    return mean_y - slope * mean_t, slope, spread


def _against_neighbours(hz: Array, inside: Mask) -> Array:
    """Return how far each voxel is from the median of its neighbours in the mask [Hz]."""
    nearest = ndimage.distance_transform_edt(~inside, return_distances=False, return_indices=True)
    filled = hz[tuple(nearest)]
    return np.where(inside, np.abs(filled - ndimage.median_filter(filled, 3)), 0.0)
