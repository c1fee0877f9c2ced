"""What follows from the inventory: baselines, follow-ups, and the steps to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sonolesion.core.bids import CONTRASTS_OF, STRUCTURAL
from sonolesion.core.tables import MISSING
from sonolesion.ingest import comparable
from sonolesion.ingest.interventions import Intervention
from sonolesion.ingest.inventory import Row, plain_day

NO_BASELINE = "mend or add a T1w session before the first treatment"
NO_PLAN = "list the treatment and its planned target in phenotype/interventions.tsv"

# Steps that make the native contrasts of a modality.
MADE_BY = {"dwi": "diffusion_adc", "MEGRE": "susceptibility_r2star"}
# Steps of each visit after a treatment.
LESION_STEPS = ("segment", "measure", "overlap", "offtarget")
# Which of them a learned model takes the place of.
LEARNED = {"segment": "learned"}
# Steps of a resting-state run, at each visit.
RESTING_STEPS = ("preproc", "space", "confounds", "denoise", "activity", "connectivity")
# Steps of a diffusion scan with directions enough, at each visit.
TENSOR_STEPS = ("gradients", "preproc", "space", "tensor")
# Steps of arterial spin labelling, at each visit.
PERFUSION_STEPS = ("preproc", "space", "cbf")


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
        Session label → ``day`` [d], ``scans`` (modality → path) that will run, ``series``
        (modality → ``files``, ``fingerprint`` and what its step is told) and ``origins``
        (contrast → what its native image is made of, as text).
    interventions : dict
        Intervention id → ``day``, ``side``, ``target``, ``baseline`` and ``follow_ups``
        (session → ``day_after``, ``contrasts``, ``left_out`` (contrast → why) and ``earlier``,
        the sessions before it since the treatment). The arm is not in here.
    tracts : str
        Session whose diffusion scan the bundles come from: the last one before the first
        treatment that has directions enough; "" if none.
    """

    label: str
    baseline: str
    sessions: dict[str, dict[str, Any]]
    interventions: dict[str, dict[str, Any]]
    tracts: str = ""


def plan_subject(
    label: str,
    rows: Sequence[Row],
    interventions: Sequence[Intervention],
    *,
    enhanced_left_out: Sequence[str],
) -> tuple[Subject, list[Row]]:
    """Plan one subject; return the plan and the rows, with the lesion's own added.

    `enhanced_left_out` names the contrasts that tell nothing once a contrast agent was given.
    """
    interventions = [_with_known_image(item, rows) for item in interventions]
    sound = [item for item in interventions if not item.fault]
    first_day = min((item.day for item in sound if item.day is not None), default=0.0)
    baseline = _last_before(first_day, rows)
    if not baseline:
        rows = [_blocked_without_baseline(row, first_day) for row in rows]
    sessions = _sessions(rows)
    planned = {
        item.intervention: _planned(item, sound, rows, sessions, enhanced_left_out)
        for item in sorted(sound, key=lambda i: (i.day or 0.0, i.intervention))
    }
    tracts = _tracts(sessions, first_day) if baseline else ""
    subject = Subject(label, baseline, sessions, planned if baseline else {}, tracts)
    return subject, [*rows, *_lesion_rows(subject, rows, interventions, first_day)]


def _with_known_image(item: Intervention, rows: Sequence[Row]) -> Intervention:
    """Refuse a target in millimetres of a scan that will not be registered."""
    image = item.target.get("image")
    usable = {row.file for row in rows if row.state == "run" and row.modality in STRUCTURAL}
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
            empty: dict[str, Any] = {"day": row.day, "scans": {}, "series": {}, "origins": {}}
            session = sessions.setdefault(row.session, empty)
            session["scans"][row.modality] = row.file
            session["origins"] |= row.origins
            if row.modality not in STRUCTURAL:
                facts = {"files": list(row.use.files), "fingerprint": row.use.fingerprint}
                session["series"][row.modality] = facts | row.use.params
    return sessions


def has_tensor(facts: Mapping[str, Any]) -> bool:
    """Return whether a session's diffusion scan has directions enough for a tensor."""
    return "tensor" in facts["series"].get("dwi", {})


def has_rest(facts: Mapping[str, Any]) -> bool:
    """Return whether a session has a usable resting-state run."""
    return "bold" in facts["series"]


def field_source(facts: Mapping[str, Any], modality: str) -> Mapping[str, Any]:
    """Return the gradient echoes that the distortion of a scan is corrected by; {} if none."""
    told = facts["series"].get(modality, {})
    found: Mapping[str, Any] = (told.get("tensor") or told).get("gre", {})
    return found


def _tracts(sessions: Mapping[str, Mapping[str, Any]], first_day: float) -> str:
    """Return the last session before a day that has a tensor."""
    before = [
        (facts["day"], name)
        for name, facts in sessions.items()
        if has_tensor(facts) and facts["day"] is not None and facts["day"] < first_day
    ]
    return max(before)[1] if before else ""


def _planned(
    item: Intervention,
    others: Sequence[Intervention],
    rows: Sequence[Row],
    sessions: Mapping[str, Mapping[str, Any]],
    enhanced_left_out: Sequence[str],
) -> dict[str, Any]:
    """Return baseline, target and follow-ups of one intervention.

    A session belongs to it from its day on, until the same side is treated again.
    """
    day = item.day or 0.0
    again = [o.day for o in others if o.side == item.side and o.day is not None and o.day > day]
    baseline = _last_before(day, rows)
    end = min(again, default=float("inf"))
    follow_ups: dict[str, Any] = {}
    for session, facts in sorted(sessions.items(), key=lambda item: item[1]["day"]):
        if not day < facts["day"] < end:
            continue
        earlier = [name for name, told in follow_ups.items() if told["contrasts"]]
        contrasts, left_out = comparable.contrasts(
            rows, baseline=baseline, session=session, enhanced_left_out=enhanced_left_out
        )
        follow_ups[session] = {
            "day_after": round(facts["day"] - day, 2),
            "contrasts": contrasts,
            "left_out": left_out,
            "earlier": earlier,
        }
    return {
        "day": day,
        "side": item.side,
        "target": item.target,
        "baseline": baseline,
        "follow_ups": follow_ups if baseline else {},
    }


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
    follow_up = covered[row.session]["follow_ups"][row.session]
    reason = comparable.note(follow_up["contrasts"], follow_up["left_out"])
    if not follow_up["contrasts"]:
        remedy = "mend or add a contrast that the baseline has too"
        return replace(row, reason=f"no contrast to compare; {reason}", remedy=remedy)
    return replace(row, state="run", reason=reason)


def _nothing_to_compare(rows: Sequence[Row]) -> str:
    lacking = [
        row.modality for row in rows if row.modality in CONTRASTS_OF and row.state == "absent"
    ]
    reason = "no session after treatment"
    if "T2w" in lacking and "FLAIR" in lacking:
        reason += "; no T2w or FLAIR was acquired either"
    return reason


def jobs(
    subjects: Sequence[Subject], *, learned: bool = False, normative: bool = False,
    normative_rest: bool = False,
) -> list[Job]:  # fmt: skip
    """Return every step that the plan asks for, upstream first.

    `learned`: the lesion by a model; `normative`: its cut of a tractogram of healthy brains;
    `normative_rest`: its network in healthy brains at rest.
    """
    steps = [LEARNED.get(step, step) if learned else step for step in LESION_STEPS]
    known = [subject for subject in subjects if subject.baseline]
    healthy = ["tracts_normative"] * normative + ["functional_normative"] * normative_rest
    own = [job for subject in known for job in _subject_jobs(subject, steps, healthy)]
    # The templates are laid on each other once for the study.
    needed = any(job.rule == "atlases_carry" for job in own)
    return [Job("anatomy_between", {}, "")] * needed + own


def _subject_jobs(subject: Subject, steps: Sequence[str], healthy: Sequence[str]) -> Iterator[Job]:
    own = {"subject": subject.label}
    for step in ("space", "mni", "tissue"):
        yield Job(f"anatomy_{step}", own, "T1w")
    for session, facts in subject.sessions.items():
        yield from _visit_jobs(own | {"session": session}, facts)
    treated = any(planned["follow_ups"] for planned in subject.interventions.values())
    tensors = [session for session, facts in subject.sessions.items() if has_tensor(facts)]
    rests = [session for session, facts in subject.sessions.items() if has_rest(facts)]
    flows = [session for session, facts in subject.sessions.items() if "asl" in facts["series"]]
    wanted = {"lesion": treated, "dwi": tensors, "bold": rests, "asl": flows}
    serves = [modality for modality, there in wanted.items() if there]
    if serves:
        yield Job("atlases_carry", own, serves[0])
    if subject.tracts:
        yield Job("tracts_track", own, "dwi")
        yield Job("tracts_connectome", own, "dwi")
        for session in tensors:
            yield Job("tracts_profiles", own | {"session": session}, "dwi")
    for name, planned in subject.interventions.items():
        treated_by = own | {"intervention": name}
        looked = [s for s, told in planned["follow_ups"].items() if told["contrasts"]]
        if looked or rests:
            yield Job("lesion_target", treated_by, "lesion" if looked else "bold")
        for session in looked:
            visit = treated_by | {"session": session}
            for step in steps:
                yield Job(f"lesion_{step}", visit, "lesion")
            if subject.tracts:
                yield Job("tracts_disconnection", visit, "dwi")
                yield Job("tracts_disconnectome", visit, "dwi")
            for rule in healthy:
                yield Job(rule, visit, "lesion")
            if session in flows:
                yield Job("perfusion_lesion", visit, "asl")
            if planned["baseline"] in rests:
                yield Job("functional_network", visit, "bold")


def _visit_jobs(visit: dict[str, str], facts: Mapping[str, Any]) -> Iterator[Job]:
    """Yield the steps that bring what was acquired at a visit into AC–PC space."""
    yield Job("anatomy_t1w", visit, "T1w")
    for modality in facts["scans"]:
        if modality not in CONTRASTS_OF:
            continue
        first, *maps = [name for name in CONTRASTS_OF[modality] if name in facts["origins"]]
        if maps:
            yield Job(MADE_BY[modality], visit, modality)
        if first != "T1w":
            yield Job("anatomy_contrast", visit | {"contrast": first}, modality)
        for name in maps:
            yield Job("anatomy_map", visit | {"map": name}, modality)
    needs_field = [name for name in ("dwi", "bold") if field_source(facts, name)]
    if needs_field:
        yield Job("susceptibility_field", visit, needs_field[0])
    if has_tensor(facts):
        for step in TENSOR_STEPS:
            yield Job(f"diffusion_{step}", visit, "dwi")
    if "asl" in facts["series"]:
        for step in PERFUSION_STEPS:
            yield Job(f"perfusion_{step}", visit, "asl")
    if has_rest(facts):
        for step in RESTING_STEPS:
            yield Job(f"functional_{step}", visit, "bold")


def without_arm(subject: Subject) -> dict[str, Any]:
    """Return what ``work/plan.json`` holds of a subject: no arm, so that no page can show it."""
    return {
        "baseline": subject.baseline or MISSING,
        "sessions": subject.sessions,
        "interventions": subject.interventions,
    } | ({"tracts": subject.tracts} if subject.tracts else {})
