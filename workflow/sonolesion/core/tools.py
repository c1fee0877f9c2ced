"""External programs, each called in one place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from sonolesion.core.errors import SonolesionError


def validate_bids(bids_dir: Path) -> dict[str, Any]:
    """Run the Deno BIDS validator, which is offline, and return its JSON report.

    Raises
    ------
    SonolesionError
        If the validator gives no report.
    """
    program = Path(sys.executable).parent / "bids-validator-deno"
    command = [str(program), "--format", "json", "--ignoreNiftiHeaders", str(bids_dir)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise SonolesionError(
            file=bids_dir,
            found=f"no report from the BIDS validator (exit code {done.returncode}): "
            f"{done.stderr.strip()[-300:]}",
            expected="its findings as JSON",
            remedy="run bids-validator-deno on the data set by hand",
        ) from None
    return report
