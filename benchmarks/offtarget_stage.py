"""The search away from the plan on the patients of `lesion_stage.py`: how often it claims a change.

Nothing changes off target in these phantoms, so every claim is false::

    python benchmarks/offtarget_stage.py FOLDER [--page docs/accuracy.md]

FOLDER is that of `lesion_stage.py`, finished. All contrasts there are searched with the default
settings, whose family-wise rate is stated as `lesion.offtarget.search.alpha`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from campaign import conditions, pages, tables
from lesion_stage import SEED, Case, prepared

from sonolesion.core import images
from sonolesion.core.settings.lesion import Lesion
from sonolesion.core.tables import read_tsv, write_tsv
from sonolesion.lesion import offtarget_report
from sonolesion.lesion.comparison import FieldModel, NoiseModel
from sonolesion.lesion.offtarget import Look, Search

Row = dict[str, Any]
COLUMNS = ["patient", "visit", "arm", "clusters", "volume_mm3", "smallest_p"]


def main() -> None:
    """Search every reference patient there is, print and fill the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--page", type=Path, help="page whose marked table is filled")
    given = parser.parse_args()
    rows = [row for place in sorted(given.folder.glob("[fu]??")) for row in patient_rows(place)]
    table = summary(rows)
    print(table)
    if given.page:
        pages.fill(given.page, {"stage_off_target": table})


def patient_rows(place: Path) -> list[Row]:
    """Return the rows of one patient; those of a finished one are read back."""
    done = place / "offtarget.tsv"
    if not done.exists():
        reference = next(one for one in conditions.ALL if one.name == conditions.REFERENCE)
        write_tsv(done, list(searched(Case(place, place.name, reference))), columns=COLUMNS)
    return [dict(row) for row in read_tsv(done)]


def searched(case: Case) -> Iterator[Row]:
    """Yield what the search says of every follow-up."""
    treated = case.label.startswith("f")
    rng = np.random.default_rng([SEED, int(case.label[1:]), treated])
    head, scans = prepared(case, rng)
    settings = Lesion()
    given = settings.model_dump()
    looks = given["offtarget"]["looks"]
    rules = offtarget_report.Rules(
        {look["name"]: look["kind"] for look in looks}, given["offtarget"]["agree"],
        given["offtarget"]["safety"],
    )  # fmt: skip
    for name in list(case.days)[1:]:
        found = offtarget_report.examine(
            scans[name][0], scans["baseline"][0], head=head, rules=rules,
            looks=[Look(look["name"], look["signs"]) for look in looks],
            search=Search(**given["offtarget"]["search"]),
            exclusion_radius_mm=settings.exclusion_radius_mm,
            field=FieldModel(**given["calibration"]), noise=NoiseModel(**given["noise"]),
        )  # fmt: skip
        images.write_json(case.folder / f"offtarget_{name}.json", found.record)
        yield {
            "patient": case.label, "visit": name, "arm": "treated" if treated else "never treated",
            "clusters": len(found.clusters),
            "volume_mm3": sum(one["volume_mm3"] for one in found.clusters),
            "smallest_p": found.record["smallest_p"],
        }  # fmt: skip


def summary(rows: list[Row]) -> str:
    """Tabulate visits with a false claim."""
    lines = []
    for arm in ("never treated", "treated"):
        part = [row for row in rows if row["arm"] == arm]
        claimed = sum(int(row["clusters"]) > 0 for row in part)
        p_values = ", ".join(f"{float(row['smallest_p']):.2f}" for row in part)
        lines.append([arm, tables.count_below(claimed, len(part)), p_values])
    return tables.markdown(("patients", "visits with a false change", "smallest p"), lines)


if __name__ == "__main__":
    main()
