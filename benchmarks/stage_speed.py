"""Time and memory of a stage of one participant, from finished anatomy.

Runs the pipeline on a BIDS dataset, takes away what the stage left, and runs it again with 2 cores.
Prints, against the limits: seconds and memory by rule, seconds from the start of the first step to
the end of the last (the steps of other stages between them included), and the most memory that all
processes held together::

    python benchmarks/stage_speed.py {diffusion,perfusion,functional} BIDS [--participant multi01]

`diffusion` includes `tracts`. The settings are those of ``stage_speed.yaml`` beside this file, if
no others are named. ``--folder FOLDER`` keeps the output, so that a second call only repeats the
stage; a finished output of the dataset may be put there, as ``FOLDER/out``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from campaign import stage_steps, tables

CORES = "2"
SETTINGS = Path(__file__).with_name("stage_speed.yaml")


@dataclass(frozen=True)
class Demand:
    """Stages that are measured together, the scans they need, and their limits."""

    stages: tuple[str, ...]
    modalities: tuple[str, ...]
    limit_s: float
    limit_mb: float


DEMANDS = {
    "diffusion": Demand(("diffusion", "tracts"), ("T1w", "dwi", "MEGRE"), 360.0, 4096.0),
    "perfusion": Demand(("perfusion",), ("T1w", "asl"), 60.0, 3072.0),
    "functional": Demand(("functional",), ("T1w", "bold", "MEGRE"), 240.0, 3072.0),
}


def measured(given: argparse.Namespace, folder: Path) -> list[list[str]]:
    """Run the stage again and return the lines of the table."""
    folder.mkdir(parents=True, exist_ok=True)
    out, demand = folder / "out", DEMANDS[given.stage]
    command = [sys.executable, "-m", "sonolesion.cli", str(given.bids), str(out), "participant"]
    command += ["--participant-label", given.participant, "--modality", *demand.modalities]
    command += ["--cores", CORES, "--config", str(given.config)]
    # Also where there is an output: its anatomy may be older than the program.
    stage_steps.run(command, folder / "first.log")
    peak_mb = stage_steps.again(command, out, demand.stages, folder / "again.log")
    done = stage_steps.steps(out, demand.stages)
    limits = {"limit_s": demand.limit_s, "limit_mb": demand.limit_mb}
    return stage_steps.table(done, peak_mb=peak_mb, **limits)


def main() -> int:
    """Measure; return 1 if a limit is passed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stage", choices=DEMANDS)
    parser.add_argument("bids", type=Path, help="dataset")
    parser.add_argument("--participant", default="multi01", help="one with the stage's scan")
    parser.add_argument("--config", type=Path, default=SETTINGS, help="settings of the study")
    parser.add_argument("--folder", type=Path, help="keeps the output")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        lines = measured(given, given.folder or Path(name))
    print(tables.markdown(stage_steps.COLUMNS, lines))
    _, wall_s, peak_mb = lines[-2]
    demand = DEMANDS[given.stage]
    return int(float(wall_s) > demand.limit_s or float(peak_mb) > demand.limit_mb)


if __name__ == "__main__":
    sys.exit(main())
