"""What the scanner did to k-space before the image was written: zero-filling, partial Fourier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.errors import InputFault

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]
Answer = Literal["yes", "no", "undecidable"]

# Half the width of a Blackman window's main lobe, in frequencies of the windowed line: over so
# many the edge of k-space is smeared (Harris 1978, doi:10.1109/PROC.1978.10837, table 1).
SMEAR = 3
# No reconstruction is known from less than half of k-space.
MIN_FRACTION = 0.5


@dataclass(frozen=True)
class Rim:
    """Empty outer k-space along one axis.

    Attributes
    ----------
    answer : {"yes", "no", "undecidable"}
    share : float
        Share of k-space that is empty, both sides together; 0 if none, NaN if it can't be told.
    drop_decades : float
        Fall of power at the sharpest edge [decades].
    least_share : float
        Smallest rim that would have been seen.
    """

    answer: Answer
    share: float
    drop_decades: float
    least_share: float


UNTOLD = Rim("undecidable", np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class Fill:
    """Empty outer k-space along the two axes in the slice.

    Attributes
    ----------
    rims : tuple of Rim
        Along the first and the second axis.
    """

    rims: tuple[Rim, Rim]

    @property
    def share(self) -> tuple[float, float]:
        """Return the empty share along each axis."""
        return self.rims[0].share, self.rims[1].share

    @property
    def outcome(self) -> Answer:
        """Return "yes" if either axis is filled, "no" if neither is."""
        answers = [rim.answer for rim in self.rims]
        if "yes" in answers:
            return "yes"
        return "undecidable" if "undecidable" in answers else "no"


@dataclass(frozen=True)
class PartialFourier:
    """Share of k-space that was measured along the phase-encoding axis.

    Attributes
    ----------
    answer : {"yes", "no", "undecidable"}
        Whether less than all was measured.
    fraction : float
        Share; NaN where it can't be told.
    source : str
        Where that is known from, or why it is not.
    """

    answer: Answer
    fraction: float
    source: str


def require_filled(data: NDArray[Any], *, file: object) -> None:
    """Raise if a volume holds nothing but one value, or no finite number.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Diffusion scan.
    file : object
        Name for errors.

    Raises
    ------
    InputFault
        Naming the volumes, counted from 0.
    """
    if data.ndim != 4:
        raise InputFault(
            file=file,
            found=f"{data.ndim} axes",
            expected="4 axes, volumes along the last",
            remedy="convert the scan again",
        )
    empty = [
        n for n in range(data.shape[3]) if not np.ptp(np.nan_to_num(data[..., n], posinf=0)) > 0
    ]
    if empty:
        raise InputFault(
            file=file,
            found=f"volume {', '.join(map(str, empty))} empty (counted from 0)",
            expected="signal in every volume",
            remedy="convert the scan again; if the volume was lost, take it out of scan and table",
        )


def zero_filled(
    volume: NDArray[Any],
    *,
    bright_share: float,
    min_line_voxels: int,
    min_lines: int,
    first_cut: float,
    edge_width: float,
    min_drop_decades: float,
    doubtful_drop_decades: float,
) -> Fill:
    """Tell from a magnitude image whether its slices were filled with zeros in k-space.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Unweighted magnitude image, slices along the last axis, neither denoised nor resampled.
    bright_share : float
        Share of the bright tissue above which a voxel belongs to the head.
    min_line_voxels, min_lines : int
        Shortest line through the head, and fewest of them, that tell anything.
    first_cut, edge_width : float
        Lowest frequency searched, and width of the edge, as shares of Nyquist's frequency.
    min_drop_decades, doubtful_drop_decades : float
        Fall of power that is an edge, and that may be one [decades].

    Returns
    -------
    Fill

    Raises
    ------
    ValueError
        If the volume has not 3 axes, or is complex.

    Notes
    -----
    The spectrum is taken of windowed lines inside the head: the whole image's would not fall,
    for its outline where the scanner cut the air away has power everywhere, and so has noise of
    the air, whose magnitude is no linear function of the signal. Inside the head magnitude is
    nearly the real part, and has the band of what was measured.
    """
    if volume.ndim != 3 or np.iscomplexobj(volume):
        raise ValueError(f"one magnitude volume is needed, not {volume.shape} {volume.dtype}")
    search = _Search(first_cut, edge_width, min_drop_decades, doubtful_drop_decades)
    head = _head(volume, bright_share)
    rims = []
    for axis in (0, 1):
        lines = _lines(volume, head, axis, min_line_voxels=min_line_voxels)
        enough = len(lines) >= min_lines
        rims.append(_rim(_log_power(lines)[0], search) if enough else UNTOLD)
    return Fill((rims[0], rims[1]))


def partial_fourier(
    volume: NDArray[Any],
    *,
    stated_fraction: float | None,
    stated_enabled: bool | None,
    axis: int,
    bright_share: float,
    min_line_voxels: int,
    min_lines: int,
    first_cut: float,
    edge_width: float,
    min_drop_decades: float,
    doubtful_drop_decades: float,
) -> PartialFourier:
    """Tell whether less than all of k-space was measured along the phase-encoding axis.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Unweighted image; complex if the phase is there.
    stated_fraction, stated_enabled : float or None, bool or None
        ``PartialFourier`` and ``PartialFourierEnabled`` of the sidecar; they win over the image.
    axis : {0, 1}
        Phase-encoding axis.
    bright_share, min_line_voxels, min_lines, first_cut, edge_width, min_drop_decades
        As for `zero_filled`.
    doubtful_drop_decades
        As for `zero_filled`.

    Returns
    -------
    PartialFourier
        "undecidable" for a magnitude image without a word in the sidecar: the spectrum of a real
        image is symmetric, whatever was measured.

    Raises
    ------
    ValueError
        If the stated fraction is not one of 0.5 to 1.
    """
    if stated_fraction is not None:
        if not MIN_FRACTION <= stated_fraction <= 1.0:
            raise ValueError(f"PartialFourier is a fraction of 0.5 to 1, not {stated_fraction:g}")
        return PartialFourier(_yes(stated_fraction < 1.0), float(stated_fraction), "sidecar")
    if stated_enabled is not None:
        return PartialFourier(_yes(stated_enabled), np.nan if stated_enabled else 1.0, "sidecar")
    if not np.iscomplexobj(volume):
        return PartialFourier("undecidable", np.nan, "magnitude alone is symmetric in k-space")
    search = _Search(first_cut, edge_width, min_drop_decades, doubtful_drop_decades)
    head = _head(np.abs(volume), bright_share)
    lines = _lines(volume, head, axis, min_line_voxels=min_line_voxels)
    if len(lines) < min_lines:
        return PartialFourier("undecidable", np.nan, "too few lines through the head")
    rims = [_rim(power, search) for power in _log_power(lines)]
    if any(rim.answer == "undecidable" for rim in rims):
        return PartialFourier("undecidable", np.nan, "no clear edge of k-space")
    reach = [1.0 - rim.share for rim in rims]
    fraction = sum(reach) / (2.0 * max(reach))
    told = 1.0 - fraction > max(rim.least_share for rim in rims) / 2.0
    return PartialFourier(_yes(told), fraction if told else 1.0, "asymmetry of k-space")


@dataclass(frozen=True)
class _Search:
    """How an edge of k-space is looked for; see `zero_filled`."""

    first_cut: float
    edge_width: float
    min_drop_decades: float
    doubtful_drop_decades: float


def _yes(value: bool) -> Answer:
    return "yes" if value else "no"


def _head(magnitude: NDArray[Any], bright_share: float) -> Mask:
    """Return the head, slice by slice without holes."""
    positive = magnitude[magnitude > 0]
    if not positive.size:
        return np.zeros(magnitude.shape, dtype=bool)
    bright = magnitude > bright_share * np.percentile(positive, 98.0)
    opened = ndimage.binary_opening(bright)
    slices = [ndimage.binary_fill_holes(opened[..., z]) for z in range(opened.shape[2])]
    return np.stack(slices, axis=2)


def _lines(volume: NDArray[Any], head: Mask, axis: int, *, min_line_voxels: int) -> NDArray[Any]:
    """Return lines through the middle of the head, all of one even length; (lines, length)."""
    values = np.moveaxis(volume, axis, -1).reshape(-1, volume.shape[axis])
    inside = np.moveaxis(head, axis, -1).reshape(values.shape)
    crossed = inside.any(axis=1)
    values, inside = values[crossed], inside[crossed]
    first = inside.argmax(axis=1)
    reach = inside.shape[1] - inside[:, ::-1].argmax(axis=1) - first
    # The longest quarter: a longer line resolves the edge better, a larger number steadies it.
    length = int(np.percentile(reach, 75.0)) // 2 * 2 if len(reach) else 0
    if length < min_line_voxels:
        return np.empty((0, length), dtype=volume.dtype)
    long = reach >= length
    start = first[long] + (reach[long] - length) // 2
    return np.take_along_axis(values[long], start[:, None] + np.arange(length), axis=1)


def _log_power(lines: NDArray[Any]) -> tuple[Vector, Vector]:
    """Return log10 of the mean power at frequencies 0 to Nyquist's, and at their negatives."""
    n = lines.shape[1]
    window = np.blackman(n + 1)[:n]
    centred = lines - lines.mean(axis=1, keepdims=True)
    power = np.mean(np.abs(np.fft.fft(centred * window, axis=1)) ** 2, axis=0)
    logarithm = np.log10(np.maximum(power, np.finfo(np.float64).tiny))
    half = n // 2
    return logarithm[: half + 1], logarithm[-np.arange(half + 1)]


def _rim(power: Vector, search: _Search) -> Rim:
    """Find the edge beyond which all power has fallen most.

    Before it the median over its width is taken, beyond it the largest power up to Nyquist's
    frequency; between the two lies the smear of the window.
    """
    last = len(power) - 1
    width = max(SMEAR, round(search.edge_width * last))
    cuts = np.arange(max(width, round(search.first_cut * last)), last - width + 1)
    before = np.array([np.median(power[cut - width : cut + 1]) for cut in cuts])
    drops = before - np.array([power[cut + width :].max() for cut in cuts])
    best = int(np.argmax(drops))
    least, drop = width / last, float(drops[best])
    if drop < search.doubtful_drop_decades:
        return Rim("no", 0.0, drop, least)
    if drop < search.min_drop_decades:
        return Rim("undecidable", np.nan, drop, least)
    return Rim("yes", 1.0 - _half_power(power, int(cuts[best]), before[best]), drop, least)


def _half_power(power: Vector, start: int, level: float) -> float:
    """Return the frequency at which power falls to half of a level, as a share of Nyquist's."""
    half = level - np.log10(2.0)
    below = start + int(np.argmax(power[start:] < half))
    if below == 0:
        return 0.0
    step = power[below - 1] - power[below]
    part = (power[below - 1] - half) / step if step > 0 else 1.0
    return float((below - 1 + np.clip(part, 0.0, 1.0)) / (len(power) - 1))
