"""What a lesion's result rests on: its record, the contrasts, the test, and who outlined it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonolesion.report import wording
from sonolesion.report.findings import Finding
from sonolesion.report.records import File, Intervention, Reader, find

OUTCOMES = {"measured": "visible", "not_visible": "not visible"}


@dataclass(frozen=True)
class Basis:
    """What one visit's result rests on; texts are ready to be read.

    Attributes
    ----------
    used, left_out
        Contrasts that were compared, and (contrast, why) of the others.
    coverage
        (contrast, share of the place searched that its scan covers).
    test : str
        Statistic, p and log odds of the search.
    outline : str
        Who outlined the lesion, and how that agrees with the automatic outline.
    missing : str
        Why there is no record; empty if there is one.
    """

    session: str
    day: float | None
    baseline: str = ""
    used: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    coverage: tuple[tuple[str, float], ...] = ()
    test: str = ""
    outline: str = ""
    missing: str = ""


def read(
    files: Sequence[File],
    reader: Reader,
    found: Sequence[Finding],
    treatment: Intervention,
    follow_ups: Mapping[str, Mapping[str, Any]],
) -> list[Basis]:
    """Return what each visit of a treatment rests on.

    Parameters
    ----------
    follow_ups : mapping
        Session → what the plan says of it: ``contrasts`` and ``left_out``.
    """
    return [
        _basis(files, reader, finding, treatment, follow_ups.get(finding.session, {}))
        for finding in found
    ]


def _basis(
    files: Sequence[File],
    reader: Reader,
    finding: Finding,
    treatment: Intervention,
    planned: Mapping[str, Any],
) -> Basis:
    file = find(files, "lesion", ".json", ses=finding.session, desc=treatment.id)
    if file is None:
        left_out = tuple(sorted(planned.get("left_out", {}).items()))
        missing = f"No current record ({finding.word})" if finding.reason else "No current record"
        reason = f"{missing}: {finding.reason}" if finding.reason else missing
        return Basis(
            finding.session, finding.days, treatment.baseline, left_out=left_out, missing=reason
        )
    told = reader.json(file.path)
    return Basis(
        session=finding.session,
        day=finding.days,
        baseline=str(told.get("baseline", "")),
        used=tuple(told.get("contrasts_used", ())),
        left_out=tuple(sorted(told.get("contrasts_left_out", {}).items())),
        coverage=tuple((told.get("coverage") or {}).items()),
        test=test(told),
        outline=outline(told),
    )


def test(told: Mapping[str, Any]) -> str:
    """Write statistic, p, and how much more likely the fitted lesion is than no change."""
    if told.get("p") is None:
        return "no test"
    parts = [wording.p_value(told["p"])]
    if told.get("statistic") is not None:
        parts.append(f"statistic {wording.number(told['statistic'], decimals=1)}")
    if told.get("null_peaks") is not None:
        against = told.get("null_quantiles", {}).get("1")
        largest = f", largest {wording.number(against, decimals=1)}" if against is not None else ""
        parts.append(f"{wording.plural(told['null_peaks'], 'peak')} of chance{largest}")
    if told.get("log_odds") is not None:
        parts.append(f"log odds {wording.number(told['log_odds'], decimals=0, signed=True)}")
    return "; ".join(parts)


def outline(told: Mapping[str, Any]) -> str:
    """Say who outlined the lesion; for a person's outline, how it agrees with the automatic."""
    source, correction = told.get("source", "automatic"), told.get("correction") or {}
    if source != "corrected":
        return "learned model" if source == "learned" else "automatic"
    search = OUTCOMES.get(str(told.get("automatic", {}).get("outcome")), "unknown")
    parts = [f"by hand; the search itself: {search}"]
    if correction.get("dice") is not None:
        parts.append(f"Dice against the automatic outline {correction['dice']:.2f}")
    if correction.get("hd95_mm") is not None:
        parts.append(f"95 % of surfaces within {correction['hd95_mm']:.1f} mm")
    if correction.get("automatic_mm3") is not None:
        ours, theirs = (correction.get(f"{who}_mm3") for who in ("automatic", "corrected"))
        parts.append(f"automatic {wording.volume(ours)}, by hand {wording.volume(theirs)}")
    return "; ".join(parts)
