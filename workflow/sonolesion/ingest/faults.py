"""Contrasts that failed before: remembered, so that their session is worked without them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sonolesion.core.bids import LESION_CONTRASTS
from sonolesion.core.status import LASTING
from sonolesion.ingest.inventory import Row

# The one step whose failure leaves the rest of a session usable.
STEP = "anatomy.contrast"


def with_remembered(
    rows: Sequence[Row],
    *,
    output: Path,
    scan: Callable[[Sequence[str]], str],
    code: Callable[[str], str],
    anatomy: Mapping[str, Any],
) -> list[Row]:
    """Mark as ``failed`` the contrasts that failed on the same scans, code and settings.

    Parameters
    ----------
    scan : callable
        Raw paths → their joint fingerprint.
    code : callable
        Step name → code hash.
    anatomy : mapping
        The settings of the anatomy stage.
    """
    reference = {row.session: row.file for row in rows if row.modality == "T1w"}
    result = []
    for row in rows:
        fault = _record(row, output)
        if fault and row.state == "run" and _unchanged(fault, row, reference, scan, code, anatomy):
            reason = f"{fault['file']}: found {fault['found']}; expected {fault['expected']}"
            row = replace(row, state="failed", reason=reason, remedy=fault["remedy"])
        result.append(row)
    return result


def _record(row: Row, output: Path) -> dict[str, Any]:
    if row.modality not in LESION_CONTRASTS[1:]:
        return {}
    name = f"{row.subject}_{row.session}_{row.modality}.error.json"
    file = output.joinpath("logs", *STEP.split("."), name)
    # A crash or a killed job is tried again instead.
    content = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return content if content.get("kind") in LASTING else {}


def _unchanged(
    fault: Mapping[str, Any],
    row: Row,
    reference: Mapping[str, str],
    scan: Callable[[Sequence[str]], str],
    code: Callable[[str], str],
    anatomy: Mapping[str, Any],
) -> bool:
    used = {name: value for name, value in fault["params"].items() if name in anatomy}
    return (
        fault["code"] == code(STEP)
        and fault["scan"] == scan([row.file, reference[row.session]])
        and all(anatomy[name] == value for name, value in used.items())
    )
