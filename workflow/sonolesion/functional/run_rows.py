"""Rows of the table of measures that belong to a run as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sonolesion.maths.region_measures import visit_cells

Row = dict[str, object]
METHOD = "functional"


def row(
    labels: Mapping[str, Any],
    *,
    region: str,
    statistic: str,
    value: float | None,
    unit: str,
    mark: str,
    map_name: str = "run",
    method: str = METHOD,
    **sizes: object,
) -> Row:
    """Return one row; `mark` tells of a run that was too short, in every row of it.

    Examples
    --------
    >>> labels = {"participant_id": "sub-1", "session_id": "ses-1", "day": 0}
    >>> row(labels, region="brain", statistic="mean_fd", value=None, unit="mm",
    ...     mark="short")["method"]
    'functional; short'
    """
    return {
        **visit_cells(labels),
        "modality": "bold",
        "map": map_name,
        "region": region,
        "statistic": statistic,
        "unit": unit,
        **({} if value is None else {"value": value}),
        "status": "absent" if value is None else "measured",
        "method": marked(method, mark),
        **sizes,
    }


def marked(method: str, mark: str) -> str:
    """Return a method with the mark of its run."""
    return "; ".join(part for part in (method, mark) if part)
