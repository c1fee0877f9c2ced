"""Time and memory of diffusion and tracts of one participant, from finished anatomy.

Runs the pipeline on a BIDS dataset, takes away what the diffusion and the tracts stage left, and
runs these two again with 2 cores. Prints, against the limits of 360 s and 4 GB: seconds and memory
by rule, seconds from the start of the first step to the end of the last (the steps of other stages
between them included), and the most memory that all processes held together::

    python benchmarks/diffusion_stage.py BIDS [--participant multi01] [--folder FOLDER]

FOLDER keeps the output, so that a second call only repeats both stages; a finished output of the
dataset may be put there.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from campaign import tables
from visit import peak_of

LIMIT_S, LIMIT_MB = 360.0, 4096.0
STAGES = ("diffusion", "tracts")
CORES = "2"


@dataclass(frozen=True)
class Step:
    """A step that was run: when, with how much memory, and what it left."""

    rule: str
    start_s: float
    end_s: float
    memory_mb: float
    outputs: tuple[str, ...]


def steps(out: Path) -> list[Step]:
    """Return the steps of both stages from their records, the first one first."""
    found = []
    for stage in STAGES:
        for record in out.glob(f"logs/{stage}/*/*.json"):
            told = json.loads(record.read_text(encoding="utf-8"))
            if "duration_s" in told:
                end_s = record.stat().st_mtime
                start_s = end_s - told["duration_s"]
                outputs = tuple(told["outputs"])
                found.append(Step(told["rule"], start_s, end_s, told["peak_memory_mb"], outputs))
    return sorted(found, key=lambda step: step.start_s)


def table(done: list[Step], *, peak_mb: float) -> list[list[str]]:
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
        ["limit", f"{LIMIT_S:.0f}", f"{LIMIT_MB:.0f}"],
    ]


def run(command: list[str], log: Path) -> float:
    """Run the pipeline and return its peak memory [MB]; stop if it fails."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
        peak_mb = peak_of(process)
    if process.returncode:
        raise SystemExit(f"exit code {process.returncode}, see {log}")
    return peak_mb


def measured(bids: Path, folder: Path, participant: str) -> list[list[str]]:
    """Run both stages again and return the lines of the table."""
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "out"
    command = [sys.executable, "-m", "sonolesion.cli", str(bids), str(out), "participant"]
    command += ["--participant-label", participant, "--cores", CORES]
    # Also where there is an output: its anatomy may be older than the program.
    run(command, folder / "first.log")
    for step in steps(out):
        for name in step.outputs:
            (out / name).unlink(missing_ok=True)
    peak_mb = run(command, folder / "again.log")
    return table(steps(out), peak_mb=peak_mb)


def main() -> int:
    """Measure; return 1 if a limit is passed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bids", type=Path, help="dataset")
    parser.add_argument("--participant", default="multi01", help="one with a tensor scan")
    parser.add_argument("--folder", type=Path, help="keeps the output")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        lines = measured(given.bids, given.folder or Path(name), given.participant)
    print(tables.markdown(("step", "time [s]", "memory [MB]"), lines))
    _, wall_s, peak_mb = lines[-2]
    return int(float(wall_s) > LIMIT_S or float(peak_mb) > LIMIT_MB)


if __name__ == "__main__":
    sys.exit(main())
