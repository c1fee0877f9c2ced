"""Sum up the rows of `perfusion_phantom.py` in tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from campaign import tables

Row = dict[str, Any]
FLOW = ("grey matter", "grey matter, late", "white matter", "thalamus")


def every_table(rows: dict[str, list[Row]]) -> dict[str, str]:
    """Return name → table, of the rows by kind."""
    return {
        "perfusion_flow": flow([row for row in rows["flow"] if not several(row)]),
        "perfusion_delays": delays([row for row in rows["flow"] if several(row)]),
        "perfusion_protocols": protocols(rows["flow"]),
        "perfusion_effects": effects(rows["effects"]),
        "perfusion_scans": scans(rows["perfusion_scans"]),
    }


def several(row: Row) -> bool:
    """Tell whether transit time was fitted."""
    return str(row["protocol"]).endswith("kinetic")


def flow(rows: list[Row]) -> str:
    """Return true and read flow of the baseline by region, plain and corrected."""
    lines = [
        [
            str(row["region"]), str(row["map"]), str(row["voxels"]), f"{row['true']:.1f}",
            f"{row['read']:.1f}",
            f"{row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f})",
            f"{row['predicted']:.2f}", percent(row["against"] - 1), f"{row['absolute']:.1f}",
        ]
        for row in rows
        if row["visit"] == "baseline"
    ]  # fmt: skip
    head = ("region", "map", "voxels", "true flow", "read", "read / true, median (quartiles)",
            "predicted by the kinetic model", "read against prediction [%]",
            "absolute error, median")  # fmt: skip
    return tables.markdown(head, lines)


def delays(rows: list[Row]) -> str:
    """Return errors of flow and transit time of several delays."""
    lines = [
        [
            str(row["visit"]), str(row["region"]), str(row["map"]), str(row["voxels"]),
            f"{row['true']:.1f}", f"{row['read']:.1f}", percent(row["read"] / row["true"] - 1),
            percent(row["against"] - 1), signed(row.get("transit_error_s", float("nan"))),
        ]
        for row in rows
    ]  # fmt: skip
    head = ("visit", "region", "map", "voxels", "true flow", "read", "error of the median [%]",
            "fluid and relaxation of M0 counted [%]", "transit time, error [s]")  # fmt: skip
    return tables.markdown(head, lines)


def protocols(rows: list[Row]) -> str:
    """Return, for every scan, reading over prediction by region."""
    lines = []
    for visit in dict.fromkeys(row["visit"] for row in rows):
        own = [row for row in rows if row["visit"] == visit]
        cells = [str(visit), str(own[0]["protocol"])]
        for name in ("plain", "corrected"):
            for region in FLOW:
                one = [row for row in own if (row["map"], row["region"]) == (name, region)]
                cells.append(
                    f"{one[0]['ratio']:.2f} / {one[0]['predicted']:.2f} "
                    f"({percent(one[0]['against'] - 1)} %)"
                    if one else tables.NONE
                )  # fmt: skip
        lines.append(cells)
    names = [f"{region}, {name}" for name in ("plain", "corrected") for region in FLOW]
    return tables.markdown(("visit", "protocol: equation", *names), lines)


def effects(rows: list[Row]) -> str:
    """Return the change of flow since the baseline, true and measured."""
    lines = [
        [
            f"{row['patient']} {row['visit']}", str(row["region"]), str(row["voxels"]),
            percent(row["true"]), percent(row["measured"]),
        ]
        for row in rows
    ]  # fmt: skip
    head = ("patient, visit", "where", "voxels", "true change [%]", "measured [%]")
    return tables.markdown(head, lines)


def scans(rows: list[Row]) -> str:
    """Return motion, registration and quality of every scan."""
    lines = [
        [
            str(row["visit"]), str(row["protocol"]), str(row["gate"]),
            f"{row['motion_before_mm']:.2f} → {row['motion_mm']:.2f}"
            if np.isfinite(row["motion_mm"]) else tables.NONE,
            f"{row['registration_mm']:.2f}", f"{row['left_out']} of {row['differences']}",
            f"{row.get('quality_index', float('nan')):.2f}",
            f"{row.get('spatial_cov', float('nan')):.2f}", str(row["marks"]) or tables.NONE,
        ]
        for row in rows
    ]  # fmt: skip
    head = ("visit", "protocol: equation", "gate", "motion [mm], before → after",
            "registration at the target [mm]", "differences left out", "quality index",
            "spatial variation", "marks")  # fmt: skip
    return tables.markdown(head, lines)


def percent(value: float) -> str:
    """Return a relative change in percent."""
    return f"{100 * value:+.1f}" if np.isfinite(value) else tables.NONE


def signed(value: float) -> str:
    """Return a difference of times."""
    return f"{value:+.3f}" if np.isfinite(value) else tables.NONE
