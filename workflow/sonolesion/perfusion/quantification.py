"""Blood flow from the control-label difference: one factor an equation, one division for all."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Volume = NDArray[np.float32]
Array = NDArray[np.float64]
Number = float | NDArray[Any]
# From mL/g/s to mL/100 g/min.
PER_MINUTE = 6000.0
EQUATIONS = {
    "pcasl": "CBF = 6000 λ ΔM exp(PLD/T1b) / (2 α T1b M0 (1 - exp(-τ/T1b))), "
    "Alsop et al. 2015, doi:10.1002/mrm.25197, eq. 1",
    "pasl": "CBF = 6000 λ ΔM exp(TI/T1b) / (2 α TI1 M0), QUIPSS II, "
    "Alsop et al. 2015, doi:10.1002/mrm.25197, eq. 2",
    "ge": "CBF = 6000 λ (1 - exp(-ST/T1t)) exp(PLD/T1b) PW / "
    "(2 T1b (1 - exp(-LT/T1b)) ε NEX SF PD), GE 3D ASL product",
    "kinetic": "ΔM = 2 α (M0/λ) f T1' exp(-ATT/T1b) (exp(-max(PLD-ATT, 0)/T1') - "
    "exp(-max(τ+PLD-ATT, 0)/T1')), 1/T1' = 1/T1 + f/λ, f and ATT fitted, "
    "Buxton et al. 1998, doi:10.1002/mrm.1910400308, eq. 5",
    "kinetic_pasl": "ΔM = 2 α (M0/λ) f exp(-TI/T1') (exp(-k ATT) - exp(-k min(TI, ATT+TI1))) / k, "
    "k = 1/T1b - 1/T1', 1/T1' = 1/T1 + f/λ, f and ATT fitted, "
    "Buxton et al. 1998, doi:10.1002/mrm.1910400308, eq. 3",
    "given": "none: the scanner's own map of blood flow, passed through",
}


def pcasl_factor(
    *,
    labelling_s: float,
    delay_s: Number,
    blood_t1_s: float,
    efficiency: float,
    partition_ml_g: float,
) -> Array:
    """Return CBF per ΔM/M0 of (pseudo-)continuous labelling [mL/100 g/min].

    Parameters
    ----------
    labelling_s : float
        Duration of labelling [s].
    delay_s : float or ndarray
        From the end of labelling to the readout [s]; an array where slices differ.
    blood_t1_s : float
        T1 of blood [s].
    efficiency : float
        Share of the magnetisation that is inverted, after background suppression.
    partition_ml_g : float
        Blood-brain partition coefficient of water [mL/g].

    Raises
    ------
    ValueError
        If a constant is not above 0, the delay below 0, or the efficiency above 1.

    Notes
    -----
    Alsop et al. 2015, doi:10.1002/mrm.25197, eq. 1.

    Examples
    --------
    GE timing, α 0.85:

    >>> float(pcasl_factor(labelling_s=1.45, delay_s=2.025, blood_t1_s=1.65, efficiency=0.85,
    ...     partition_ml_g=0.9).round(1))
    11233.5
    """
    _require_positive(labelling_s, blood_t1_s, efficiency, partition_ml_g)
    if not (np.asarray(delay_s) >= 0).all():
        raise ValueError(f"a delay of {delay_s} s must be above 0, or 0")
    _require_share(efficiency)
    arrived = 2.0 * efficiency * blood_t1_s * -np.expm1(-labelling_s / blood_t1_s)
    decayed = np.exp(np.asarray(delay_s, float) / blood_t1_s)
    return np.asarray(PER_MINUTE * partition_ml_g * decayed / arrived)


def pasl_factor(
    *,
    bolus_s: float,
    inversion_s: Number,
    blood_t1_s: float,
    efficiency: float,
    partition_ml_g: float,
) -> Array:
    """Return CBF per ΔM/M0 of pulsed labelling whose bolus is cut off [mL/100 g/min].

    Parameters
    ----------
    bolus_s : float
        From labelling to the cut (TI1) [s].
    inversion_s : float or ndarray
        From labelling to the readout (TI) [s]; an array where slices differ.
    blood_t1_s, efficiency, partition_ml_g : float
        As in `pcasl_factor`.

    Raises
    ------
    ValueError
        If a constant is impossible, or a readout is before the cut.

    Notes
    -----
    QUIPSS II: Alsop et al. 2015, doi:10.1002/mrm.25197, eq. 2.
    """
    _require_positive(bolus_s, inversion_s, blood_t1_s, efficiency, partition_ml_g)
    _require_share(efficiency)
    if not (np.asarray(inversion_s) > bolus_s).all():
        raise ValueError(f"readout at {inversion_s} s is not after the cut at {bolus_s} s")
    decayed = np.exp(np.asarray(inversion_s, float) / blood_t1_s)
    return np.asarray(PER_MINUTE * partition_ml_g * decayed / (2.0 * efficiency * bolus_s))


def ge_factor(
    *,
    labelling_s: float,
    delay_s: float,
    saturation_s: float,
    tissue_t1_s: float,
    blood_t1_s: float,
    efficiency: float,
    partition_ml_g: float,
    n_excitations: float,
    scale: float,
) -> Array:
    """Return CBF per PW/PD of GE's product 3D ASL [mL/100 g/min].

    Parameters
    ----------
    labelling_s, delay_s : float
        Duration of labelling (LT), and from its end to the readout (PLD) [s].
    saturation_s : float
        Recovery of the proton-density image after its saturation (ST) [s].
    tissue_t1_s, blood_t1_s : float
        T1 of the proton-density image's tissue, and of blood [s].
    efficiency : float
        Of labelling and background suppression together (ε).
    partition_ml_g : float
        Blood-brain partition coefficient of water [mL/g].
    n_excitations : float
        NEX: the perfusion-weighted image is their sum.
    scale : float
        By how much more than proton density the perfusion-weighted image is amplified (SF).

    Notes
    -----
    The same as eq. 1 of Alsop et al. 2015, doi:10.1002/mrm.25197, with ``ΔM = PW / (SF NEX)``
    and ``M0 = PD / (1 - exp(-ST/T1t))``.

    Examples
    --------
    >>> float(ge_factor(labelling_s=1.45, delay_s=2.025, saturation_s=2.0, tissue_t1_s=1.2,
    ...     blood_t1_s=1.6, efficiency=0.6, partition_ml_g=0.9, n_excitations=3,
    ...     scale=32).round(1))
    141.4
    """
    _require_positive(saturation_s, tissue_t1_s, n_excitations, scale)
    consensus = pcasl_factor(
        labelling_s=labelling_s,
        delay_s=delay_s,
        blood_t1_s=blood_t1_s,
        efficiency=efficiency,
        partition_ml_g=partition_ml_g,
    )
    recovered = -np.expm1(-saturation_s / tissue_t1_s)
    return np.asarray(consensus * recovered / (n_excitations * scale))


def blood_flow(
    difference: NDArray[Any], calibration: NDArray[Any] | float, *, factor: Number
) -> Volume:
    """Return blood flow [mL/100 g/min].

    Parameters
    ----------
    difference : ndarray of shape (X, Y, Z)
        Control minus label, or what the scanner made of them.
    calibration : ndarray of shape (X, Y, Z) or float
        M0 of tissue, or the proton-density image, as the factor asks; same unit.
    factor : float or ndarray
        Of `pcasl_factor`, `pasl_factor` or `ge_factor`; broadcasts with the volume.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        NaN where the calibration is not above 0 or anything is not finite.
    """
    below = np.broadcast_to(np.asarray(calibration, float), difference.shape)
    sound = (below > 0) & np.isfinite(below) & np.isfinite(difference)
    above = np.where(sound, difference, np.nan).astype(np.float64)
    return np.asarray(factor * above / np.where(sound, below, 1.0), dtype=np.float32)


def _require_positive(*values: Number) -> None:
    if not all(bool((np.asarray(value) > 0).all()) for value in values):
        raise ValueError(f"constants {values} must be above 0")


def _require_share(efficiency: float) -> None:
    if efficiency > 1:
        raise ValueError(f"an efficiency of {efficiency} inverts more than there is")
