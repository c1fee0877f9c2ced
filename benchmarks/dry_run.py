"""Time how long it takes to see what 200 subjects with 6 sessions owe.

Makes a data set of header-sized scans, runs ``sonolesion --dry-run`` on it, and prints time and
memory against the limits (30 s, 1 GB): python benchmarks/dry_run.py
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nibabel as nib
import numpy as np

SUBJECTS, SESSIONS = 200, {"pre": -3, "3d": 3, "1m": 30, "3m": 90, "6m": 180, "12m": 365}
CONTRASTS = ("T1w", "T2w", "FLAIR")
LIMIT_S, LIMIT_MB = 30.0, 1000.0


def make(folder: Path) -> None:
    """Write the data set."""
    folder.mkdir()
    (folder / "dataset_description.json").write_text('{"Name": "many", "BIDSVersion": "1.10.0"}')
    rng = np.random.default_rng(0)
    rows = []
    for number in range(SUBJECTS):
        subject = f"{number:03d}"
        place = folder / f"sub-{subject}"
        place.mkdir()
        days = [f"ses-{label}\t{day}" for label, day in SESSIONS.items()]
        lines = "\n".join(["session_id\tdays_from_treatment", *days])
        (place / f"sub-{subject}_sessions.tsv").write_text(lines + "\n")
        rows.append(f"sub-{subject}\tfus1\t0\tfus\tleft\tmni\tMNI152NLin2009cAsym\t-8\t-20\t8")
        for session in SESSIONS:
            write_session(place / f"ses-{session}" / "anat", f"sub-{subject}_ses-{session}", rng)
    columns = "participant_id intervention_id day kind side target_frame target_space"
    columns += " target_x_mm target_y_mm target_z_mm"
    (folder / "phenotype").mkdir()
    text = "\n".join(["\t".join(columns.split()), *rows]) + "\n"
    (folder / "phenotype" / "interventions.tsv").write_text(text)


def write_session(place: Path, stem: str, rng: np.random.Generator) -> None:
    """Write three small scans."""
    place.mkdir(parents=True)
    for contrast in CONTRASTS:
        image = nib.Nifti1Image(rng.integers(0, 99, (8, 8, 8), dtype=np.int16), np.eye(4))
        image.header.set_xyzt_units("mm")
        nib.save(image, place / f"{stem}_{contrast}.nii.gz")
        (place / f"{stem}_{contrast}.json").write_text(json.dumps({"MagneticFieldStrength": 3}))


def main() -> int:
    """Measure; return 1 if a limit is passed."""
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder, "bids"))
        command = [sys.executable, "-m", "sonolesion.cli", str(Path(folder, "bids"))]
        command += [str(Path(folder, "out")), "participant", "--dry-run"]
        for name in ("first", "again"):
            start_s = time.monotonic()
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            taken_s = time.monotonic() - start_s
            peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            jobs = [line.split() for line in done.stdout.splitlines() if line.startswith("total")]
            print(
                f"dry run ({name}): {jobs[0][1]} jobs, {taken_s:.1f} s of {LIMIT_S:.0f} s, "
                f"{peak_mb:.0f} MB of {LIMIT_MB:.0f} MB"
            )
    return int(taken_s > LIMIT_S or peak_mb > LIMIT_MB)


if __name__ == "__main__":
    sys.exit(main())
