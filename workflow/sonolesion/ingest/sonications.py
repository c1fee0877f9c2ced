"""The table of sonications: checked here; it tells the arm.

Its foci go on to the lesion only where the configuration says that nobody is blind.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sonolesion.core.errors import InputFault
from sonolesion.core.tables import MISSING, read_tsv
from sonolesion.ingest.timeline import number

REQUIRED = ("participant_id", "intervention_id", "sonication_index")
# Physical quantities and what they can't be below; a focus can lie anywhere.
LEAST = {
    "focus_x_mm": None,
    "focus_y_mm": None,
    "focus_z_mm": None,
    "energy_j": 0.0,
    "power_w": 0.0,
    "duration_s": 0.0,
    "peak_temperature_c": 0.0,
    "cem43_min": 0.0,
}


class SonicationFault(NamedTuple):
    """Whose row is wrong, how, and what to mend."""

    subject: str
    reason: str
    remedy: str


def faults(table: Path, treated: Collection[tuple[str, str]]) -> Iterator[SonicationFault]:
    """Yield what is wrong with each row.

    Parameters
    ----------
    treated : collection of (subject, intervention)
        The interventions that are listed.

    Raises
    ------
    InputFault
        If the table itself can't be read.
    """
    for line, row in enumerate(read_tsv(table, required=REQUIRED), start=2):
        try:
            _check(row, treated, file=f"{table.name} line {line}")
        except InputFault as fault:
            reason = f"{fault.file}: found {fault.found}; expected {fault.expected}"
            subject = row["participant_id"].removeprefix("sub-")
            yield SonicationFault(subject, reason, fault.remedy)


def foci(
    table: Path, treated: Collection[tuple[str, str]]
) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return the foci of each intervention: ``stated_mm`` in its frame, ``energy_j`` [J] or None.

    Rows with a fault, or without a whole focus, are left out; `faults` tells of them.
    """
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in read_tsv(table, required=REQUIRED):
        cells = [row.get(f"focus_{axis}_mm", MISSING) for axis in "xyz"]
        try:
            _check(row, treated, file=table.name)
        except InputFault:
            continue
        if MISSING in cells:
            continue
        energy = row.get("energy_j", MISSING)
        key = (row["participant_id"].removeprefix("sub-"), row["intervention_id"])
        focus = {
            "stated_mm": [float(cell) for cell in cells],
            "energy_j": None if energy == MISSING else float(energy),
        }
        found.setdefault(key, []).append(focus)
    return found


def _check(row: Mapping[str, str], treated: Collection[tuple[str, str]], *, file: str) -> None:
    subject, name = row["participant_id"].removeprefix("sub-"), row["intervention_id"]
    if (subject, name) not in treated:
        raise InputFault(
            file=file,
            found=f"sub-{subject} {name}",
            expected="a treatment listed in interventions.tsv",
            remedy="mend the id, or list the treatment",
        )
    for column, least in LEAST.items():
        text = row.get(column, MISSING)
        if text == MISSING:
            continue
        value = number(text, file=file, what=column)
        if least is not None and value < least:
            raise InputFault(
                file=file,
                found=f"{column} {text}",
                expected=f"at least {least:g}",
                remedy="mend the table",
            )
