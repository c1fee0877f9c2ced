"""Delay of each slice of a two-dimensional readout, which is longer than that of the first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault

Array = NDArray[np.float64]
AXES = {"i": 0, "j": 1, "k": 2}


def slice_offsets(
    *,
    acquisition: str | None,
    slice_timing_s: Sequence[float] | None,
    slice_axis: str | None,
    shape: tuple[int, ...],
    max_s: float,
    file: str,
) -> Array:
    """Return how much later than the first each slice was excited [s].

    Parameters
    ----------
    acquisition : str or None
        ``MRAcquisitionType``: 2D or 3D.
    slice_timing_s : sequence of float or None
        ``SliceTiming`` [s]; needed of a 2-D readout.
    slice_axis : str or None
        ``SliceEncodingDirection``: i, j, k, or with a minus; None is k, as in BIDS.
    shape : tuple of int
        Grid (X, Y, Z, ...).
    max_s : float
        Longest believable time [s].
    file : str
        The sidecar, for the message.

    Returns
    -------
    ndarray
        Of a shape that broadcasts with a volume: (1, 1, Z) for slices along k; zeros of shape
        (1, 1, 1) for a 3-D readout, whose slices share one excitation.

    Raises
    ------
    InputFault
        If what a 2-D readout needs is missing, of another length or no seconds.

    Notes
    -----
    ``PostLabelingDelay`` is that of the first slice (BIDS 1.10), the effective delay
    ``PLD + offset``: Alsop et al. 2015, doi:10.1002/mrm.25197.
    """
    if acquisition == "3D":
        return np.zeros((1, 1, 1))
    if acquisition != "2D" or slice_timing_s is None:
        lacking = "SliceTiming" if acquisition == "2D" else "MRAcquisitionType 2D or 3D"
        raise InputFault(
            file=file,
            found=f"MRAcquisitionType {acquisition!r}, SliceTiming "
            f"{'missing' if slice_timing_s is None else 'there'}",
            expected=lacking,
            remedy="add it to the sidecar: slices of a 2-D readout have different delays",
        )
    axis = str(slice_axis or "k")
    times = np.asarray(slice_timing_s, dtype=np.float64)
    n_slices = shape[AXES.get(axis[0], 2)]
    sound = times.shape == (n_slices,) and np.isfinite(times).all()
    if axis.rstrip("-") not in AXES or not sound or np.ptp(times) > max_s:
        raise InputFault(
            file=file,
            found=f"{times.size} times up to {times.max(initial=0.0):g} along {axis}",
            expected=f"{n_slices} times in seconds, at most {max_s:g} apart",
            remedy="mend SliceTiming; divide by 1000 if it is in milliseconds",
        )
    ordered = times[::-1] if axis.endswith("-") else times
    along = [1, 1, 1]
    along[AXES[axis[0]]] = n_slices
    return np.asarray((ordered - times.min()).reshape(along))
