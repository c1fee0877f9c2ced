"""Regions of the bundles as masks: shares of atlas regions, spheres and boxes of a template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault


def mirrored(place_mm: Sequence[float], *, side: str) -> NDArray[np.float64]:
    """Return a place given for the left on the wanted side.

    ASSUME: the template's midline is x = 0; that of MNI152NLin6Asym is at about 0.5 mm, little
    against the radius of a region.
    """
    sign = {"left": 1.0, "right": -1.0}[side]
    x, y, z = place_mm
    return np.array([sign * x, y, z], dtype=np.float64)


def in_sphere(
    points: NDArray[Any], *, centre_mm: NDArray[np.float64], radius_mm: float
) -> NDArray[np.bool_]:
    """Tell which points (..., 3) [mm] lie in a sphere."""
    away = points - centre_mm.astype(points.dtype)
    return np.asarray(np.einsum("...i,...i->...", away, away) <= radius_mm**2)


def in_box(
    points: NDArray[Any], *, low_mm: NDArray[np.float64], high_mm: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell which points (..., 3) [mm] lie in a box; its corners may come in any order."""
    low, high = np.minimum(low_mm, high_mm), np.maximum(low_mm, high_mm)
    return np.asarray(((points >= low) & (points <= high)).all(axis=-1))


def united(shares: Sequence[NDArray[Any]], *, min_share: float) -> NDArray[np.bool_]:
    """Return where the shares of several atlas regions sum to a level, shape of each."""
    total = np.sum([share.astype(np.float32) for share in shares], axis=0)
    return np.asarray(total >= min_share)


def side_and_name(entry: str, *, side: str) -> tuple[str, str]:
    """Return side and name of a waypoint of a bundle on one side.

    Examples
    --------
    >>> side_and_name("thalamus", side="left"), side_and_name("other:dentate", side="left")
    (('left', 'thalamus'), ('right', 'dentate'))
    """
    other = {"left": "right", "right": "left"}
    prefix, _, name = entry.rpartition(":")
    return (other[side] if prefix == "other" else side), name


def mask_of(
    region: Mapping[str, Any],
    *,
    side: str,
    points: NDArray[Any],
    shares: Mapping[tuple[str, str, str], NDArray[Any]],
    min_share: float,
) -> NDArray[np.bool_]:
    """Return the mask of one region on one side.

    Parameters
    ----------
    region : mapping
        A region of the settings ``tracts.regions``.
    side : {"left", "right"}
    points : ndarray of shape (X, Y, Z, 3)
        Where each voxel lies in MNI152NLin6Asym [mm].
    shares : mapping
        (atlas, part, side) → share of each voxel (X, Y, Z), of all regions that are named; the
        side is "" of those that have none.
    min_share : float
        Share from which a voxel belongs to a region, in the unit of `shares`.

    Raises
    ------
    InputFault
        If the atlas has no such region.
    """
    given = side if region["sided"] else "left"
    if region["kind"] == "atlas":
        wanted = [
            (region["atlas"], part, side if region["sided"] else "") for part in region["parts"]
        ]
        missing = [name for name in wanted if name not in shares]
        if missing:
            raise InputFault(
                file=f"region {region['name']} of tracts.regions",
                found=f"no {' '.join(missing[0])} among the atlases in use",
                expected="regions of atlases.used, by name without side",
                remedy="correct the name, or add the atlas to atlases.used",
            )
        return united([shares[name] for name in wanted], min_share=min_share)
    if region["kind"] == "sphere":
        centre = mirrored(region["centre_mm"], side=given)
        return in_sphere(points, centre_mm=centre, radius_mm=region["radius_mm"])
    low, high = (mirrored(region[name], side=given) for name in ("low_mm", "high_mm"))
    return in_box(points, low_mm=low, high_mm=high)
