"""What the search away from the plan says: kinds of clusters, record, and rows of measures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sonolesion.lesion import offtarget
from sonolesion.lesion.blocks import Mask, Volume
from sonolesion.lesion.comparison import Change, FieldModel, NoiseModel
from sonolesion.lesion.offtarget import Labels, Look, Piece, Scan
from sonolesion.lesion.visit import Head, changes_of

OTHER = "other"
ERROR_RATE = (
    "family-wise: probability that chance makes one such cluster or a larger one anywhere in the "
    "part of the brain looked at, over all looks and both signs of this visit"
)
CLUSTER = {"volume": "mm3", "centroid_x": "mm", "centroid_y": "mm", "centroid_z": "mm",
           "peak_z": "1", "detection_p": "1"}  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """How clusters are named: look → kind, least mean change of each contrast, flagged kinds."""

    kinds: Mapping[str, str]
    agree: float
    safety: Sequence[str]


@dataclass(frozen=True)
class OffTarget:
    """What was found away from the plan.

    Attributes
    ----------
    labels : ndarray of int, shape (X, Y, Z)
        Number of the cluster, from 1; 0 elsewhere.
    clusters : list of dict
        What the record holds of each.
    record : dict
        Content of the JSON file.
    """

    labels: Labels
    clusters: list[dict[str, Any]]
    record: dict[str, Any]


def available(looks: Sequence[Look], contrasts: Sequence[str]) -> list[Look]:
    """Return the looks that can be made, each with the contrasts that are there."""
    kept = [
        Look(look.name, {name: sign for name, sign in look.signs.items() if name in contrasts})
        for look in looks
    ]
    return [look for look in kept if look.signs]


def examine(
    late: Mapping[str, Volume], early: Mapping[str, Volume], *, head: Head,
    looks: Sequence[Look], rules: Rules, search: offtarget.Search, exclusion_radius_mm: float,
    field: FieldModel, noise: NoiseModel,
) -> OffTarget:  # fmt: skip
    """Look for change away from every plan.

    Parameters
    ----------
    late, early : mapping of contrast to ndarray of shape (X, Y, Z)
        The same contrasts of both visits.
    head : Head
        Brain, tissue, grid and plans.
    looks, rules, search
        What is looked for, how it is named, and settings.
    exclusion_radius_mm : float
        Spheres round the plans that are left to the segmentation [mm].
    """
    fluid, excluded = head.tissue[2], head.excluded(exclusion_radius_mm)
    changes = changes_of(
        late, early, head=head, excluded=excluded, hole_mm=exclusion_radius_mm, field=field,
        noise=noise, n_threads=1,
    )  # fmt: skip
    made = available(looks, list(changes))
    inner = offtarget.region(head.brain, fluid, excluded, voxel_mm=head.voxel_mm, search=search)
    scans: dict[str, Scan] = {}
    for look in made:
        usable = inner & np.all([changes[name].valid for name in look.signs], axis=0)
        if not usable.any():
            continue
        seen = offtarget.evidence(
            changes, look, brain=head.brain, usable=usable, fluid=fluid, voxel_mm=head.voxel_mm,
            search=search, field=field, noise=noise,
        )  # fmt: skip
        scans[look.name] = offtarget.find(seen, look, looks=len(made), search=search)
    pieces = [piece for scan in scans.values() for piece in scan.pieces]
    labels, groups = offtarget.merged(pieces, head.brain.shape)
    clusters = [
        cluster(labels == number, group, changes, head=head, looks=made, rules=rules)
        for number, group in enumerate(groups, start=1)
    ]
    looked_mm3 = float(inner.sum()) * head.voxel_mm**3
    return OffTarget(labels, clusters, _record(scans, clusters, rules, list(changes), looked_mm3))


def cluster(
    mask: Mask, group: Sequence[Piece], changes: Mapping[str, Change], *, head: Head,
    looks: Sequence[Look], rules: Rules,
) -> dict[str, Any]:  # fmt: skip
    """Measure and name one cluster."""
    places = np.argwhere(mask)
    centre = head.affine[:3, :3] @ places.mean(axis=0) + head.affine[:3, 3]
    means = {name: float(one.value[mask].mean()) for name, one in changes.items()}
    scores = {name: float((one.value[mask] / one.sd[mask]).mean()) for name, one in changes.items()}
    kind = _kind(group, scores, looks, rules)
    best = min(group, key=lambda piece: (piece.p, -piece.statistic))
    return {
        "kind": kind,
        "safety": kind in rules.safety,
        "volume_mm3": float(len(places)) * head.voxel_mm**3,
        "centroid_mm": [round(float(c), 2) for c in centre],
        "peak_z": round(max(piece.peak for piece in group), 2),
        "statistic": round(best.statistic, 3),
        "p": best.p,
        "seen_by": sorted({f"{piece.look} {'+' if piece.sign > 0 else '-'}" for piece in group}),
        "mean_change": {name: round(value, 4) for name, value in means.items()},
        "mean_z": {name: round(value, 2) for name, value in scores.items()},
    }


def _kind(
    group: Sequence[Piece], scores: Mapping[str, float], looks: Sequence[Look], rules: Rules
) -> str:
    """Return the first kind whose look saw the cluster and whose contrasts all agree."""
    seen = {piece.look for piece in group if piece.sign > 0}
    for look in looks:
        agreed = all(sign * scores[name] >= rules.agree for name, sign in look.signs.items())
        if look.name in seen and agreed:
            return rules.kinds[look.name]
    return OTHER


def _record(
    scans: Mapping[str, Scan], clusters: list[dict[str, Any]], rules: Rules,
    contrasts: list[str], looked_mm3: float,
) -> dict[str, Any]:  # fmt: skip
    outcome = "measured" if clusters else "not_visible"
    p_values = [p for scan in scans.values() for _, p in scan.best.values()]
    made = {
        look: {
            "kind": rules.kinds[look],
            "statistic": scan.best[1][0], "p": scan.best[1][1],
            "opposite_statistic": scan.best[-1][0], "opposite_p": scan.best[-1][1],
            "chance": {"start": scan.tail.start, "mean": scan.tail.mean, "count": scan.tail.count},
        }
        for look, scan in scans.items()
    }  # fmt: skip
    not_made = [kind for look, kind in rules.kinds.items() if look not in scans]
    return {
        "outcome": outcome if scans else "not_examined",
        "error_rate": ERROR_RATE,
        "smallest_p": min(p_values, default=None),
        "safety": any(one["safety"] for one in clusters),
        "looked_at_mm3": looked_mm3 if scans else 0.0,
        "contrasts_used": contrasts,
        "looks": made,
        "kinds_not_examined": not_made,
        "clusters": clusters,
    }  # fmt: skip


def rows(found: OffTarget, labels: Mapping[str, Any], *, rules: Rules) -> list[dict[str, object]]:
    """Return the rows of measures: of all clusters, of each kind, of each cluster."""
    record = found.record
    common = {
        "participant_id": labels["participant_id"],
        "session_id": labels["session_id"],
        "intervention_id": labels["intervention_id"],
        "days_from_treatment": labels["day_after"],
        "modality": "anat",
        "map": "offtarget",
        "method": f"{'+'.join(record['contrasts_used'])}; cluster mass, family-wise",
    }
    table = [*_summary(common | {"region": "offtarget"}, found.clusters, record["smallest_p"])]
    by_kind = {one["kind"]: one["p"] for one in record["looks"].values()}
    other = [one["opposite_p"] for one in record["looks"].values()]
    p_of = by_kind | {OTHER: min(other, default=None)}
    for kind in (*rules.kinds.values(), OTHER):
        these = [one for one in found.clusters if one["kind"] == kind]
        # A cluster may be named by another look than the one with its smallest p.
        least = min([p for p in (p_of.get(kind), *(x["p"] for x in these)) if p is not None],
                    default=None)  # fmt: skip
        table += _summary(common | {"region": f"offtarget_{kind}"}, these, least)
    for number, one in enumerate(found.clusters, start=1):
        table += _cluster_rows(common | {"region": f"offtarget:{number}"}, one)
    return table


def _summary(
    here: Mapping[str, object], clusters: Sequence[Mapping[str, Any]], p: float | None
) -> Iterator[dict[str, object]]:
    """Yield number, volume and smallest p; without a number what was not examined."""
    looked = p is not None
    numbers = {
        "clusters": (len(clusters), "1"),
        "volume": (sum(one["volume_mm3"] for one in clusters), "mm3"),
        "detection_p": (p, "1"),
    }
    for name, (value, unit) in numbers.items():
        status = "measured" if looked else "absent"
        yield {**here, "statistic": name, "value": value if looked else None, "unit": unit,
               "status": status}  # fmt: skip


def _cluster_rows(
    here: Mapping[str, object], one: Mapping[str, Any]
) -> Iterator[dict[str, object]]:
    values = dict(zip(("centroid_x", "centroid_y", "centroid_z"), one["centroid_mm"], strict=True))
    values |= {"volume": one["volume_mm3"], "peak_z": one["peak_z"], "detection_p": one["p"]}
    side = "right" if values["centroid_x"] > 0 else "left"
    method = f"{here['method']}; {one['kind']}"
    for name, unit in CLUSTER.items():
        yield {**here, "side": side, "statistic": name, "value": values[name], "unit": unit,
               "status": "measured", "method": method}  # fmt: skip
