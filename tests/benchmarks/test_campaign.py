from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sonolesion.core.tables import read_tsv

CONDITIONS = ("T1w", "plan mirrored", "plan absent")


def campaign(root: Path, folder: Path) -> str:
    program = [sys.executable, str(root / "benchmarks" / "lesion_phantom.py"), str(folder)]
    command = [*program, "--small", "--cores", "1", "--conditions", *CONDITIONS]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.long
def test_a_small_campaign_from_scans_to_tables(root: Path, tmp_path: Path) -> None:
    first = campaign(root, tmp_path)
    assert first.count("exit code 0") == 6
    rows = read_tsv(tmp_path / "outlines.tsv")
    (lesion,) = [
        row for row in rows if (row["condition"], row["region"]) == ("reference", "I-III")
        and row["scan"] == "T2w"
    ]  # fmt: skip
    # On 1.5 to 2 mm scans the zones together are right.
    assert float(lesion["dice"]) > 0.6
    said = {(r["condition"], r["arm"], r["there"]) for r in read_tsv(tmp_path / "statements.tsv")}
    assert ("reference", "treated", "True") in said
    assert ("plan mirrored", "treated", "False") in said
    assert read_tsv(tmp_path / "ledger.tsv")[0]["state"] == "blocked"
    # Nothing is made twice.
    assert campaign(root, tmp_path).count("there already") == 6
