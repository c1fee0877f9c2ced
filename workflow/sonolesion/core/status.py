"""What became of every step: the inventory's rows, and those of the steps themselves."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonolesion.core.bids import CONTRASTS_OF
from sonolesion.core.tables import MISSING

COLUMNS = (
    "participant_id",
    "session_id",
    "modality",
    "stage",
    "step",
    "state",
    "reason",
    "remedy",
    "log",
    "output",
)
# States that make the exit code 1.
UNSOUND = frozenset({"failed", "not reached", "stale"})
NOT_SELECTED = "not selected in this run"
STARTED = "work/started"
# Faults of the data, which stay until the data, the code or the settings change.
LASTING = frozenset({"InputFault", "GateFailure"})
# Steps whose failure leaves the rest of a session usable.
CONTRAST_STEPS = ("anatomy/contrast", "anatomy/map", "diffusion/adc", "susceptibility/r2star")


@dataclass(frozen=True)
class Pending:
    """What ``snakemake --summary`` says of one file."""

    present: bool
    owed: bool


def parse_summary(text: str) -> dict[str, Pending]:
    """Parse ``snakemake --summary``: file → is it there, is it owed."""
    lines = text.splitlines()
    start = next((n for n, line in enumerate(lines) if line.startswith("output_file\t")), None)
    files = {}
    for line in lines[start + 1 :] if start is not None else []:
        cells = line.split("\t")
        if len(cells) == len(("output_file", "date", "rule", "log", "status", "plan")):
            files[cells[0]] = Pending(cells[1] != "-", cells[5] != "no update")
    return files


def step_rows(
    steps: Sequence[Mapping[str, Any]], files: Mapping[str, Pending], output: Path
) -> list[dict[str, str]]:
    """Return one ledger row a step.

    Parameters
    ----------
    steps : sequence of mapping
        ``rule``, ``wildcards``, ``modality``, ``outputs``, ``log`` and ``selected`` of each.
    files : mapping
        `parse_summary` of a run over all of them.
    """
    return [_step_row(step, files, output) for step in steps]


def _step_row(
    step: Mapping[str, Any], files: Mapping[str, Pending], output: Path
) -> dict[str, str]:
    stage, _, name = step["rule"].partition("_")
    state, reason, remedy = _state(step, files, output)
    wild = step["wildcards"]
    return {
        "participant_id": f"sub-{wild['subject']}" if "subject" in wild else MISSING,
        "session_id": f"ses-{wild['session']}" if "session" in wild else MISSING,
        "modality": step["modality"] or MISSING,
        "stage": stage,
        "step": name,
        "state": state,
        "reason": reason,
        "remedy": remedy,
        "log": step["log"],
        "output": step["outputs"][0],
    }


def _state(
    step: Mapping[str, Any], files: Mapping[str, Pending], output: Path
) -> tuple[str, str, str]:
    known = [files.get(file, Pending(False, True)) for file in step["outputs"]]
    if not any(file.owed for file in known):
        return "run", "", ""
    record = output / Path(step["log"]).with_suffix(".error.json")
    if _is_recent(record, output) and not all(file.present for file in known):
        fault = json.loads(record.read_text(encoding="utf-8"))
        if fault["kind"] == "Killed" and is_running(output):
            return "not reached", "running now", ""
        place = f"{fault['file']}: " if fault["file"] else ""
        wanted = f"; expected {fault['expected']}" if fault["expected"] else ""
        return "failed", f"{place}found {fault['found']}{wanted}", fault["remedy"]
    if not step["selected"]:
        return "not reached", NOT_SELECTED, "run without the selection"
    if all(file.present for file in known):
        return (
            "stale",
            "made by earlier code, settings or scans, and not made again",
            "mend what failed before it and run again",
        )
    return "not reached", "a step before it failed, or the run was stopped", "see the failed step"


def is_running(output: Path) -> bool:
    """Return whether a run is under way in this folder: Snakemake holds its locks."""
    return any((output / ".snakemake" / "locks").glob("*"))


def _is_recent(record: Path, output: Path) -> bool:
    """Return whether a file left by a failure is of the last run, not of one before it."""
    started = output / STARTED
    if not record.exists() or not started.exists():
        return record.exists()
    return record.stat().st_mtime >= started.stat().st_mtime


def inventory_rows(rows: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return ledger rows for what was not run at all: absent, blocked, unused, failed before."""
    return [
        {name: row.get(name, MISSING) for name in COLUMNS}
        | {"stage": "ingest", "step": "inventory"}
        for row in rows
        if row["state"] != "run"
    ]


def current_files(
    steps: Sequence[Mapping[str, Any]], files: Mapping[str, Pending], output: Path
) -> dict[str, list[str]]:
    """Return the files of each subject that are there and not owed, and what failed gates saw."""
    current: dict[str, list[str]] = defaultdict(list)
    for step in steps:
        known = [files.get(file, Pending(False, True)) for file in step["outputs"]]
        names = step["outputs"]
        if any(file.owed for file in known):
            names = [file for file in beside_log(step) if _is_recent(output / file, output)]
        current[step["wildcards"].get("subject", "")] += names
    return {subject: sorted(names) for subject, names in sorted(current.items())}


def with_failed_gates(
    current: Mapping[str, list[str]], inventory: Iterable[Mapping[str, str]], output: Path
) -> dict[str, list[str]]:
    """Add what the gates of remembered failures saw, which no planned step names any more."""
    found = {subject: list(files) for subject, files in current.items()}
    for row in inventory:
        if row["state"] == "failed":
            stem = f"{row['participant_id']}_{row['session_id']}_desc-"
            names = [f"{stem}{name}*_qc.*" for name in CONTRASTS_OF.get(row["modality"], ())]
            kept = [file for name in names for file in output.glob(f"logs/*/*/{name}")]
            files = sorted(str(file.relative_to(output)) for file in kept)
            found.setdefault(row["participant_id"].removeprefix("sub-"), []).extend(files)
    return found


def beside_log(step: Mapping[str, Any]) -> list[str]:
    """Return where a failed step leaves its quality numbers and pictures."""
    folder = Path(step["log"]).parent
    return [str(folder / Path(file).name) for file in step["outputs"] if "_qc." in file]


def is_sound(rows: Iterable[Mapping[str, str]]) -> bool:
    """Return whether nothing that this run was asked for failed, is stale or was not reached."""
    return not any(row["state"] in UNSOUND and row["reason"] != NOT_SELECTED for row in rows)


def has_new_faults(output: Path) -> bool:
    """Return whether a contrast failed that the inventory does not know as failed yet."""
    records = [
        file for step in CONTRAST_STEPS for file in (output / "logs" / step).glob("*.error.json")
    ]
    lasting = [
        file
        for file in records
        if _is_recent(file, output)
        and json.loads(file.read_text(encoding="utf-8"))["kind"] in LASTING
    ]
    return bool(lasting)


def as_text(rows: Sequence[Mapping[str, str]], *, everything: bool) -> str:
    """Return the ledger for a terminal: counts, then each row that needs a look."""
    counts = Counter(row["state"] for row in rows)
    lines = ["  ".join(f"{state}: {n}" for state, n in sorted(counts.items()))]
    unasked = sum(row["reason"] == NOT_SELECTED for row in rows)
    if unasked:
        lines[0] += f" (of these {unasked} not selected)"
    for row in rows:
        wants_a_look = row["state"] in {*UNSOUND, "blocked"} and row["reason"] != NOT_SELECTED
        if everything or wants_a_look:
            place = " ".join(
                row[name]
                for name in ("participant_id", "session_id", "modality", "stage", "step")
                if row[name] != MISSING
            )
            lines.append(f"{row['state']:12} {place}: {row['reason']}")
            if row["remedy"] not in {"", MISSING}:
                lines.append(f"{'':12} remedy: {row['remedy']}")
    return "\n".join(lines)
