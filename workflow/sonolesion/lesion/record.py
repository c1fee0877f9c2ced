"""What the automatic search says of a visit, as one record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.lesion.comparison import Change
from sonolesion.lesion.outline import Outline
from sonolesion.lesion.visit import Head, Outcome

NULL_QUANTILES = (0.5, 0.9, 0.95, 1.0)
ZONES = ("core", "rim", "oedema")
REGIONS = ("core", "lesion", "all")
DIGITS = 4
PARTED = "zones I and II; oedema apart"
# On the others zone II and oedema change alike.
TELL_OEDEMA = {"T2w", "FLAIR"}
UNPARTED = "zones I and II with oedema: no T2w or FLAIR to part them; up to three times I and II"


def record(
    outcome: Outcome, *, head: Head, labels: Mapping[str, Any], left_out: Mapping[str, str],
    interval: float, near_mm: float,
) -> dict[str, Any]:  # fmt: skip
    """Return the record of a visit.

    Parameters
    ----------
    outcome : Outcome
    head : Head
    labels
        Identifies the visit: ``day_after``, ``baseline``.
    left_out
        Contrast → why the plan left it out.
    interval : float
        Share of the posterior that an interval holds.
    near_mm : float
        Radius round the plan in which noise is told [mm].
    """
    found, drawn = outcome.detection, outcome.outline
    few = {
        name: f"covers {part:.0%} of the place searched"
        for name, part in outcome.coverage.items()
        if name not in outcome.changes
    }
    return {
        "outcome": "not_visible" if drawn is None else "measured",
        "definition": definition(outcome),
        "day_after": labels["day_after"],
        "baseline": labels["baseline"],
        "statistic": found.statistic,
        "p": found.p,
        "log_odds": outcome.log_odds,
        "null_peaks": len(found.null),
        "null_quantiles": {f"{q:g}": float(np.quantile(found.null, q)) for q in NULL_QUANTILES},
        "contrasts_used": list(outcome.changes),
        "contrasts_left_out": {**left_out, **few},
        "coverage": outcome.coverage,
        "noise": {
            name: {"sd_near_plan": _near(one, head, near_mm), "degrees_of_freedom": one.freedom}
            for name, one in outcome.changes.items()
        },
        "target_mm": [float(value) for value in head.target_mm],
        **({} if drawn is None else _drawn(drawn, interval)),
    }


def definition(outcome: Outcome) -> str:
    """Say what the outline holds: without T2w and FLAIR, acute oedema can't be kept out of it."""
    acute = any(len(change) == len(ZONES) for change in _changes(outcome))
    return UNPARTED if acute and not TELL_OEDEMA & set(outcome.changes) else PARTED


def _changes(outcome: Outcome) -> list[NDArray[np.floating[Any]]]:
    return [] if outcome.outline is None else list(outcome.outline.changes.values())


def _near(one: Change, head: Head, near_mm: float) -> float:
    """Median noise round the plan [brain level]."""
    about = (head.distance_mm(head.target_mm) < near_mm + head.voxel_mm) & one.valid
    return float(np.median(one.sd[about])) if about.any() else float("nan")


def _drawn(drawn: Outline, interval: float) -> dict[str, Any]:
    """Return what the drawn shapes say."""
    return {
        "volume_samples_mm3": {
            name: numbers(drawn.volumes_mm3[:, index]) for index, name in enumerate(REGIONS)
        },
        "centroid_samples_mm": [numbers(one) for one in drawn.centroids_mm],
        "zone_change": {
            name: dict(zip(ZONES, numbers(change), strict=False))
            for name, change in drawn.changes.items()
        },
        "misfit": drawn.misfit,
        "contrast_volumes_mm3": {
            name: {"status": "not_visible"} if volumes is None else quantiles(volumes, interval)
            for name, volumes in drawn.alone_mm3.items()
        },
    }


def quantiles(volumes: NDArray[np.floating[Any]], interval: float) -> dict[str, float]:
    """Return median and the bounds of the central interval."""
    low, middle, high = np.quantile(volumes, [(1 - interval) / 2, 0.5, (1 + interval) / 2])
    return {"volume": float(middle), "low": float(low), "high": float(high)}


def numbers(values: NDArray[np.floating[Any]]) -> list[float]:
    """Return plain rounded numbers."""
    return [round(float(value), DIGITS) for value in values]
