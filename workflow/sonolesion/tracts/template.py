"""Where the voxels of a scan lie in a template, and which regions of its atlases hold them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.atlas_labels import split_side, word
from sonolesion.maths.points import Matrix
from sonolesion.tracts.regions import mask_of, side_and_name

Masks = dict[tuple[str, str], NDArray[np.bool_]]
Shares = dict[tuple[str, str, str], NDArray[np.float32]]
Volumes = Callable[[int], tuple[NDArray[Any], Matrix]]
SIDES = ("left", "right")


def wanted_parts(regions: Sequence[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Return the (atlas, part) that regions of the settings are made of."""
    return {(r["atlas"], part) for r in regions if r["kind"] == "atlas" for part in r["parts"]}


def shares_at(
    points: NDArray[Any],
    inside: NDArray[np.bool_],
    names: Mapping[int, str],
    volumes: Volumes,
    *,
    atlas: str,
    parts: set[str],
    whole: float,
) -> Shares:
    """Read the regions of an atlas where the voxels of a scan lie.

    Parameters
    ----------
    points : ndarray of shape (X, Y, Z, 3)
        Places of the voxels in the atlas' space [mm].
    inside : ndarray of bool, shape (X, Y, Z)
        Voxels that are looked at.
    names : mapping
        Number of a region → label.
    volumes : callable
        Number → its volume and affine.
    atlas : str
        Its name in the result.
    parts : set of str
        Names without side that are wanted.
    whole : float
        Value of a voxel that wholly belongs to a region.

    Returns
    -------
    dict
        (atlas, part, side) → share of each voxel, 0 to 1.
    """
    found: Shares = {}
    for number, label in names.items():
        name, side = split_side(label)
        part = word(name)
        if part not in parts:
            continue
        volume, affine = volumes(number)
        inverse = np.linalg.inv(affine)
        index = points[inside] @ inverse[:3, :3].T + inverse[:3, 3]
        share = np.zeros(inside.shape, dtype=np.float32)
        share[inside] = ndimage.map_coordinates(volume, index.T, order=1, output=np.float32)
        found[atlas, part, side] = share / np.float32(whole)
    return found


def masks_of(
    bundles: Sequence[Mapping[str, Any]],
    regions: Sequence[Mapping[str, Any]],
    points: NDArray[Any],
    shares: Shares,
    inside: NDArray[np.bool_],
    *,
    min_share: float,
) -> Masks:
    """Return the mask of every region that a bundle names, within the brain.

    Parameters
    ----------
    bundles, regions : sequence of mapping
        Settings ``tracts.bundles`` and ``tracts.regions``.
    points, shares, min_share
        As for `regions.mask_of`.
    inside : ndarray of bool, shape (X, Y, Z)
        Brain in the scan.

    Returns
    -------
    dict
        (side, region) → mask.
    """
    known = {region["name"]: region for region in regions}
    entries = {
        side_and_name(entry, side=side)
        for bundle in bundles
        for side in SIDES
        for entry in (bundle["seed"], *bundle["waypoints"], *bundle["exclusions"])
    }
    return {
        (side, name): inside
        & mask_of(known[name], side=side, points=points, shares=shares, min_share=min_share)
        for side, name in sorted(entries)
    }


def warped(
    volume: NDArray[Any],
    volume_affine: Matrix,
    field: NDArray[Any],
    field_affine: Matrix,
    *,
    order: Literal[0, 1],
    outside: float,
) -> NDArray[np.float32]:
    """Bring a volume to the grid of a warp.

    Parameters
    ----------
    volume : ndarray of shape (A, B, C)
    field : ndarray of shape (X, Y, Z, 3)
        Displacement [mm] from each point of its grid to the space of the volume.
    volume_affine, field_affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm].
    order : int
        0, nearest voxel, for a map with NaN where nothing is known; 1, linear.
    outside : float
        Value beyond the volume.
    """
    index = voxels_under(field, field_affine, volume_affine)
    given = np.asarray(volume, np.float32)
    return np.asarray(
        ndimage.map_coordinates(given, index, order=order, cval=outside, output=np.float32)
    )


def voxels_under(
    field: NDArray[Any], field_affine: Matrix, volume_affine: Matrix
) -> NDArray[np.float32]:
    """Return where each voxel of a warp lies in a volume's grid, shape (3, X, Y, Z).

    As `points_in` on the warp's own grid, where nothing is left to interpolate.
    """
    to_voxels = np.linalg.inv(volume_affine).astype(np.float32)
    straight = to_voxels @ field_affine.astype(np.float32)
    bent = field @ to_voxels[:3, :3].T
    grid = np.ogrid[tuple(slice(0, n) for n in field.shape[:3])]
    return np.stack(
        [
            sum((straight[k, a] * grid[a].astype(np.float32) for a in range(3)), straight[k, 3])
            + bent[..., k]
            for k in range(3)
        ]
    ).astype(np.float32)
