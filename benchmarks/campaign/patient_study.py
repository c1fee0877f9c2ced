"""Studies of one phantom patient each: make them, run the pipeline on them, find their files."""

from __future__ import annotations

import argparse
import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from campaign import pages, studies
from sonolesion.core import images
from sonolesion.core.runner import pipeline_folder
from sonolesion.core.tables import write_text, write_tsv

Row = dict[str, Any]


@dataclass(frozen=True)
class Study:
    """One patient: its data set, truth and finished output.

    `part` is the folder of the scans that are compared, `run` what their names tell besides
    patient and visit.
    """

    folder: Path
    label: str
    part: str
    run: str = ""

    @cached_property
    def told(self) -> Row:
        """What the truth says of the patient."""
        content = images.read_json(self.folder / "truth" / "truth.json")
        return dict(content["subjects"][f"sub-{self.label}"])

    @property
    def visits(self) -> list[str]:
        """Visits, the baseline first."""
        names = self.told["sessions"]
        days = {name: float(names[name]["days_from_treatment"]) for name in names}
        return [name.removeprefix("ses-") for name in sorted(days, key=lambda name: days[name])]

    def of(self, top: str, visit: str, name: str, part: str = "") -> Path:
        """Return a file of a visit in one of the patient's folders: of its scan, or of `part`."""
        where = self.folder / top / f"sub-{self.label}" / f"ses-{visit}" / (part or self.part)
        return where / f"sub-{self.label}_ses-{visit}{'' if part else self.run}{name}"

    def true(self, visit: str, name: str, part: str = "") -> Path:
        """Return a file of the truth."""
        return self.of("truth", visit, name, part)

    def ours(self, visit: str, name: str, part: str = "") -> Path:
        """Return a file of the output."""
        return self.of("out", visit, name, part)

    def own(self, kind: str, name: str) -> Path:
        """Return a file of the patient; `kind` as "truth/anat"."""
        top, part = kind.split("/")
        return self.folder / top / f"sub-{self.label}" / part / f"sub-{self.label}{name}"


def parser(description: str, study: str) -> argparse.ArgumentParser:
    """Return the command line of a campaign over ``config/studies/<study>.yaml``."""
    found = argparse.ArgumentParser(description=description.splitlines()[0])
    default = pipeline_folder() / "config" / "studies" / f"{study}.yaml"
    found.add_argument("folder", type=Path, help="keeps scans, outputs and rows; resumed if there")
    found.add_argument("--config", type=Path, default=default, help="another study")
    found.add_argument("--patients", nargs="+", metavar="LABEL", help="some patients alone")
    found.add_argument("--tables-only", action="store_true", help="compare what is there")
    found.add_argument("--page", type=Path, help="page whose marked tables are filled")
    return found


def each_patient(config: Path, wanted: Sequence[str] | None) -> dict[str, Row]:
    """Return the settings of each patient alone, with a seed and so an anatomy of its own."""
    whole = yaml.safe_load(config.read_text(encoding="utf-8"))
    found = {}
    for index, patient in enumerate(whole["phantom"]["patients"]):
        own = copy.deepcopy(whole)
        own["phantom"]["patients"] = [patient]
        own["phantom"]["seed"] = whole["phantom"].get("seed", 0) + index
        if not wanted or patient["label"] in wanted:
            found[patient["label"]] = own
    return found


def make(folder: Path, settings: Row, kind: str) -> None:
    """Make the scans of a patient if they are not there; `kind` is the section of the scan."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = studies.phantom_digest({"phantom": {n: settings[n] for n in ("phantom", kind)}})
    if not studies.is_made(folder, wanted):
        config = folder / "study.yaml"
        write_text(yaml.safe_dump(settings), config)
        studies.call(["phantom", str(folder)], config, folder / "phantom.log", check=True)
        write_text(wanted, folder / "made.txt")


def finished(folder: Path, settings: Row, kind: str) -> int:
    """Make the scans of a patient if they are not there, and run the pipeline."""
    make(folder, settings, kind)
    config = folder / "study.yaml"
    write_text(yaml.safe_dump(settings), config)
    run = [str(folder / "bids"), str(folder / "out"), "participant", "--cores", "1"]
    return studies.call(run, config, folder / "pipeline.log")


def written(
    folder: Path,
    rows: Mapping[str, Sequence[Row]],
    made: Mapping[str, str],
    page: Path | None,
    *,
    prefix: str = "",
) -> None:
    """Write rows and tables into a folder, and the tables into a page."""
    for kind, content in rows.items():
        if content:
            columns = list(dict.fromkeys(name for row in content for name in row))
            write_tsv(folder / f"{prefix}{kind}.tsv", list(content), columns=columns)
    text = "\n\n".join(f"## {name}\n\n{table}" for name, table in made.items())
    write_text(text + "\n", folder / f"{prefix}tables.md")
    print(text)
    if page:
        pages.fill(page, dict(made))
