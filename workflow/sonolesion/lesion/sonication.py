"""Where the beam was focused, against the lesion it made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.lesion.target import Frames, in_acpc

Point = NDArray[np.float64]


def weights(foci: Sequence[Mapping[str, float | None]]) -> Point:
    """Return the share of each sonication in the energy; equal shares if an energy is missing.

    Parameters
    ----------
    foci : sequence of mapping
        Sonications with ``energy_j`` [J].
    """
    energies = [focus.get("energy_j") for focus in foci]
    known = np.array([energy for energy in energies if energy is not None], dtype=float)
    if len(known) < len(foci) or not known.sum() > 0:
        return np.full(len(foci), 1.0 / len(foci))
    return np.asarray(known / known.sum())


def focus_mm(
    foci: Sequence[Mapping[str, Any]], planned: Mapping[str, Any], frames: Frames
) -> Point | None:
    """Return the energy-weighted focus in acpc, shape (3,) [mm]; None if none is told.

    Parameters
    ----------
    foci : sequence of mapping
        Sonications with ``stated_mm`` in the frame of the plan, and ``energy_j`` [J].
    planned : mapping
        The plan, whose frame the foci share.
    frames : Frames
        What leads from that frame to acpc.
    """
    if not foci:
        return None
    points = [
        in_acpc(focus["stated_mm"], planned, frames, file="table of sonications") for focus in foci
    ]
    return np.asarray(np.average(np.stack(points), axis=0, weights=weights(foci)))
