"""What lesions cut: share of a bundle's parallel fibres, and what lies beyond the cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.phantom import bundles, damage, treatment
from sonolesion.phantom.damage import Present
from sonolesion.phantom.patient import Anatomy
from sonolesion.phantom.treatment import Site

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Inside = Callable[[Array], Flags]
# Core and rim are destroyed; fibres outlive the oedema around them.
DESTROYED = (1, 2)


@dataclass(frozen=True)
class History:
    """A lesion on a day: its age, what it destroys now, and what it did on any day so far."""

    age_d: float
    now: Inside
    ever: Inside


@dataclass(frozen=True)
class Cut:
    """What lesions do to one bundle on a day.

    `fraction` is the share of its fibres that pass a core or rim of that day, `ever` of any day
    so far; `length` is the share of all its length inside those of that day, `severed` the share
    that belongs to the fibres of `fraction`. `lost` (M,) is the progress of degeneration, 0 to 1,
    averaged over the fibres, at each sample of the tube.
    """

    fraction: float
    ever: float
    length: float
    severed: float
    lost: Array


def histories(anatomy: Anatomy, sites: Sequence[Site], *, day: float) -> list[History]:
    """Return the lesions that have come by a day; the healed ones too, for what they cut."""
    found = []
    for site in sites:
        age_d = day - site.from_d
        if age_d <= 0:
            continue
        earlier = [site.from_d + passed for passed in site.course.days if passed < age_d]
        states = [treatment.state(anatomy, site, day=past) for past in (day, *earlier)]
        present = [[Present(site, state)] if state is not None else [] for state in states]
        found.append(
            History(age_d, destroyed(present[0]), destroyed([p for one in present for p in one]))
        )
    return found


def destroyed(lesions: Sequence[Present]) -> Inside:
    """Return the function that says which points (N, 3) lie in a core or rim."""

    def inside(points_mm: Array) -> Flags:
        held = np.zeros(len(points_mm), dtype=bool)
        for lesion in lesions:
            offset = points_mm - lesion.site.shape.centre_mm
            near = np.flatnonzero((offset**2).sum(axis=1) < lesion.state.reach_mm**2)
            held[near] |= np.isin(damage.zone_at(points_mm[near], lesion), DESTROYED)
        return held

    return inside


def passing(fibres_mm: Array, inside: Inside) -> Flags:
    """Tell which samples of fibres lie in a lesion.

    Parameters
    ----------
    fibres_mm : ndarray of shape (n, M, 3)
        Parallel fibres [mm].
    inside : callable
        Takes points of shape (N, 3) [mm]; says which are in it.

    Returns
    -------
    ndarray of bool, shape (n, M)
    """
    return inside(fibres_mm.reshape(-1, 3)).reshape(fibres_mm.shape[:2])


def beyond(hit: Flags, *, both_ways: bool) -> Array:
    """Share of each fibre that lies beyond its first cut, at every sample, shape (n, M).

    Half of the fibres run backwards in a bundle that runs both ways.
    """
    forward = np.logical_or.accumulate(hit, axis=1).astype(np.float64)
    if not both_ways:
        return forward
    backward = np.logical_or.accumulate(hit[:, ::-1], axis=1)[:, ::-1]
    return np.asarray((forward + backward) / 2)


def of_bundle(
    tube: bundles.Tube, lesions: Sequence[History], *, n_lines: int, delay_d: float
) -> Cut:
    """Count what lesions cut of one bundle.

    Parameters
    ----------
    tube : Tube
        The bundle.
    lesions : sequence of History
        Lesions on that day.
    n_lines : int
        Parallel fibres on which it is counted.
    delay_d : float
        Time constant of the degeneration, which approaches its end exponentially [d].
    """
    fibres = bundles.lines(tube, n=n_lines)
    now, ever = np.zeros((2, *fibres.shape[:2]), dtype=bool)
    lost = np.zeros(fibres.shape[:2])
    for lesion in lesions:
        now |= passing(fibres, lesion.now)
        hit = passing(fibres, lesion.ever)
        ever |= hit
        progress = 1 - np.exp(-lesion.age_d / delay_d)
        lost = np.maximum(lost, progress * beyond(hit, both_ways=tube.both_ways))
    cut = now.any(axis=1)
    length_mm = np.linalg.norm(np.diff(fibres, axis=1), axis=2).sum(axis=1)
    return Cut(
        fraction=float(cut.mean()),
        ever=float(ever.any(axis=1).mean()),
        length=float(now.mean()),
        severed=float(length_mm[cut].sum() / length_mm.sum()),
        lost=lost.mean(axis=0),
    )
