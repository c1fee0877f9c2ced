"""Was a visit scanned as the baseline was: the protocol's fingerprint, and its drift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sonolesion.core.protocol import COLUMNS
from sonolesion.core.settings.ingest import Protocol

AGENT = "ContrastBolusIngredient"
VOXEL = "VoxelSize"
NO_AGENT = "none"


def facts(
    sidecar: Mapping[str, Any],
    voxel_mm: Sequence[float],
    entities: Mapping[str, str],
    settings: Protocol,
) -> dict[str, Any]:
    """Return what a scan's protocol is compared by: key → number, numbers or words.

    Parameters
    ----------
    sidecar : mapping
        Metadata of the scan.
    voxel_mm : sequence of float
        Voxel edges [mm].
    entities : mapping
        Entities of its name: ``ce`` tells the contrast agent too.
    """
    wanted = {*settings.tolerances, *settings.words}
    found = {name: sidecar[name] for name in wanted if sidecar.get(name) not in (None, "")}
    agent = sidecar.get(AGENT) or entities.get("ce") or NO_AGENT
    return dict(sorted((found | {AGENT: agent, VOXEL: list(voxel_mm)}).items()))


def has_agent(found: Mapping[str, Any]) -> bool:
    """Return whether a contrast agent was given."""
    return str(found.get(AGENT, NO_AGENT)).strip().lower() != NO_AGENT


def differences(
    baseline: Mapping[str, Any], visit: Mapping[str, Any], settings: Protocol
) -> Iterator[dict[str, str]]:
    """Yield key, both values and severity of what differs beyond its tolerance.

    What only one of the two visits tells is no difference.
    """
    for name in sorted({*baseline} & {*visit}):
        if not _alike(baseline[name], visit[name], settings.tolerances.get(name)):
            severity = "major" if name in settings.major else "drift"
            values = {"baseline": told(baseline[name]), "value": told(visit[name])}
            yield {"key": name, **values, "severity": severity}


def _alike(first: Any, second: Any, tolerance: float | None) -> bool:
    one, two = _numbers(first), _numbers(second)
    if tolerance is None or one is None or two is None:
        return _words(first) == _words(second)
    return len(one) == len(two) and all(
        abs(a - b) <= tolerance * max(abs(a), abs(b)) for a, b in zip(one, two, strict=True)
    )


def _numbers(value: Any) -> list[float] | None:
    items = value if isinstance(value, list) else [value]
    sound = all(isinstance(item, int | float) and not isinstance(item, bool) for item in items)
    return [float(item) for item in items] if sound else None


def _words(value: Any) -> str:
    return " ".join(told(value).lower().split())


def told(value: Any) -> str:
    """Return a value as the table shows it."""
    items = value if isinstance(value, list) else [value]
    return " x ".join(f"{item:g}" if isinstance(item, float) else str(item) for item in items)


def rows(
    subject: str,
    scans: Mapping[tuple[str, str], Mapping[str, Any]],
    pairs: Sequence[tuple[str, str]],
    settings: Protocol,
) -> list[dict[str, str]]:
    """Return the rows of ``protocol.tsv`` of one subject.

    Parameters
    ----------
    scans : mapping
        (session, modality) → `facts`, of every scan that is used.
    pairs : sequence of (str, str)
        Visit and the baseline that it is compared with.
    """
    found = []
    for visit, baseline in dict.fromkeys(pairs):
        for (session, modality), later in scans.items():
            before = scans.get((baseline, modality))
            if session != visit or before is None:
                continue
            place = (f"sub-{subject}", f"ses-{visit}", modality)
            for change in differences(before, later, settings):
                named = dict(zip(COLUMNS, place, strict=False))
                found.append(named | change | {"baseline_session_id": f"ses-{baseline}"})
    return found


def note(changes: Sequence[Mapping[str, str]]) -> str:
    """Return what the inventory says of a scan whose protocol changed; "" if none did."""
    parts = [
        f"{row['key']} {row['baseline']} to {row['value']} ({row['severity']})" for row in changes
    ]
    since = " and ".join(dict.fromkeys(row["baseline_session_id"] for row in changes))
    return f"changed since {since}: {', '.join(parts)}" if parts else ""
