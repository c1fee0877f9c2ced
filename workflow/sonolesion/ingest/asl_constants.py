"""Every constant of the equation of blood flow, with value, unit and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sonolesion.core.errors import InputFault
from sonolesion.core.settings import Section
from sonolesion.core.settings.perfusion import Perfusion
from sonolesion.maths import asl_protocol, asl_timing

CONFIGURED = "study configuration"
Constant = dict[str, Any]


def collect(
    equation: str,
    sidecar: Mapping[str, Any],
    settings: Perfusion,
    *,
    delay_s: Sequence[float],
    labelling_s: Sequence[float],
    recovery_s: float | None,
    estimate: float | None,
    file: str,
) -> dict[str, Constant]:
    """Return name → symbol, words, value, unit, source.

    Parameters
    ----------
    equation : str
        Key of the equations of the perfusion stage.
    delay_s, labelling_s : sequence of float
        Of each timing, shortest delay first [s].
    recovery_s : float or None
        Repetition time of M0 [s]; None where M0 needs no correction for it.
    estimate : float or None
        M0 where it is one number.
    file : str
        The sidecar, for messages.

    Raises
    ------
    InputFault
        If one is missing.
    """
    pulsed = equation in {"pasl", "kinetic_pasl"}
    found = {
        "partition_ml_g": setting(
            settings.constants, "partition_ml_g", "λ", "partition coefficient of water"
        )
    }
    if equation == "ge":
        found |= _ge(settings, file)
    else:
        found |= _blood(sidecar, settings, file)
    if pulsed:
        bolus_s = asl_timing.bolus_s(
            cut_off=sidecar.get("BolusCutOffFlag"),
            technique=sidecar.get("BolusCutOffTechnique"),
            delay_s=sidecar.get("BolusCutOffDelayTime"),
            max_s=settings.labelling.max_time_s,
            file=file,
        )
        found["bolus_s"] = of("TI1", "bolus", bolus_s, "s", "sidecar, BolusCutOffDelayTime")
    else:
        symbol = "LT" if equation == "ge" else "τ"
        duration = _one_or_all(labelling_s)
        found["labelling_s"] = of(symbol, "label", duration, "s", "sidecar, LabelingDuration")
    words, symbol = ("inversion time", "TI") if pulsed else ("delay", "PLD")
    delays = _one_or_all(delay_s)
    found["delay_s"] = of(symbol, words, delays, "s", "sidecar, PostLabelingDelay")
    return found | _m0(equation, settings, recovery_s, estimate)


def _ge(settings: Perfusion, file: str) -> dict[str, Constant]:
    ge = settings.ge
    if ge.n_excitations is None:
        raise InputFault(
            file=file,
            found="no NEX: perfusion.ge.n_excitations is not given",
            expected="the NEX of the protocol, which the scanner sums",
            remedy="give perfusion.ge.n_excitations in the configuration; BIDS has no key for it",
        )
    return {
        "blood_t1_s": setting(ge, "blood_t1_s", "T1b", "T1 of blood"),
        "efficiency": setting(ge, "efficiency", "ε", "labelling and suppression"),
        "saturation_s": setting(ge, "saturation_s", "ST", "recovery of the proton density"),
        "tissue_t1_s": setting(ge, "tissue_t1_s", "T1t", "T1 of tissue"),
        "n_excitations": setting(ge, "n_excitations", "NEX", "excitations, summed"),
        "scale": setting(ge, "scale", "SF", "amplification of the weighted image"),
    }


def _blood(sidecar: Mapping[str, Any], settings: Perfusion, file: str) -> dict[str, Constant]:
    """Return T1 of blood at the field of the scan, and the efficiency with what it is made of."""
    field = sidecar.get("MagneticFieldStrength")
    t1_s = asl_protocol.blood_t1(field, known=settings.constants.blood_t1_s, file=file)
    labelling = settings.labelling
    pulses = sidecar.get("BackgroundSuppressionNumberPulses")
    told = asl_protocol.labelling_efficiency(
        sidecar["ArterialSpinLabelingType"],
        measured=sidecar.get("LabelingEfficiency"),
        usual=labelling.efficiency,
        background_suppression=sidecar.get("BackgroundSuppression"),
        n_pulses=labelling.suppression_pulses if pulses is None else pulses,
        pulse_efficiency=labelling.pulse_efficiency,
        total=labelling.total_efficiency,
        file=file,
    )
    words = told.words
    suppressed = sidecar.get("BackgroundSuppression") and labelling.total_efficiency is None
    if suppressed and pulses is None:
        words += f", their number from the {CONFIGURED}"
    known = setting(settings.constants, "blood_t1_s", "T1b", "T1 of blood")
    return {
        "blood_t1_s": known | {"value": t1_s, "source": f"{known['source']}, at {field:g} T"},
        "efficiency": of("α", "labelling efficiency", told.value, "1", words),
    }


def _m0(
    equation: str, settings: Perfusion, recovery_s: float | None, estimate: float | None
) -> dict[str, Constant]:
    """Return what M0 is corrected by, and T1 of the tissues of the kinetic model."""
    constants = settings.constants
    found = {
        "m0_scale": setting(settings.calibration, "m0_scale", "k", "scale of M0"),
    }
    if estimate is not None:
        found["m0"] = of("M0", "M0 of tissue", estimate, "1", "sidecar, M0Estimate")
    grey = setting(constants, "grey_t1_s", "T1", "T1 of grey matter")
    if recovery_s is not None:
        source = "sidecar, RepetitionTimePreparation"
        found["recovery_s"] = of("TR", "repetition time of M0", recovery_s, "s", source)
        found["grey_t1_s"] = grey
    if equation.startswith("kinetic"):
        found["grey_t1_s"] = grey
        found["white_t1_s"] = setting(constants, "white_t1_s", "T1w", "T1 of white matter")
    return found


def setting(section: Section, name: str, symbol: str, words: str) -> Constant:
    """Return a constant that is a setting; its source is the user's where it was changed."""
    info = type(section).model_fields[name]
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    value = getattr(section, name)
    source = str(extra.get("source") or "") if value == info.default else CONFIGURED
    return of(symbol, words, value, str(extra.get("unit") or "1"), source)


def of(symbol: str, words: str, value: Any, unit: str, source: str) -> Constant:
    """Return one constant."""
    return {"symbol": symbol, "words": words, "value": value, "unit": unit, "source": source}


def plain(value: float | Sequence[float]) -> str:
    """Return a number, or the range of several."""
    several = [value] if isinstance(value, int | float) else list(value)
    ends = dict.fromkeys(f"{v:g}" for v in (min(several), max(several)))
    return " to ".join(ends)


def _one_or_all(values: Sequence[float]) -> float | list[float]:
    return values[0] if len(values) == 1 else list(values)
