"""Tables of interventions whose plan is moved, mirrored or gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from campaign.conditions import SHIFTS
from sonolesion.core.tables import read_tsv, write_tsv

AXES = ("target_x_mm", "target_y_mm", "target_z_mm")
POSITIVE = "RAS"
OTHER = {"left": "right", "right": "left"}
Row = Mapping[str, object]


def shifted(row: Mapping[str, str], shift_mm: Iterable[float], name: str) -> dict[str, object]:
    """Return a row whose target is moved by right, anterior, superior [mm]."""
    signs = [1 if letter in POSITIVE else -1 for letter in row["target_axes"]]
    moved = {
        axis: float(row[axis]) + sign * shift
        for axis, sign, shift in zip(AXES, signs, shift_mm, strict=True)
    }
    return {**row, **moved, "intervention_id": name}


def mirrored(row: Mapping[str, str]) -> dict[str, object]:
    """Return a row whose target is on the other side, the same distance from the midplane."""
    return {
        **row,
        "target_x_mm": -float(row["target_x_mm"]),
        "side": OTHER[row["side"]],
        "painful_side": row["side"],
        "intervention_id": "mirrored",
    }


def rows(own: list[dict[str, str]], plans: str) -> list[Row]:
    """Return the rows of the table under a kind of plan."""
    if plans in SHIFTS:
        return [shifted(row, SHIFTS[plans], plans) for row in own]
    if plans == "mirrored":
        return [mirrored(row) for row in own]
    return [] if plans == "absent" else [dict(row) for row in own]


def write(source: Path, target: Path, plans: str) -> None:
    """Write the table of interventions of a condition."""
    own = read_tsv(source)
    columns = source.read_text(encoding="utf-8").splitlines()[0].split("\t")
    target.parent.mkdir(parents=True, exist_ok=True)
    write_tsv(target, rows(own, plans), columns=columns)
