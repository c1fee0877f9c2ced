from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from standins import copy_pipeline, runs

from sonolesion import cli
from sonolesion.core import runner
from sonolesion.core.tables import read_tsv


class Study:
    """A data set, an output folder, and the command that leads from one to the other."""

    def __init__(self, dataset, pipeline: Path) -> None:
        self.dataset, self.pipeline = dataset, pipeline
        self.output = dataset.folder.parent / "out"

    def run(self, *options: str, output: Path | None = None) -> int:
        folder = str(output or self.output)
        return cli.main([str(self.dataset.folder), folder, "participant", "--cores", "2", *options])

    def ran(self) -> list[str]:
        return runs(self.output)

    def break_(self, *jobs: str) -> None:
        self.output.mkdir(exist_ok=True)
        (self.output / "break.txt").write_text("\n".join(jobs))

    def mend(self) -> None:
        (self.output / "break.txt").unlink()

    def states(self) -> dict[str, str]:
        """Return job → state, of the ledger's steps."""
        rows = read_tsv(self.output / "ledger.tsv")
        return {row["log"].removeprefix("logs/").removesuffix(".log"): row["state"] for row in rows}

    def ledger(self, state: str) -> list[dict[str, str]]:
        return [r for r in read_tsv(self.output / "ledger.tsv") if r["state"] == state]


@pytest.fixture
def study(dataset, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    pipeline = copy_pipeline(root, tmp_path / "pipeline")
    monkeypatch.setattr(runner, "pipeline_folder", lambda: pipeline)
    dataset.patient("1", {"pre": -3, "3d": 3})
    dataset.interventions({"participant_id": "sub-1"})
    yield Study(dataset, pipeline)
    shutil.rmtree(tmp_path, ignore_errors=True)
