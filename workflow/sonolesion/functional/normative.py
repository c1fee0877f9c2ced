"""The lesion's network in the resting brains of healthy people, in their template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.errors import InputFault
from sonolesion.functional.connectivity import fisher_z
from sonolesion.functional.lesion_network import GroupNetwork, group, network
from sonolesion.maths.points import Matrix, moved, points_in

Volume = NDArray[np.float32]
Warps = Sequence[tuple[NDArray[Any], Matrix]]


@dataclass(frozen=True)
class Person:
    """A denoised series (X, Y, Z, N) in the template, its affine, and its file for messages."""

    series: NDArray[Any]
    affine: Matrix
    file: str


def in_template(
    volume: NDArray[Any], volume_affine: Matrix, warps: Warps, *, shape: Sequence[int],
    affine: Matrix,
) -> Volume:  # fmt: skip
    """Interpolate a volume of the acpc space on a grid of the template, linearly.

    Parameters
    ----------
    volume : ndarray of shape (A, B, C)
        Finer than the grid: it is smoothed to voxels of that first.
    volume_affine, affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm], of the volume in acpc and of the grid in the template.
    warps : sequence of (ndarray, ndarray)
        What carries points of the template to acpc.
    shape : sequence of int
        The grid (X, Y, Z).

    Returns
    -------
    ndarray of float32, shape (X, Y, Z)
        Zero outside the volume.
    """
    edge_mm, voxel_mm = (np.linalg.norm(one[:3, :3], axis=0) for one in (volume_affine, affine))
    # A voxel sees a mean over its box, whose standard deviation is its edge over the root of 12.
    spread_mm = np.sqrt(np.maximum(voxel_mm.mean() ** 2 - edge_mm**2, 0.0) / 12.0)
    smooth = ndimage.gaussian_filter(np.asarray(volume, np.float32), spread_mm / edge_mm)
    points = points_in(shape, affine, warps).reshape(-1, 3)
    index = moved(points, np.linalg.inv(volume_affine)).T
    found = ndimage.map_coordinates(smooth, index, order=1, output=np.float32)
    return np.asarray(found.reshape(tuple(shape)))


def mapped(
    people: Iterable[Person], lesion: Volume, *, affine: Matrix, min_voxels: float
) -> GroupNetwork:
    """Return mean and t over people of the Fisher z with a lesion, held one person at a time.

    Parameters
    ----------
    people : iterable of Person
        All on one grid.
    lesion : ndarray of shape (X, Y, Z)
        Share of each voxel that the lesion takes.
    affine : ndarray of shape (4, 4)
        Its voxel indices to RAS+ of the template [mm].
    min_voxels : float
        Fewest voxels of the lesion, fractions counting in part.

    Raises
    ------
    InputFault
        If grids differ, there are fewer than two people, or the lesion is too small.

    Notes
    -----
    Boes et al. 2015, doi:10.1093/brain/awv228.
    """
    return group(
        fisher_z(
            network(
                _rows(one, lesion, affine), lesion.ravel(), file=one.file, min_voxels=min_voxels
            ).correlation
        )
        for one in people
    )


def _rows(person: Person, lesion: Volume, affine: Matrix) -> NDArray[Any]:
    """Return the series of a person as rows; raise `InputFault` on another grid."""
    shape = person.series.shape
    if len(shape) != 4 or shape[:3] != lesion.shape or not np.allclose(person.affine, affine):
        raise InputFault(
            file=person.file,
            found=f"a series of shape {shape}",
            expected=f"4 dimensions on the grid {lesion.shape} of the first file",
            remedy="resample all series of the folder to one grid of the template",
        )
    return person.series.reshape(-1, shape[3])
