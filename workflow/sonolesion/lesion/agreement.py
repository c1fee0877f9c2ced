"""How raters' masks of the same lesions agree: case by case, and over all cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sonolesion.lesion.agreement_statistics import (
    BlandAltman,
    bland_altman,
    icc_agreement,
    icc_consistency,
)
from sonolesion.maths import overlap_metrics

Case = tuple[str, str, str]
PAIR_COLUMNS = (
    "participant_id", "session_id", "intervention_id", "rater_a", "rater_b", "outcome",
    "dice", "surface_dice", "hd95_mm", "volume_a_mm3", "volume_b_mm3", "volume_difference_mm3",
    "centroid_distance_mm",
)  # fmt: skip
SUMMARY_COLUMNS = (
    "rater_a", "rater_b", "n_cases", "n_both_visible", "n_both_empty", "n_one_empty",
    "dice_median", "dice_low_quartile", "dice_high_quartile", "surface_dice_median",
    "hd95_median_mm", "centroid_distance_median_mm", "n_bland_altman", "bias_mm3", "bias_low_mm3",
    "bias_high_mm3", "sd_mm3", "limit_low_mm3", "limit_low_low_mm3", "limit_low_high_mm3",
    "limit_high_mm3", "limit_high_low_mm3", "limit_high_high_mm3",
)  # fmt: skip
ICC_COLUMNS = ("icc", "raters", "n_cases", "value", "low", "high", "meaning")
ICCS = (
    ("ICC(2,1)", icc_agreement, "absolute agreement; raters drawn from many"),
    ("ICC(3,1)", icc_consistency, "consistency; these raters, constant differences not counted"),
)


class Compared(NamedTuple):
    """Two raters' masks of one case; lengths in mm, volumes in mm³, NaN where undefined."""

    case: Case
    rater_a: str
    rater_b: str
    dice: float
    surface_dice: float
    hd95_mm: float
    volume_a_mm3: float
    volume_b_mm3: float
    centroid_mm: float

    @property
    def outcome(self) -> str:
        """Who sees a lesion; two empty masks agree that there is none."""
        seen = (self.volume_a_mm3 > 0, self.volume_b_mm3 > 0)
        words = {(True, True): "both visible", (False, False): "both not visible"}
        return words.get(seen, "only one visible")


def compare(
    case: Case, raters: tuple[str, str], masks: tuple[NDArray[Any], NDArray[Any]],
    voxel_mm: NDArray[np.float64], *, tolerance_mm: float,
) -> Compared:  # fmt: skip
    """Compare two masks of shape (X, Y, Z) of one case.

    Parameters
    ----------
    voxel_mm : ndarray of shape (3,)
        Edges of a voxel [mm].
    tolerance_mm : float
        Distance of two surfaces that still counts as agreement [mm].
    """
    a, b = (np.asarray(mask).astype(bool) for mask in masks)
    in_plane, through = overlap_metrics.centroid_distances_mm(
        a, b, voxel_mm=voxel_mm, through_axis=2
    )
    cell = float(np.prod(voxel_mm))
    return Compared(
        case, *raters,
        dice=overlap_metrics.dice(a, b),
        surface_dice=overlap_metrics.surface_dice(
            a, b, voxel_mm=voxel_mm, tolerance_mm=tolerance_mm
        ),
        hd95_mm=overlap_metrics.hd95_mm(a, b, voxel_mm=voxel_mm),
        volume_a_mm3=float(a.sum()) * cell, volume_b_mm3=float(b.sum()) * cell,
        centroid_mm=float(np.hypot(in_plane, through)),
    )  # fmt: skip


def pair_rows(compared: Sequence[Compared]) -> list[dict[str, object]]:
    """Return a table row for each case and pair of raters."""
    return [
        {
            "participant_id": f"sub-{one.case[0]}", "session_id": f"ses-{one.case[1]}",
            "intervention_id": one.case[2], "rater_a": one.rater_a, "rater_b": one.rater_b,
            "outcome": one.outcome, "dice": plain(one.dice),
            "surface_dice": plain(one.surface_dice), "hd95_mm": plain(one.hd95_mm),
            "volume_a_mm3": plain(one.volume_a_mm3), "volume_b_mm3": plain(one.volume_b_mm3),
            "volume_difference_mm3": plain(one.volume_a_mm3 - one.volume_b_mm3),
            "centroid_distance_mm": plain(one.centroid_mm),
        }
        for one in compared
    ]  # fmt: skip


def plain(value: float) -> str:
    """Return a number with six digits; n/a if it is undefined."""
    return "n/a" if np.isnan(value) else f"{value:.6g}"


def by_pair(compared: Sequence[Compared]) -> dict[tuple[str, str], list[Compared]]:
    """Return the comparisons of each pair of raters."""
    found: dict[tuple[str, str], list[Compared]] = {}
    for one in compared:
        found.setdefault((one.rater_a, one.rater_b), []).append(one)
    return found


def limits(own: Sequence[Compared], *, confidence: float) -> BlandAltman:
    """Return Bland and Altman's limits of one pair's volumes, of cases that anyone outlined.

    Two empty masks have a difference of zero that would narrow the limits: they are counted
    apart.
    """
    seen = [one for one in own if one.outcome != "both not visible"]
    first, second = ([getattr(one, name) for one in seen] for name in
                     ("volume_a_mm3", "volume_b_mm3"))  # fmt: skip
    return bland_altman(np.array(first), np.array(second), confidence=confidence)


def summary_rows(compared: Sequence[Compared], *, confidence: float) -> list[dict[str, object]]:
    """Return a table row for each pair of raters; overlap is of cases that both outlined."""
    return [_summary(pair, own, confidence=confidence) for pair, own in by_pair(compared).items()]


def _summary(
    pair: tuple[str, str], own: Sequence[Compared], *, confidence: float
) -> dict[str, object]:
    words = [one.outcome for one in own]
    both = [one for one in own if one.outcome == "both visible"]
    volumes = limits(own, confidence=confidence)
    row: dict[str, object] = {
        "rater_a": pair[0], "rater_b": pair[1], "n_cases": len(own), "n_both_visible": len(both),
        "n_both_empty": words.count("both not visible"),
        "n_one_empty": words.count("only one visible"),
        "dice_low_quartile": _quantile([one.dice for one in both], 0.25),
        "dice_high_quartile": _quantile([one.dice for one in both], 0.75),
        "n_bland_altman": volumes.n, "sd_mm3": plain(volumes.sd),
    }  # fmt: skip
    for name, place in (("dice_median", "dice"), ("surface_dice_median", "surface_dice"),
                        ("hd95_median_mm", "hd95_mm"),
                        ("centroid_distance_median_mm", "centroid_mm")):  # fmt: skip
        row[name] = _quantile([getattr(one, place) for one in both], 0.5)
    for name, estimate in (("bias", volumes.bias), ("limit_low", volumes.lower),
                           ("limit_high", volumes.upper)):  # fmt: skip
        for end, value in zip(("", "_low", "_high"), estimate, strict=True):
            row[f"{name}{end}_mm3"] = plain(value)
    return row


def _quantile(values: Sequence[float], share: float) -> str:
    return plain(float(np.quantile(values, share))) if values else "n/a"


def volumes_of(own: Sequence[Compared]) -> dict[str, float]:
    """Return rater → volume [mm³] of the comparisons of one case."""
    found = {one.rater_a: one.volume_a_mm3 for one in own}
    return found | {one.rater_b: one.volume_b_mm3 for one in own}


def volume_table(
    volumes: Mapping[Case, Mapping[str, float]], raters: Sequence[str]
) -> NDArray[np.float64]:
    """Return the volumes (N, K) of the cases that all raters judged and any of them outlined."""
    whole = [own for own in volumes.values() if all(name in own for name in raters)]
    rows = [[own[name] for name in raters] for own in whole if any(own[name] for name in raters)]
    return np.array(rows, dtype=float).reshape(-1, len(raters))


def icc_rows(
    volumes: Mapping[Case, Mapping[str, float]], raters: Sequence[str], *, confidence: float
) -> Iterator[dict[str, object]]:
    """Yield both intraclass correlations of the volumes: of all raters, and of each pair."""
    groups = [tuple(raters)]
    groups += [pair for pair in combinations(raters, 2) if len(raters) > 2]
    for group in groups:
        table = volume_table(volumes, group)
        for name, function, meaning in ICCS:
            found = function(table, confidence=confidence)
            yield {
                "icc": name, "raters": " ".join(group), "n_cases": len(table),
                "value": plain(found.value), "low": plain(found.low), "high": plain(found.high),
                "meaning": meaning,
            }  # fmt: skip
