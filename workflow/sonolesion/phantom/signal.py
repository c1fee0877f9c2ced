"""Signal equations of the sequences, per tissue.

Every function returns the signal of unit volume of one tissue, signed, so that the signals
of the tissues of a voxel add up before the magnitude is taken.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Signal = NDArray[np.float64]


def spin_echo(
    *, t1_s: ArrayLike, t2_s: ArrayLike, density: ArrayLike, echo_s: float, repetition_s: float
) -> Signal:
    """Signal of a 90-180 spin echo.

    Parameters
    ----------
    t1_s, t2_s, density : array_like
        Relaxation times [s] and proton density; they broadcast.
    echo_s, repetition_s : float
        Echo and repetition time [s].

    Returns
    -------
    ndarray
        Signal, in units of the density.

    Notes
    -----
    ``PD (1 - 2 exp(-(TR - TE/2)/T1) + exp(-TR/T1)) exp(-TE/T2)``: the refocusing pulse at
    TE/2 inverts what had recovered. Hendrick 1984, doi:10.1016/0730-725X(84)90203-7.
    """
    t1, t2 = relaxation(t1_s, t2_s)
    recovered = 1 - 2 * np.exp(-(repetition_s - echo_s / 2) / t1) + np.exp(-repetition_s / t1)
    return np.asarray(density * recovered * np.exp(-echo_s / t2))


def inversion_spin_echo(
    *,
    t1_s: ArrayLike,
    t2_s: ArrayLike,
    density: ArrayLike,
    echo_s: float,
    repetition_s: float,
    inversion_s: float,
) -> Signal:
    """Signal of a 180-90-180 inversion recovery spin echo, signed.

    Parameters
    ----------
    t1_s, t2_s, density : array_like
        Relaxation times [s] and proton density; they broadcast.
    echo_s, repetition_s, inversion_s : float
        Echo, repetition and inversion time [s].

    Returns
    -------
    ndarray
        Signal, in units of the density; negative before the null point.

    Notes
    -----
    ``PD (1 - 2 exp(-TI/T1) + 2 exp(-(TR - TE/2)/T1) - exp(-TR/T1)) exp(-TE/T2)``,
    Hajnal 1992, doi:10.1097/00004728-199211000-00001.
    """
    t1, t2 = relaxation(t1_s, t2_s)
    recovered = (
        1
        - 2 * np.exp(-inversion_s / t1)
        + 2 * np.exp(-(repetition_s - echo_s / 2) / t1)
        - np.exp(-repetition_s / t1)
    )
    return np.asarray(density * recovered * np.exp(-echo_s / t2))


def inversion_gradient_train(
    *,
    t1_s: ArrayLike,
    t2_s: ArrayLike,
    density: ArrayLike,
    echo_s: float,
    repetition_s: float,
    inversion_s: float,
    flip_deg: float,
    echo_spacing_s: float,
    n_echoes: int,
) -> Signal:
    """Signal at the centre of an inversion-prepared train of gradient echoes, signed.

    Parameters
    ----------
    t1_s, t2_s, density : array_like
        Relaxation times [s] and proton density; they broadcast.
    echo_s, repetition_s, inversion_s : float
        Echo time, time between inversions, and from inversion to the centre of the train [s].
    flip_deg : float
        Flip angle of each readout [deg].
    echo_spacing_s : float
        Time between readouts [s].
    n_echoes : int
        Readouts in the train.

    Returns
    -------
    ndarray
        Signal, in units of the density.

    Notes
    -----
    Each stretch maps magnetisation as ``m -> a m + b``; the steady state is the fixed point of
    their product. Deichmann 2000, doi:10.1006/nimg.2000.0601; Marques 2010,
    doi:10.1016/j.neuroimage.2009.10.002, appendix. Spoiling and inversion are perfect.
    """
    t1, t2 = relaxation(t1_s, t2_s)
    half_s = echo_spacing_s * n_echoes / 2
    before = np.exp(-(inversion_s - half_s) / t1)
    after = np.exp(-(repetition_s - inversion_s - half_s) / t1)
    flip = np.deg2rad(flip_deg)
    per_readout = np.cos(flip) * np.exp(-echo_spacing_s / t1)
    train_limit = (1 - np.exp(-echo_spacing_s / t1)) / (1 - per_readout)
    whole, half = per_readout**n_echoes, per_readout ** (n_echoes / 2)
    # Inversion (m -> -m), recovery, train, recovery, in that order.
    gain = -before * whole * after
    offset = ((1 - before) * whole + train_limit * (1 - whole)) * after + (1 - after)
    steady = offset / (1 - gain)
    at_centre = (1 - before * (1 + steady)) * half + train_limit * (1 - half)
    # ASSUME: T2* of the short echo is T2; susceptibility is another contrast's business.
    return np.asarray(density * at_centre * np.sin(flip) * np.exp(-echo_s / t2))


def diffusion_spin_echo(
    *,
    t1_s: ArrayLike,
    t2_s: ArrayLike,
    density: ArrayLike,
    adc_mm2_s: ArrayLike,
    b_s_mm2: float,
    echo_s: float,
    repetition_s: float,
) -> Signal:
    """Signal of a spin echo with diffusion weighting.

    Parameters
    ----------
    t1_s, t2_s, density, adc_mm2_s : array_like
        Relaxation times [s], proton density and diffusion coefficient [mm²/s]; they broadcast.
    b_s_mm2 : float
        Diffusion weighting [s/mm²].
    echo_s, repetition_s : float
        Echo and repetition time [s].

    Returns
    -------
    ndarray
        Signal, in units of the density.

    Notes
    -----
    The spin echo times ``exp(-b D)``, Stejskal and Tanner 1965, doi:10.1063/1.1695690, eq. 31.
    """
    echo = spin_echo(
        t1_s=t1_s, t2_s=t2_s, density=density, echo_s=echo_s, repetition_s=repetition_s
    )
    return np.asarray(echo * np.exp(-b_s_mm2 * np.asarray(adc_mm2_s)))


def spoiled_gradient_echo(
    *,
    t1_s: ArrayLike,
    r2star_per_s: ArrayLike,
    density: ArrayLike,
    flip_deg: float,
    echo_s: float,
    repetition_s: float,
) -> Signal:
    """Signal of a perfectly spoiled gradient echo.

    Parameters
    ----------
    t1_s, r2star_per_s, density : array_like
        Longitudinal relaxation time [s], effective transverse rate [1/s], proton density;
        they broadcast.
    flip_deg : float
        Flip angle [deg].
    echo_s, repetition_s : float
        Echo and repetition time [s].

    Returns
    -------
    ndarray
        Signal, in units of the density.

    Notes
    -----
    ``PD sin a (1 - E1) / (1 - E1 cos a) exp(-TE R2*)``, Ernst 1966, doi:10.1063/1.1719961.
    """
    t1, t2star = relaxation(t1_s, 1 / np.asarray(r2star_per_s, dtype=np.float64))
    flip, recovery = np.deg2rad(flip_deg), np.exp(-repetition_s / t1)
    steady = np.sin(flip) * (1 - recovery) / (1 - recovery * np.cos(flip))
    return np.asarray(density * steady * np.exp(-echo_s / t2star))


def relaxation(t1_s: ArrayLike, t2_s: ArrayLike) -> tuple[Signal, Signal]:
    """Return both relaxation times [s] as arrays; raise `ValueError` unless positive."""
    t1, t2 = np.asarray(t1_s, dtype=np.float64), np.asarray(t2_s, dtype=np.float64)
    if not (np.all(t1 > 0) and np.all(t2 > 0)):
        raise ValueError("relaxation times must be positive")
    return t1, t2
