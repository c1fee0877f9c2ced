"""Sum up the rows of `lesion_stage.py` in tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from campaign import tables

Row = dict[str, Any]
SCORES = ("dice", "surface_dice", "hd95_mm", "in_plane_mm", "through_mm")
LEVELS = (0.01, 0.05, 0.1, 0.2, 0.5)
VISITS = ("3d", "1m", "3m", "12m")
MIRRORED = "mirrored"


def outlines(rows: list[Row]) -> str:
    """Return how outlines agree with the truth, by condition and visit; scans together."""
    held = [row for row in rows if row["plan"] == "own" and row["scan"] not in {"", "n/a"}]
    lines = []
    for (condition, visit), part in _grouped(held, "condition", "visit"):
        ours = [row for row in part if row["region"] == "I+II"]
        everything = [row for row in part if row["region"] == "I-III"]
        people = len({row["patient"] for row in part})
        cells = [tables.spread(float(row[score]) for row in ours) for score in SCORES]
        cells += [tables.spread(float(row["sphere_dice"]) for row in ours)]
        cells += [tables.spread(float(row["dice"]) for row in everything)]
        lines.append([condition, visit, f"{people} ({len(ours)})", *cells])
    head = ("condition", "visit", "patients (scans)", "Dice I+II", "surface Dice 1 mm",
            "HD95 [mm]", "in plane [mm]", "through plane [mm]", "Dice of the sphere",
            "Dice I-III")  # fmt: skip
    return tables.markdown(head, lines)


def shifts(rows: list[Row]) -> str:
    """Return the Dice of zones I and II where the plan was shifted."""
    held = [
        row for row in rows
        if row["condition"] == "reference" and row["visit"] == "3d" and row["region"] == "I+II"
    ]  # fmt: skip
    shifted = {row["patient"] for row in held if row["plan"] != "own"}
    lines = []
    for (plan,), part in _grouped([row for row in held if row["patient"] in shifted], "plan"):
        cells = [f"{float(row['dice']):.2f}" for row in sorted(part, key=lambda row: row["scan"])]
        sphere = tables.spread(float(row["sphere_dice"]) for row in part)
        lines.append([plan, ", ".join(cells), sphere])
    return tables.markdown(("plan", "Dice on FLAIR, T1w, T2w", "Dice of the sphere"), lines)


def statements(rows: list[Row]) -> str:
    """Return what was seen, the error of volumes and whether intervals held, by condition."""
    lines = []
    once = _trials([row for row in rows if row["plan"] == "own" and row["treated"] == "True"])
    for (condition, visit), part in _grouped(once, "condition", "visit"):
        seen = [row for row in part if row["outcome"] == "measured"]
        cells = [tables.count(len(seen), len(part)), _p_values(part)]
        for start, true in (("", "true_mm3"), ("all_", "true_all_mm3")):
            known = [
                row
                for row in seen
                if row[f"{start}volume_mm3" if not start else "all_mm3"] != "n/a"
            ]
            ours = f"{start}mm3" if start else "volume_mm3"
            errors = [100 * (float(row[ours]) / float(row[true]) - 1) for row in known]
            inside = [
                float(row[f"{start}low_mm3"]) <= float(row[true]) <= float(row[f"{start}high_mm3"])
                for row in known
            ]
            cells += [tables.spread(errors, ".0f"), tables.count(sum(inside), len(inside))]
        lines.append([condition, visit, *cells])
    head = ("condition", "visit", "seen", "p", "volume I+II [% off]", "in its 90 % interval",
            "volume I-III [% off]", "in its 90 % interval")  # fmt: skip
    return tables.markdown(head, lines)


def false_alarms(rows: list[Row]) -> str:
    """Return how often a lesion was claimed, and how often p was small, where there is none.

    The mirrored plan of a treated patient stands apart: the true lesion may be within reach.
    """
    looked = [row for row in _trials(rows) if row["plan"] in {"own", MIRRORED}]
    never = [row for row in looked if row["treated"] == "False"]
    kinds = {
        "never treated, plan's side": [row for row in never if row["plan"] == "own"],
        "never treated, other side": [row for row in never if row["plan"] == MIRRORED],
        "never treated, both": never,
        "treated, plan mirrored": [
            row for row in looked if row["treated"] == "True" and row["plan"] == MIRRORED
        ],
    }
    lines = []
    for name, part in kinds.items():
        p = np.array([float(row["p"]) for row in part])
        claimed = sum(row["outcome"] == "measured" for row in part)
        people = len({(row["patient"], row["condition"]) for row in part})
        shares = [f"{np.mean(p <= level):.2f}" if p.size else tables.NONE for level in LEVELS]
        alarms = tables.count_below(claimed, len(part))
        lines.append([name, f"{len(part)} ({people})", alarms, *shares])
    head = ("where", "looks (patients)", "claimed", *(f"p ≤ {level:g}" for level in LEVELS))
    return tables.markdown(head, lines)


def _p_values(rows: list[Row]) -> str:
    return ", ".join(f"{float(row['p']):.3f}" for row in rows)


def _trials(rows: list[Row]) -> list[Row]:
    """Return one row of each look at a visit."""
    keys = ("condition", "patient", "visit", "plan")
    return list({tuple(row[key] for key in keys): row for row in rows}.values())


def _grouped(rows: list[Row], *keys: str) -> Iterator[tuple[tuple[str, ...], list[Row]]]:
    """Yield rows by the values of some columns; conditions as they came, visits by their day."""
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    order = {
        name: index for index, name in enumerate(dict.fromkeys(row["condition"] for row in rows))
    }
    for key in sorted(
        found, key=lambda k: (order.get(k[0], 0), VISITS.index(k[1]) if len(k) > 1 else k[0])
    ):
        yield key, found[key]
