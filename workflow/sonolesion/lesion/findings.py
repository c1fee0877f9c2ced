"""Record and table rows of one visit: what downstream steps and readers take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sonolesion.lesion.zones import Zones

COLUMNS = (
    "participant_id", "session_id", "intervention_id", "days_from_treatment", "modality", "map",
    "region", "side", "statistic", "value", "unit", "n_voxels", "coverage", "below_resolution",
    "status", "method",
)  # fmt: skip
PLAIN = ("elongation", "flatness", "sphericity", "solidity")
# Samples stay in the record; a table holds one number a row. Where the wall was, is no measure.
NO_ROW = ("wall_x", "wall_z")
BY_HAND = "zones I and II as a person outlined them"


def record(
    found: Mapping[str, Any], *, zones: Zones, measures: Mapping[str, Mapping[str, float]],
    source: str, correction: Mapping[str, Any] | None, coverage: float,
) -> dict[str, Any]:  # fmt: skip
    """Return the record of a visit: that of the segmentation, and what was measured.

    Parameters
    ----------
    found : mapping
        Record of the segmentation.
    measures : mapping
        Region → statistic → value; empty if nothing is visible.
    source : str
        ``automatic``, ``corrected`` or ``learned``.
    correction : mapping or None
        What is told of a corrected mask.
    coverage : float
        Share of the lesion inside every scan.
    """
    lesion = measures.get("lesion", {})
    extents = [lesion.get(f"extent_{axis}", 0.0) for axis in ("ml", "ap", "si")]
    content = dict(found) | {
        "outcome": "measured" if zones.visible else "not_visible",
        "source": source,
        "measures": {region: dict(numbers) for region, numbers in measures.items()},
        "extent_ml_ap_dv_mm": extents,
        "lesion_coverage": coverage,
    }
    if correction is not None:
        content |= {
            "automatic": {name: found.get(name) for name in ("outcome", "definition")},
            "correction": dict(correction),
            "definition": BY_HAND,
            # They tell how sure the segmentation was, not the person.
            "volume_samples_mm3": {},
            "centroid_samples_mm": [],
        }
    return content


def rows(
    told: Mapping[str, Any], labels: Mapping[str, Any], *, zones: Zones, small_mm3: float
) -> list[dict[str, object]]:
    """Return the rows of the table of a visit.

    Parameters
    ----------
    told : mapping
        What `record` returned.
    labels : mapping
        Ids, ``day_after`` and ``side``.
    small_mm3 : float
        Volume below which a region is smaller than the images resolve [mm³].
    """
    used = told["contrasts_used"]
    common = {
        "participant_id": labels["participant_id"],
        "session_id": labels["session_id"],
        "intervention_id": labels["intervention_id"],
        "days_from_treatment": labels["day_after"],
        "modality": used[0] if len(used) == 1 else "anat",
        "map": "lesion",
        "side": labels["side"],
        "method": _method(told),
    }
    counts = {region: int(mask.sum()) for region, mask in zones.masks().items()}
    found = [*_search(common, told)]
    for region, count in counts.items():
        numbers = told["measures"].get(region, {})
        small = numbers.get("volume", 0.0) < small_mm3
        here = common | {"region": region}
        size = {"n_voxels": count, "coverage": told["lesion_coverage"],
                "below_resolution": "true" if small else "false"}  # fmt: skip
        found += _region(here, numbers, size)
    if told["source"] == "automatic":
        found += _contrasts(common, told.get("contrast_volumes_mm3") or {})
    return found


def _method(told: Mapping[str, Any]) -> str:
    by = {"automatic": "", "corrected": "corrected by hand; ", "learned": "learned model; "}
    return f"{by[told['source']]}{'+'.join(told['contrasts_used'])}; {told['definition']}"


def _search(common: Mapping[str, object], told: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    """Yield the test that a lesion is there; a learned model has none."""
    for name, value in (("statistic", told.get("statistic")), ("p", told.get("p"))):
        if value is not None:
            yield {**common, "region": "search", "statistic": f"detection_{name}",
                   "value": value, "unit": "1", "status": "measured"}  # fmt: skip


def _region(
    here: Mapping[str, object], numbers: Mapping[str, float], size: Mapping[str, object]
) -> list[dict[str, object]]:
    """Return the rows of one region; one without a value where nothing is visible."""
    if not numbers:
        return [{**here, "statistic": "volume", "unit": "mm3", "status": "not_visible"}]
    return [
        {**here, **size, "statistic": name, "value": value, "unit": unit(name),
         "status": "measured"}
        for name, value in numbers.items()
        if name not in NO_ROW
    ]  # fmt: skip


def unit(statistic: str) -> str:
    """Return the unit of a statistic of the lesion."""
    if "volume" in statistic:
        return "mm3"
    return "1" if statistic in PLAIN else "mm"


def _contrasts(
    common: Mapping[str, object], volumes: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, object]]:
    """Yield what each contrast shows alone, such as the lesion of the T1w."""
    for contrast, seen in volumes.items():
        alone = {"modality": contrast, "map": "contrast_lesion", "region": "lesion"}
        here = {**common, **alone, "unit": "mm3", "method": f"change of {contrast} alone"}
        if seen.get("status") == "not_visible":
            yield {**here, "statistic": "volume", "status": "not_visible"}
            continue
        for end in ("", "_low", "_high"):
            value = seen.get(end.removeprefix("_") or "volume")
            if value is not None:
                yield {**here, "statistic": f"volume{end}", "value": value, "status": "measured"}
