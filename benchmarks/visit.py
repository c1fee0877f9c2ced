"""Time and memory of one patient at 1 mm: baseline and one follow-up, anatomy and lesion.

Makes the phantom, runs the pipeline on it with 2 cores, and prints time and memory (of all its
processes together) against the limits (4 minutes, 3 GB): python benchmarks/visit.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import yaml

LIMIT_S, LIMIT_MB = 240.0, 3000.0
GRID = {"voxel_mm": [1.0, 1.0, 1.0]}
STUDY = {
    "phantom": {
        "visits": {"1m": None, "3m": None, "12m": None},
        "patients": [{"label": "01", "frame": "acpc", "origin": "mc", "axes": "RAS"}],
        "anatomy_mm": 1.0,
        "scans": {"t1w": GRID, "t2w": GRID, "flair": GRID},
    }
}


def peak_of(process: subprocess.Popen[bytes]) -> float:
    """Return the most memory that a process and its children held together [MB]."""
    parent, peak = psutil.Process(process.pid), 0.0
    while process.poll() is None:
        held = 0
        for member in [parent, *parent.children(recursive=True)]:
            try:
                held += member.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        peak = max(peak, held / 2**20)
        time.sleep(0.2)
    return peak


def main() -> int:
    """Measure; return 1 if a limit is passed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "study.yaml").write_text(yaml.safe_dump(STUDY))
        program = [sys.executable, "-m", "sonolesion.cli"]
        options = ["--config", str(folder / "study.yaml")]
        subprocess.run([*program, "phantom", str(folder), *options], check=True)
        command = [*program, str(folder / "bids"), str(folder / "out"), "participant"]
        start_s = time.monotonic()
        log = (folder / "log.txt").open("wb")
        process = subprocess.Popen([*command, *options, "--cores", "2"], stdout=log, stderr=log)
        peak_mb = peak_of(process)
        taken_s = time.monotonic() - start_s
        print(
            f"baseline and follow-up at 1 mm: exit code {process.returncode}, "
            f"{taken_s:.0f} s of {LIMIT_S:.0f} s ({taken_s / LIMIT_S:.2f}), "
            f"{peak_mb:.0f} MB of {LIMIT_MB:.0f} MB ({peak_mb / LIMIT_MB:.2f})"
        )
    return int(process.returncode != 0 or taken_s > LIMIT_S or peak_mb > LIMIT_MB)


if __name__ == "__main__":
    sys.exit(main())
