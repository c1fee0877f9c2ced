"""What follows from the inventory: baselines, follow-ups, and the steps to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sonolesion.core.bids import LESION_CONTRASTS
from sonolesion.core.tables import MISSING
from sonolesion.ingest.interventions import Intervention
from sonolesion.ingest.inventory import Row, plain_day

NO_BASELINE = "mend or add a T1w session before the first treatment"
NO_PLAN = "list the treatment and its planned target in phenotype/interventions.tsv"


@dataclass(frozen=True)
class Job:
    """One step to run: the rule's name, its wildcards, and the modality it serves."""

    rule: str
    wildcards: dict[str, str]
    modality: str


@dataclass(frozen=True)
class Subject:
    """Everything that is planned for one subject.

    Attributes
    ----------
    baseline : str
        First baseline session, from which space, warp and tissue maps come; "" if none.
    sessions : dict
        Session label → ``day`` [d] and ``scans`` (modality → path) that will run.
    interventions : dict
        Intervention id → ``day``, ``side``, ``target``, ``baseline`` and ``follow_ups``
        (session → ``day_after`` and ``contrasts``). The arm is not in here.
    """

    label: str
    baseline: str
    sessions: dict[str, dict[str, Any]]
    interventions: dict[str, dict[str, Any]]


def plan_subject(
    label: str, rows: Sequence[Row], interventions: Sequence[Intervention]
) -> tuple[Subject, list[Row]]:
    """Plan one subject; return the plan and the rows, with the lesion's own added."""
    interventions = [_with_known_image(item, rows) for item in interventions]
    sound = [item for item in interventions if not item.fault]
    first_day = min((item.day for item in sound if item.day is not None), default=0.0)
    baseline = _last_before(first_day, rows)
    if not baseline:
        rows = [_blocked_without_baseline(row, first_day) for row in rows]
    sessions = _sessions(rows)
    planned = {
        item.intervention: _planned(item, sound, rows, sessions)
        for item in sorted(sound, key=lambda i: (i.day or 0.0, i.intervention))
    }
    subject = Subject(label, baseline, sessions, planned if baseline else {})
    return subject, [*rows, *_lesion_rows(subject, rows, interventions, first_day)]


def _with_known_image(item: Intervention, rows: Sequence[Row]) -> Intervention:
    """Refuse a target in millimetres of a scan that will not be registered."""
    image = item.target.get("image")
    usable = {row.file for row in rows if row.state == "run" and row.modality in LESION_CONTRASTS}
    if image is None or image in usable:
        return item
    return replace(
        item,
        fault=f"target_image {image} is no usable T1w, T2w or FLAIR of sub-{item.subject}",
        remedy="name the scan relative to the data set, or mend that scan",
    )


def _last_before(day: float, rows: Sequence[Row]) -> str:
    """Return the last session before a day that has a usable T1w."""
    before = [
        (row.day, row.session)
        for row in rows
        if row.modality == "T1w" and row.state == "run" and row.day is not None and row.day < day
    ]
    return max(before)[1] if before else ""


def _blocked_without_baseline(row: Row, first_day: float) -> Row:
    if row.state != "run":
        return row
    reason = f"no baseline: no usable T1w before the first treatment (day {first_day:g})"
    return replace(row, state="blocked", reason=reason, remedy=NO_BASELINE)


def _sessions(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    sessions: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.state == "run":
            session = sessions.setdefault(row.session, {"day": row.day, "scans": {}})
            session["scans"][row.modality] = row.file
    return sessions


def _planned(
    item: Intervention,
    others: Sequence[Intervention],
    rows: Sequence[Row],
    sessions: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Return baseline, target and follow-ups of one intervention.

    A session belongs to it from its day on, until the same side is treated again.
    """
    day = item.day or 0.0
    again = [o.day for o in others if o.side == item.side and o.day is not None and o.day > day]
    baseline = _last_before(day, rows)
    end = min(again, default=float("inf"))
    follow_ups = {
        session: {
            "day_after": round(facts["day"] - day, 2),
            "contrasts": _shared_contrasts(sessions, baseline, session),
        }
        for session, facts in sessions.items()
        if day < facts["day"] < end
    }
    return {
        "day": day,
        "side": item.side,
        "target": item.target,
        "baseline": baseline,
        "follow_ups": follow_ups if baseline else {},
    }


def _shared_contrasts(
    sessions: Mapping[str, Mapping[str, Any]], baseline: str, session: str
) -> list[str]:
    both = set(sessions.get(baseline, {}).get("scans", {})) & set(sessions[session]["scans"])
    return [contrast for contrast in LESION_CONTRASTS if contrast in both]


def _lesion_rows(
    subject: Subject,
    rows: Sequence[Row],
    interventions: Sequence[Intervention],
    first_day: float,
) -> Iterator[Row]:
    """Yield what the lesion stage will do at each session after treatment, or why not."""
    days = {row.session: row.day for row in rows if row.session and row.day is not None}
    after = {session: day for session, day in days.items() if day >= first_day}
    lesion = Row(subject.label, "", "lesion", "blocked")
    for item in interventions:
        if item.fault:
            yield replace(lesion, reason=item.fault, remedy=item.remedy)
    if not after:
        yield replace(lesion, state="absent", reason=_nothing_to_compare(rows))
    covered = {s: i for i in subject.interventions.values() for s in i["follow_ups"]}
    for session, day in after.items():
        row = replace(lesion, session=session, day=day)
        yield _lesion_row(row, subject, covered, interventions)


def _lesion_row(
    row: Row,
    subject: Subject,
    covered: Mapping[str, Any],
    interventions: Sequence[Intervention],
) -> Row:
    if not subject.baseline:
        return replace(row, reason="no baseline to compare with", remedy=NO_BASELINE)
    if not interventions:
        return replace(row, reason="no intervention with a planned target", remedy=NO_PLAN)
    if all(item.fault for item in interventions):
        first = interventions[0]
        return replace(row, reason=first.fault, remedy=first.remedy)
    if row.session not in subject.sessions:
        return replace(
            row, reason="no usable T1w in this session", remedy="mend or add the session's T1w"
        )
    if row.session not in covered:
        return replace(
            row,
            reason=f"day {plain_day(row.day)} is the day of treatment: before or after is not told",
            remedy="give the session or the treatment a fraction of a day",
        )
    return replace(row, state="run")


def _nothing_to_compare(rows: Sequence[Row]) -> str:
    lacking = [
        row.modality for row in rows if row.modality in LESION_CONTRASTS and row.state == "absent"
    ]
    reason = "no session after treatment"
    if "T2w" in lacking and "FLAIR" in lacking:
        reason += "; no T2w or FLAIR was acquired either"
    return reason


def jobs(subjects: Sequence[Subject]) -> list[Job]:
    """Return every step that the plan asks for, upstream first."""
    return [job for subject in subjects if subject.baseline for job in _subject_jobs(subject)]


def _subject_jobs(subject: Subject) -> Iterator[Job]:
    own = {"subject": subject.label}
    for step in ("space", "mni", "tissue"):
        yield Job(f"anatomy_{step}", own, "T1w")
    for session, facts in subject.sessions.items():
        visit = own | {"session": session}
        yield Job("anatomy_t1w", visit, "T1w")
        for contrast in facts["scans"]:
            if contrast != "T1w":
                yield Job("anatomy_contrast", visit | {"contrast": contrast}, contrast)
    for name, planned in subject.interventions.items():
        treated = own | {"intervention": name}
        if planned["follow_ups"]:
            yield Job("lesion_target", treated, "lesion")
        for session in planned["follow_ups"]:
            yield Job("lesion_segment", treated | {"session": session}, "lesion")


def without_arm(subject: Subject) -> dict[str, Any]:
    """Return what ``work/plan.json`` holds of a subject: no arm, so that no page can show it."""
    return {
        "baseline": subject.baseline or MISSING,
        "sessions": subject.sessions,
        "interventions": subject.interventions,
    }
