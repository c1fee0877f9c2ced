"""Run the workflow's passes through Snakemake, and make the ledger between them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sonolesion.core import status
from sonolesion.core.errors import ConfigError
from sonolesion.core.tables import read_tsv, write_text, write_tsv

PACKAGE = Path(__file__).resolve().parents[1]
STUDY = "work/study.yaml"
PREPARED = "work/prepared"
LEDGER = "ledger.tsv"
# Each repeat leaves out contrasts that were found faulty in the run before it.
MAX_ROUNDS = 3


def pipeline_folder() -> Path:
    """Return the folder of the Snakefile: inside the installed package, or the clone's top."""
    installed = PACKAGE / "pipeline"
    return installed if (installed / "Snakefile").is_file() else PACKAGE.parents[1]


def require_study(output: Path) -> None:
    """Raise `ConfigError` unless a first pass has been here."""
    if not (output / STUDY).is_file():
        raise ConfigError(
            file=output,
            found="no study",
            expected="the output folder of a run",
            remedy="run `sonolesion BIDS OUT participant` first",
        )


@dataclass(frozen=True)
class Engine:
    """How Snakemake is called."""

    cores: int = 1
    profile: str = ""

    def work(self, settings: dict[str, Any], output: Path, *, dry_run: bool = False) -> int:
        """Run the first pass; return Snakemake's exit code."""
        output = require_folder(output)
        file = output / "work" / "command.yaml"
        (output / PREPARED).unlink(missing_ok=True)
        write_text(yaml.safe_dump(settings, sort_keys=True), file)
        options = ["--dry-run"] if dry_run else []
        return self._snakemake(file, [*options, "work"]).returncode

    def work_with_what_is_left(self, settings: dict[str, Any], output: Path) -> bool:
        """Run the first pass, and again while it finds contrasts to do without.

        Returns whether the data set could be looked over at all.
        """
        for _ in range(MAX_ROUNDS):
            code = self.work(settings, output)
            if code == 0 or not status.has_new_faults(output):
                break
        return (output / PREPARED).exists()

    def ledger(self, output: Path) -> tuple[list[dict[str, str]], dict[str, list[str]]]:
        """Write ``ledger.tsv``; return its rows and each subject's current files."""
        done = self._snakemake(
            output / STUDY, ["--summary"], config={"pass": "summary"}, captured=True
        )
        if done.returncode:
            raise ConfigError(
                file=output,
                found=done.stderr.strip()[-2000:],
                expected="a summary of the workflow",
                remedy="mend what the message names and run again",
            )
        files = status.parse_summary(done.stdout)
        steps = json.loads((output / "work" / "steps.json").read_text(encoding="utf-8"))
        inventory = read_tsv(output / "inventory.tsv")
        rows = status.inventory_rows(inventory) + status.step_rows(steps, files, output)
        write_tsv(output / LEDGER, rows, columns=status.COLUMNS)
        current = status.with_failed_gates(
            status.current_files(steps, files, output), inventory, output
        )
        write_text(json.dumps(current, indent=1) + "\n", output / "work" / "current.json")
        return rows, current

    def finish(self, output: Path) -> bool:
        """Make ledger, tables and pages; return whether everything asked for is sound."""
        rows, _ = self.ledger(output)
        done = self._snakemake(output / STUDY, ["--nolock", "pages"], config={"pass": "pages"})
        return status.is_sound(rows) and done.returncode == 0

    def _snakemake(
        self,
        configfile: Path,
        arguments: list[str],
        *,
        config: dict[str, str] | None = None,
        captured: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "snakemake", *self._profile()]
        command += ["--snakefile", str(pipeline_folder() / "Snakefile")]
        command += ["--configfile", str(configfile), "--cores", str(self.cores)]
        # Snakemake's own records travel with the results.
        command += ["--directory", str(configfile.parents[1])]
        command += arguments
        if config:
            command += ["--config", *(f"{name}={value}" for name, value in config.items())]
        # Snakemake's own messages stay on screen; its end hooks must not start us again.
        environment = os.environ | {"SONOLESION": "1"}
        return subprocess.run(
            command, env=environment, text=True, capture_output=captured, check=False
        )

    def _profile(self) -> list[str]:
        shipped = pipeline_folder() / "profiles"
        if not self.profile:
            return ["--workflow-profile", str(shipped / "default")]
        if (shipped / self.profile).is_dir():
            return ["--workflow-profile", str(shipped / self.profile)]
        return ["--workflow-profile", str(shipped / "default"), "--profile", self.profile]


def require_folder(output: Path) -> Path:
    """Make the output's work folder; raise `ConfigError` if that can't be."""
    try:
        (output / "work").mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise ConfigError(
            file=output,
            found=f"a folder that can't be made ({fault.strerror})",
            expected="a writable output folder",
            remedy="change its permissions, free the disk, or name another",
        ) from fault
    return output
