"""Blood flow of a phantom patient whose flow is known: make, run, compare, tabulate.

::

    python benchmarks/perfusion_phantom.py FOLDER [--visits baseline 3d] [--page docs/accuracy.md]

Makes the patient of ``config/studies/perfusion.yaml`` (arterial spin labelling before treatment, 3
days and 3 months after, and by other protocols), runs the pipeline on it by the command line, with
GE's product equation in a run of its own, and compares flow, transit time and the effect of the
lesion with the truth, which the pipeline never reads. ``--true-tissue`` runs the kernels of the
stage alone, with the true tissue in the place of what registration and segmentation find. FOLDER
keeps all: the command can be interrupted and resumed. Writes
``FOLDER/{flow,effects,perfusion_scans}.tsv`` and ``FOLDER/tables.md``.
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path
from typing import Any

import yaml
from campaign import pages, perfusion_tables, studies
from campaign.diffusion_scores import Study
from campaign.perfusion_direct import visits_of, write_maps
from campaign.perfusion_scores import every_row

from sonolesion.core.runner import pipeline_folder
from sonolesion.core.tables import write_text, write_tsv

Settings = dict[str, Any]
KINDS = ("flow", "effects", "perfusion_scans")
# Output folder → what is configured for it beside the study. NEX can't be read from a data set;
# every other constant is the pipeline's own.
PRODUCT = "product"
GE = {"perfusion": {"equation": "ge", "ge": {"n_excitations": 3}}}
RUNS: dict[str, Settings] = {"out": {}, "out_product": GE}
TRUE_TISSUE = "true_tissue"


def main() -> int:
    """Make, run, compare; return 1 if a run had failures."""
    given = arguments()
    settings = yaml.safe_load(given.config.read_text(encoding="utf-8"))
    rows: dict[str, list[Settings]] = {kind: [] for kind in KINDS}
    unsound = []
    for patient in settings["phantom"]["patients"]:
        own = copy.deepcopy(settings)
        own["phantom"]["patients"] = [patient]
        folder = given.folder / patient["label"]
        if not given.tables_only:
            make(folder, own)
            unsound += run(folder, own, given)
        for out in (TRUE_TISSUE,) if given.true_tissue else RUNS:
            if (folder / out).exists():
                for kind, found in every_row(Study(folder, patient["label"]), out).items():
                    rows[kind] += found
    write(rows, given)
    print(f"runs with failures: {', '.join(unsound) or 'none'}")
    return int(bool(unsound))


def write(rows: dict[str, list[Settings]], given: argparse.Namespace) -> None:
    """Write rows and tables; those on true tissue have names of their own."""
    prefix = f"{TRUE_TISSUE}_" if given.true_tissue else ""
    for kind, content in rows.items():
        if content:
            columns = list(dict.fromkeys(name for row in content for name in row))
            write_tsv(given.folder / f"{prefix}{kind}.tsv", content, columns=columns)
    tables = perfusion_tables.every_table(rows)
    made = {f"{prefix}{name}": table for name, table in tables.items()}
    text = "\n\n".join(f"## {name}\n\n{table}" for name, table in made.items())
    write_text(text + "\n", given.folder / f"{prefix}tables.md")
    print(text)
    if given.page:
        pages.fill(given.page, made)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    default = pipeline_folder() / "config" / "studies" / "perfusion.yaml"
    parser.add_argument("folder", type=Path, help="keeps scans, outputs and rows; resumed if there")
    parser.add_argument("--config", type=Path, default=default, help="another study")
    parser.add_argument("--visits", nargs="+", metavar="LABEL", help="some visits alone")
    parser.add_argument(
        "--true-tissue",
        action="store_true",
        help="the stage's kernels alone, on the true tissue instead of the pipeline's",
    )
    parser.add_argument("--cores", type=int, default=1, metavar="N", help="of the pipeline")
    parser.add_argument("--tables-only", action="store_true", help="compare what is there")
    parser.add_argument("--page", type=Path, help="page whose marked tables are filled")
    return parser.parse_args()


def make(folder: Path, settings: Settings) -> None:
    """Make the scans of a patient if they are not there."""
    folder.mkdir(parents=True, exist_ok=True)
    made_from = {name: settings[name] for name in ("phantom", "phantom_asl")}
    wanted = studies.phantom_digest({"phantom": made_from})
    if not studies.is_made(folder, wanted):
        config = folder / "study.yaml"
        write_text(yaml.safe_dump(settings), config)
        studies.call(["phantom", str(folder)], config, folder / "phantom.log", check=True)
        write_text(wanted, folder / "made.txt")


def run(folder: Path, settings: Settings, given: argparse.Namespace) -> list[str]:
    """Run the pipeline, or its kernels alone; return the runs that had failures."""
    unsound = []
    for out, more in RUNS.items():
        there = visits(folder, product=bool(more))
        asked = [visit for visit in there if visit in (given.visits or there)]
        if given.true_tissue:
            for visit in asked:
                write_maps(Study(folder, folder.name), TRUE_TISSUE, visit, more)
        elif asked and call(folder, settings | more, out, asked, cores=given.cores):
            unsound.append(f"{folder.name}/{out}")
    return unsound


def call(folder: Path, settings: Settings, out: str, asked: list[str], *, cores: int) -> int:
    """Run the pipeline on some visits."""
    config = folder / f"{out}.yaml"
    write_text(yaml.safe_dump(settings), config)
    command = [str(folder / "bids"), str(folder / out), "participant", "--cores", str(cores)]
    chosen = ["--modality", "T1w", "asl", "--session-label", *asked]
    return studies.call([*command, *chosen], config, folder / f"{out}.log")


def visits(folder: Path, *, product: bool) -> list[str]:
    """Return the visits of the product, or all others."""
    return [visit for visit in visits_of(folder) if (visit == PRODUCT) == product]


if __name__ == "__main__":
    raise SystemExit(main())
