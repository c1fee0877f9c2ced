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

from campaign import functional_group, functional_tables
from campaign.functional_scores import every_row
from campaign.patient_study import Row, Study, each_patient, finished, parser, written

KINDS = ("scans", "edges", "maps", "couplings")


def main() -> int:
    """Make, run, compare; return 1 if a run had failures."""
    line = parser(__doc__ or "", "functional")
    line.add_argument("--people", type=int, default=10, help="of the coarse group; 0: none")
    given = line.parse_args()
    rows: dict[str, list[Row]] = {kind: [] for kind in KINDS}
    unsound = []
    for label, settings in each_patient(given.config, given.patients).items():
        folder = given.folder / label
        if not given.tables_only and finished(folder, settings, "phantom_bold"):
            unsound.append(label)
        if (folder / "out").exists():
            for kind, more in every_row(Study(folder, label, "func", "_task-rest")).items():
                rows[kind] += more
    rows["people"] = functional_group.every_row(
        given.folder / "group", n=given.people, make=not given.tables_only
    )
    tables = functional_tables.every_table(rows, given.folder / "group")
    written(given.folder, rows, tables, given.page)
    print(f"runs with failures: {', '.join(unsound) or 'none'}")
    return int(bool(unsound))


if __name__ == "__main__":
    raise SystemExit(main())
