"""Search of the best transit time of many voxels at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Transit times (v,) → what is to be largest (v,).
Gained = Callable[[Array], Array]
GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
# Relative difference of two sums of squares that is rounding.
EVEN = 1e-10


@dataclass(frozen=True)
class Search:
    """Where transit times are searched, and how finely [s]."""

    range_s: tuple[float, float]
    step_s: float
    tolerance_s: float

    def coarse(self, gained: Gained, n_voxels: int) -> Array:
        """Return the best transit time of a grid [s].

        Where transit times are as good, as all below the shortest delay are, the longest is kept.
        """
        low, high = self.range_s
        transit = np.full(n_voxels, high)
        best = gained(transit)
        for candidate in np.arange(high - self.step_s, low - self.step_s / 2.0, -self.step_s):
            gain = gained(np.full(n_voxels, candidate))
            better = gain > best + EVEN * np.abs(best)
            transit[better], best[better] = candidate, gain[better]
        return transit

    def fine(self, gained: Gained, transit_s: Array) -> Array:
        """Return the best transit time within a step of the grid about one [s]."""
        left = np.maximum(transit_s - self.step_s, self.range_s[0])
        right = np.minimum(transit_s + self.step_s, self.range_s[1])
        return golden(gained, left, right, tolerance_s=self.tolerance_s)

    def within(self, transit_s: Array) -> NDArray[np.bool_]:
        """Tell which transit times are no end of the range."""
        low, high = self.range_s
        margin = 2.0 * self.tolerance_s
        return np.asarray((transit_s > low + margin) & (transit_s < high - margin))


def golden(gained: Gained, left: Array, right: Array, *, tolerance_s: float) -> Array:
    """Return where a function of each voxel is largest between two bounds."""
    inner = right - GOLDEN * (right - left)
    outer = left + GOLDEN * (right - left)
    at_inner, at_outer = gained(inner), gained(outer)
    while (right - left).max(initial=0.0) > tolerance_s:
        fall = at_inner > at_outer + EVEN * np.abs(at_outer)
        left, right = np.where(fall, left, inner), np.where(fall, outer, right)
        width = GOLDEN * (right - left)
        new = np.where(fall, right - width, left + width)
        at_new = gained(new)
        inner, outer = np.where(fall, new, outer), np.where(fall, inner, new)
        at_inner, at_outer = np.where(fall, at_new, at_outer), np.where(fall, at_inner, at_new)
    return np.asarray((left + right) / 2.0)
