"""A mask that a person corrected: what its labels mean, and how far it differs from ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault
from sonolesion.lesion.blocks import Mask
from sonolesion.lesion.zones import CORE, OEDEMA, RIM, Zones
from sonolesion.maths import overlap_metrics

LABELS = (0, CORE, RIM, OEDEMA)
REMEDY = "save it again as labels 0 to 3 (or 0 and 1), on the grid of the output mask"


def zones_of(labels: NDArray[Any], *, file: str) -> Zones:
    """Read labels drawn by a person.

    Parameters
    ----------
    labels : ndarray of shape (X, Y, Z)
        0 background, 1 core, 2 rim, 3 oedema; where there is no 2, 1 is the whole lesion
        (zones I and II), and the core is not told. All 0: nothing is visible.
    file : str
        What to name in errors.

    Raises
    ------
    InputFault
        If there are other values.
    """
    if labels.ndim != 3:
        raise InputFault(
            file=file,
            found=f"{labels.ndim} dimensions",
            expected="a volume of three",
            remedy=REMEDY,
        )
    values = np.unique(labels)
    if not np.isin(values, LABELS).all():
        strange = [f"{value:g}" for value in values if value not in LABELS]
        raise InputFault(
            file=file,
            found=f"values {', '.join(strange[:5])}{' …' if len(strange) > 5 else ''}",
            expected="0 background, 1 core, 2 rim, 3 oedema; or 0 and 1 for the lesion",
            remedy=REMEDY,
        )
    told = bool((values == RIM).any())
    # Without a rim the label outlines the lesion; it says nothing of a core in it.
    parts = ((labels == CORE) & told, np.isin(labels, (CORE, RIM)), labels == OEDEMA)
    core, lesion, oedema = (part.astype(np.float32) for part in parts)
    return Zones(core, lesion, oedema, core_told=told)


def only(drawn: Sequence[tuple[str, NDArray[Any]]]) -> tuple[str, NDArray[Any]]:
    """Return the one corrected mask of a visit; raise `InputFault` if there are more."""
    if len(drawn) > 1:
        raise InputFault(
            file=drawn[1][0],
            found=f"a second corrected mask beside {drawn[0][0]}",
            expected="one for each visit and treatment",
            remedy="keep the one that counts",
        )
    return drawn[0]


def applied(
    automatic: Zones, labels: NDArray[Any], box: tuple[slice, ...], *, file: str, voxel_mm: float,
    tolerance_mm: float,
) -> tuple[Zones, dict[str, Any]]:  # fmt: skip
    """Put a person's zones in the place of the automatic ones.

    Parameters
    ----------
    automatic : Zones
        Automatic zones, in the box of the head.
    labels : ndarray of shape (X, Y, Z)
        What the person drew, on the whole grid; see `zones_of`.
    box : tuple of slice
        The head.

    Returns
    -------
    Zones
        In the box.
    dict
        What the record tells of the correction.

    Raises
    ------
    InputFault
        If a label has another meaning, or lies outside the head.
    """
    zones = zones_of(labels, file=file).cut(box)
    outside = int(np.count_nonzero(labels)) - int(np.count_nonzero(labels[box]))
    if outside:
        raise InputFault(
            file=file,
            found=f"{outside} labelled voxels outside the head",
            expected="a lesion in the brain",
            remedy=REMEDY,
        )
    told = {"file": file, "core_told": zones.core_told}
    return zones, told | agreement(
        automatic.mask, zones.mask, voxel_mm=voxel_mm, tolerance_mm=tolerance_mm
    )


def agreement(
    ours: Mask, theirs: Mask, *, voxel_mm: float, tolerance_mm: float
) -> dict[str, float | None]:
    """Return how a person's mask agrees with the automatic one; None where nothing is defined."""
    edges = np.full(3, voxel_mm)
    numbers = {
        "dice": overlap_metrics.dice(ours, theirs),
        "surface_dice": overlap_metrics.surface_dice(
            ours, theirs, voxel_mm=edges, tolerance_mm=tolerance_mm
        ),
        "hd95_mm": overlap_metrics.hd95_mm(ours, theirs, voxel_mm=edges),
        "automatic_mm3": float(ours.sum()) * voxel_mm**3,
        "corrected_mm3": float(theirs.sum()) * voxel_mm**3,
    }
    return {name: None if np.isnan(value) else value for name, value in numbers.items()}
