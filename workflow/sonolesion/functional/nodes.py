"""Regions whose series are read: parcels of an atlas, spheres of published sets, seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.atlas_labels import word
from sonolesion.core.bids import label_of
from sonolesion.functional import connectivity, seeds
from sonolesion.functional.connectivity import Members
from sonolesion.functional.seeds import Seed
from sonolesion.maths.atlas_files import Opened
from sonolesion.maths.parcels import Parcel, centres_mm, coarse_grid, laid
from sonolesion.maths.points import Matrix, moved, points_in, through

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Warps = Sequence[tuple[NDArray[Any], Matrix]]
# Grid on which parcels are sized, in and outside of the scan [mm].
COARSE_MM = 4.0


@dataclass(frozen=True)
class Nodes:
    """Regions of one set.

    Attributes
    ----------
    label : str
        Of the set, in names of files.
    names, networks : list of str
        Of each region; the network is "" where the set has none.
    centres_mm : ndarray of shape (P, 3)
        acpc [mm]; NaN where a parcel has no voxel.
    members : Members
        Voxels.
    """

    label: str
    names: list[str]
    networks: list[str]
    centres_mm: Array
    members: Members


@dataclass(frozen=True)
class Place:
    """The scan's grid, and the ways between it, the acpc space and the templates.

    Attributes
    ----------
    shape, affine
        Grid of the scan: voxel indices to RAS+ [mm].
    to_scan : ndarray of shape (4, 4)
        Points of the acpc space to points of the scan.
    warps : mapping
        Template → warps that carry points of it to acpc.
    """

    shape: tuple[int, int, int]
    affine: Matrix
    to_scan: Matrix
    warps: Mapping[str, Warps]

    @property
    def acpc_affine(self) -> Matrix:
        """Voxel indices of the scan to points of the acpc space [mm]."""
        return np.asarray(np.linalg.inv(self.to_scan) @ self.affine)

    def from_acpc(self, points: NDArray[Any]) -> Array:
        """Carry points of the acpc space to the scan."""
        return np.asarray(moved(np.asarray(points, np.float32), self.to_scan), dtype=np.float64)

    def to_acpc(self, points: NDArray[Any], space: str) -> Array:
        """Carry points of a template to the acpc space."""
        found = through(np.asarray(points, dtype=np.float32), self.warps[space])
        return np.asarray(found, dtype=np.float64)


def of_atlas(
    label: str,
    parcels: Sequence[Parcel],
    volumes: Opened,
    place: Place,
    *,
    warps: Warps,
    brain: tuple[Flags, Matrix],
    min_share: float,
) -> Nodes:
    """Return the parcels of an atlas on the grid of the scan.

    Parameters
    ----------
    label : str
        Of the set.
    parcels, volumes
        From `maths.parcels.chosen`; the atlas.
    place : Place
        The scan.
    warps : sequence
        What carries acpc to the atlas' space.
    brain : tuple
        Brain in acpc, in which parcels are sized whether or not the scan covers them.
    min_share : float
        Least probability of an atlas of probabilities.
    """
    points = points_in(place.shape, place.acpc_affine, warps)
    everywhere = np.ones(place.shape, dtype=bool)
    labels = laid(points, everywhere, parcels, volumes, min_share=min_share)
    head, grid = coarse_grid(*brain, spacing_mm=COARSE_MM)
    whole = laid(points_in(head.shape, grid, warps), head, parcels, volumes, min_share=min_share)
    share = abs(np.linalg.det(grid[:3, :3]) / np.linalg.det(place.affine[:3, :3]))
    size = share * np.bincount(whole.ravel(), minlength=len(parcels) + 1)[1:]
    members = connectivity.from_labels(labels, n_regions=len(parcels), whole=size)
    centres = centres_mm(labels, place.acpc_affine, n_parcels=len(parcels))
    where = np.array([[np.nan] * 3 if one is None else one for one in centres])
    return Nodes(label, [p.label for p in parcels], [""] * len(parcels), where, members)


def of_coordinates(
    label: str, rows: Sequence[Mapping[str, str]], place: Place, *, space: str, radius_mm: float
) -> Nodes:
    """Return the spheres of a published set, ordered by network.

    Parameters
    ----------
    label : str
        Of the set.
    rows : sequence of mapping
        ``x y z`` [mm], and ``name`` and ``network`` where the set has them; case is free.
    place : Place
        The scan.
    space : str
        Template of the coordinates.
    radius_mm : float
        Of each sphere.
    """
    plain = [{key.lower(): cell for key, cell in row.items()} for row in rows]
    plain.sort(key=lambda row: row.get("network", ""))
    points = np.array([[float(row[axis]) for axis in "xyz"] for row in plain])
    names = [
        f"{word(row.get('name', label))}_{number}" for number, row in enumerate(plain, start=1)
    ]
    networks = [word(row.get("network", "")) for row in plain]
    acpc = place.to_acpc(points, space)
    return Nodes(label, names, networks, acpc, _spheres(acpc, np.full(len(acpc), radius_mm), place))


def of_seeds(
    found: Sequence[Seed], targets: Mapping[str, Sequence[float]], place: Place, *,
    target_radius_mm: float,
) -> Nodes:  # fmt: skip
    """Return the seeds, and the target nucleus on either side.

    Parameters
    ----------
    found : sequence of Seed
        Of the table.
    targets : mapping
        Side → centre of the target nucleus, acpc [mm].
    place : Place
        The scan.
    target_radius_mm : float
        Of the spheres at the target nucleus.
    """
    names = [seed_label(seed.name, seed.side) for seed in found]
    names += [seed_label("target", side) for side in targets]
    own = [place.to_acpc(np.array([seed.centre_mm]), seed.space)[0] for seed in found]
    acpc = np.array([*own, *(np.asarray(centre) for centre in targets.values())])
    radii = np.array([s.radius_mm for s in found] + [target_radius_mm] * len(targets))
    return Nodes("seeds", names, [""] * len(names), acpc, _spheres(acpc, radii, place))


def seed_label(name: str, side: str) -> str:
    """Return name and side of a seed as one BIDS label; the midline has no side."""
    return label_of(name) if side == "midline" else label_of(name, side)


def _spheres(acpc: Array, radii: Array, place: Place) -> Members:
    to_scan: Callable[[Array], Array] = place.from_acpc
    return seeds.spheres(acpc, radii, to_scan=to_scan, affine=place.affine, shape=place.shape)
