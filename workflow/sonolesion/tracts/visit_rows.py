"""Rows of the table: what the lesion cut, and how bundles fare from visit to visit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.maths.points import Matrix
from sonolesion.tracts import disconnection, profiles, uncertainty
from sonolesion.tracts.geometry import line_lengths, sampled, segment_lengths, subset
from sonolesion.tracts.tractogram import Bundles

Told = Mapping[str, Any]
COLUMNS = (
    "participant_id", "session_id", "intervention_id", "days_from_treatment", "modality", "map",
    "region", "side", "statistic", "value", "unit", "n_voxels", "coverage", "below_resolution",
    "status", "method",
)  # fmt: skip
PROFILE_COLUMNS = (
    "bundle", "side", "node", "share", "fa", "fa_sd", "md_mm2_s", "md_sd_mm2_s", "coverage",
)  # fmt: skip
CUT = {"streamlines": "cut_streamlines", "length": "cut_length", "expected": "cut_expected"}


def cuts(
    found: Bundles, others: Bundles, lesion: NDArray[Any], affine: Matrix, *, settings: Told
) -> tuple[dict[str, dict[str, Any]], disconnection.Cut]:
    """Return what the lesion cuts of each bundle, with intervals, and of each streamline.

    Parameters
    ----------
    found, others : Bundles
        Bundles of the baseline, and those of its resampled scans (groups ``name@k``).
    lesion : ndarray of shape (X, Y, Z)
        Probability of lesion.
    affine : ndarray of shape (4, 4)
        Its voxel indices to acpc [mm].
    settings : mapping
        ``tracts``.
    """
    limits, redraw = settings["disconnection"], settings["resampling"]
    whole = disconnection.cut(
        found.points, found.offsets, lesion, affine, threshold=limits["threshold"],
        floor=limits["floor"],
    )  # fmt: skip
    plan = uncertainty.draws(
        redraw["n_lesions"], registration_sd_mm=redraw["registration_sd_mm"], seed=redraw["seed"]
    )
    hit = uncertainty.redrawn_cuts(
        others.points, others.offsets, lesion, affine, plan, floor=limits["floor"]
    )
    lengths = line_lengths(segment_lengths(others.points, others.offsets), others.offsets)
    told = {}
    for name, numbers in found.groups.items():
        members = np.zeros(len(found.offsets) - 1, dtype=bool)
        members[numbers] = True
        values = disconnection.fractions(whole, members)
        drawn = [own for group, own in others.groups.items() if group.partition("@")[0] == name]
        draws = [hit[:, own] for own in drawn if len(own) > 0]
        weights = [lengths[own] for own in drawn if len(own) > 0]
        told[name] = {
            "streamlines": len(numbers),
            "values": values,
            "intervals": {
                "streamlines": uncertainty.interval(
                    values["streamlines"], [d.mean(axis=1) for d in draws], share=redraw["interval"]
                ),
                "length": uncertainty.interval(
                    values["length"],
                    [d @ w / w.sum() for d, w in zip(draws, weights, strict=True)],
                    share=redraw["interval"],
                ),
            },
        }
    return told, whole


def cut_rows(
    told: Told, summary: Told, labels: Told, *, visible: bool, settings: Told
) -> list[dict[str, object]]:
    """Return the rows of one visit after one treatment."""
    limits, redraw = settings["disconnection"], settings["resampling"]
    rows: list[dict[str, object]] = []
    for name, entry in summary["Bundles"].items():
        count = entry["streamlines"]
        here = {
            "participant_id": labels["participant_id"],
            "session_id": labels["session_id"],
            "intervention_id": labels["intervention_id"],
            "days_from_treatment": labels["day_after"],
            "modality": "dwi",
            "map": "disconnection",
            "region": f"tract:{entry['bundle']}",
            "side": entry["side"],
            "unit": "1",
            "method": f"{count} streamlines of the baseline; cut from p {limits['threshold']:g}",
        }
        if count < limits["min_streamlines"] or not visible:
            few = count < limits["min_streamlines"]
            status = "absent" if few else "not_visible"
            rows.append({**here, "statistic": "cut_streamlines", "status": status})
            continue
        own = told[name]
        for kind, statistic in CUT.items():
            three = {"": own["values"][kind]}
            if kind in own["intervals"] and redraw["n_scans"]:
                three |= {"_low": own["intervals"][kind].low, "_high": own["intervals"][kind].high}
            rows += [
                {**here, "statistic": statistic + end, "value": value, "status": "measured"}
                for end, value in three.items()
                if np.isfinite(value)
            ]
    return rows


def record(told: Told, reached: Mapping[str, tuple[int, int]], *, visible: bool) -> dict[str, Any]:
    """Return the JSON of a visit: fractions, intervals, what makes them wide; nodes."""
    if not visible:
        return {"outcome": "not_visible", "bundles": {}}
    return {
        "outcome": "measured",
        "bundles": {
            name: {
                "streamlines": own["streamlines"],
                "cut": {kind: _plain(value) for kind, value in own["values"].items()},
                "lesion_nodes": list(reached[name]) if name in reached else None,
                "interval": {
                    kind: {part: _plain(value) for part, value in found.__dict__.items()}
                    for kind, found in own["intervals"].items()
                },
            }
            for name, own in told.items()
        },
    }


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def disconnected(
    found: Bundles, whole: disconnection.Cut, *, affine: Matrix, shape: tuple[int, int, int],
    min_visits: int,
) -> NDArray[np.float32]:  # fmt: skip
    """Return the share of streamlines that are cut, voxel by voxel; NaN where too few pass."""
    grid: Any = {"affine": affine, "shape": shape}
    every = disconnection.visits(found.points, found.offsets, **grid)
    lost = subset(found.points, found.offsets, whole.is_cut)
    gone = disconnection.visits(*lost, **grid)
    return disconnection.disconnection_map(every, gone, min_visits=min_visits)


def along(
    found: Bundles, summary: Told, maps: Mapping[str, NDArray[Any]], affine: Matrix, *,
    settings: Told, min_streamlines: int,
) -> tuple[list[dict[str, object]], dict[str, dict[str, Any]]]:  # fmt: skip
    """Return the nodes of every bundle as table rows, and the means over each bundle.

    Parameters
    ----------
    maps : mapping
        ``fa`` and ``md``, (X, Y, Z).
    affine : ndarray of shape (4, 4)
        Their voxel indices to acpc [mm].
    settings : mapping
        ``tracts.profiles``.
    """
    rows: list[dict[str, object]] = []
    means: dict[str, dict[str, Any]] = {}
    for name, entry in summary["Bundles"].items():
        core = _core(found, name, entry, settings, min_streamlines=min_streamlines)
        if not len(core):
            continue
        weights = profiles.core_weights(core, floor_mm=settings["floor_mm"])
        told = {part: profiles.profile(core, weights, maps[part], affine) for part in maps}
        rows += _nodes(entry, told)
        means[name] = {
            part: float(np.nanmean(one.mean)) if np.isfinite(one.mean).any() else None
            for part, one in told.items()
        } | {"coverage": float(told["fa"].coverage.mean()), "streamlines": len(core)}
    return rows, means


def reached_nodes(
    found: Bundles, summary: Told, lesion: NDArray[Any], affine: Matrix, *, settings: Told
) -> dict[str, tuple[int, int]]:
    """Return the first and last node of each bundle that lie in the lesion.

    There at least half as many of its core's streamlines meet it as where most do.

    Parameters
    ----------
    lesion, affine : ndarray of shape (X, Y, Z) and (4, 4)
        Probability of lesion, and its voxel indices to acpc [mm].
    settings : mapping
        ``tracts``.

    Returns
    -------
    dict
        Nodes counted from 0, as in the profiles; a bundle that it does not meet is left out.
    """
    limits, told = settings["disconnection"], {}
    for name, entry in summary["Bundles"].items():
        few = {"min_streamlines": limits["min_streamlines"]}
        core = _core(found, name, entry, settings["profiles"], **few)
        share = sampled(core.reshape(-1, 3), lesion, affine, outside=0.0)
        hit = (share.reshape(core.shape[:2]) >= limits["threshold"]).sum(axis=0)
        if hit.any():
            # Streamlines of unequal length meet it at other nodes: the width at half the height.
            there = np.flatnonzero(2 * hit >= hit.max())
            told[name] = int(there[0]), int(there[-1])
    return told


def _core(
    found: Bundles, name: str, entry: Told, settings: Told, *, min_streamlines: int
) -> profiles.Nodes:
    """Return the nodes of a bundle's streamlines without strays; none of a bundle too thin."""
    if entry["streamlines"] < min_streamlines or entry["start_mm"] is None:
        return np.zeros((0, settings["n_nodes"], 3), dtype=np.float32)
    points, offsets = found.of(name)
    start = np.array(entry["start_mm"])
    nodes = profiles.oriented_nodes(points, offsets, start_mm=start, n_nodes=settings["n_nodes"])
    lengths = line_lengths(segment_lengths(points, offsets), offsets)
    limits = {part: settings[part] for part in ("max_distance", "max_length_sd", "floor_mm")}
    return nodes[profiles.core_members(nodes, lengths, **limits)]


def _nodes(entry: Told, told: Mapping[str, profiles.Profile]) -> list[dict[str, object]]:
    fa, md = told["fa"], told["md"]
    n = len(fa.mean)
    return [
        {
            "bundle": entry["bundle"],
            "side": entry["side"],
            "node": k,
            "share": f"{k / (n - 1):.4f}",
            "fa": _cell(fa.mean[k]),
            "fa_sd": _cell(fa.sd[k]),
            "md_mm2_s": _cell(md.mean[k]),
            "md_sd_mm2_s": _cell(md.sd[k]),
            "coverage": f"{fa.coverage[k]:.3f}",
        }
        for k in range(n)
    ]


def _cell(value: float) -> str:
    return f"{value:.5g}" if np.isfinite(value) else ""


def mean_rows(means: Mapping[str, Told], summary: Told, labels: Told) -> list[dict[str, object]]:
    """Return the rows of one visit: mean FA and MD along each bundle."""
    rows: list[dict[str, object]] = []
    for name, own in means.items():
        entry = summary["Bundles"][name]
        here = {
            "participant_id": labels["participant_id"],
            "session_id": labels["session_id"],
            "days_from_treatment": labels["day"],
            "modality": "dwi",
            "map": "profile",
            "region": f"tract:{entry['bundle']}",
            "side": entry["side"],
            "coverage": round(min(own["coverage"], 1.0), 4),
            "method": f"core of {own['streamlines']} streamlines of the baseline",
        }
        for part, unit in (("fa", "1"), ("md", "mm2/s")):
            if own[part] is not None:
                rows.append(
                    {**here, "statistic": f"{part}_mean", "unit": unit, "value": own[part],
                     "status": "measured"}
                )  # fmt: skip
    return rows


def by_bundle(rows: list[dict[str, object]], part: str) -> dict[str, NDArray[np.float64]]:
    """Return bundle_side → values at its nodes, of the rows of `along`; unknown ones left out."""
    found: dict[str, list[float]] = {}
    for row in rows:
        if row[part] != "":
            found.setdefault(f"{row['bundle']}_{row['side']}", []).append(float(str(row[part])))
    return {name: np.array(values) for name, values in found.items()}
