"""What was acquired of each subject, session and modality, and whether it can be used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sonolesion.core import bids
from sonolesion.core.config import Settings
from sonolesion.core.errors import InputFault
from sonolesion.core.settings.ingest import Ingest
from sonolesion.core.tables import MISSING
from sonolesion.ingest import scans, series, timeline

COLUMNS = (
    "participant_id",
    "session_id",
    "modality",
    "state",
    "reason",
    "remedy",
    "file",
    "days_from_treatment",
)
# Modalities of which a session has one scan; with several, the configuration names one. Of
# several diffusion or multi-echo scans the first usable one is taken: their geometry differs
# (phase encoding), so that they are not mixed.
SINGLE = frozenset({*bids.STRUCTURAL, "bold", "asl"})
UNUSED = series.Use(())


@dataclass(frozen=True)
class Row:
    """One subject, session and modality.

    Attributes
    ----------
    state : str
        ``run``, ``absent`` (not acquired), ``blocked`` (acquired but unusable), ``unused``
        (acquired, no stage of this version reads it) or ``failed`` (it failed before and
        nothing has changed since).
    day : float or None
        Days from treatment [d].
    use : Use
        How a usable scan is read.
    origins : dict
        Contrast → what its native image is made of, as text (`series.origins`).
    """

    subject: str
    session: str
    modality: str
    state: str
    reason: str = ""
    remedy: str = ""
    file: str = ""
    day: float | None = None
    use: series.Use = UNUSED
    origins: dict[str, str] = field(default_factory=dict, hash=False)

    def cells(self) -> dict[str, object]:
        """Return the row of ``inventory.tsv``."""
        session = self.session and f"ses-{self.session}"
        subject = f"sub-{self.subject}"
        values = (subject, session, self.modality, self.state, self.reason, self.remedy)
        return dict(zip(COLUMNS, (*values, self.file, plain_day(self.day)), strict=True))


def plain_day(day: float | None) -> str:
    """Return a day without needless decimals; n/a if it is not known."""
    return MISSING if day is None else f"{day:g}"


def subject_rows(
    bids_dir: Path,
    folder: str,
    *,
    settings: Settings,
    cache: scans.Cache,
    treatment: datetime | None,
) -> list[Row]:
    """Return the rows of one subject folder, one a session and modality."""
    subject = folder.removeprefix("sub-")
    try:
        bids.require_label(subject, file=folder, what="subject label")
        sessions = bids.session_folders(bids_dir, folder)
        if not sessions:
            raise InputFault(
                file=folder,
                found="no ses-* folder",
                expected="one folder a session",
                remedy="put each visit into its ses-<label> folder",
            )
        dated = dict(_dated(bids_dir, subject, sessions, settings.ingest, treatment))
    except InputFault as fault:
        return [_refused(subject, "", fault)]
    rows: list[Row] = []
    for session in sessions:
        label = session.removeprefix("ses-")
        rows += _session_rows(bids_dir, subject, label, dated[label], settings, cache)
    return _without_copies(_with_reference(rows), cache)


def _dated(
    bids_dir: Path,
    subject: str,
    sessions: Sequence[str],
    settings: Ingest,
    treatment: datetime | None,
) -> Iterator[tuple[str, float | InputFault]]:
    """Yield each session label with its day, or with the fault that hides it."""
    table = f"sub-{subject}/sub-{subject}_sessions.tsv"
    rows = timeline.session_rows(bids_dir / table)
    for session in sessions:
        label = session.removeprefix("ses-")
        try:
            bids.require_label(label, file=f"sub-{subject}/{session}", what="session label")
            yield (
                label,
                timeline.day_of(
                    rows.get(label, {}),
                    label,
                    table=table,
                    treatment=treatment,
                    fallback_days=settings.session_days,
                ),
            )
        except InputFault as fault:
            yield label, fault


def _refused(subject: str, session: str, fault: InputFault) -> Row:
    reason = _told(fault)
    return Row(subject, session, MISSING, "blocked", reason, fault.remedy)


def _session_rows(
    bids_dir: Path,
    subject: str,
    session: str,
    day: float | InputFault,
    settings: Settings,
    cache: scans.Cache,
) -> list[Row]:
    if isinstance(day, InputFault):
        return [_refused(subject, session, day)]
    found: dict[str, list[bids.Scan]] = defaultdict(list)
    for scan in bids.scans_of(bids_dir, subject, session):
        found[scan.modality].append(scan)
    rows: list[Row] = []
    echoes: dict[str, Any] = {}
    for modality in bids.MODALITIES:
        row = Row(subject, session, modality, "absent", "not acquired", day=day)
        candidates = _chosen(found[modality], settings.ingest)
        if candidates:
            row = _judged(row, candidates, settings, cache, echoes)
        row = _excluded(row, settings.ingest)
        if row.state == "run" and "phase" in row.use.phase:
            echoes = row.use.phase
        rows += [row, *_refused_besides(row)]
    return rows


def _refused_besides(row: Row) -> Iterator[Row]:
    """Yield a row for each thing that can't be made of a scan whose contrasts can."""
    if row.state == "run":
        for name, fault in row.use.refused.items():
            reason, remedy = _told(fault), fault.remedy
            yield Row(row.subject, row.session, name, "blocked", reason, remedy, row.file, row.day)


def _chosen(candidates: list[bids.Scan], settings: Ingest) -> list[bids.Scan]:
    """Return the scans that carry the entities the configuration asks for, if any does."""
    wanted = settings.choose.get(candidates[0].modality, {}) if candidates else {}
    fitting = [scan for scan in candidates if wanted.items() <= scan.entities.items()]
    return fitting or candidates


def _judged(
    row: Row,
    candidates: list[bids.Scan],
    settings: Settings,
    cache: scans.Cache,
    echoes: Mapping[str, Any],
) -> Row:
    groups = series.grouped(row.modality, candidates)
    if len(groups) > 1 and row.modality in SINGLE:
        names = ", ".join(Path(group[0].path).name for group in groups)
        return replace(
            row,
            state="blocked",
            reason=f"{len(groups)} scans where one is used: {names}",
            remedy=f"name the one to use: ingest.choose: {{{row.modality}: {{acq: ...}}}}",
            file=groups[0][0].path,
        )
    faults: list[InputFault] = []
    for number, group in enumerate(groups, start=1):
        row = replace(row, file=group[0].path)
        try:
            use = series.read(row.modality, group, settings, cache, echoes=echoes)
        except InputFault as fault:
            faults.append(fault)
            continue
        return _usable(row, use, faults, unread=[g[0].path for g in groups[number:]])
    reason = "; ".join(_told(fault) for fault in faults)
    remedy = "; ".join(dict.fromkeys(fault.remedy for fault in faults))
    return replace(row, state="blocked", reason=reason, remedy=remedy, file=groups[0][0].path)


def _usable(
    row: Row, use: series.Use, faults: Sequence[InputFault], *, unread: Sequence[str]
) -> Row:
    """Return the row of a usable scan; what of several others was not used stands in its reason."""
    if row.modality not in {*bids.CONTRASTS_OF, *bids.MEASURED}:
        return replace(row, state="unused", reason="no stage of this version reads it", use=use)
    parts = [use.note] if use.note else []
    if unread or faults:
        parts.insert(0, f"{Path(use.files[0]).name} alone is used, the first usable by name")
    parts += [f"not {Path(path).name}" for path in unread]
    parts += [f"not {_told(fault)}" for fault in faults]
    return replace(row, state="run", reason="; ".join(parts), use=use, file=use.files[0])


def _told(fault: InputFault) -> str:
    """Return file, what was found there and what was expected."""
    wanted = f"; expected {fault.expected}" if fault.expected else ""
    return f"{fault.file}: found {fault.found}{wanted}"


def _excluded(row: Row, settings: Ingest) -> Row:
    for rule in settings.exclude:
        named = rule.subject.removeprefix("sub-") == row.subject
        session = rule.session.removeprefix("ses-") in {"", row.session}
        if named and session and rule.modality in {"", row.modality} and row.file:
            reason = f"left out by the configuration: {rule.reason or 'no reason given'}"
            return replace(row, state="blocked", reason=reason, remedy="edit ingest.exclude")
    return row


def _with_reference(rows: list[Row]) -> list[Row]:
    """Block the contrasts of sessions whose T1w, through which they are registered, is unusable."""
    usable = {row.session for row in rows if row.modality == "T1w" and row.state == "run"}
    return [
        replace(
            row,
            state="blocked",
            reason="no usable T1w in this session to register through",
            remedy="mend or add the session's T1w",
        )
        if row.state == "run" and row.session not in usable
        else row
        for row in rows
    ]


def _without_copies(rows: list[Row], cache: scans.Cache) -> list[Row]:
    """Block scans whose content is byte for byte that of another session of the same subject."""
    first: dict[tuple[str, str], Row] = {}
    result = []
    for row in sorted(rows, key=lambda r: (r.day is None, r.day or 0.0)):
        facts = cache.used.get(row.file)
        same = first.setdefault((row.modality, facts.fingerprint), row) if facts else row
        if same is not row and row.state == "run":
            row = replace(
                row,
                state="blocked",
                reason=f"the same scan as {same.file}, byte for byte",
                remedy="put the right scan of this session in its place",
            )
        result.append(row)
    return _with_reference(result)


def rewritten(rows: Sequence[Row], change: Callable[[Row], Row]) -> list[Row]:
    """Return the rows in the order of subject, day and modality, each after `change`."""
    order = {modality: n for n, modality in enumerate(bids.MODALITIES)}
    changed = [change(row) for row in rows]
    return sorted(
        changed,
        key=lambda r: (
            r.subject,
            r.day is None,
            r.day or 0.0,
            r.session,
            order.get(r.modality, len(order)),
        ),
    )
