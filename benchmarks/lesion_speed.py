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
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from campaign import conditions, pages, tables
from visit import peak_of

from sonolesion.core.settings.phantom import Phantom

LIMIT_S, LIMIT_MB = 60.0, 2048.0
VOXEL_MM, FOV_MM = (0.7, 0.7, 2.0), (190.4, 239.4, 180.0)
VISITS = ("baseline", "3d")
CORES = "2"


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
    with (folder / "first.log").open("wb") as log:
        subprocess.run(command, stdout=log, stderr=log, check=True)
    return command


def lesion_steps(out: Path) -> dict[str, tuple[float, float, float]]:
    """Return start [s], end [s] and memory [MB] of every lesion step, from their records."""
    found = {}
    for record in out.glob("logs/lesion/*/*.json"):
        told = json.loads(record.read_text(encoding="utf-8"))
        end_s = record.stat().st_mtime
        found[told["rule"]] = (end_s - told["duration_s"], end_s, float(told["peak_memory_mb"]))
    return found


def outputs(out: Path) -> list[Path]:
    """Return what the lesion stage left."""
    records = [json.loads(p.read_text(encoding="utf-8")) for p in out.glob("logs/lesion/*/*.json")]
    return [out / name for record in records for name in record["outputs"]]


def measured(folder: Path) -> list[list[str]]:
    """Run the lesion stage again and return the lines of the table."""
    command = prepare(folder)
    out = folder / "out"
    for path in outputs(out):
        path.unlink(missing_ok=True)
    with (folder / "again.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        peak_mb = peak_of(process)
    if process.returncode:
        raise SystemExit(f"exit code {process.returncode}, see {folder / 'again.log'}")
    steps = lesion_steps(out)
    first_s, last_s = min(s[0] for s in steps.values()), max(s[1] for s in steps.values())
    lines = [
        [name, f"{end_s - start_s:.1f}", f"{memory_mb:.0f}"]
        for name, (start_s, end_s, memory_mb) in sorted(steps.items(), key=lambda s: s[1][0])
    ]
    lines.append(["all, first start to last end", f"{last_s - first_s:.1f}", f"{peak_mb:.0f}"])
    return [*lines, ["limit", f"{LIMIT_S:.0f}", f"{LIMIT_MB:.0f}"]]


def main() -> int:
    """Measure; return 1 if a limit is passed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="keeps the study")
    parser.add_argument("--page", type=Path, help="page whose marked table is filled")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        lines = measured(given.folder or Path(name))
    table = tables.markdown(("step", "time [s]", "memory [MB]"), lines)
    print(table)
    if given.page:
        pages.fill(given.page, {"speed": table})
    return int(float(lines[-2][1]) > LIMIT_S or float(lines[-2][2]) > LIMIT_MB)


if __name__ == "__main__":
    sys.exit(main())
