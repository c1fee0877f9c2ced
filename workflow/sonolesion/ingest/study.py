"""Look over the data set once, and write down what is there and what will run."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sonolesion import __version__
from sonolesion.core import bids
from sonolesion.core import protocol as table
from sonolesion.core.config import Settings
from sonolesion.core.errors import ConfigError
from sonolesion.core.tables import write_text, write_tsv
from sonolesion.ingest import (
    corrections,
    faults,
    interventions,
    inventory,
    plan,
    protocol,
    scans,
    sonications,
)
from sonolesion.ingest.inventory import Row

RAW_LINK = "sourcedata/raw"
PLAN = "work/plan.json"
SCANS = "work/scans.json"
INVENTORY = "inventory.tsv"
NOT_RAW = frozenset({"derivatives", "sourcedata", "code"})


@dataclass(frozen=True)
class Study:
    """What `prepare` found."""

    rows: list[Row]
    subjects: list[plan.Subject]
    changes: list[dict[str, str]]


def prepare(settings: Settings, output: Path, *, code: Callable[[str], str]) -> Study:
    """Write ``inventory.tsv``, ``protocol.tsv`` and, in ``work``, plan and scans of a study.

    Parameters
    ----------
    output : Path
        The output folder.
    code : callable
        Step name → code hash, to know whether a step that failed before has changed.

    Raises
    ------
    ConfigError
        If the data set is not there or the output folder can't be written.
    InputFault
        If the table of interventions can't be read.
    """
    bids_dir = Path(settings.bids_dir)
    require_dataset(bids_dir)
    require_writable(output, bids_dir)
    link_raw(bids_dir, output)
    cache = scans.Cache(output / SCANS, bids_dir)
    treated = _interventions(settings, bids_dir)
    drawn = _drawn(settings, output, bids_dir)
    foci = _foci(settings, bids_dir, treated)
    stages = settings.model_dump(mode="json")
    subjects, rows, changes = [], [], []
    for folder in bids.subject_folders(bids_dir):
        label = folder.removeprefix("sub-")
        own = _on_one_axis([item for item in treated if item.subject == label])
        found = inventory.subject_rows(
            bids_dir,
            folder,
            settings=settings,
            cache=cache,
            treatment=_day_zero(own),
        )
        found = faults.with_origins(found, code=code, settings=stages)
        found = faults.with_remembered(found, output=output, code=code, settings=stages)
        subject, found = plan.plan_subject(
            label, found, own, enhanced_left_out=settings.ingest.protocol.enhanced_left_out
        )
        corrections.attach(label, subject.interventions, drawn)
        for name, planned in subject.interventions.items():
            planned["foci"] = foci.get((label, name), [])
        found, changed = _compared(subject, found, settings)
        subjects.append(subject)
        rows += found
        changes += changed
    rows += _strangers(treated, subjects) + _sonication_rows(settings, bids_dir, treated)
    strays = corrections.strays(drawn, {s.label: s.interventions for s in subjects})
    rows += [
        Row(s.subject, s.session, "corrections", "blocked", s.reason, s.remedy) for s in strays
    ]
    study = Study(inventory.rewritten(rows, lambda row: row), subjects, changes)
    _write(study, settings, output, cache)
    return study


def _compared(
    subject: plan.Subject, rows: Sequence[Row], settings: Settings
) -> tuple[list[Row], list[dict[str, str]]]:
    """Compare the protocol of each visit with that of its baseline, and note what changed."""
    taken = {(row.session, row.modality): row.use.protocol for row in rows if row.state == "run"}
    pairs = [
        (session, planned["baseline"])
        for planned in subject.interventions.values()
        for session in planned["follow_ups"]
    ]
    changes = protocol.rows(subject.label, taken, pairs, settings.ingest.protocol)
    noted = []
    for row in rows:
        place = (f"ses-{row.session}", row.modality)
        own = [c for c in changes if (c["session_id"], c["modality"]) == place]
        parts = [part for part in (row.reason, protocol.note(own)) if part]
        noted.append(replace(row, reason="; ".join(parts)) if own else row)
    return noted, changes


def require_dataset(bids_dir: Path) -> None:
    """Raise `ConfigError` unless the folder is a BIDS data set."""
    if not (bids_dir / "dataset_description.json").is_file():
        raise ConfigError(
            file=bids_dir,
            found="no dataset_description.json" if bids_dir.is_dir() else "no such folder",
            expected="the top folder of a BIDS data set",
            remedy="check bids_dir",
        )


def require_writable(output: Path, bids_dir: Path) -> None:
    """Make the output folder; raise `ConfigError` if it can't be written or is raw data."""
    inside = bids_dir.resolve() in [output.resolve(), *output.resolve().parents]
    derivatives = bids_dir.resolve() / "derivatives"
    if inside and derivatives not in output.resolve().parents:
        raise ConfigError(
            file=output,
            found="an output folder inside the raw data",
            expected="another folder, or one below derivatives/",
            remedy="change output_dir: raw data are never touched",
        )
    try:
        (output / "work").mkdir(parents=True, exist_ok=True)
        probe = output / "work" / f".writable.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as fault:
        raise ConfigError(
            file=output,
            found=f"a folder that can't be written ({fault.strerror})",
            expected="a writable output folder",
            remedy="change its permissions, free the disk, or change output_dir",
        ) from fault


def link_raw(bids_dir: Path, output: Path) -> None:
    """Point ``sourcedata/raw`` at the data set by a relative link, so that both can move."""
    link = output / RAW_LINK
    link.parent.mkdir(parents=True, exist_ok=True)
    wanted = os.path.relpath(bids_dir.resolve(), link.parent.resolve())
    if link.is_symlink() and os.readlink(link) == wanted:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(wanted)


def _interventions(settings: Settings, bids_dir: Path) -> list[interventions.Intervention]:
    """Read the table the configuration names, or the data set's own; none is no fault here."""
    named = settings.ingest.interventions
    table = Path(named) if named else bids_dir / "phenotype" / "interventions.tsv"
    return interventions.read(table) if named or table.exists() else []


def _day_zero(own: Sequence[interventions.Intervention]) -> datetime | None:
    """Return the date that is day 0: that of the first dated treatment, less its stated day."""
    dated = [(item.date, item.day or 0.0) for item in own if item.date is not None]
    return min((date - timedelta(days=day) for date, day in dated), default=None)


def _on_one_axis(
    own: Sequence[interventions.Intervention],
) -> list[interventions.Intervention]:
    """Give treatments that state only a date their day on the subject's axis."""
    zero = _day_zero(own)
    result = []
    for item in own:
        if item.day is None and item.date is not None and zero is not None:
            item = replace(item, day=(item.date - zero) / timedelta(days=1))
        result.append(item)
    return result


def _strangers(
    treated: Sequence[interventions.Intervention], subjects: Sequence[plan.Subject]
) -> list[Row]:
    """Return a row for each treated patient of whom there is no scan."""
    known = {subject.label for subject in subjects}
    return [
        Row(label, "", "lesion", "absent", "listed as treated, no scans in the data set")
        for label in sorted({item.subject for item in treated} - known)
        if bids.LABEL.fullmatch(label)
    ]


def _sonication_rows(
    settings: Settings, bids_dir: Path, treated: Sequence[interventions.Intervention]
) -> list[Row]:
    """Return a row for each faulty line of the table of sonications."""
    table = _sonications(settings, bids_dir)
    if table is None:
        return []
    listed = {(item.subject, item.intervention) for item in treated}
    return [
        Row(fault.subject, "", "sonications", "blocked", fault.reason, fault.remedy)
        for fault in sonications.faults(table, listed)
    ]


def _sonications(settings: Settings, bids_dir: Path) -> Path | None:
    """Return the table of sonications, the named one or the data set's own, if there is one."""
    named = settings.ingest.sonications
    table = Path(named) if named else bids_dir / "phenotype" / "sonications.tsv"
    return table if named or table.exists() else None


def _foci(
    settings: Settings, bids_dir: Path, treated: Sequence[interventions.Intervention]
) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return the sonicated foci where nobody is blind; else none, since they tell the arm."""
    table = _sonications(settings, bids_dir)
    if table is None or not settings.lesion.measure.sonication_foci:
        return {}
    return sonications.foci(table, {(item.subject, item.intervention) for item in treated})


def _drawn(settings: Settings, output: Path, bids_dir: Path) -> list[corrections.Correction]:
    """Return the masks that people corrected."""
    return corrections.read(corrections.folder(settings.lesion.corrections_dir, output, bids_dir))


def listing_hash(bids_dir: Path) -> str:
    """Return a hash of the names and contents of the raw files."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(bids_dir):
        folders[:] = sorted(name for name in folders if name not in NOT_RAW and name[0] != ".")
        for name in sorted(files):
            path = Path(folder, name)
            relative = path.relative_to(bids_dir)
            digest.update(f"{relative}|{scans.fingerprint(path)}\n".encode())
    return digest.hexdigest()[:16]


def _write(study: Study, settings: Settings, output: Path, cache: scans.Cache) -> None:
    write_tsv(output / INVENTORY, (row.cells() for row in study.rows), columns=inventory.COLUMNS)
    write_tsv(output / table.FILE, study.changes, columns=table.COLUMNS)
    learned = bool(settings.lesion.learned.model)
    normative = bool(settings.tracts.connectome.normative.tractogram)
    resting = bool(settings.functional.lesion_network.normative)
    steps = plan.jobs(study.subjects, learned=learned, normative=normative, normative_rest=resting)
    jobs = [plan.Job("ingest_validate", {}, ""), *steps]
    content = {
        "subjects": {s.label: plan.without_arm(s) for s in study.subjects},
        "folders": sorted({r.subject for r in study.rows if bids.LABEL.fullmatch(r.subject)}),
        "jobs": [[job.rule, job.wildcards, job.modality] for job in jobs],
        "listing": listing_hash(Path(settings.bids_dir)),
    }
    write_text(json.dumps(content, indent=1) + "\n", output / PLAN)
    cache.write()
    description = {
        "Name": "sonolesion derivatives",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "sonolesion", "Version": __version__}],
        "SourceDatasets": [{"URL": RAW_LINK}],
    }
    write_text(json.dumps(description, indent=2) + "\n", output / "dataset_description.json")
