"""Whether a brain can have such a flow, and if not, which constant would explain it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sonolesion.core.errors import GateFailure

# Units that a map may be in by mistake, and the flow it then gives over the true one.
UNITS = {
    "the map is in mL/g/min, not mL/100 g/min": 1.0 / 100.0,
    "the map is in mL/100 g/s, not per minute": 1.0 / 60.0,
    "the map is in mL/g/s": 1.0 / 6000.0,
}
# Below this no labelling and no delay is meant: seconds that were divided by 1000 again.
SHORTEST_S = 0.02


@dataclass(frozen=True)
class Verdict:
    """Judgement of the median flow of grey matter.

    Attributes
    ----------
    passed : bool
        Whether the median is believed.
    median : float
        [mL/100 g/min]
    explanations : tuple of str
        What would explain a median that isn't, likeliest first; empty if nothing known does.
    """

    passed: bool
    median: float
    explanations: tuple[str, ...]


def mistakes(
    *,
    labelling_s: float,
    delay_s: float,
    blood_t1_s: float,
    m0_recovered: float,
    scale: float,
    n_excitations: float | None,
    usual_excitations: float,
    usual_delay_s: float,
    n_differences: int,
) -> dict[str, float]:
    """Return known mistakes, likeliest first, each with the flow it gives over the true one.

    Parameters
    ----------
    labelling_s, delay_s, blood_t1_s : float
        Labelling duration (that of the bolus of pulsed labelling), delay and T1 of blood, as
        used [s].
    m0_recovered : float
        Share of M0 that had recovered in the calibration scan.
    scale : float
        By how much GE amplifies the perfusion-weighted image (32).
    n_excitations : float or None
        NEX of the scan (GE sums them); None where it isn't told.
    usual_excitations : float
        NEX that is tried where it isn't told.
    usual_delay_s : float
        Delay that is tried in place of the one told [s].
    n_differences : int
        Differences of the series.
    """
    n_sums = n_excitations or usual_excitations
    both = scale * n_sums
    recovered = f"its repetition time ({100 * m0_recovered:.0f} % recovered)"
    labelled = math.exp(labelling_s / blood_t1_s)
    return {
        f"ΔM was not divided by the scale {scale:g} of the scanner": scale,
        f"ΔM was not divided by {both:g} = {scale:g} x NEX {n_sums:g}": both,
        f"ΔM was not divided by NEX {n_sums:g}": n_sums,
        f"ΔM is the sum of {n_differences} differences, not their mean": float(n_differences),
        f"ΔM was divided by the scale {scale:g}, which it hasn't": 1.0 / scale,
        f"ΔM was divided by {both:g} = {scale:g} x NEX {n_sums:g}, which it hasn't": 1.0 / both,
        f"ΔM was divided by NEX {n_sums:g} twice": 1.0 / n_sums,
        "control and label are exchanged": -1.0,
        **_thousandths(labelling_s, delay_s, blood_t1_s),
        f"PLD is not the {delay_s:g} s that is told ({usual_delay_s:g} s is usual)": math.exp(
            (delay_s - usual_delay_s) / blood_t1_s
        ),
        f"PLD was not applied ({delay_s:g} s)": math.exp(-delay_s / blood_t1_s),
        f"PLD holds the labelling duration too ({labelling_s:g} of {delay_s:g} s)": labelled,
        f"PLD lacks the labelling duration ({labelling_s:g} s)": 1.0 / labelled,
        f"M0 was not corrected for {recovered}": 1.0 / m0_recovered,
        f"M0 was corrected twice for {recovered}": m0_recovered,
        "ΔM and M0 have scales that differ by 10": 10.0,
        "M0 and ΔM have scales that differ by 10": 0.1,
        "ΔM/M0 is in percent": 100.0,
    } | UNITS


def _thousandths(labelling_s: float, delay_s: float, blood_t1_s: float) -> dict[str, float]:
    """Return times that were taken for milliseconds, each with what it does to flow."""
    found = {}
    if labelling_s < SHORTEST_S:
        short, whole = (-math.expm1(-n * labelling_s / blood_t1_s) for n in (1.0, 1000.0))
        found[f"labelling of {labelling_s:g} s was divided by 1000 twice"] = whole / short
    if 0 < delay_s < SHORTEST_S:
        words = f"PLD of {delay_s:g} s was divided by 1000 twice"
        found[words] = math.exp((delay_s - 1000.0 * delay_s) / blood_t1_s)
    if len(found) == 2:
        found["labelling and PLD were divided by 1000 twice"] = math.prod(found.values())
    return found


def judge(
    median: float,
    known: Mapping[str, float],
    *,
    min_cbf: float,
    max_cbf: float,
    usual_cbf: float,
    tolerance: float,
) -> Verdict:
    """Return whether a median flow of grey matter is believed, and what would explain it.

    Parameters
    ----------
    median : float
        Of grey matter [mL/100 g/min].
    known : mapping
        Of `mistakes`.
    min_cbf, max_cbf : float
        Range that is believed [mL/100 g/min].
    usual_cbf : float
        What grey matter usually has [mL/100 g/min].
    tolerance : float
        Factor about `usual_cbf` into which a mistake, undone, must bring the median.

    Examples
    --------
    >>> known = mistakes(labelling_s=1.45, delay_s=2.025, blood_t1_s=1.65, m0_recovered=1.0,
    ...     scale=32, n_excitations=3, usual_excitations=3, usual_delay_s=1.8, n_differences=1)
    >>> limits = {"min_cbf": 20, "max_cbf": 120, "usual_cbf": 50, "tolerance": 1.6}
    >>> judge(96 * 52.0, known, **limits).explanations[0]
    'ΔM was not divided by 96 = 32 x NEX 3'
    """
    if min_cbf <= median <= max_cbf:
        return Verdict(True, median, ())
    return Verdict(False, median, explained(median / usual_cbf, known, tolerance=tolerance))


def explained(ratio: float, known: Mapping[str, float], *, tolerance: float) -> tuple[str, ...]:
    """Return the mistakes that leave no more than a factor of a ratio, likeliest first.

    Parameters
    ----------
    ratio : float
        Flow over what it should be: over that of brains, or over the scanner's own map.
    known : mapping
        Of `mistakes`.
    tolerance : float
        That factor.

    Examples
    --------
    >>> explained(3.02, {"NEX": 3.0, "scale": 32.0}, tolerance=1.15)
    ('NEX',)
    """
    # Not by nearness: brains differ by more than a factor of 2, so the likeliest stay first.
    return tuple(
        words
        for words, mistaken in known.items()
        if math.isfinite(ratio)
        and ratio / mistaken > 0
        and mistaken != 1.0
        and abs(math.log(ratio / mistaken)) <= math.log(tolerance)
    )


def require_plausible(verdict: Verdict, *, min_cbf: float, max_cbf: float, file: str) -> None:
    """Raise `GateFailure` with what would explain it, unless the median is believed."""
    if verdict.passed:
        return
    cause = "; or ".join(verdict.explanations) or "none of the known mistakes fits"
    raise GateFailure(
        file=file,
        found=f"a median flow of grey matter of {verdict.median:.4g} mL/100 g/min",
        expected=f"{min_cbf:g} to {max_cbf:g} mL/100 g/min",
        remedy=f"check: {cause}",
    )
