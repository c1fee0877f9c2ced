"""What `pip install` carries is enough to run."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow


def test_the_installed_wheel_plans_a_study(dataset, root: Path, tmp_path: Path) -> None:
    dataset.patient("1", {"pre": -3, "3d": 3})
    dataset.interventions({"participant_id": "sub-1"})
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=root, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    names = {path.name for path in (tmp_path / "site/sonolesion/pipeline").iterdir()}
    assert {"Snakefile", "rules", "scripts", "config", "atlases", "profiles"} <= names
    command = [sys.executable, "-m", "sonolesion.cli", str(dataset.folder), str(tmp_path / "out")]
    done = subprocess.run(
        [*command, "participant", "--dry-run"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"Snakefile: {tmp_path}/site/sonolesion/pipeline/Snakefile" in done.stdout + done.stderr
    assert "lesion_segment" in done.stdout
