"""The table of protocol changes, as pages read it."""

from __future__ import annotations

from pathlib import Path

from sonolesion.core.tables import read_tsv

FILE = "protocol.tsv"
COLUMNS = (
    "participant_id",
    "session_id",
    "modality",
    "key",
    "baseline",
    "value",
    "severity",
    "baseline_session_id",
)


def subject_rows(output: str | Path, subject: str) -> list[dict[str, str]]:
    """Return a subject's changes since baseline, gravest first; none if nothing changed.

    Parameters
    ----------
    output : path-like
        The output folder.
    subject : str
        Label, with or without ``sub-``.
    """
    table = Path(output, FILE)
    name = f"sub-{subject.removeprefix('sub-')}"
    rows = read_tsv(table, required=COLUMNS) if table.exists() else []
    own = [row for row in rows if row["participant_id"] == name]
    return sorted(own, key=lambda row: row["severity"] != "major")
