"""Resting state on phantom patients whose networks are known: make, run, compare, tabulate.

::

    python benchmarks/functional_phantom.py FOLDER [--people 10] [--page docs/accuracy.md]

Makes the patients of ``config/studies/functional.yaml`` (a resting-state run of 7 minutes before
and after treatment, clinical resolution), runs the whole pipeline on each by the command line, and
compares motion, correlations, ALFF, ReHo, seed map and lesion effect with the truth, which the
pipeline never reads. Then a group of coarse people with different motion goes through the kernels
of the stage: correlations by strategy, QC-FC with noise that motion makes and without, lags. FOLDER
keeps all: the command can be interrupted, resumed and extended. Writes
``FOLDER/{scans,edges,maps,couplings,people}.tsv`` and ``FOLDER/tables.md``.
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path
from typing import Any

import yaml
from campaign import functional_group, functional_tables, pages, studies
from campaign.functional_scores import Study, every_row

from sonolesion.core.runner import pipeline_folder
from sonolesion.core.tables import write_text, write_tsv

Settings = dict[str, Any]
KINDS = ("scans", "edges", "maps", "couplings")


def main() -> int:
    """Make, run, compare; return 1 if a run had failures."""
    given = arguments()
    whole = yaml.safe_load(given.config.read_text(encoding="utf-8"))
    rows: dict[str, list[Settings]] = {kind: [] for kind in KINDS}
    unsound = []
    for settings in each_patient(whole, given.patients):
        label = settings["phantom"]["patients"][0]["label"]
        folder = given.folder / label
        if not given.tables_only and finished(folder, settings):
            unsound.append(label)
        if (folder / "out").exists():
            for kind, more in every_row(Study(folder, label)).items():
                rows[kind] += more
    rows["people"] = functional_group.every_row(
        given.folder / "group", n=given.people, make=not given.tables_only
    )
    for kind, content in rows.items():
        if content:
            write_tsv(given.folder / f"{kind}.tsv", content, columns=list(content[0]))
    made = functional_tables.every_table(rows, given.folder / "group")
    text = "\n\n".join(f"## {name}\n\n{table}" for name, table in made.items())
    write_text(text + "\n", given.folder / "tables.md")
    print(text)
    if given.page:
        pages.fill(given.page, made)
    print(f"runs with failures: {', '.join(unsound) or 'none'}")
    return int(bool(unsound))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    default = pipeline_folder() / "config" / "studies" / "functional.yaml"
    parser.add_argument("folder", type=Path, help="keeps scans, outputs and rows; resumed if there")
    parser.add_argument("--config", type=Path, default=default, help="another study")
    parser.add_argument("--patients", nargs="+", metavar="LABEL", help="some patients alone")
    parser.add_argument("--people", type=int, default=10, help="of the coarse group; 0: none")
    parser.add_argument("--tables-only", action="store_true", help="compare what is there")
    parser.add_argument("--page", type=Path, help="page whose marked tables are filled")
    return parser.parse_args()


def each_patient(whole: Settings, wanted: list[str] | None) -> list[Settings]:
    """Return the settings of each patient alone, with a seed and so an anatomy of its own."""
    found = []
    for index, patient in enumerate(whole["phantom"]["patients"]):
        own = copy.deepcopy(whole)
        own["phantom"]["patients"] = [patient]
        own["phantom"]["seed"] = whole["phantom"].get("seed", 0) + index
        if not wanted or patient["label"] in wanted:
            found.append(own)
    return found


def finished(folder: Path, settings: Settings) -> int:
    """Make the scans of a patient if they are not there, and run the pipeline."""
    folder.mkdir(parents=True, exist_ok=True)
    made_from = {name: settings[name] for name in ("phantom", "phantom_bold")}
    wanted = studies.phantom_digest({"phantom": made_from})
    config = folder / "study.yaml"
    write_text(yaml.safe_dump(settings), config)
    if not studies.is_made(folder, wanted):
        studies.call(["phantom", str(folder)], config, folder / "phantom.log", check=True)
        write_text(wanted, folder / "made.txt")
    run = [str(folder / "bids"), str(folder / "out"), "participant", "--cores", "1"]
    return studies.call(run, config, folder / "pipeline.log")


if __name__ == "__main__":
    raise SystemExit(main())
