"""Registration and other quality gates: the numbers with their limits, and the pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonolesion.report import panels, wording
from sonolesion.report.records import File, Reader, find

TITLES = {
    "space": "Baseline to AC–PC",
    "mni": "AC–PC to MNI152NLin2009cAsym",
    "tissue": "Tissue maps",
    "T1wregistration": "T1w to baseline",
    "T2wregistration": "T2w to T1w of the same visit",
    "FLAIRregistration": "FLAIR to T1w of the same visit",
    "traceregistration": "Diffusion (trace, carries ADC) to T1w of the same visit",
    "aslregistration": "Perfusion scan (M0) to T1w of the same visit",
    "cbf": "Blood flow of grey matter",
    "boldregistration": "Resting-state run to the session's T1w",
    "gradients": "Gradient directions of the diffusion scan",
    "b0registration": "Diffusion tensor scan (unweighted) to T1w of the same visit",
    "T2starwregistration": "Gradient echo (T2*w, carries R2*) to T1w of the same visit",
}
# Checks whose names don't say what they are.
NAMES = {
    "ac_likeness": "AC looks like the template's",
    "pc_likeness": "PC looks like the template's",
    "same_person": "same person as the baseline",
    "detail": "detail as in the baseline's scan",
    "coverage": "brain covered by the scan",
    "thalamus_coverage": "thalami covered by the scan",
    "mirror_ratio": "right side up, not mirrored",
    "gradient_frame_margin": "directions as given, ahead of the best other reading",
    "grey_matter_flow": "median flow of grey matter",
    "peak_sharpness": "clear optimum of the registration",
}
LARGE = 1000  # from here on whole numbers, never powers of ten
SENSES = {">=": "≥", "<=": "≤"}


@dataclass(frozen=True)
class Check:
    """One number of a gate and the limit it must keep."""

    name: str
    value: str
    limit: str
    passed: bool


@dataclass(frozen=True)
class Gate:
    """The checks of one step at one visit (or of the subject: `session` empty)."""

    session: str
    title: str
    passed: bool
    checks: tuple[Check, ...]
    picture: str


def gates(
    files: Sequence[File], reader: Reader, sessions: Sequence[str], *, width: int, quality: int
) -> list[Gate]:
    """Read every ``*_qc.json`` with its picture: the subject's own, then in order of sessions."""
    found = [file for file in files if file.suffix == "qc" and file.path.endswith(".json")]
    steps, visits = list(TITLES), ["", *sessions]

    def rank(file: File) -> tuple[int, int, str]:
        desc, session = file.entities.get("desc", ""), file.entities.get("ses", "")
        step = steps.index(desc) if desc in steps else len(steps)
        visit = visits.index(session) if session in visits else len(visits)
        return visit, step, file.path

    return [_gate(file, files, reader, width, quality) for file in sorted(found, key=rank)]


def by_visit(found: Sequence[Gate]) -> list[tuple[str, list[Gate]]]:
    """Return the gates of the subject ("") and of each visit, in the order given."""
    grouped: dict[str, list[Gate]] = {}
    for gate in found:
        grouped.setdefault(gate.session, []).append(gate)
    return list(grouped.items())


def commissures(files: Sequence[File], reader: Reader) -> str:
    """Say how the commissures were placed and how alike they look; empty if not known."""
    file = find(files, "landmarks", ".json", ses="", desc="acpc")
    if file is None:
        return ""
    told = reader.json(file.path)
    length = math.dist(told["ac_mm"], told["pc_mm"])
    parts = [f"AC and PC lie {wording.number(length, decimals=1)} mm apart"]
    for name in ("ac", "pc"):
        likeness, moved = told.get(f"{name}_likeness"), told.get(f"{name}_moved_mm")
        if likeness is None:
            continue
        move = f", moved {wording.number(moved, decimals=1)} mm" if moved is not None else ""
        parts.append(f"{name.upper()} resembles the template's by {likeness:.2f}{move}")
    return "; ".join(parts) + " (likeness 1 is identical)."


def grid(
    found: Sequence[Gate], sessions: Sequence[str]
) -> tuple[list[str], list[tuple[str, list[bool | None]]]]:
    """Return column heads, and (step, verdict of each column): None where no gate was passed by."""
    columns = ["", *sessions]
    verdicts: dict[str, dict[str, bool]] = {}
    for gate in found:
        verdicts.setdefault(gate.title, {})[gate.session] = gate.passed
    heads = ["subject", *sessions]
    return heads, [(title, [own.get(c) for c in columns]) for title, own in verdicts.items()]


def _gate(file: File, files: Sequence[File], reader: Reader, width: int, quality: int) -> Gate:
    content = reader.json(file.path)
    folder = file.path.rpartition("/")[0]
    wanted = f"{folder}/{str(content.get('picture', '')).rpartition('/')[2]}"
    picture = next((f for f in files if f.path == wanted), None)
    desc = file.entities.get("desc", "")
    return Gate(
        session=file.entities.get("ses", ""),
        title=TITLES.get(desc, desc),
        passed=content.get("gate") == "passed",
        checks=tuple(_check(item) for item in content.get("checks", [])),
        picture=(
            panels.shrink(reader.content(picture.path), width=width, quality=quality)
            if picture
            else ""
        ),
    )


def _check(item: Mapping[str, Any]) -> Check:
    unit = item.get("unit") or ""
    unit = "" if unit == "1" else f" {unit}"
    sense = SENSES.get(str(item["sense"]), str(item["sense"]))
    return Check(
        name=NAMES.get(str(item["name"]), str(item["name"]).replace("_", " ")),
        value=f"{_plain(item['value'])}{unit}",
        limit=f"{sense} {_plain(item['limit'])}{unit}",
        passed=bool(item["passed"]),
    )


def _plain(value: object) -> str:
    if not isinstance(value, int | float):
        return "–" if value is None else str(value)
    text = f"{value:.0f}" if abs(value) >= LARGE else f"{value:.3g}"
    return text.replace("-", "\u2212")
