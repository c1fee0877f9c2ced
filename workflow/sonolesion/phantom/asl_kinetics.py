"""General kinetic model: how much label is in tissue when it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Number = float | NDArray[Any]
# 1 mL/g/s is so many mL/100 g/min.
PER_MINUTE = 6000.0
# A difference of rates below this is none: the integral is then the width.
EQUAL_PER_S = 1e-9


@dataclass(frozen=True)
class Label:
    """How blood was labelled: at once in a slab (`pulsed`) or at a plane for `duration_s`.

    `duration_s` is how long labelled blood arrives [s], `efficiency` the share that is inverted
    and stays so, `blood_t1_s` the T1 of blood [s].
    """

    pulsed: bool
    duration_s: float
    efficiency: float
    blood_t1_s: float

    def since_start_s(self, delay_s: Number) -> Number:
        """Return the time of the readout from the start of labelling [s]."""
        return delay_s if self.pulsed else self.duration_s + delay_s


def clearance_per_s(*, tissue_t1_s: float, cbf: Number, partition_ml_g: float) -> Array:
    """Return the rate at which label is lost from tissue, by relaxation and outflow [1/s].

    Notes
    -----
    ``1/T1 + f/λ``, Buxton 1998, doi:10.1002/mrm.1910400308, eq. 2.
    """
    return np.asarray(1 / tissue_t1_s + np.asarray(cbf) / (PER_MINUTE * partition_ml_g))


def difference(
    label: Label, *, time_s: Number, cbf: Number, transit_s: Number, clearance: Number
) -> Array:
    """Return control minus label over the equilibrium magnetisation of arterial blood.

    Parameters
    ----------
    label : Label
        How blood was labelled.
    time_s : float or ndarray
        Time of the readout from the start of labelling [s].
    cbf : float or ndarray
        Flow [mL/100 g/min].
    transit_s : float or ndarray
        From the place of labelling to the tissue [s].
    clearance : float or ndarray
        Rate of `clearance_per_s` [1/s].

    Returns
    -------
    ndarray
        Of the shape that all broadcast to, in mL of blood per g of tissue.

    Raises
    ------
    ValueError
        If a time or the efficiency is impossible.

    Notes
    -----
    ``2 ∫ c(u) exp(-(t - u) k) du`` over the arrival of label, from u = Δt to min(t, Δt + τ), with
    ``c = f α exp(-u/T1b)`` after a pulse and ``f α exp(-Δt/T1b)`` at a plane: Buxton 1998,
    doi:10.1002/mrm.1910400308, eq. 1, 3 and 5.
    """
    if (
        min(label.duration_s, label.blood_t1_s, np.min(time_s)) <= 0
        or not 0 < label.efficiency <= 1
    ):
        raise ValueError(f"{label} read after {time_s} s: times above 0, efficiency up to 1")
    first = np.minimum(transit_s, time_s)
    last = np.minimum(np.asarray(transit_s) + label.duration_s, time_s)
    inflow = 2 * label.efficiency * np.asarray(cbf) / PER_MINUTE
    if label.pulsed:
        rate = 1 / label.blood_t1_s - np.asarray(clearance)
        return np.asarray(inflow * np.exp(-time_s * clearance) * decayed(first, last, rate))
    left = np.exp(-(time_s - last) * clearance) - np.exp(-(time_s - first) * clearance)
    return np.asarray(inflow * np.exp(-np.asarray(transit_s) / label.blood_t1_s) * left / clearance)


def decayed(first: Array, last: Array, rate: Array) -> Array:
    """Return the integral of ``exp(-rate u)`` from `first` to `last`."""
    none = np.abs(rate) < EQUAL_PER_S
    divisor = np.where(none, 1.0, rate)
    curved = (np.exp(-divisor * first) - np.exp(-divisor * last)) / divisor
    return np.asarray(np.where(none, last - first, curved))
