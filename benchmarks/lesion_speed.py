"""Time and memory of the lesion stage of one visit, every contrast at 0.7 x 0.7 x 2 mm.

Makes a phantom (T1w 1 mm, the rest 0.7 x 0.7 x 2 mm), runs the pipeline on it, takes away what
the lesion stage left, and runs that stage again with 2 cores. Prints, against the limits of 60 s
and 2 GB: seconds from the start of its first step to the end of its last, and the most memory that
all its processes held together::

    python benchmarks/lesion_speed.py [FOLDER] [--page docs/accuracy.md]

FOLDER keeps the study, so that a second call only repeats the lesion stage.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from campaign import conditions, pages, stage_steps, tables

from sonolesion.core.settings.phantom import Phantom

LIMIT_S, LIMIT_MB = 60.0, 2048.0
VOXEL_MM, FOV_MM = (0.7, 0.7, 2.0), (190.4, 239.4, 180.0)
VISITS = ("baseline", "3d")
CORES = "2"
STAGES = ("lesion",)


def phantom() -> Phantom:
    """Return one treated patient with a baseline and a visit at 3 days."""
    base = conditions.preset(small=False).phantom
    fine = {"voxel_mm": VOXEL_MM, "fov_mm": FOV_MM}
    scans = {
        name: scan
        if name == "t1w" or not hasattr(scan, "voxel_mm")
        else scan.model_copy(update=fine)
        for name, scan in base.scans
    }
    update = {
        "patients": tuple(conditions.patients(1, 0)),
        "visits": {visit: conditions.DAYS[visit] for visit in VISITS},
        "scans": base.scans.model_copy(update=scans),
    }
    return base.model_copy(update=update)


def prepare(folder: Path) -> list[str]:
    """Make the study and run all of it once; return the command."""
    config = folder / "study.yaml"
    program = [sys.executable, "-m", "sonolesion.cli"]
    if not (folder / "bids").exists():
        folder.mkdir(parents=True, exist_ok=True)
        config.write_text(yaml.safe_dump(conditions.study_file(phantom(), {})), encoding="utf-8")
        subprocess.run([*program, "phantom", str(folder), "--config", str(config)], check=True)
    command = [*program, str(folder / "bids"), str(folder / "out"), "participant"]
    command += ["--config", str(config), "--cores", CORES]
    stage_steps.run(command, folder / "first.log")
    return command


def measured(folder: Path) -> list[list[str]]:
    """Run the lesion stage again and return the lines of the table."""
    command, out = prepare(folder), folder / "out"
    peak_mb = stage_steps.again(command, out, STAGES, folder / "again.log")
    done = stage_steps.steps(out, STAGES)
    return stage_steps.table(done, peak_mb=peak_mb, limit_s=LIMIT_S, limit_mb=LIMIT_MB)


def main() -> int:
    """Measure; return 1 if a limit is passed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="keeps the study")
    parser.add_argument("--page", type=Path, help="page whose marked table is filled")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        lines = measured(given.folder or Path(name))
    table = tables.markdown(stage_steps.COLUMNS, lines)
    print(table)
    if given.page:
        pages.fill(given.page, {"speed": table})
    return int(float(lines[-2][1]) > LIMIT_S or float(lines[-2][2]) > LIMIT_MB)


if __name__ == "__main__":
    sys.exit(main())
