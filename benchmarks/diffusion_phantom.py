"""Diffusion and tracts on phantom patients whose fibres are known: make, run, compare, tabulate.

::

    python benchmarks/diffusion_phantom.py FOLDER [--patients f01 s01] [--page docs/accuracy.md]

Makes each patient of ``config/studies/diffusion.yaml`` (treated ones and a sham, with a diffusion
tensor scan before, 3 days and 3 months after) in a folder of its own, runs the whole pipeline on it
by the command line, and compares FA, MD, motion, field, cut fractions and profiles with the truth,
which the pipeline never reads. FOLDER keeps all: the command can be interrupted, resumed and
extended. Writes ``FOLDER/{maps,scans,cuts,profiles}.tsv`` and ``FOLDER/tables.md``.
"""

from __future__ import annotations

from campaign import diffusion_tables
from campaign.diffusion_scores import every_row
from campaign.patient_study import Row, Study, each_patient, finished, parser, written

KINDS = ("maps", "scans", "cuts", "profiles")


def main() -> int:
    """Make, run, compare; return 1 if a run had failures."""
    given = parser(__doc__ or "", "diffusion").parse_args()
    rows: dict[str, list[Row]] = {kind: [] for kind in KINDS}
    unsound = []
    for label, settings in each_patient(given.config, given.patients).items():
        folder = given.folder / label
        if not given.tables_only and finished(folder, settings, "phantom_dti"):
            unsound.append(label)
        if (folder / "out").exists():
            for kind, more in every_row(Study(folder, label, "dwi")).items():
                rows[kind] += more
    written(given.folder, rows, diffusion_tables.every_table(rows), given.page)
    print(f"runs with failures: {', '.join(unsound) or 'none'}")
    return int(bool(unsound))


if __name__ == "__main__":
    raise SystemExit(main())
