"""Accuracy of the lesion on phantom studies: one command makes, runs, compares and tabulates.

::

    python benchmarks/lesion_phantom.py FOLDER [--patients 6] [--conditions NAME ...] [--cores 2]

FOLDER keeps every study, so the command can be interrupted, resumed and extended; a change of
the pipeline reruns what it touches. Writes ``FOLDER/outlines.tsv``, ``statements.tsv``,
``ledger.tsv`` and ``tables.md``; ``--page docs/accuracy.md`` also fills the page.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from campaign import conditions, pages, scores, studies, tables

from sonolesion.core.settings.phantom import clinical
from sonolesion.core.tables import write_text, write_tsv

Row = dict[str, Any]
# Measured on one core of 2 virtual ones: patient's space, warp, tissue and atlases; a visit's
# T1w; a contrast; the lesion of one plan; a run's own time [s].
SPACE_S, T1W_S, CONTRAST_S, LESION_S, RUN_S = 90.0, 25.0, 12.0, 60.0, 25.0


def main() -> int:
    """Run the campaign; return 1 if a study did not finish soundly."""
    given = arguments()
    every = [conditions.shortened(c) if given.small else c for c in conditions.ALL]
    numbers = (1, 1) if given.small else (given.patients, given.untreated)
    wanted = given.conditions or [condition.name for condition in every]
    todo = studies.listed(given.folder, every, wanted, conditions.patients(*numbers))
    print(estimated(todo, given.cores), flush=True)
    if given.estimate:
        return 0
    if not given.tables_only:
        preset = conditions.preset(small=given.small)
        studies.run_all(todo, preset=preset, cores=given.cores)
    made = tabulated(given.folder, todo)
    if given.page:
        pages.fill(given.page, made)
    unsound = [s.folder for s in todo if s.done.get("exit_code") != 0]
    print(f"{given.folder / 'tables.md'}; studies not sound: {', '.join(map(str, unsound)) or 0}")
    return int(bool(unsound))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    names = [condition.name for condition in conditions.ALL]
    add("folder", type=Path, help="keeps the studies, their outputs and the tables")
    add("--patients", type=int, default=6, help="treated patients of the reference condition")
    add("--untreated", type=int, default=3, help="patients never treated")
    add("--conditions", nargs="+", choices=names, metavar="NAME", help=", ".join(names))
    add("--cores", type=int, default=2, help="studies at a time, one core each")
    add("--small", action="store_true", help="coarse phantom, 2 patients: tries the harness")
    add("--tables-only", action="store_true", help="compare what is there, run nothing")
    add("--estimate", action="store_true", help="print how long it will take, and stop")
    add("--page", type=Path, help="page whose marked tables are filled")
    return parser.parse_args()


def estimated(todo: Sequence[studies.Study], cores: int) -> str:
    """Return a line a condition on the time that is still needed."""
    by_condition: dict[str, list[float]] = {}
    for study in todo:
        seconds = 0.0 if study.done else seconds_of(study)
        by_condition.setdefault(study.condition.name, []).append(seconds)
    lines = [
        f"{name}: {len(times)} studies, {sum(times) / 60 / cores:.0f} min to go"
        for name, times in by_condition.items()
    ]
    total = sum(map(sum, by_condition.values())) / 60 / cores
    return "\n".join([*lines, f"all: {total:.0f} min on {cores} cores"])


def seconds_of(study: studies.Study) -> float:
    """Return about how long a study takes on one core [s]."""
    condition = study.condition
    visits, scans = len(condition.visits) - 1, len(clinical().contrasts) - 1
    lesions = 0 if condition.plans == "absent" else visits
    seconds = RUN_S + LESION_S * lesions
    if not condition.parent:
        return seconds + SPACE_S + visits * T1W_S + scans * (visits + 1) * CONTRAST_S
    fresh = [visit for visit in condition.visits if visit not in conditions.MAIN]
    if condition.size != 1.0:
        fresh = list(condition.visits[1:])
    scans *= visits + 1 if condition.slice_mm else len(fresh)
    return seconds + len(fresh) * T1W_S + scans * CONTRAST_S


def tabulated(folder: Path, todo: Sequence[studies.Study]) -> dict[str, str]:
    """Compare the finished studies with their truth and write the tables."""
    said: list[Row] = []
    outlines: list[Row] = []
    ledger: list[Row] = []
    for study in todo:
        if study.done:
            more = scores.study_rows(study)
            said += more[0]
            outlines += more[1]
            ledger += scores.ledger_rows(study) if study.condition.plans == "absent" else []
    for name, rows in (("statements", said), ("outlines", outlines), ("ledger", ledger)):
        if rows:
            write_tsv(folder / f"{name}.tsv", rows, columns=list(rows[0]))
    made = tables.all_tables(said, outlines, ledger)
    text = "\n\n".join(f"## {name}\n\n{table}" for name, table in made.items())
    write_text(text + "\n", folder / "tables.md")
    return made


if __name__ == "__main__":
    raise SystemExit(main())
