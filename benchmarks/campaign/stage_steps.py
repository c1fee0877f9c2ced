"""Run a stage again, and read from the records of its steps what it took."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from visit import peak_of

COLUMNS = ("step", "time [s]", "memory [MB]")


@dataclass(frozen=True)
class Step:
    """A step that was run: when, with how much memory, and what it left."""

    rule: str
    start_s: float
    end_s: float
    memory_mb: float
    outputs: tuple[str, ...]


def steps(out: Path, stages: Collection[str]) -> list[Step]:
    """Return the finished steps of some stages from their records, the first one first."""
    found = []
    for stage in stages:
        for record in out.glob(f"logs/{stage}/*/*.json"):
            told = json.loads(record.read_text(encoding="utf-8"))
            if "duration_s" in told:
                end_s = record.stat().st_mtime
                start_s = end_s - told["duration_s"]
                outputs = tuple(told["outputs"])
                found.append(Step(told["rule"], start_s, end_s, told["peak_memory_mb"], outputs))
    return sorted(found, key=lambda step: step.start_s)


def table(done: list[Step], *, peak_mb: float, limit_s: float, limit_mb: float) -> list[list[str]]:
    """Return the lines of the table: a step each, the sum, the time on the wall, the limit."""
    lines = [
        [step.rule, f"{step.end_s - step.start_s:.1f}", f"{step.memory_mb:.0f}"] for step in done
    ]
    total_s = sum(step.end_s - step.start_s for step in done)
    wall_s = max(step.end_s for step in done) - min(step.start_s for step in done)
    return [
        *lines,
        ["sum of the steps", f"{total_s:.1f}", ""],
        ["first start to last end", f"{wall_s:.1f}", f"{peak_mb:.0f}"],
        ["limit", f"{limit_s:.0f}", f"{limit_mb:.0f}"],
    ]


def run(command: list[str], log: Path) -> float:
    """Run the pipeline and return its peak memory [MB]; stop if it fails."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
        peak_mb = peak_of(process)
    if process.returncode:
        raise SystemExit(f"exit code {process.returncode}, see {log}")
    return peak_mb


def again(command: list[str], out: Path, stages: Collection[str], log: Path) -> float:
    """Take away what some stages left, run once more, and return the peak memory [MB]."""
    for step in steps(out, stages):
        for name in step.outputs:
            (out / name).unlink(missing_ok=True)
    return run(command, log)
