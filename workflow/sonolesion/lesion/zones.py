"""The zones of a lesion as probabilities, masks and labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.lesion.blocks import Mask, Volume

HALF = 0.5
CORE, RIM, OEDEMA = 1, 2, 3


@dataclass(frozen=True)
class Zones:
    """Probabilities of the zones, each of shape (X, Y, Z).

    Attributes
    ----------
    core, lesion, oedema : ndarray
        Zone I; zones I and II; zone III.
    core_told : bool
        Whether the zones within the lesion are known; else `core` is empty.
    """

    core: Volume
    lesion: Volume
    oedema: Volume
    core_told: bool = True

    @property
    def mask(self) -> Mask:
        """Zones I and II: more likely than not."""
        return np.asarray(self.lesion > HALF)

    @property
    def visible(self) -> bool:
        """What is detected but nowhere more likely than not can't be outlined."""
        return bool(self.mask.any())

    def masks(self) -> dict[str, Mask]:
        """Return the masks by region: nested, and the oedema as what is left of all."""
        lesion = self.mask
        whole = (self.lesion + self.oedema > HALF) | lesion
        parts = {"lesion": lesion, "oedema": whole & ~lesion, "all_zones": whole}
        return parts | ({"core": (self.core > HALF) & lesion} if self.core_told else {})

    def labels(self) -> NDArray[np.uint8]:
        """Return 1 core, 2 rim, 3 oedema; without known zones 1 is the lesion."""
        masks = self.masks()
        out = np.zeros(self.lesion.shape, dtype=np.uint8)
        out[masks["oedema"]], out[masks["lesion"]] = OEDEMA, RIM
        out[masks.get("core", masks["lesion"])] = CORE
        return out

    def cut(self, box: tuple[slice, ...]) -> Zones:
        """Return the part within a box."""
        return Zones(self.core[box], self.lesion[box], self.oedema[box], self.core_told)

    def emptied(self) -> Zones:
        """Return zones of the same shape that hold nothing."""
        nothing = np.zeros(self.lesion.shape, dtype=np.float32)
        return Zones(nothing, nothing, nothing, self.core_told)
