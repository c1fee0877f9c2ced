"""Parcels of an atlas where a patient's voxels lie: the nodes of a connectome."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.atlas_labels import split_side, word
from sonolesion.core.errors import InputFault
from sonolesion.maths.atlas_files import CODINGS, Opened
from sonolesion.maths.placed import Placed
from sonolesion.maths.points import Matrix, points_in, voxel_numbers

SETTING = "atlas of tracts.connectome or functional.connectivity"
# Left before right, what is on neither side between them: homotopic pairs lie on a diagonal.
ORDER = {"left": 0, "": 1, "right": 2}


@dataclass(frozen=True)
class Parcel:
    """A region of an atlas: its number there, its name as one word, and its side."""

    number: int
    name: str
    side: str

    @property
    def label(self) -> str:
        """Name and side in one word."""
        return f"{self.name}_{self.side}" if self.side else self.name


@dataclass(frozen=True)
class Nodes:
    """Parcels (X, Y, Z), counted from 1; their voxel indices to millimetres; how many."""

    labels: NDArray[Any]
    affine: Matrix
    number: int


def chosen(names: Mapping[int, str], *, left_out: Collection[str]) -> list[Parcel]:
    """Return the parcels of an atlas: left ones, those of neither side, right ones.

    Parameters
    ----------
    names : mapping
        Number of a region → label, from the atlas' table.
    left_out : collection of str
        Names without side that are no parcels (ventricles, white matter).

    Raises
    ------
    InputFault
        If none is left.

    Examples
    --------
    >>> [p.label for p in chosen({0: "Right_Cuneus", 1: "Brain-Stem", 2: "Left_Cuneus"},
    ...                          left_out=())]
    ['Cuneus_left', 'Brain-Stem', 'Cuneus_right']
    """
    sided = {number: split_side(label) for number, label in names.items()}
    found = [Parcel(number, word(name), side) for number, (name, side) in sided.items()]
    kept = [parcel for parcel in found if parcel.name not in left_out]
    if not kept:
        raise InputFault(
            file=SETTING,
            found="no parcel",
            expected="an atlas with regions beyond those left out",
            remedy="name another atlas, or leave out fewer",
        )
    return sorted(kept, key=lambda parcel: (ORDER[parcel.side], parcel.number))


def numbers(parcels: Sequence[Parcel], names: Collection[str]) -> list[int]:
    """Return the labels, counted from 1, of the parcels with these names, on both sides."""
    return [label for label, parcel in enumerate(parcels, start=1) if parcel.name in names]


def most_probable(
    points: NDArray[Any], parcels: Sequence[Parcel], volumes: Opened, *, min_share: float
) -> NDArray[np.int16]:
    """Return the likeliest parcel of each point, counted from 1; 0 where none is likely enough.

    Parameters
    ----------
    points : ndarray of shape (N, 3)
        Places in the atlas' space [mm].
    parcels : sequence of Parcel
    volumes : Opened
        The atlas, in units of `min_share`.
    min_share : float
        Least value.
    """
    known, place = _voxels(points, volumes.data.shape, volumes.affine)
    best = np.zeros(len(place[0]), dtype=np.float64)
    likeliest = np.zeros(len(best), dtype=np.int16)
    for label, parcel in enumerate(parcels, start=1):
        share = volumes(parcel.number)[0][place]
        more = (share >= min_share) & (share > best)
        best[more], likeliest[more] = share[more], label
    found = np.zeros(len(points), dtype=np.int16)
    found[known] = likeliest
    return found


def labelled(
    points: NDArray[Any], parcels: Sequence[Parcel], volume: NDArray[Any], affine: Matrix
) -> NDArray[np.int16]:
    """Return the parcel of each point of an atlas of labels, counted from 1; 0 where none is."""
    inside, place = _voxels(points, volume.shape, affine)
    read = volume[place]
    numbers = np.array([parcel.number for parcel in parcels])
    order = np.argsort(numbers)
    rank = np.minimum(np.searchsorted(numbers[order], read), len(numbers) - 1)
    found = np.zeros(len(points), dtype=np.int16)
    found[inside] = np.where(numbers[order][rank] == read, order[rank] + 1, 0)
    return found


def centres_mm(labels: NDArray[Any], affine: Matrix, *, n_parcels: int) -> list[list[float] | None]:
    """Return the centre of each parcel [mm]; None where it has no voxel."""
    index = np.argwhere(labels > 0)
    number = labels[tuple(index.T)].astype(np.int64)
    places = index @ affine[:3, :3].T + affine[:3, 3]
    count = np.bincount(number, minlength=n_parcels + 1)[1:]
    sums = [np.bincount(number, places[:, k], minlength=n_parcels + 1)[1:] for k in range(3)]
    means = np.stack(sums, axis=1) / np.maximum(count, 1)[:, None]
    return [mean.round(2).tolist() if n else None for n, mean in zip(count, means, strict=True)]


def coarse_grid(
    mask: NDArray[np.bool_], affine: Matrix, *, spacing_mm: float
) -> tuple[NDArray[np.bool_], Matrix]:
    """Take every n-th voxel of a mask, so that they lie about `spacing_mm` apart."""
    voxel_mm = float(np.linalg.norm(affine[:3, :3], axis=0).mean())
    step = max(1, round(spacing_mm / voxel_mm))
    out = affine.copy()
    out[:3, :3] *= step
    return mask[::step, ::step, ::step], out


def _voxels(
    points: NDArray[Any], shape: tuple[int, ...], affine: Matrix
) -> tuple[NDArray[np.bool_], tuple[NDArray[np.intp], ...]]:
    """Return which points lie in a grid, and the voxels that hold these.

    Atlases are as fine as a streamline's end is sure: what lies between voxels tells no more.
    """
    number = voxel_numbers(points, affine, shape)
    known = number >= 0
    return known, np.unravel_index(number[known], shape[:3])


def atlas_row(atlases: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """Return the row of the atlas whose regions are the parcels.

    Raises
    ------
    InputFault
        If it is not in use, has a fault, no table of labels, or a coding that can't be read here.
    """
    found = {row["name"]: row for row in atlases}
    row = found.get(name)
    fault = ""
    if row is None:
        fault = f"{name}, while in use are {', '.join(found) or 'none'}"
    elif row["fault"]:
        fault = f"{name}: {row['fault']}"
    elif row["coding"] not in CODINGS or not row["labels"]:
        fault = f"{name} of coding {row['coding']}, table of labels {row['labels'] or 'none'}"
    if row is None or fault:
        raise InputFault(
            file=SETTING,
            found=fault,
            expected=f"an atlas in use with a table of labels, of coding {' or '.join(CODINGS)}",
            remedy="name another, or add it to atlases.used, atlases.files or atlases.own",
        )
    return row


def over(
    names: Mapping[int, str],
    volumes: Opened,
    brain: NDArray[np.bool_],
    affine: Matrix,
    warps: Sequence[Placed],
    *,
    settings: Mapping[str, Any],
) -> tuple[list[Parcel], Nodes]:
    """Choose the parcels of an atlas and lay them over a brain, on a coarse grid.

    Parameters
    ----------
    names : mapping
        Number of each region of the atlas → its name.
    volumes : Opened
        The atlas.
    brain : ndarray of bool, shape (X, Y, Z)
    affine : ndarray of shape (4, 4)
        Its voxel indices to RAS+ [mm].
    warps : sequence of Placed
        Displacements [mm] that lead, one after the other, from the brain to the atlas.
    settings : mapping
        Settings ``tracts``.
    """
    how = settings["connectome"]
    found = chosen(names, left_out=how["left_out"])
    inside, grid = coarse_grid(brain, affine, spacing_mm=how["spacing_mm"])
    places = points_in(inside.shape, grid, [(warp.data, warp.affine) for warp in warps])
    labels = laid(places, inside, found, volumes, min_share=settings["region_share"])
    return found, Nodes(labels, grid, len(found))


def laid(
    points: NDArray[Any],
    inside: NDArray[np.bool_],
    parcels: Sequence[Parcel],
    volumes: Opened,
    *,
    min_share: float,
) -> NDArray[np.int16]:
    """Lay an atlas over a grid, shape (X, Y, Z): parcels counted from 1, 0 where there is none.

    Parameters
    ----------
    points : ndarray of shape (X, Y, Z, 3)
        Where its voxels lie in the atlas' space [mm].
    inside : ndarray of bool, shape (X, Y, Z)
        Brain on the grid.
    parcels : sequence of Parcel
        From `chosen`.
    volumes : Opened
        The atlas.
    min_share : float
        Least probability, 0 to 1, of an atlas of probabilities.

    Raises
    ------
    InputFault
        If no voxel of the grid is in any parcel.
    """
    found = np.zeros(inside.shape, dtype=np.int16)
    places = points[inside]
    found[inside] = (
        labelled(places, parcels, volumes.data, volumes.affine)
        if volumes.labels
        else most_probable(places, parcels, volumes, min_share=min_share * volumes.whole)
    )
    if not found.any():
        raise InputFault(
            file=SETTING,
            found="no voxel of the brain in any parcel",
            expected="parcels all over the cortex",
            remedy="check space and labels of the atlas, and the warp of the patient",
        )
    return found
