"""Run `snakemake --lint`; every finding but the software-environment one is an error."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Every rule runs in the one locked environment, so none names its own.
ACCEPTED = "Specify a conda environment or container for each rule"


def main() -> int:
    """Lint both passes on an empty data set; return 1 if anything is found."""
    with tempfile.TemporaryDirectory() as folder:
        bids, out = Path(folder, "bids"), Path(folder, "out")
        bids.mkdir()
        (bids / "dataset_description.json").write_text('{"Name": "lint"}')
        texts = [linted(bids, out, "work")]
        (out / "ledger.tsv").write_text("participant_id\n")
        (out / "work" / "current.json").write_text("{}")
        texts.append(linted(bids, out, "pages"))
    findings = [name for text in texts for name in re.findall(r"^    \* (.+)$", text, re.MULTILINE)]
    wrong = [finding for finding in findings if not finding.startswith(ACCEPTED)]
    if wrong or not all("Lints for" in text for text in texts):
        print("\n".join(wrong or texts), file=sys.stderr)
        return 1
    print(f"snakemake --lint: {len(findings)} findings, all of the accepted kind")
    return 0


def linted(bids: Path, out: Path, which: str) -> str:
    """Return what the linter says of one pass."""
    command = [sys.executable, "-m", "snakemake", "--lint", "--snakefile", "Snakefile"]
    command += ["--config", f"bids_dir={bids}", f"output_dir={out}", f"pass={which}"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=os.environ, check=False
    )
    return done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(main())
