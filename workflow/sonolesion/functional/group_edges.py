"""Edges of all runs of a study against head motion, one row a set of regions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.functional import qcfc

Array = NDArray[np.float64]
COLUMNS = (
    "atlas", "participants", "scans", "edges", "median_abs_r", "null_median", "null_high", "p",
    "distance_rho", "distance_null_low", "distance_null_high", "status",
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """Edges (E,) of a run in one set of regions, their lengths [mm], and its motion [mm]."""

    atlas: str
    participant: str
    edges: Array
    length_mm: Array
    mean_fd_mm: float


def entity(path: str, name: str) -> str:
    """Return the value of an entity in a file's name.

    Examples
    --------
    >>> entity("sub-01/func/sub-01_atlas-power_relmat.tsv", "atlas")
    'power'
    """
    found = re.search(rf"(?:^|[/_]){name}-([A-Za-z0-9]+)_", path)
    return found[1] if found else ""


def edges_of(rows: Sequence[Mapping[str, str]]) -> Array:
    """Return the edges above the diagonal of a table of Fisher z; a missing cell is NaN."""
    matrix = [[np.nan if cell == "n/a" else float(cell) for cell in row.values()] for row in rows]
    return qcfc.upper_edges(np.array(matrix))


def lengths_of(record: Mapping[str, Any]) -> Array:
    """Return the lengths of the edges of a record of regions [mm]; NaN where a place is unknown."""
    unknown = [np.nan] * 3
    places = [one["centre_mm"] or unknown for one in record["Regions"]]
    return qcfc.lengths_mm(np.array(places, dtype=np.float64))


@dataclass(frozen=True)
class Judged:
    """A set of regions over the study: scans, the lengths of its edges (E,) [mm], QC–FC."""

    atlas: str
    n_scans: int
    length_mm: Array
    found: qcfc.QcFc


def judged(runs: Sequence[Run], *, settings: Mapping[str, Any]) -> list[Judged]:
    """Return QC–FC of each set of regions.

    Parameters
    ----------
    runs : sequence of Run
        Of all visits; those of one participant are averaged, since they are not independent.
    settings : mapping
        ``functional.qcfc``.
    """
    return [
        _judged(name, [one for one in runs if one.atlas == name], settings)
        for name in sorted({one.atlas for one in runs})
    ]


def _judged(name: str, runs: Sequence[Run], settings: Mapping[str, Any]) -> Judged:
    people = np.array([one.participant for one in runs])
    edges = qcfc.by_participant(np.array([one.edges for one in runs]), people)
    motion = qcfc.by_participant(np.array([one.mean_fd_mm for one in runs]), people)
    lengths = np.array([one.length_mm for one in runs])
    known = np.isfinite(lengths).all(axis=0)
    length = lengths[:, known].mean(axis=0)
    return Judged(name, len(runs), length, qcfc.qcfc(edges[:, known], motion, length, **settings))


def row(one: Judged) -> dict[str, object]:
    """Return the row of the table of a set of regions."""
    found = one.found
    numbers = {
        "median_abs_r": found.median, "null_median": found.null_median,
        "null_high": found.null_high, "p": found.p, "distance_rho": found.distance,
        "distance_null_low": found.distance_null_low,
        "distance_null_high": found.distance_null_high,
    }  # fmt: skip
    return {
        "atlas": one.atlas,
        "participants": found.n,
        "scans": one.n_scans,
        "edges": found.n_edges,
        **{key: "" if np.isnan(value) else f"{value:.4f}" for key, value in numbers.items()},
        "status": found.status,
    }
