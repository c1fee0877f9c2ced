"""Matrices of regions as tables and records, and how networks hang together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.functional import connectivity
from sonolesion.functional.connectivity import Matrices, RegionSeries
from sonolesion.functional.nodes import Nodes
from sonolesion.functional.run_rows import Row, row
from sonolesion.functional.trends import without_polynomials

Array = NDArray[np.float64]
Table = tuple[list[dict[str, object]], list[str]]


def before_denoising(found: RegionSeries, *, degree: int) -> Array:
    """Return the correlation of series of which only a trend was taken out."""
    read = found.is_read
    out = np.full((len(read), len(read)), np.nan)
    series = without_polynomials(found.series[:, read].T, degree=degree)
    out[np.ix_(read, read)] = np.corrcoef(series)
    return out


def table(matrix: Array, names: Sequence[str]) -> Table:
    """Return a matrix as rows; NaN is an empty cell."""
    rows: list[dict[str, object]] = [
        {name: "" if np.isnan(v) else f"{v:.6f}" for name, v in zip(names, line, strict=True)}
        for line in matrix
    ]
    return rows, list(names)


def record(
    nodes: Nodes, found: RegionSeries, made: Matrices, denoised: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the sidecar says of a set of regions."""
    error = connectivity.z_standard_error(freedom=denoised["Freedom"]["left"])
    places = np.round(nodes.centres_mm, 2)
    return {
        "Regions": [
            {"name": name, "network": network, "coverage": round(float(share), 4),
             "voxels": round(float(count), 2), "is_read": bool(is_read),
             "centre_mm": None if np.isnan(place).any() else place.tolist()}
            for name, network, share, count, is_read, place in zip(
                nodes.names, nodes.networks, found.coverage, found.n_voxels, found.is_read, places,
                strict=True,
            )
        ],
        "NotRead": found.unread(nodes.names),
        "FisherZStandardError": None if np.isnan(error) else round(error, 4),
        "PartialShrinkage": round(made.shrinkage, 4),
        "Mark": denoised["Mark"],
    }  # fmt: skip


def network_means(z: Array, networks: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return the mean Fisher z within each network, and between it and all others.

    Parameters
    ----------
    z : ndarray of shape (P, P)
        NaN where a region was not read.
    networks : sequence of str
        Of each region; "" belongs to none.

    Examples
    --------
    >>> z = np.array([[np.nan, 1.0, 0.2], [1.0, np.nan, 0.4], [0.2, 0.4, np.nan]])
    >>> within, between = network_means(z, ["a", "a", "b"])["a"]
    >>> round(within, 6), round(between, 6)
    (1.0, 0.3)
    """
    label = np.array(networks)
    edges = np.where(np.eye(len(z), dtype=bool), np.nan, z)
    found = {}
    for name in sorted({*networks} - {""}):
        own = label == name
        parts = (edges[np.ix_(own, own)], edges[np.ix_(own, ~own & (label != ""))])
        known = [part[np.isfinite(part)] for part in parts]
        found[name] = (
            float(known[0].mean()) if known[0].size else float("nan"),
            float(known[1].mean()) if known[1].size else float("nan"),
        )
    return found


def network_rows(z: Array, nodes: Nodes, labels: Mapping[str, Any], *, mark: str) -> list[Row]:
    """Return the rows of the networks of a set of regions."""
    rows = []
    for name, means in network_means(z, nodes.networks).items():
        count = nodes.networks.count(name)
        for statistic, value in zip(("fc_within", "fc_between"), means, strict=True):
            rows.append(
                row(labels, region=f"network:{name}", statistic=statistic,
                    value=None if np.isnan(value) else value, unit="1", mark=mark,
                    map_name="connectivity", method=f"{nodes.label}, {count} spheres")
            )  # fmt: skip
    return rows
