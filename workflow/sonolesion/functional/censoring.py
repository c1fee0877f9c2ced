"""Which frames of a run are left out because the head moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault
from sonolesion.maths.volumes import clean_minutes

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Censoring:
    """Frames that are kept.

    Attributes
    ----------
    kept : ndarray of shape (N,)
        Frames that are used.
    moved : ndarray of shape (N,)
        Frames above a threshold themselves.
    n_segments : int
        Unbroken runs of kept frames.
    minutes : float
        Clean data [min].
    """

    kept: Flags
    moved: Flags
    n_segments: int
    minutes: float


def moved_frames(
    displacement_mm: Array,
    dvars: Array,
    *,
    max_displacement_mm: float,
    max_dvars: float,
) -> Flags:
    """Return the frames above a threshold.

    Parameters
    ----------
    displacement_mm : ndarray of shape (N,)
        Framewise displacement [mm]; NaN (the first frame) is below any threshold.
    dvars : ndarray of shape (N,)
        Standardised DVARS; NaN as above.
    max_displacement_mm : float
        Largest displacement of a kept frame [mm]; infinity for none.
    max_dvars : float
        Largest DVARS of a kept frame; infinity for none.

    Raises
    ------
    ValueError
        If the two differ in length.
    """
    if displacement_mm.shape != dvars.shape:
        raise ValueError(f"{displacement_mm.shape} displacements but {dvars.shape} DVARS")
    above = np.nan_to_num(displacement_mm, nan=-np.inf) > max_displacement_mm
    return np.asarray(above | (np.nan_to_num(dvars, nan=-np.inf) > max_dvars))


def widened(moved: Flags, *, n_before: int, n_after: int) -> Flags:
    """Return the frames with so many neighbours before and after each.

    Examples
    --------
    >>> widened(np.array([0, 0, 1, 0, 0, 0], dtype=bool), n_before=1, n_after=2).astype(int)
    array([0, 1, 1, 1, 1, 0])
    """
    out = moved.copy()
    for step in range(1, n_before + 1):
        out[:-step] |= moved[step:]
    for step in range(1, n_after + 1):
        out[step:] |= moved[:-step]
    return out


def segments(kept: Flags) -> NDArray[np.int64]:
    """Return begin and end (exclusive) of each unbroken run of kept frames, (S, 2).

    Examples
    --------
    >>> segments(np.array([1, 1, 0, 1], dtype=bool)).tolist()
    [[0, 2], [3, 4]]
    """
    edges = np.diff(np.concatenate([[0], kept.astype(np.int8), [0]]))
    return np.column_stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)])


def censor(
    moved: Flags,
    repetition_s: float,
    *,
    n_before: int,
    n_after: int,
    min_contiguous: int,
    file: object,
) -> Censoring:
    """Decide which frames are kept.

    Parameters
    ----------
    moved : ndarray of shape (N,)
        Frames above a threshold, as `moved_frames` returns them.
    repetition_s : float
        Repetition time [s].
    n_before, n_after : int
        Frames around a moved one that go with it.
    min_contiguous : int
        Shorter runs of frames between moved ones go too.
    file : object
        Named in a fault.

    Raises
    ------
    InputFault
        If no frame is left.

    Notes
    -----
    Power et al. 2012, doi:10.1016/j.neuroimage.2011.10.018 (neighbours); Power et al. 2014,
    doi:10.1016/j.neuroimage.2013.08.048 (short runs).
    """
    kept = ~widened(moved, n_before=n_before, n_after=n_after)
    if kept.size and not kept.all():
        for begin, end in segments(kept):
            kept[begin:end] = end - begin >= min_contiguous
    if not kept.any():
        raise InputFault(
            file=file,
            found=f"all {moved.size} frames left out, {int(moved.sum())} of them for motion",
            expected="frames of a still head",
            remedy="leave the run out, or choose a strategy without scrubbing",
        )
    return Censoring(kept, moved, len(segments(kept)), clean_minutes(int(kept.sum()), repetition_s))
