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
import sys
import tempfile
from pathlib import Path

from campaign import stage_steps, tables

LIMIT_S, LIMIT_MB = 360.0, 4096.0
STAGES = ("diffusion", "tracts")
CORES = "2"


def measured(bids: Path, folder: Path, participant: str) -> list[list[str]]:
    """Run both stages again and return the lines of the table."""
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "out"
    command = [sys.executable, "-m", "sonolesion.cli", str(bids), str(out), "participant"]
    command += ["--participant-label", participant, "--cores", CORES]
    # Also where there is an output: its anatomy may be older than the program.
    stage_steps.run(command, folder / "first.log")
    peak_mb = stage_steps.again(command, out, STAGES, folder / "again.log")
    done = stage_steps.steps(out, STAGES)
    return stage_steps.table(done, peak_mb=peak_mb, limit_s=LIMIT_S, limit_mb=LIMIT_MB)


def main() -> int:
    """Measure; return 1 if a limit is passed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bids", type=Path, help="dataset")
    parser.add_argument("--participant", default="multi01", help="one with a tensor scan")
    parser.add_argument("--folder", type=Path, help="keeps the output")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        lines = measured(given.bids, given.folder or Path(name), given.participant)
    print(tables.markdown(stage_steps.COLUMNS, lines))
    _, wall_s, peak_mb = lines[-2]
    return int(float(wall_s) > LIMIT_S or float(peak_mb) > LIMIT_MB)


if __name__ == "__main__":
    sys.exit(main())
