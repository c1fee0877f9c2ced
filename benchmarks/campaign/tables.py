"""Sum up the rows of a campaign in tables: medians, counts and their limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from scipy import stats

from campaign.conditions import ALL, REFERENCE, SHIFTS
from campaign.scores import LESION_REGION

Row = dict[str, Any]
LEVELS = (0.01, 0.05, 0.1, 0.2, 0.5)
RESCANNED = {"3d": "3dagain", "3m": "3magain"}
ORDER = {condition.name: index for index, condition in enumerate(ALL)}
VISITS = {name: index for index, name in enumerate(("3d", "3dagain", "1m", "3m", "3magain", "12m"))}
NONE = "–"
# Demands are for voxels of at most 1 mm in plane; this one stands in the table by scan alone.
COARSE = "dwi"


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def spread(values: Iterable[float], form: str = ".2f") -> str:
    """Return median and quartiles."""
    known = np.array([value for value in values if np.isfinite(value)])
    if not known.size:
        return NONE
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    return f"{middle:{form}} ({low:{form}} to {high:{form}})"


def count(k: int, n: int) -> str:
    """Return k of n with exact 95 % limits (Clopper and Pearson 1934)."""
    if not n:
        return NONE
    low, high = stats.binomtest(k, n).proportion_ci(0.95, method="exact")
    return f"{k} of {n} ({100 * low:.0f} to {100 * high:.0f} %)"


def count_below(k: int, n: int) -> str:
    """Return k of n with the upper 95 % limit of one side."""
    return f"{k} of {n} (≤ {100 * upper_limit(k, n):.0f} %)" if n else NONE


def upper_limit(k: int, n: int) -> float:
    """Return the largest rate at which k or fewer of n are seen in 5 % of repeats."""
    return 1.0 if k >= n else float(stats.beta.ppf(0.95, k + 1, n - k))


def groups(rows: Iterable[Row], *keys: str) -> dict[tuple[Any, ...], list[Row]]:
    """Return rows by the values of some columns, conditions and visits in their own order."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    order: dict[str, Callable[[Any], Any]] = {
        "condition": lambda name: ORDER.get(name, len(ORDER)),
        "visit": lambda name: VISITS.get(name, len(VISITS)),
    }

    def place(values: tuple[Any, ...]) -> list[Any]:
        return [order.get(key, str)(value) for key, value in zip(keys, values, strict=True)]

    return {values: found[values] for values in sorted(found, key=place)}


OUTLINE = (
    "outlines", "Dice", "surface Dice 1 mm", "HD95 [mm]", "volume error [%]",
    "centroid in plane [mm]", "through plane [mm]", "sphere at plan: Dice", "its HD95 [mm]",
)  # fmt: skip


def outline_cells(rows: list[Row]) -> list[str]:
    """Return the cells of one line on outlines."""
    return [
        str(len(rows)),
        *[spread(row[key] for row in rows) for key in ("dice", "surface_dice", "hd95_mm")],
        spread((100 * row["volume_error"] for row in rows), ".0f"),
        *[spread(row[key] for row in rows) for key in ("in_plane_mm", "through_plane_mm")],
        *[spread(row[key] for row in rows) for key in ("sphere_dice", "sphere_hd95_mm")],
    ]


def by_scan(outlines: list[Row]) -> str:
    """Tabulate the reference condition: every visit, scan and region."""
    own = [row for row in outlines if row["condition"] in {REFERENCE, "1m"}]
    keys = ("visit", "scan", "region")
    lines = [[*key, *outline_cells(rows)] for key, rows in groups(own, *keys).items()]
    return markdown([*keys, *OUTLINE], lines)


def by_condition(outlines: list[Row]) -> str:
    """Tabulate every condition and visit: zones I and II, over all scans."""
    own = [row for row in outlines if is_lesion(row)]
    keys = ("condition", "visit")
    lines = [[*key, *outline_cells(rows)] for key, rows in groups(own, *keys).items()]
    return markdown([*keys, *OUTLINE], lines)


def statements(said: list[Row]) -> str:
    """Tabulate every condition and visit: seen or not, stated volume, interval."""
    columns = ("condition", "visit", "lesion seen", "stated volume, error [%]",
               "90 % interval holds the truth", "its width over the volume [%]",
               "plan to lesion [mm]")  # fmt: skip
    lines = []
    for key, rows in groups([row for row in said if row["there"]], "condition", "visit").items():
        seen = [row for row in rows if row["found"]]
        told = [row for row in seen if told_interval(row)]
        lines.append(
            [
                *key,
                count(len(seen), len(rows)),
                spread((100 * (r["volume_mm3"] / r["true_mm3"] - 1) for r in seen), ".0f"),
                count(sum(map(holds, told)), len(told)),
                spread((100 * width(row) for row in told), ".0f"),
                spread((row["plan_to_lesion_mm"] for row in rows), ".1f"),
            ]
        )
    return markdown(columns, lines)


def told_interval(row: Row) -> bool:
    """Return whether a visit has an interval."""
    return bool(np.isfinite(row["low_mm3"]))


def holds(row: Row) -> bool:
    """Return whether the interval holds the true volume."""
    return bool(row["low_mm3"] <= row["true_mm3"] <= row["high_mm3"])


def width(row: Row) -> float:
    """Return the interval's width over the true volume."""
    return float((row["high_mm3"] - row["low_mm3"]) / row["true_mm3"])


def kind_of(row: Row) -> str:
    """Return why there is nothing to find at the plan."""
    if row["arm"] == "untreated":
        return "never treated"
    return "treated on the other side" if row["plan"] == "mirrored" else "healed"


def false_alarms(said: list[Row]) -> str:
    """Tabulate how often a lesion is claimed where none is, by condition."""
    without = [{**row, "kind": kind_of(row)} for row in said if not row["there"]]
    lines = [
        [*key, count_below(sum(r["found"] for r in rows), len(rows)), patients(rows)]
        for key, rows in groups(without, "kind", "condition").items()
    ]
    for kind, rows in groups(without, "kind").items():
        alarms = count_below(sum(row["found"] for row in rows), len(rows))
        lines.append([kind[0], "all", alarms, patients(rows)])
    return markdown(("no lesion because", "condition", "false alarms", "patients"), lines)


def patients(rows: list[Row]) -> str:
    """Return the number of different patients in rows."""
    return str(len({row["patient"] for row in rows}))


def off_target(said: list[Row]) -> str:
    """Tabulate visits with a change claimed off target: there is none in any study."""
    looked = [row for row in said if np.isfinite(row["off_target"])]
    lines = []
    for key, rows in groups(looked, "arm", "visit").items():
        alarms = count_below(sum(row["off_target"] > 0 for row in rows), len(rows))
        lines.append([*key, alarms, f"{max(row['off_target'] for row in rows):.0f}"])
    return markdown(("patients", "visit", "visits with one", "most in a visit"), lines)


def calibration(said: list[Row]) -> str:
    """Return how often p falls below a level where there is no lesion at the plan."""
    without = [{**row, "kind": kind_of(row)} for row in said if not row["there"]]
    lines = []
    for key, rows in groups(without, "kind").items():
        p = np.array([row["p"] for row in rows])
        shares = [f"{np.mean(p <= level):.2f}" for level in LEVELS]
        lines.append([key[0], str(len(p)), *shares, f"{p.min():.3f}"])
    return markdown(("no lesion because", "n", *(f"p ≤ {x:g}" for x in LEVELS), "least p"), lines)


def shifts(said: list[Row], outlines: list[Row]) -> str:
    """Tabulate the Dice lost by a shifted plan against the own plan of the same visits."""
    own = mean_dice(row for row in outlines if row["condition"] == REFERENCE)
    columns = ("visit", "plan moved to the", "lesion seen", "seen with the own plan",
               "Dice, zones I and II", "Dice lost", "most lost",
               "sphere at plan: Dice")  # fmt: skip
    moved_rows = [row for row in said if row["plan"] in SHIFTS and row["there"]]
    known = {name: index for index, name in enumerate(SHIFTS)}
    lines = []
    for (visit, plan), rows in sorted(
        groups(moved_rows, "visit", "plan").items(), key=lambda g: (VISITS[g[0][0]], known[g[0][1]])
    ):
        here = [r for r in outlines if r["plan"] == plan]
        dice = mean_dice(row for row in here if row["visit"] == visit)
        pairs = [(own[key], dice[key]) for key in dice if key in own]
        lost = [before - after for before, after in pairs]
        sphere = [r["sphere_dice"] for r in here if r["visit"] == visit and is_lesion(r)]
        lines.append(
            [
                visit,
                plan,
                count(sum(row["found"] for row in rows), len(rows)),
                str(sum((row["patient"], visit) in own for row in rows)),
                spread(dice.values()),
                spread(lost),
                f"{max(lost):.2f}" if lost else NONE,
                spread(sphere),
            ]
        )
    return markdown(columns, lines)


def is_lesion(row: Row) -> bool:
    """Return whether a row is on zones I and II, on a scan of fine voxels."""
    return bool(row["region"] == LESION_REGION and row["scan"] != COARSE)


def mean_dice(outlines: Iterable[Row]) -> dict[tuple[str, str], float]:
    """Return the mean Dice over scans by patient and visit, zones I and II."""
    by_visit = groups(filter(is_lesion, outlines), "patient", "visit")
    return {
        (patient, visit): float(np.mean([row["dice"] for row in rows]))
        for (patient, visit), rows in by_visit.items()
    }


def rescans(said: list[Row]) -> str:
    """Tabulate the within-patient variation of the stated volume, same visit twice."""
    by_visit = groups(
        [row for row in said if row["condition"] == "rescan" and row["found"]], "patient", "visit"
    )
    lines = []
    for first, again in RESCANNED.items():
        pairs = [
            (rows[0]["volume_mm3"], by_visit[patient, again][0]["volume_mm3"])
            for (patient, visit), rows in by_visit.items()
            if visit == first and (patient, again) in by_visit
        ]
        lines.append([first, str(len(pairs)), f"{100 * variation(pairs):.0f}" if pairs else NONE])
    return markdown(("visit", "pairs, seen twice", "CV of the volume [%]"), lines)


def variation(pairs: Iterable[tuple[float, float]]) -> float:
    """Return the within-patient coefficient of variation, by the root mean square.

    Notes
    -----
    Quan & Shih 1996, doi:10.2307/2533284: the variance of a pair is half its squared difference.
    """
    numbers = np.array(list(pairs), dtype=float)
    relative = (numbers[:, 0] - numbers[:, 1]) / numbers.mean(axis=1)
    return float(np.sqrt(np.mean(relative**2) / 2))


def absent(ledger: list[Row]) -> str:
    """Tabulate what the pipeline says without a plan."""
    own = [row for row in ledger if row["condition"] == "plan absent"]
    keys = ("step", "state", "reason", "remedy")
    lines = [[*key, str(len(rows))] for key, rows in groups(own, *keys).items()]
    return markdown((*keys, "visits"), lines)


def demands(said: list[Row], outlines: list[Row]) -> str:
    """Set what was measured in the reference condition beside what is asked for."""
    own = [r for r in outlines if r["condition"] == REFERENCE and is_lesion(r)]
    early = [row for row in own if row["visit"] == "3d"]
    late = [row for row in own if row["visit"] in {"3m", "12m"}]
    error = [100 * abs(row["volume_error"]) for row in early]
    half_slices = [row["through_plane_mm"] / (row["slice_mm"] / 2) for row in own]
    without = [row for row in said if not row["there"] and row["condition"] == REFERENCE]
    alarms = sum(row["found"] for row in without)
    lost = lost_by_shift(outlines)
    told = [r for r in said if r["condition"] == REFERENCE and r["there"] and told_interval(r)]
    lines = [
        ["Dice, day 3", "≥ 0.80", spread(row["dice"] for row in early)],
        ["volume error, day 3 [%], unsigned", "≤ 15", spread(error, ".0f")],
        ["Dice, 3 months and later, when seen", "≥ 0.60", spread(row["dice"] for row in late)],
        ["centroid in plane [mm]", "≤ 0.5", spread(row["in_plane_mm"] for row in own)],
        ["centroid through plane [half slices]", "≤ 1", spread(half_slices)],
        ["false alarms, never treated or healed", "0 of n", count_below(alarms, len(without))],
        ["Dice lost when the plan is 4 mm off", "≤ 0.05", spread(lost)],
        ["90 % interval of the volume holds it", "90 %", count(sum(map(holds, told)), len(told))],
        *rescan_demands(said),
        ["for comparison: Dice of the sphere, day 3", "–", spread(r["sphere_dice"] for r in early)],
        ["the same, 3 months and later", "–", spread(row["sphere_dice"] for row in late)],
    ]
    return markdown(("figure, zones I and II", "demand", "measured: median (quartiles)"), lines)


def rescan_demands(said: list[Row]) -> list[list[str]]:
    """Return the lines on repeated scans."""
    cells = [line.strip("| ").split(" | ") for line in rescans(said).splitlines()[2:]]
    return [[f"scan–rescan volume CV, {c[0]} [%]", "≤ 10", f"{c[2]} (n = {c[1]})"] for c in cells]


def lost_by_shift(outlines: list[Row]) -> list[float]:
    """Return the Dice lost by every shifted plan, against the own plan."""
    own = mean_dice(row for row in outlines if row["condition"] == REFERENCE)
    lost = []
    for plan in SHIFTS:
        dice = mean_dice(row for row in outlines if row["plan"] == plan)
        lost += [own[key] - dice[key] for key in dice if key in own]
    return lost


def all_tables(said: list[Row], outlines: list[Row], ledger: list[Row]) -> dict[str, str]:
    """Return every table by its name."""
    return {
        "demands": demands(said, outlines),
        "by_scan": by_scan(outlines),
        "by_condition": by_condition(outlines),
        "statements": statements(said),
        "false_alarms": false_alarms(said),
        "off_target": off_target(said),
        "calibration": calibration(said),
        "shifts": shifts(said, outlines),
        "rescans": rescans(said),
        "absent": absent(ledger),
    }
