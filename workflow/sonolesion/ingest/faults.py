"""Contrasts that failed before: remembered, so that their session is worked without them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from sonolesion.core.bids import CONTRASTS_OF
from sonolesion.core.status import LASTING
from sonolesion.ingest import series
from sonolesion.ingest.inventory import Row

# Steps that make the native contrasts of a modality.
MADE_BY = {"dwi": "diffusion.adc", "MEGRE": "susceptibility.r2star"}
# Settings of their stages that they know nothing of: those of the tensor and of the field.
APART = frozenset(
    {
        "table", "gate", "zero_filling", "denoising", "registration", "prediction", "outliers",
        "distortion", "mask", "tensor", "free_water", "regions", "field",
    }
)  # fmt: skip


class Step(NamedTuple):
    """A step that a row needs: its name, what its log is called, and what it is made of."""

    name: str
    log: str
    scan: str


def with_origins(
    rows: Sequence[Row], *, code: Callable[[str], str], settings: Mapping[str, Any]
) -> list[Row]:
    """Say of each contrast what its native image is made of: scans, code, settings."""
    result = []
    for row in rows:
        made = MADE_BY.get(row.modality, "") if len(row.use.contrasts) > 1 else ""
        stage = settings.get(made.partition(".")[0], {})
        section = {name: value for name, value in stage.items() if name not in APART}
        found = series.origins(row.use, code_of=code(made) if made else "", section=section)
        result.append(replace(row, origins=found))
    return result


def with_remembered(
    rows: Sequence[Row],
    *,
    output: Path,
    code: Callable[[str], str],
    settings: Mapping[str, Any],
) -> list[Row]:
    """Mark as ``failed`` the rows of which a step failed on the same scans, code and settings.

    Parameters
    ----------
    rows : sequence of Row
        With their origins.
    code : callable
        Step name → code hash.
    settings : mapping
        Stage → its settings.
    """
    reference = {row.session: row.origins.get("T1w", "") for row in rows if row.modality == "T1w"}
    result = []
    for row in rows:
        fault = _remembered(row, output, reference, code, settings)
        if fault:
            reason = f"{fault['file']}: found {fault['found']}; expected {fault['expected']}"
            row = replace(row, state="failed", reason=reason, remedy=fault["remedy"])
        result.append(row)
    return result


def _remembered(
    row: Row,
    output: Path,
    reference: Mapping[str, str],
    code: Callable[[str], str],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the record of the first step that failed and would fail again, if any."""
    if row.state != "run" or row.modality not in CONTRASTS_OF or row.modality == "T1w":
        return {}
    for step in _steps(row, reference):
        fault = _record(step, output)
        if fault and _unchanged(fault, step, row, code, settings):
            return fault
    return {}


def _steps(row: Row, reference: Mapping[str, str]) -> Iterator[Step]:
    """Yield the steps between a row's scans and its contrasts in AC–PC space."""
    place = f"{row.subject}_{row.session}"
    registered, *maps = row.use.contrasts
    if maps:
        yield Step(MADE_BY[row.modality], place, row.use.fingerprint)
    both = f"{row.origins[registered]} {reference[row.session]}"
    yield Step("anatomy.contrast", f"{place}_{registered}", both)
    for name in maps:
        yield Step("anatomy.map", f"{place}_{name}", row.origins[name])


def _record(step: Step, output: Path) -> dict[str, Any]:
    file = output.joinpath("logs", *step.name.split("."), f"{step.log}.error.json")
    # A crash or a killed job is tried again instead.
    content = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return content if content.get("kind") in LASTING else {}


def _unchanged(
    fault: Mapping[str, Any],
    step: Step,
    row: Row,
    code: Callable[[str], str],
    settings: Mapping[str, Any],
) -> bool:
    told = settings[step.name.partition(".")[0]] | row.use.params
    used = {name: value for name, value in fault["params"].items() if name in told}
    return (
        fault["code"] == code(step.name)
        and fault["scan"] == step.scan
        and all(told[name] == value for name, value in used.items())
    )
