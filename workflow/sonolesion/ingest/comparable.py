"""Which contrasts two visits share, and why the others are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sonolesion.core.bids import CONTRASTS_OF
from sonolesion.ingest import protocol
from sonolesion.ingest.inventory import Row


def contrasts(
    rows: Sequence[Row], *, baseline: str, session: str, enhanced_left_out: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """Return the contrasts usable at both visits, and contrast → reason of those that are not.

    What neither visit acquired is in neither.

    Parameters
    ----------
    rows : sequence of Row
        Of one subject.
    baseline, session : str
        The two visits.
    enhanced_left_out : sequence of str
        Contrasts that tell nothing once a contrast agent was given.
    """
    placed = {(row.session, row.modality): row for row in rows}
    both: list[str] = []
    left_out: dict[str, str] = {}
    for modality, names in CONTRASTS_OF.items():
        before, after = placed.get((baseline, modality)), placed.get((session, modality))
        for name in names:
            if name in _usable(before) and name in _usable(after):
                reason = _enhanced(before, after) if name in enhanced_left_out else ""
            elif _acquired(before) or _acquired(after):
                reason = _lacking(before, name, "at the baseline") or _lacking(
                    after, name, "at this visit"
                )
            else:
                continue
            if reason:
                left_out[name] = reason
            else:
                both.append(name)
    return both, left_out


def _usable(row: Row | None) -> tuple[str, ...]:
    return row.use.contrasts if row is not None and row.state == "run" else ()


def _acquired(row: Row | None) -> bool:
    return row is not None and row.state != "absent"


def _lacking(row: Row | None, name: str, when: str) -> str:
    """Return why a contrast can't be used at one of the visits; "" if it can."""
    if name in _usable(row):
        return ""
    if row is None or row.state == "absent":
        return f"not {when}"
    if row.state == "run":
        return f"not {when}: {row.reason}"
    return f"{row.state} {when}: {row.reason}"


def _enhanced(before: Row | None, after: Row | None) -> str:
    """Return that a contrast agent was given, and when; "" if none was."""
    for row, when in ((after, "at this visit"), (before, "at the baseline")):
        if row is not None and protocol.has_agent(row.use.protocol):
            agent = row.use.protocol[protocol.AGENT]
            return f"contrast agent given {when} ({agent}): enhancement is not lesion"
    return ""


def note(found: Sequence[str], left_out: Mapping[str, str]) -> str:
    """Return what the inventory says of the contrasts of a visit; "" if none is missing."""
    parts = [f"one contrast only ({found[0]})"] if len(found) == 1 else []
    parts += [f"{name} left out, {reason}" for name, reason in left_out.items()]
    return "; ".join(parts)
