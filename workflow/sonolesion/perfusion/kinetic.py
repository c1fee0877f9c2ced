"""What arterial spin labelling measures of a flow: the general kinetic model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.perfusion.quantification import PER_MINUTE, pasl_factor, pcasl_factor

Array = NDArray[np.float64]
Number = float | NDArray[Any]


def apparent_t1(*, tissue_t1_s: Number, cbf: Number, partition_ml_g: float) -> Array:
    """Return T1 of tissue shortened by the outflow of label [s].

    Parameters
    ----------
    tissue_t1_s : float or ndarray
        T1 of tissue without flow [s].
    cbf : float or ndarray
        Flow [mL/100 g/min].
    partition_ml_g : float
        Blood-brain partition coefficient of water [mL/g].

    Notes
    -----
    ``1/T1' = 1/T1 + f/λ``: Buxton et al. 1998, doi:10.1002/mrm.1910400308, eq. 2.
    """
    rate = 1.0 / np.asarray(tissue_t1_s, float) + np.asarray(cbf, float) / (
        PER_MINUTE * partition_ml_g
    )
    return np.asarray(1.0 / rate)


def pcasl_response(
    *,
    transit_s: Number,
    labelling_s: Number,
    delay_s: Number,
    blood_t1_s: float,
    apparent_t1_s: Number,
) -> Array:
    """Return the label in tissue per flow after (pseudo-)continuous labelling [s].

    Parameters
    ----------
    transit_s : float or ndarray
        Transit from the labelling plane to the tissue [s].
    labelling_s, delay_s : float or ndarray
        Duration of labelling, and delay from its end to the readout [s].
    blood_t1_s : float
        T1 of blood [s].
    apparent_t1_s : float or ndarray
        Of `apparent_t1` [s].

    Returns
    -------
    ndarray
        Of the shape that all broadcast to; 0 where no label has arrived.

    Notes
    -----
    Buxton et al. 1998, doi:10.1002/mrm.1910400308, eq. 5, without ``2 M0 f α``.

    Examples
    --------
    >>> float(pcasl_response(transit_s=1.0, labelling_s=1.8, delay_s=1.8, blood_t1_s=1.65,
    ...     apparent_t1_s=1.65).round(6))
    0.368073
    """
    transit = np.asarray(transit_s, float)
    since_last = np.maximum(delay_s - transit, 0.0)
    since_first = np.maximum(labelling_s + np.asarray(delay_s, float) - transit, 0.0)
    stay = np.asarray(apparent_t1_s, float)
    held = np.exp(-since_last / stay) - np.exp(-since_first / stay)
    return np.asarray(stay * np.exp(-transit / blood_t1_s) * held)


def pasl_response(
    *,
    transit_s: Number,
    bolus_s: Number,
    inversion_s: Number,
    blood_t1_s: float,
    apparent_t1_s: Number,
) -> Array:
    """Return the label in tissue per flow after pulsed labelling [s].

    Parameters
    ----------
    transit_s : float or ndarray
        Transit from the labelled slab to the tissue [s].
    bolus_s, inversion_s : float or ndarray
        Duration of the bolus (TI1 where it is cut off), and time from labelling to the
        readout (TI) [s].
    blood_t1_s : float
        T1 of blood [s].
    apparent_t1_s : float or ndarray
        Of `apparent_t1` [s].

    Returns
    -------
    ndarray
        Of the shape that all broadcast to; 0 where no label has arrived.

    Notes
    -----
    Buxton et al. 1998, doi:10.1002/mrm.1910400308, eq. 3, without ``2 M0 f α``.
    """
    transit = np.asarray(transit_s, float)
    time = np.asarray(inversion_s, float)
    stay = np.asarray(apparent_t1_s, float)
    width = np.clip(time - transit, 0.0, bolus_s)
    rate = 1.0 / blood_t1_s - 1.0 / stay
    # The integral of exp(-rate u) over the bolus; its limit is the width where both T1 agree.
    exponent = np.broadcast_to(rate * width, np.broadcast_shapes(rate.shape, width.shape))
    small = np.abs(exponent) < 1e-8
    mean = np.where(small, 1.0, -np.expm1(-exponent) / np.where(small, 1.0, exponent))
    return np.asarray(np.exp(-time / stay - rate * transit) * width * mean)


def signal(response_s: Number, *, cbf: Number, efficiency: float, blood_m0: Number) -> Array:
    """Return the control-label difference in the unit of `blood_m0`.

    Parameters
    ----------
    response_s : float or ndarray
        Of `pcasl_response` or `pasl_response` [s].
    cbf : float or ndarray
        Flow [mL/100 g/min].
    efficiency : float
        Share of the magnetisation that is inverted.
    blood_m0 : float or ndarray
        Magnetisation of arterial blood: that of tissue over the partition coefficient.
    """
    flow_per_s = np.asarray(cbf, float) / PER_MINUTE
    return np.asarray(2.0 * efficiency * np.asarray(blood_m0) * flow_per_s * response_s)


def consensus_bias(
    *,
    cbf: Number,
    transit_s: Number,
    tissue_t1_s: float,
    labelling_s: float,
    delay_s: float,
    blood_t1_s: float,
    partition_ml_g: float,
) -> Array:
    """Return what the consensus equation of pCASL tells of a flow, over that flow.

    Parameters
    ----------
    cbf, transit_s : float or ndarray
        True flow [mL/100 g/min] and transit time [s].
    tissue_t1_s : float
        T1 of the tissue [s]; the equation takes that of blood throughout.
    labelling_s, delay_s, blood_t1_s, partition_ml_g
        As in `pcasl_response` and `apparent_t1`.

    Notes
    -----
    The equation assumes that label stays in blood and has all arrived (Alsop et al. 2015,
    doi:10.1002/mrm.25197): below 1 in tissue, more so in white matter, whose T1 is shorter.
    """
    stay = apparent_t1(tissue_t1_s=tissue_t1_s, cbf=cbf, partition_ml_g=partition_ml_g)
    response = pcasl_response(
        transit_s=transit_s,
        labelling_s=labelling_s,
        delay_s=delay_s,
        blood_t1_s=blood_t1_s,
        apparent_t1_s=stay,
    )
    factor = pcasl_factor(
        labelling_s=labelling_s,
        delay_s=delay_s,
        blood_t1_s=blood_t1_s,
        efficiency=1.0,
        partition_ml_g=partition_ml_g,
    )
    return _read_over_true(response, factor, cbf=cbf, partition_ml_g=partition_ml_g)


def quipss_bias(
    *,
    cbf: Number,
    transit_s: Number,
    tissue_t1_s: float,
    bolus_s: float,
    inversion_s: float,
    blood_t1_s: float,
    partition_ml_g: float,
) -> Array:
    """Return what the consensus equation of pulsed labelling tells of a flow, over that flow.

    Parameters
    ----------
    cbf, transit_s, tissue_t1_s, blood_t1_s, partition_ml_g
        As in `consensus_bias`.
    bolus_s, inversion_s : float
        As in `pasl_response`.

    Notes
    -----
    Alsop et al. 2015, doi:10.1002/mrm.25197, eq. 2.
    """
    stay = apparent_t1(tissue_t1_s=tissue_t1_s, cbf=cbf, partition_ml_g=partition_ml_g)
    response = pasl_response(
        transit_s=transit_s,
        bolus_s=bolus_s,
        inversion_s=inversion_s,
        blood_t1_s=blood_t1_s,
        apparent_t1_s=stay,
    )
    factor = pasl_factor(
        bolus_s=bolus_s,
        inversion_s=inversion_s,
        blood_t1_s=blood_t1_s,
        efficiency=1.0,
        partition_ml_g=partition_ml_g,
    )
    return _read_over_true(response, factor, cbf=cbf, partition_ml_g=partition_ml_g)


def _read_over_true(
    response_s: Array, factor: Array, *, cbf: Number, partition_ml_g: float
) -> Array:
    """Return the flow that an equation reads of a response, over the true one."""
    measured = signal(response_s, cbf=cbf, efficiency=1.0, blood_m0=1.0 / partition_ml_g)
    return np.asarray(factor * measured / cbf)
