"""Tables and records of the connectome: parcels, matrices, rows of a visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.maths.parcels import Parcel
from sonolesion.tracts import connectome
from sonolesion.tracts.disconnectome import Group, Lost
from sonolesion.tracts.visit_rows import COLUMNS

Told = Mapping[str, Any]
Rows = list[dict[str, object]]
Table = tuple[Rows, tuple[str, ...]]
CONNECTION_COLUMNS = (
    "parcel_a", "parcel_b", "streamlines", "left", "cut_streamlines", "cut_streamlines_low",
    "cut_streamlines_high", "cut_length", "cut_length_low", "cut_length_high",
)  # fmt: skip
KINDS = ("streamlines", "length")
LISTED = 10


def parcel_record(
    parcels: Sequence[Parcel], labels: NDArray[Any], centres: Sequence[Any], ends: connectome.Ends
) -> dict[str, Any]:
    """Return what the sidecar of the connectome says of parcels and of the streamlines' ends."""
    n = len(parcels)
    voxels = np.bincount(labels[labels > 0].astype(np.int64), minlength=n + 1)[1:]
    counts = np.asarray(connectome.of_parcels(ends, n_parcels=n).sum(axis=0))
    assigned = ends > 0
    return {
        "Parcels": [
            {"label": k, "name": p.name, "side": p.side, "column": p.label, "centre_mm": centre,
             "voxels": int(voxels[k - 1]), "streamlines": int(counts[k - 1])}
            for k, (p, centre) in enumerate(zip(parcels, centres, strict=True), start=1)
        ],
        "Streamlines": len(ends),
        "EndsInParcels": round(float(assigned.mean()), 4) if len(ends) else None,
        "BothEndsInParcels": round(float(assigned.all(axis=1).mean()), 4) if len(ends) else None,
    }  # fmt: skip


def matrix_rows(matrix: NDArray[np.int64], names: Sequence[str]) -> Table:
    """Return a matrix as rows named in their first column, and the columns."""
    rows: Rows = [
        {"parcel": name} | {other: int(v) for other, v in zip(names, values, strict=True)}
        for name, values in zip(names, matrix, strict=True)
    ]
    return rows, ("parcel", *names)


def connection_rows(found: Lost, names: Sequence[str]) -> Rows:
    """Return the connections with streamlines enough, the most cut first."""
    rows: Rows = []
    for k, (a, b) in enumerate(found.pairs):
        row: dict[str, object] = {
            "parcel_a": names[a],
            "parcel_b": names[b],
            "streamlines": int(found.before[a, b]),
            "left": int(found.after[a, b]),
        }
        rows.append(row | _three(found.connections, k))
    return sorted(rows, key=lambda row: -float(str(row["cut_streamlines"] or 0)))


def visit_tables(
    found: Lost, told: Told, labels: Told, *, visible: bool, settings: Told, source: str,
    modality: str, interval: Told,
) -> tuple[list[Table], dict[str, Any]]:  # fmt: skip
    """Return what is written of a visit: matrix with the lesion, connections, measures; record.

    Parameters
    ----------
    found : Lost
    told : mapping
        Sidecar of the connectome, from `parcel_record`.
    labels, visible, settings, source, modality
        As for `parcel_rows`.
    interval : mapping
        From `disconnectome.holds`.
    """
    names = [parcel["column"] for parcel in told["Parcels"]]
    rows = parcel_rows(
        found, told, labels, visible=visible, settings=settings, source=source, modality=modality
    )
    tables = [
        matrix_rows(found.after, names),
        (connection_rows(found, names), CONNECTION_COLUMNS),
        (rows, COLUMNS),
    ]
    return tables, lost_record(found, names, visible=visible, interval=interval)


def parcel_rows(
    found: Lost, record: Told, labels: Told, *, visible: bool, settings: Told, source: str,
    modality: str,
) -> Rows:  # fmt: skip
    """Return the rows of the measures table, of one visit after one treatment.

    Parameters
    ----------
    found : Lost
    record : mapping
        Sidecar of the connectome (``Parcels``).
    labels : mapping
        What identifies the visit.
    visible : bool
        Whether a lesion was seen.
    settings : mapping
        ``tracts``.
    source : str
        Whose streamlines they are, for the method.
    modality : str
        Of the patient's scan that the numbers come from.
    """
    limits, rows = settings["disconnection"], []
    for k, parcel in enumerate(record["Parcels"]):
        count = int(found.parcels.counts[k])
        here: dict[str, object] = {
            "participant_id": labels["participant_id"],
            "session_id": labels["session_id"],
            "intervention_id": labels["intervention_id"],
            "days_from_treatment": labels["day_after"],
            "modality": modality,
            "map": "disconnectome",
            "region": f"parcel:{parcel['name']}",
            "side": parcel["side"],
            "unit": "1",
            "method": f"{count} streamlines of {source}; {settings['connectome']['atlas']}; "
            f"cut from p {limits['threshold']:g}",
        }
        if count < limits["min_streamlines"] or not visible:
            status = "absent" if count < limits["min_streamlines"] else "not_visible"
            rows.append({**here, "statistic": "cut_streamlines", "status": status})
            continue
        rows += [
            {**here, "statistic": name, "value": value, "status": "measured"}
            for name, value in _three(found.parcels, k).items()
            if value != ""
        ]
    return rows


def lost_record(
    found: Lost, names: Sequence[str], *, visible: bool, interval: Told
) -> dict[str, Any]:
    """Return the JSON of a visit: what was cut, the parcels and connections that lost most."""
    total = len(found.cut.is_cut)
    told = {
        "outcome": "measured" if visible else "not_visible",
        "streamlines": total,
        "streamlines_cut": int(found.cut.is_cut.sum()),
        "interval": dict(interval),
    }
    if not visible:
        return told
    told["parcels"] = {
        name: {"streamlines": int(found.parcels.counts[k])} | _told(found.parcels, k)
        for k, name in enumerate(names)
        if found.parcels.counts[k]
    }
    worst = [r for r in connection_rows(found, names) if r["cut_streamlines"]][:LISTED]
    return told | {"connections_most_cut": worst}


def _three(group: Group, k: int) -> dict[str, object]:
    """Return value and ends of the interval of one group by name of its statistic."""
    out: dict[str, object] = {}
    for kind in KINDS:
        own = group.kinds[kind][k]
        for end, value in (("", own.value), ("_low", own.low), ("_high", own.high)):
            out[f"cut_{kind}{end}"] = round(value, 5) if np.isfinite(value) else ""
    return out


def _told(group: Group, k: int) -> dict[str, Any]:
    return {
        kind: {
            part: round(float(value), 5) if np.isfinite(value) else None
            for part, value in group.kinds[kind][k].__dict__.items()
        }
        for kind in KINDS
    }
