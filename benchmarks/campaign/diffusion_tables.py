"""Sum up the rows of `diffusion_phantom.py` in tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from campaign import tables

Row = dict[str, Any]
VISITS = ("baseline", "3d", "3m")
UNITS = {"fa": "FA", "md": "MD [10⁻³ mm²/s]"}
REGIONS = ("white matter", "grey matter", "thalamus", "bundles", "lesion")
# A cut below this is none: less than a fibre in a hundred.
NOTHING = 0.01


def every_table(rows: dict[str, list[Row]]) -> dict[str, str]:
    """Return name → table, of the rows by kind."""
    return {
        "diffusion_maps": maps(rows["maps"]),
        "diffusion_scans": scans(rows["scans"]),
        "tracts_cuts": cuts(rows["cuts"]),
        "tracts_summary": summary(rows["cuts"]),
        "tracts_profiles": profiles(rows["profiles"]),
    }


def maps(rows: list[Row]) -> str:
    """Return the error of FA and MD by region and visit: of voxels, the median patient."""
    lines = []
    for name, title in UNITS.items():
        for region in REGIONS:
            for visit in VISITS:
                own = [
                    row for row in rows
                    if (row["map"], row["region"], row["visit"]) == (name, region, visit)
                ]  # fmt: skip
                if own:
                    error, low, high = (middle(own, key) for key in ("error", "low", "high"))
                    spread = f"{error:+.3f} ({low:+.3f} to {high:+.3f})"
                    cells = [str(int(middle(own, "voxels"))), f"{middle(own, 'true'):.3f}", spread]
                    lines.append(
                        [title, region, visit, str(len(own)), *cells,
                         f"{middle(own, 'absolute'):.3f}"]
                    )  # fmt: skip
    head = ("map", "region", "visit", "patients", "voxels", "truth, median",
            "error, median (quartiles) of voxels", "absolute error, median")  # fmt: skip
    return tables.markdown(head, lines)


def scans(rows: list[Row]) -> str:
    """Return errors of motion, field and registration by visit."""
    lines = []
    for visit in VISITS:
        own = [row for row in rows if row["visit"] == visit]
        if own:
            kept = sum(row["gradients"] == "kept" for row in own)
            methods = ", ".join(sorted({str(row["method"]) for row in own}))
            pairs = [
                f"{middle(own, f'{key}_before_{unit}'):.2f} → {middle(own, f'{key}_{unit}'):.2f}"
                for key, unit in (("motion", "mm"), ("field", "mm"), ("field", "hz"))
            ]
            worst = f"{max(row['motion_worst_mm'] for row in own):.2f}"
            placed = f"{middle(own, 'registration_mm'):.2f}"
            lines.append([visit, tables.count(kept, len(own)), pairs[0], worst, methods, *pairs[1:],
                          placed])  # fmt: skip
    head = ("visit", "gradient table kept", "motion and eddy currents [mm], before → after",
            "worst volume [mm]", "distortion by", "field [mm], before → after",
            "field [Hz], before → after", "registration at the target [mm]")  # fmt: skip
    return tables.markdown(head, lines)


def cuts(rows: list[Row]) -> str:
    """Return every bundle that is cut, or is said to be."""
    lines = []
    for row in rows:
        told = row["streamlines_low"], row["streamlines_high"]
        known = row["true_streamlines"] if row["in_phantom"] else 0.0
        if not known > NOTHING and not row["streamlines_high"] > NOTHING:
            continue
        name = f"{row['bundle']} {row['side']}"
        lines.append(
            [
                f"{row['patient']} {row['visit']}", name, str(row["lines"]), row["status"],
                percent(known), percent(row["streamlines"]), f"{percent(told[0])} to "
                f"{percent(told[1])}", signed(row["streamlines"] - known), held(row, known),
                percent(row["same_lines"]), held(row, row["same_lines"]),
                percent(row["true_length"]), percent(row["length"]),
            ]
        )  # fmt: skip
    head = ("patient, visit", "bundle", "streamlines", "status", "true cut [%]", "measured [%]",
            "90 % interval [%]", "error [points]", "holds the truth",
            "true lesion on the same streamlines [%]", "holds that", "true length [%]",
            "measured length [%]")  # fmt: skip
    return tables.markdown(head, lines)


def summary(rows: list[Row]) -> str:
    """Return errors and coverage of intervals, of bundles that are cut and that are not."""
    lines = []
    for (kind, visit), own in grouped(rows):
        told = [row for row in own if row["status"] == "measured"]
        errors = [100 * (row["streamlines"] - truth_of(row)) for row in told]
        inside = sum(held(row, truth_of(row)) == "yes" for row in told)
        known = [row for row in told if np.isfinite(row["streamlines_low"])]
        absent = sum(row["status"] == "absent" for row in own)
        unseen = sum(row["status"] == "not_visible" for row in own)
        false = sum(row["streamlines"] > NOTHING for row in told) if kind != "cut" else None
        lines.append(
            [kind, visit, str(len(own)), str(len(told)), str(unseen), str(absent),
             tables.spread(errors, "+.0f"), tables.spread(np.abs(errors), ".0f"),
             tables.count(inside, len(known)), tables.NONE if false is None else str(false)]
        )  # fmt: skip
    head = ("bundles that are", "visit", "bundles and sides", "measured", "not visible", "absent",
            "error [points]", "absolute error [points]", "90 % interval holds the truth",
            "said to be cut by more than 1 %")  # fmt: skip
    return tables.markdown(head, lines)


def grouped(rows: list[Row]) -> Iterator[tuple[tuple[str, str], list[Row]]]:
    """Yield rows by whether the bundle is really cut and by visit; sham apart."""
    kinds: dict[str, list[Row]] = {"cut": [], "whole": [], "not in the phantom": [], "of sham": []}
    for row in rows:
        if row["arm"] != "fus":
            kinds["of sham"].append(row)
        elif not row["in_phantom"]:
            kinds["not in the phantom"].append(row)
        else:
            kinds["cut" if row["true_streamlines"] > NOTHING else "whole"].append(row)
    for kind, part in kinds.items():
        for visit in VISITS:
            own = [row for row in part if row["visit"] == visit]
            if own:
                yield (kind, visit), own


def profiles(rows: list[Row]) -> str:
    """Return the change of FA along bundles since the baseline, measured and true."""
    lines = []
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        touched = "cut" if row["true_fall"] < -0.02 else "untouched"
        groups.setdefault((touched, row["visit"]), []).append(row)
    for (touched, visit), own in sorted(groups.items()):
        lines.append(
            [
                touched, visit, str(len(own)), f"{middle(own, 'fa'):.3f}",
                tables.spread((row["fa_error"] for row in own), "+.3f"),
                tables.spread((row["true_fall"] for row in own), "+.3f"),
                tables.spread((row["fall"] for row in own), "+.3f"),
                tables.spread((row["true_change"] for row in own), "+.3f"),
                tables.spread((row["change"] for row in own), "+.3f"),
                same_sign(own) if touched == "cut" else tables.NONE,
            ]
        )  # fmt: skip
    head = ("bundles whose true FA falls", "visit", "bundles", "FA, baseline", "its error",
            "true change where it is largest", "measured there", "true change of the mean",
            "measured", "falls there too")  # fmt: skip
    return tables.markdown(head, lines)


def same_sign(rows: list[Row]) -> str:
    """Return in how many bundles FA falls where it truly does."""
    return tables.count(sum(row["fall"] < 0 for row in rows), len(rows))


def middle(rows: Iterable[Row], key: str) -> float:
    """Return the median of a column over what is known."""
    values = np.array([float(row[key]) for row in rows])
    return float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan")


def truth_of(row: Row) -> float:
    """Return the true share of streamlines cut: none of a bundle that the phantom has not."""
    return float(row["true_streamlines"]) if row["in_phantom"] else 0.0


def held(row: Row, known: float) -> str:
    """Say whether the interval holds the truth."""
    low, high = row["streamlines_low"], row["streamlines_high"]
    if not np.isfinite([low, known]).all():
        return tables.NONE
    return "yes" if low <= known <= high else "no"


def percent(value: float) -> str:
    """Return a share in percent."""
    return f"{100 * value:.0f}" if np.isfinite(value) else tables.NONE


def signed(value: float) -> str:
    """Return a difference of shares in points."""
    return f"{100 * value:+.0f}" if np.isfinite(value) else tables.NONE
