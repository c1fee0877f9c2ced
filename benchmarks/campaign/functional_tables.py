"""Sum up the rows of `functional_phantom.py` in tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from campaign import functional_group as group
from campaign import tables
from campaign.functional_scores import thalamus_edges
from sonolesion.core.settings.functional import Functional
from sonolesion.functional import qcfc
from sonolesion.functional.strategies import STRATEGIES
from sonolesion.phantom import bold_networks

Row = dict[str, Any]
Array = NDArray[Any]
DEMAND = 0.05
EVERY = (group.BEFORE, *STRATEGIES)


def every_table(rows: dict[str, list[Row]], folder: Path) -> dict[str, str]:
    """Return name → table, of the rows by kind and the results of the group."""
    return {
        "functional_scans": scans(rows["scans"]),
        "functional_edges": edges(rows["edges"]),
        "functional_strategies": strategies(rows["people"]),
        "functional_kinds": kinds(rows["people"]),
        "functional_maps": maps(rows["maps"], folder),
        "functional_qcfc": motion(folder),
        "functional_coupling": couplings(rows["couplings"], folder),
    }


def scans(rows: list[Row]) -> str:
    """Return errors of motion and geometry by visit."""
    lines = [
        [
            f"{row['patient']} {row['visit']}", str(row["discarded"]),
            f"{row['motion_before_mm']:.2f} → {row['motion_mm']:.3f}",
            f"{row['motion_worst_mm']:.2f}", str(row["distortion"]), f"{row['mean_r']:.3f}",
        ]
        for row in rows
    ]  # fmt: skip
    head = ("patient, visit", "first volumes left out", "motion [mm], before → after",
            "worst volume [mm]", "distortion by", "mean, r with the undistorted truth")  # fmt: skip
    return tables.markdown(head, lines)


def edges(rows: list[Row]) -> str:
    """Return bias and spread of correlations at clinical resolution."""
    lines = [
        [
            f"{row['patient']} {row['visit']}",
            row["read"],
            row["edges"],
            str(row["n"]),
            *cells([row]),
        ]
        for row in rows
    ]
    head = ("patient, visit", "read in", "edges", "number", *COLUMNS)
    return tables.markdown(head, lines)


COLUMNS = (
    "stated, mean", "true signals less stated: mean, sd", "found less stated: mean",
    "found less true signals: mean, sd", "r with true signals",
)  # fmt: skip


def cells(rows: list[Row]) -> list[str]:
    """Return the cells on how correlations go with the truth, the mean of some rows."""
    mean = {key: average(rows, key) for key in (
        "stated", "sample_bias", "sample_spread", "bias", "bias_to_sample", "spread_to_sample",
        "r_to_sample",
    )}  # fmt: skip
    return [
        f"{mean['stated']:+.2f}",
        f"{mean['sample_bias']:+.3f}, {mean['sample_spread']:.2f}",
        f"{mean['bias']:+.3f}",
        f"{mean['bias_to_sample']:+.3f}, {mean['spread_to_sample']:.2f}",
        f"{mean['r_to_sample']:.2f}",
    ]


def average(rows: Iterable[Row], key: str) -> float:
    """Return the mean of a column over what is known."""
    values = np.array([float(row[key]) for row in rows])
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def chosen(rows: list[Row], **keys: str) -> list[Row]:
    """Return the rows with some values."""
    return [row for row in rows if all(row[key] == value for key, value in keys.items())]


def strategies(rows: list[Row]) -> str:
    """Return bias and spread of all edges by condition and strategy."""
    lines = []
    for condition in ("moving", "still"):
        for name in EVERY:
            own = chosen(rows, condition=condition, strategy=name, edges="all")
            if own:
                held = "yes" if abs(average(own, "bias")) <= DEMAND else "no"
                lines.append(
                    [condition, name, str(len(own)), f"{100 * average(own, 'kept'):.0f}",
                     *cells(own), held]
                )  # fmt: skip
    head = ("head", "strategy", "people", "frames kept [%]", *COLUMNS, "mean bias ≤ 0.05")
    return tables.markdown(head, lines)


def kinds(rows: list[Row]) -> str:
    """Return bias of the kinds of edges, moving heads, the default strategy."""
    lines = []
    for name in (group.BEFORE, group.DEFAULT, "36p"):
        for kind in ("within", "between", "opposed"):
            own = chosen(rows, condition="moving", strategy=name, edges=kind)
            if own:
                lines.append([name, kind, str(own[0]["n"]), *cells(own)])
    return tables.markdown(("strategy", "edges", "number", *COLUMNS), lines)


def loaded(folder: Path, condition: str) -> list[Any]:
    """Return the results of the people under a condition."""
    return [np.load(path) for path in sorted(folder.glob(f"p*_{condition}.npz"))]


def maps(rows: list[Row], folder: Path) -> str:
    """Return how ALFF, ReHo, seed and lag maps go with the truth."""
    lines = [
        ["clinical", f"{row['patient']} {row['visit']}", f"{row['alff_r']:.2f}", "–", "–",
         f"{row['reho_grey']:.2f}", "–",
         f"{row['seed_r']:.2f} ({row['seed_default']:+.2f} and {row['seed_others']:+.2f})", "–"]
        for row in rows
    ]  # fmt: skip
    for condition in group.MAPPED:
        found = loaded(folder, condition)
        if found:
            mean = {key: np.mean([float(one[key]) for one in found]) for key in (
                "alff_truth", "alff_thermal", "reho_thermal", "reho_level", "reho_level_thermal",
            )}  # fmt: skip
            lines.append(
                ["coarse", f"{len(found)} people, {condition}", f"{mean['alff_truth']:.2f}",
                 f"{mean['alff_thermal']:.2f}", f"{mean['reho_thermal']:.2f}",
                 f"{mean['reho_level']:.2f}", f"{mean['reho_level_thermal']:.2f}", "–", "–"]
            )  # fmt: skip
    for one in loaded(folder, "travelling"):
        told = f"{one['lag_r']:.2f}, {one['lag_slope']:.2f}, {100 * one['lag_share']:.0f} %"
        lines.append(["coarse", "1 person, travelling wave", *["–"] * 6, told])
    head = ("scan", "of", "ALFF, r with the neural amplitude", "ALFF, r with a still head's",
            "ReHo, r with a still head's", "ReHo, median in grey matter", "a still head's",
            "PCC map, r with the truth by region (z in default mode and elsewhere)",
            "lag: r, slope, voxels told")  # fmt: skip
    return tables.markdown(head, lines)


def motion(folder: Path) -> str:
    """Return QC-FC against its permutation null, by strategy, of heads that move and lie still.

    Both take the motion of the moving head: edges of a head that lies still cannot follow it.
    """
    moving = loaded(folder, "moving")
    lines = []
    for condition in ("moving", "still"):
        found = loaded(folder, condition)
        if len(found) != len(moving) or len(found) < Functional().qcfc.min_participants:
            continue
        for name in EVERY:
            one = judged(found, [float(run["mean_fd_mm"]) for run in moving], name)
            lines.append(
                [condition, name, str(one.n), str(one.n_edges), f"{one.median:.2f}",
                 f"{one.null_median:.2f}", f"{one.null_high:.2f}", f"{one.p:.2f}",
                 f"{one.distance:+.2f} ({one.distance_null_low:+.2f} to "
                 f"{one.distance_null_high:+.2f})"]
            )  # fmt: skip
    head = ("head", "strategy", "people", "edges", "median of the size of r", "null, median",
            "null, 95 %", "p", "r with length (null)")  # fmt: skip
    return tables.markdown(head, lines)


def judged(found: list[Any], motion_mm: list[float], strategy: str) -> qcfc.QcFc:
    """Return QC-FC of a strategy."""
    values = np.array([np.arctanh(np.clip(run[strategy], -0.999, 0.999)) for run in found])
    large = np.all([run["large"] for run in found], axis=0)
    length = np.nanmean([run["lengths_mm"] for run in found], axis=0)
    read = large & np.isfinite(length)
    return qcfc.qcfc(
        values[:, read], np.array(motion_mm), length[read], **Functional().qcfc.model_dump()
    )


def couplings(rows: list[Row], folder: Path) -> str:
    """Return the change of the thalamus' coupling with its network after treatment of the left."""
    lines = []
    for patient in sorted({row["patient"] for row in rows}):
        for side in bold_networks.SIDES:
            own = chosen(rows, patient=patient, side=side)
            if len(own) == 2:
                change = {k: own[1][k] - own[0][k] for k in ("stated", "sample", "found")}
                lines.append(
                    ["clinical, parcels", side, "1", *(signed(v) for v in change.values())]
                )
    before, after = loaded(folder, "moving"), loaded(folder, "treated")
    pairs = list(zip(before, after, strict=False))
    for side in bold_networks.SIDES if pairs else ():
        for strategy in (group.DEFAULT, "36p"):
            names = ("population", f"sample_{strategy}", strategy)
            moved = [
                np.array([mean_z(b, n, side) - mean_z(a, n, side) for a, b in pairs]) for n in names
            ]
            lines.append(
                [f"coarse, {strategy}", side, str(len(pairs)),
                 *(f"{c.mean():+.2f} ± {error_of(c)}" for c in moved)]
            )  # fmt: skip
    head = ("scan", "side", "people", "change of mean z, stated", "of the true signals", "found")
    return tables.markdown(head, lines)


def signed(value: float) -> str:
    """Return a change with its sign; nothing for what was not read."""
    return f"{value:+.2f}" if np.isfinite(value) else tables.NONE


def error_of(values: Array) -> str:
    """Return the standard error of a mean."""
    return f"{values.std(ddof=1) / np.sqrt(len(values)):.2f}" if len(values) > 1 else tables.NONE


def mean_z(run: Any, name: str, side: str) -> float:
    """Return the mean Fisher z of a thalamus with its network."""
    n = len(bold_networks.atlas()[0].names)
    square = np.full((n, n), np.nan)
    square[np.triu_indices(n, k=1)] = np.where(run["large"], run[name], np.nan)
    row, targets = thalamus_edges(side)
    edge = np.where(np.isfinite(square[row]), square[row], square[:, row])[targets]
    return float(np.nanmean(np.arctanh(edge)))
