"""Turn the outcome of a visit into masks, a record and rows of measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sonolesion.lesion import geometry
from sonolesion.lesion.blocks import Mask, Volume
from sonolesion.lesion.visit import Head, Outcome

CONTRASTS = ("T1w", "T2w", "FLAIR")
COLUMNS = (
    "participant_id", "session_id", "intervention_id", "days_from_treatment", "modality", "map",
    "region", "side", "statistic", "value", "unit", "n_voxels", "coverage", "below_resolution",
    "status", "method",
)  # fmt: skip
HALF = 0.5
# A region of fewer voxels has no shape.
FEW_VOXELS = 8
NULL_QUANTILES = (0.5, 0.9, 0.95, 1.0)
UNITS = {"volume": "mm3", "probability_volume": "mm3"}


@dataclass(frozen=True)
class Findings:
    """What is written of one visit.

    Attributes
    ----------
    lesion, oedema : ndarray of shape (X, Y, Z)
        Probability of zones I and II, and of zone III; zero where nothing is visible.
    mask : ndarray of bool, shape (X, Y, Z)
        Lesion with a probability above one half.
    record, rows
        Content of the JSON file, rows of the table.
    """

    lesion: Volume
    oedema: Volume
    mask: Mask
    record: dict[str, Any]
    rows: list[dict[str, object]]


def measured(outcome: Outcome, *, head: Head, labels: Mapping[str, Any]) -> Findings:
    """Measure a visit; `labels` identifies it (ids, ``day_after``, ``side``, ``baseline``)."""
    nothing = np.zeros(head.brain.shape, dtype=np.float32)
    found = outcome.segmentation
    lesion = nothing if found is None else found.lesion.astype(np.float32)
    oedema = nothing if found is None else found.oedema.astype(np.float32)
    mask = lesion > HALF
    # What is detected but nowhere more likely than not can't be outlined.
    visible = bool(mask.any())
    if not visible:
        lesion, oedema = nothing, nothing
    numbers = {"lesion": _numbers(lesion, head, labels["side"]) if visible else {}}
    numbers["oedema"] = _sizes(oedema, head.voxel_mm) if (oedema > HALF).any() else {}
    record = _record(outcome, head, labels, visible, numbers)
    counts = {"lesion": int(mask.sum()), "oedema": int((oedema > HALF).sum())}
    rows = _rows(record, labels, counts=counts)
    return Findings(lesion, oedema, mask, record, rows)


def _sizes(probability: Volume, voxel_mm: float) -> dict[str, float]:
    """Return volume by mask and by probability, and diameters."""
    mask = probability > HALF
    volume = float(mask.sum()) * voxel_mm**3
    return {
        "volume": volume,
        "probability_volume": float(probability.sum()) * voxel_mm**3,
        "diameter": geometry.max_diameter_mm(mask, np.full(3, voxel_mm)),
        "equivalent_diameter": geometry.sphere_diameter_mm(volume),
    }


def _numbers(probability: Volume, head: Head, side: str) -> dict[str, float]:
    """Return size, centroid and targeting error of the lesion."""
    centre = geometry.centroid_mm(np.where(probability > HALF, probability, 0.0), head.affine)
    miss = geometry.targeting_error_mm(centre, head.target_mm, side=side)
    return (
        _sizes(probability, head.voxel_mm)
        | {f"centroid_{axis}": float(c) for axis, c in zip("xyz", centre, strict=True)}
        | {f"error_{name}": value for name, value in miss.items()}
    )


def _record(
    outcome: Outcome, head: Head, labels: Mapping[str, Any], visible: bool,
    numbers: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:  # fmt: skip
    found, used = outcome.detection, list(outcome.changes)
    extents = geometry.extents_mm(_outline(outcome, head.brain), np.full(3, head.voxel_mm))
    return {
        "outcome": "measured" if visible else "not_visible",
        "definition": definition(outcome),
        "day_after": labels["day_after"],
        "baseline": labels["baseline"],
        "statistic": found.statistic,
        "p": found.p,
        "null_peaks": len(found.null),
        "null_quantiles": {f"{q:g}": float(np.quantile(found.null, q)) for q in NULL_QUANTILES},
        "contrasts_used": used,
        "contrasts_left_out": {
            name: "not usable at both visits" for name in CONTRASTS if name not in used
        },
        "noise": {
            name: {"sd_near_plan": _near(part.sd, head), "degrees_of_freedom": part.freedom}
            for name, part in outcome.changes.items()
        },
        "target_mm": [float(value) for value in head.target_mm],
        "extent_ml_ap_dv_mm": [float(value) for value in extents],
        "measures": {region: dict(values) for region, values in numbers.items()},
    }


def definition(outcome: Outcome) -> str:
    """Say which zones the lesion mask holds."""
    if outcome.segmentation is None or outcome.segmentation.parted:
        return "zones I and II; oedema apart"
    return "zones I to III together: oedema can't be told from the lesion"


def _outline(outcome: Outcome, brain: Mask) -> Mask:
    if outcome.segmentation is None:
        return np.zeros(brain.shape, dtype=bool)
    return np.asarray(outcome.segmentation.lesion > HALF)


def _near(sd: Volume, head: Head) -> float:
    """Median noise in the 5 mm round the plan [brain level]."""
    return float(np.median(sd[head.distance_mm() < 5.0 + head.voxel_mm]))


def _rows(
    record: Mapping[str, Any], labels: Mapping[str, Any], *, counts: Mapping[str, int]
) -> list[dict[str, object]]:
    used = record["contrasts_used"]
    common = {
        "participant_id": labels["participant_id"],
        "session_id": labels["session_id"],
        "intervention_id": labels["intervention_id"],
        "days_from_treatment": labels["day_after"],
        "modality": used[0] if len(used) == 1 else "anat",
        "map": "lesion",
        "side": labels["side"],
        "method": f"{'+'.join(used)}; {record['definition']}",
    }
    search = {"detection_statistic": record["statistic"], "detection_p": record["p"]}
    rows = [
        common | {"region": "search", "statistic": name, "value": value, "unit": "1",
                  "status": "measured"}
        for name, value in search.items()
    ]  # fmt: skip
    for region, values in record["measures"].items():
        rows += _region_rows(common, region, values, record["outcome"], counts[region])
    return rows


def _region_rows(
    common: Mapping[str, object], region: str, values: Mapping[str, float], outcome: str, n: int
) -> Sequence[dict[str, object]]:
    """Return the rows of one region; one without a value where nothing is visible."""
    here = {**common, "region": region}
    if not values:
        absent = {"statistic": "volume", "unit": "mm3", "status": "not_visible"}
        return [here | absent]
    measured_too = {"n_voxels": n, "coverage": 1, "status": outcome}
    few = "true" if n < FEW_VOXELS else "false"
    return [
        here | measured_too | {"statistic": name, "value": value, "unit": UNITS.get(name, "mm"),
                               "below_resolution": few}
        for name, value in values.items()
    ]  # fmt: skip
