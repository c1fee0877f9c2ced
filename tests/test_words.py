"""The project speaks of the project alone: no machine paths, no addresses of registries."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

PATHS = re.compile(r"(^|[^A-Za-z0-9_.])/(work|home|root|tmp)/")
REGISTRIES = re.compile(r"index[-]url|p[y]pi\.org|n[p]mjs|d[e]b\.debian")


def tracked(root: Path) -> list[Path]:
    """Return what git tracks or would take up, as far as it is there."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("git is not installed")
    return [path for name in done.stdout.splitlines() if (path := root / name).exists()]


def test_no_machine_paths_and_no_registries(root: Path) -> None:
    found = []
    for path in tracked(root):
        if path.name == Path(__file__).name or path.suffix in {".gz", ".png", ".parquet"}:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if PATHS.search(line) or REGISTRIES.search(line):
                found.append(f"{path.name}:{number}: {line.strip()[:80]}")
    assert found == []


def test_no_real_scan_is_tracked(root: Path) -> None:
    assert not [path for path in tracked(root) if path.name.endswith((".nii", ".nii.gz", ".dcm"))]
