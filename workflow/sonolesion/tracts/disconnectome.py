"""What a lesion cuts of the connections between parcels, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.maths.parcels import Nodes
from sonolesion.maths.points import Matrix, Points
from sonolesion.tracts import connectome, disconnection, uncertainty
from sonolesion.tracts.geometry import Offsets, line_lengths, segment_lengths

Told = Mapping[str, Any]
Lines = tuple[Points, Offsets]
# What each draw of the lesion cuts (D, S), and what each streamline counts.
Drawn = tuple[NDArray[np.bool_], dict[str, NDArray[np.float64]]]


@dataclass(frozen=True)
class Lesion:
    """Probability of lesion (X, Y, Z), 0 to 1, and its voxel indices to millimetres."""

    probability: NDArray[Any]
    affine: Matrix

    def cropped(self) -> Lesion:
        """Return the part that holds it, with a voxel around: it is looked at for every draw."""
        places = np.argwhere(self.probability > 0)
        places = places if len(places) else np.zeros((1, 3), dtype=np.int64)
        low, high = np.maximum(places.min(axis=0) - 1, 0), places.max(axis=0) + 2
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        affine = self.affine.copy()
        affine[:3, 3] += affine[:3, :3] @ low
        return Lesion(self.probability[box], affine)


@dataclass(frozen=True)
class Group:
    """Cut shares of several groups of streamlines (parcels or connections).

    Attributes
    ----------
    counts : ndarray of shape (G,)
        Streamlines of each group.
    kinds : dict
        ``streamlines`` and ``length`` → an interval a group.
    """

    counts: NDArray[np.int64]
    kinds: Mapping[str, Sequence[uncertainty.Interval]]


@dataclass(frozen=True)
class Lost:
    """What a lesion does to a connectome.

    Attributes
    ----------
    cut : disconnection.Cut
        Of each streamline.
    before, after : ndarray of int64, shape (n, n)
        Streamlines between parcels, all and those that are left.
    parcels : Group
        In the order of the parcels.
    pairs : ndarray of int64, shape (C, 2)
        Parcels of each connection with streamlines enough, counted from 0.
    connections : Group
        In the order of `pairs`.
    """

    cut: disconnection.Cut
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    parcels: Group
    pairs: NDArray[np.int64]
    connections: Group


def lost(
    own: Lines, others: Sequence[Lines], nodes: Nodes, lesion: Lesion, *, settings: Told
) -> Lost:
    """Cut a connectome with a lesion.

    Parameters
    ----------
    own : points and offsets
        Streamlines before the lesion, in its millimetres.
    others : sequence of (points, offsets)
        Streamlines of resampled scans, for the interval.
    nodes : Nodes
    lesion : Lesion
    settings : mapping
        ``tracts``.
    """
    limits, told, lesion = settings["disconnection"], settings["connectome"], lesion.cropped()
    whole = disconnection.cut(
        *own, lesion.probability, lesion.affine, threshold=limits["threshold"],
        floor=limits["floor"],
    )  # fmt: skip
    ends = _ends(own, nodes, told)
    before = connectome.matrix(ends, n_parcels=nodes.number)
    after = connectome.matrix(ends[~whole.is_cut], n_parcels=nodes.number)
    enough = np.triu(before) >= limits["min_streamlines"]
    known = np.flatnonzero(enough)
    all_ends = [ends, *(_ends(lines, nodes, told) for lines in others)]
    draws = [_drawn(lines, lesion, settings) for lines in (own, *others)]
    n, share = nodes.number, settings["resampling"]["interval"]
    of_all = [connectome.of_parcels(e, n_parcels=n) for e in all_ends]
    joining = [connectome.of_connections(e, known, n_parcels=n) for e in all_ends]
    parcels = _group(of_all, whole, draws, share=share)
    connections = _group(joining, whole, draws, share=share)
    return Lost(whole, before, after, parcels, np.argwhere(enough), connections)


def _ends(lines: Lines, nodes: Nodes, told: Told) -> connectome.Ends:
    return connectome.end_parcels(
        *lines, nodes.labels, nodes.affine, radius_mm=told["radius_mm"]
    )  # fmt: skip


def _drawn(lines: Lines, lesion: Lesion, settings: Told) -> Drawn:
    """Draw lesion and streamlines again: a Poisson number of each, mean 1.

    That is the error of tracking; alone it would shrink with the number of streamlines, while the
    scan's noise, which other tractograms bring in, does not.
    """
    redraw = settings["resampling"]
    plan = uncertainty.draws(
        redraw["n_lesions"], registration_sd_mm=redraw["registration_sd_mm"], seed=redraw["seed"]
    )
    hit = uncertainty.redrawn_cuts(
        *lines, lesion.probability, lesion.affine, plan, floor=settings["disconnection"]["floor"]
    )
    lengths = line_lengths(segment_lengths(*lines), lines[1])
    often = np.random.default_rng(redraw["seed"]).poisson(1.0, hit.shape).astype(np.float64)
    return hit, {"streamlines": often, "length": often * lengths}


def _group(
    members: Sequence[Any], whole: disconnection.Cut, draws: Sequence[Drawn], *, share: float
) -> Group:
    """Return values of the first tractogram, and intervals from the draws of all."""
    weights = {"streamlines": np.ones(len(whole.is_cut)), "length": whole.length_mm}
    found = {}
    for kind, weight in weights.items():
        values = connectome.shares(members[0], whole.is_cut[None], weight)[0]
        drawn = [
            connectome.shares(own, hit, often[kind])
            for own, (hit, often) in zip(members, draws, strict=True)
        ]
        found[kind] = [
            _interval(float(value), [one[:, k] for one in drawn], share)
            for k, value in enumerate(values)
        ]
    return Group(np.asarray(members[0].sum(axis=0)).astype(np.int64), found)


def _interval(value: float, drawn: list[NDArray[np.float64]], share: float) -> uncertainty.Interval:
    found = uncertainty.interval(value, drawn, share=share)
    # One tractogram tells nothing of the spread between tractograms.
    return found if len(drawn) > 1 else replace(found, tracking_sd=float("nan"))


def holds(settings: Told, *, n_scans: int) -> dict[str, Any]:
    """Return in words what the intervals hold, and what they don't."""
    redraw = settings["resampling"]
    scan = f"noise of the scan ({n_scans} resampled, with fewer seeds)"
    return {
        "Share": redraw["interval"],
        "Draws": redraw["n_lesions"] * (1 + n_scans),
        "Holds": [
            f"place of the lesion (standard deviation {redraw['registration_sd_mm']:g} mm an axis)",
            "outline of the lesion",
            "tracking (streamlines drawn again)",
            *([scan] if n_scans else []),
        ],
        "HoldsNot": [
            *([] if n_scans else ["noise of the scan"]),
            "border of the parcels",
            "what tracking can't see: crossings, false connections",
        ],
    }
