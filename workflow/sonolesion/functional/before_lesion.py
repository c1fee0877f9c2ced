"""The lesion-network map of a visit, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault
from sonolesion.functional import lesion_network
from sonolesion.functional.connectivity import fisher_z

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Mapped:
    """Fisher z of each voxel (V,), NaN throughout where there is no map; the record, in words."""

    fisher_z: Values
    told: dict[str, Any]
    words: str


def mapped(
    series: NDArray[Any], soft: NDArray[Any], share: NDArray[Any], *, outcome: str, file: str,
    min_voxels: float,
) -> Mapped:  # fmt: skip
    """Map the lesion's network in a run of the own baseline.

    Parameters
    ----------
    series : ndarray of shape (V, N)
        Denoised run before treatment, the place of the lesion included.
    soft : ndarray of shape (V, N)
        The same, smoothed: what the lesion's voxels are correlated with.
    share : ndarray of shape (V,)
        Share of each voxel that the later lesion takes.
    outcome : str
        What the search for the lesion said.
    file : str
        The lesion, for messages.
    min_voxels : float
        Fewest voxels of the lesion, fractions counting in part.
    """
    nothing = np.full(len(series), np.nan, dtype=np.float32)
    if outcome != "measured":
        return Mapped(nothing, {"outcome": "not_visible"}, "the lesion is not visible")
    try:
        found = lesion_network.network(
            series, share, file=file, min_voxels=min_voxels, targets=soft
        )
    except InputFault as fault:
        return Mapped(nothing, {"outcome": "absent", "reason": fault.found}, fault.found)
    coherence = None if np.isnan(found.coherence) else round(found.coherence, 4)
    told = {"outcome": "measured", "Voxels": round(found.n_voxels, 2), "Coherence": coherence}
    words = f"{found.n_voxels:.1f} voxels, coherence {found.coherence:.2f}"
    return Mapped(fisher_z(found.correlation).astype(np.float32), told, words)
