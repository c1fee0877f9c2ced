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
from pathlib import Path

import yaml
from campaign import perfusion_tables, studies
from campaign.patient_study import Row, Study, each_patient, make, parser, written
from campaign.perfusion_direct import visits_of, write_maps
from campaign.perfusion_scores import every_row

from sonolesion.core.tables import write_text

KINDS = ("flow", "effects", "perfusion_scans")
# Output folder → what is configured for it beside the study. NEX can't be read from a data set;
# every other constant is the pipeline's own.
PRODUCT = "product"
GE = {"perfusion": {"equation": "ge", "ge": {"n_excitations": 3}}}
RUNS: dict[str, Row] = {"out": {}, "out_product": GE}
TRUE_TISSUE = "true_tissue"


def main() -> int:
    """Make, run, compare; return 1 if a run had failures."""
    given = arguments()
    rows: dict[str, list[Row]] = {kind: [] for kind in KINDS}
    unsound = []
    for label, settings in each_patient(given.config, given.patients).items():
        folder = given.folder / label
        if not given.tables_only:
            make(folder, settings, "phantom_asl")
            unsound += run(folder, settings, given)
        for out in (TRUE_TISSUE,) if given.true_tissue else RUNS:
            if (folder / out).exists():
                for kind, found in every_row(Study(folder, label, "perf"), out).items():
                    rows[kind] += found
    # Those on true tissue have names of their own.
    prefix = f"{TRUE_TISSUE}_" if given.true_tissue else ""
    tables = perfusion_tables.every_table(rows)
    made = {f"{prefix}{name}": table for name, table in tables.items()}
    written(given.folder, rows, made, given.page, prefix=prefix)
    print(f"runs with failures: {', '.join(unsound) or 'none'}")
    return int(bool(unsound))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    line = parser(__doc__ or "", "perfusion")
    line.add_argument("--visits", nargs="+", metavar="LABEL", help="some visits alone")
    line.add_argument(
        "--true-tissue",
        action="store_true",
        help="the stage's kernels alone, on the true tissue instead of the pipeline's",
    )
    line.add_argument("--cores", type=int, default=1, metavar="N", help="of the pipeline")
    return line.parse_args()


def run(folder: Path, settings: Row, given: argparse.Namespace) -> list[str]:
    """Run the pipeline, or its kernels alone; return the runs that had failures."""
    unsound = []
    for out, more in RUNS.items():
        there = visits(folder, product=bool(more))
        asked = [visit for visit in there if visit in (given.visits or there)]
        if given.true_tissue:
            for visit in asked:
                write_maps(Study(folder, folder.name, "perf"), TRUE_TISSUE, visit, more)
        elif asked and call(folder, settings | more, out, asked, cores=given.cores):
            unsound.append(f"{folder.name}/{out}")
    return unsound


def call(folder: Path, settings: Row, out: str, asked: list[str], *, cores: int) -> int:
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
