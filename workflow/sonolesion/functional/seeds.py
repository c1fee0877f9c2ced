"""Spheres around points of the template, and maps of what goes with their series."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sonolesion.core.errors import InputFault
from sonolesion.functional.connectivity import Members, fisher_z

Array = NDArray[np.float64]
Values = NDArray[np.float32]
Points = NDArray[np.float64]
# A block of 400 frames in double precision takes 13 MB.
BLOCK = 4096
COLUMNS = ("name", "side", "space", "x_mm", "y_mm", "z_mm", "radius_mm", "citation")
SIDES = {"left": -1.0, "right": 1.0, "midline": 0.0}


@dataclass(frozen=True)
class Seed:
    """A sphere in a template; `centre_mm` is RAS+ [mm]."""

    name: str
    side: str
    space: str
    centre_mm: tuple[float, float, float]
    radius_mm: float
    citation: str


def parse(rows: Iterable[Mapping[str, str]], *, file: str, spaces: Sequence[str]) -> list[Seed]:
    """Return the seeds of a table.

    Parameters
    ----------
    rows : iterable of mapping
        Rows of ``seeds.tsv``.
    file : str
        Its name, for messages.
    spaces : sequence of str
        Templates that points can be carried from.

    Raises
    ------
    InputFault
        On a missing column, a template that is not known, a word for a number, a side that
        contradicts x, a name that comes twice.
    """
    found: dict[tuple[str, str], Seed] = {}
    for line, row in enumerate(rows, start=2):
        place = f"{file} line {line}"
        missing = [column for column in COLUMNS if not row.get(column, "").strip()]
        if missing:
            _refuse(place, f"nothing in {', '.join(missing)}", f"columns {', '.join(COLUMNS)}")
        seed = _seed(row, place, spaces)
        if (seed.name, seed.side) in found:
            _refuse(place, f"{seed.name} {seed.side} a second time", "each name and side once")
        found[seed.name, seed.side] = seed
    return list(found.values())


def spheres(
    centres_mm: Points,
    radii_mm: Array,
    *,
    to_scan: Callable[[Points], Points],
    affine: Array,
    shape: tuple[int, int, int],
) -> Members:
    """Return the voxels whose centres lie in spheres around carried points.

    Parameters
    ----------
    centres_mm : ndarray of shape (P, 3)
        Points of the template [mm].
    radii_mm : ndarray of shape (P,)
        Radii in the scan [mm]: the patient's own scale.
    to_scan : callable
        Points of the template to points of the scan, both of shape (P, 3) [mm]; NaN where
        there is none.
    affine, shape
        Grid of the scan: voxel indices to RAS+ [mm].

    Returns
    -------
    Members
        A sphere that reaches out of the grid counts there as not covered; one smaller than a
        voxel is the voxel nearest to its centre.
    """
    carried, back = np.asarray(to_scan(centres_mm), dtype=np.float64), _inverse(affine)
    reach = np.sqrt(np.square(back[:3, :3]).sum(axis=1))
    rows, voxels, whole = [], [], np.zeros(len(carried))
    for number, (point, radius) in enumerate(zip(carried, radii_mm, strict=True)):
        if not np.isfinite(point).all():
            whole[number] = 1.0
            continue
        index = _ball(point, float(radius), back=back, affine=affine, reach=reach)
        whole[number] = len(index)
        index = index[((index >= 0) & (index < shape)).all(axis=1)]
        voxels.append(np.ravel_multi_index(tuple(index.T), shape))
        rows.append(np.full(len(index), number))
    flat = np.concatenate([*voxels, np.zeros(0, dtype=np.intp)])
    content = (np.ones(len(flat)), (np.concatenate([*rows, np.zeros(0, dtype=np.intp)]), flat))
    size = (len(carried), int(np.prod(shape)))
    return Members(sparse.csr_array(content, shape=size), whole)


def maps(series: NDArray[Any], seeds: Array) -> Values:
    """Return Fisher z of the correlation of every voxel with every seed.

    Parameters
    ----------
    series : ndarray of shape (V, N)
        One row a voxel, frames that were kept.
    seeds : ndarray of shape (N, S)
        Series of the seeds; NaN where a seed has none.

    Returns
    -------
    ndarray of float32, shape (S, V)
        NaN for voxels that are constant or not finite, and for seeds without a series.

    Examples
    --------
    >>> voxel = np.array([[1.0, 2.0, 4.0, 3.0]])
    >>> seed = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> maps(voxel, seed).round(4)     # r = 0.8
    array([[1.0986]], dtype=float32)
    """
    return np.asarray(fisher_z(correlations(series, seeds)), dtype=np.float32)


def correlations(series: NDArray[Any], seeds: Array) -> Values:
    """Return what `maps` returns before Fisher's transform."""
    if series.ndim != 2 or seeds.ndim != 2 or series.shape[1] != len(seeds):
        raise ValueError(f"series {series.shape} and seeds {seeds.shape} should be (V, N), (N, S)")
    with np.errstate(invalid="ignore", divide="ignore"):
        template = standardised(seeds.T).T
    out = np.empty((seeds.shape[1], len(series)), dtype=np.float32)
    for start in range(0, len(series), BLOCK):
        part = slice(start, start + BLOCK)
        # A seed without a series must not take the others with it.
        sound = np.where(np.isfinite(template), template, 0.0)
        out[:, part] = (standardised(series[part]) @ sound).T
    out[~np.isfinite(template).all(axis=0)] = np.nan
    return np.clip(out, -1.0, 1.0)


def standardised(rows: NDArray[Any]) -> Array:
    """Return rows less their mean, of length 1; NaN where constant or not finite."""
    values = np.asarray(rows, dtype=np.float64)
    size = np.abs(values).max(axis=1, initial=0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = values - values.mean(axis=1, keepdims=True)
        length = np.sqrt(np.square(values).sum(axis=1))
        # What rounding leaves of a constant has no direction.
        told = length > size * 1e-12 * rows.shape[1]
        return np.asarray(values / np.where(told, length, np.nan)[:, None])


def _inverse(affine: Array) -> Array:
    return np.asarray(np.linalg.inv(affine), dtype=np.float64)


def _ball(point: Array, radius: float, *, back: Array, affine: Array, reach: Array) -> NDArray[Any]:
    """Return the indices of the lattice within a radius of a point, shape (n, 3)."""
    middle = back[:3, :3] @ point + back[:3, 3]
    low, high = np.floor(middle - radius * reach), np.ceil(middle + radius * reach)
    axes = [np.arange(a, b + 1) for a, b in zip(low, high, strict=True)]
    index = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    offset = index @ affine[:3, :3].T + affine[:3, 3] - point
    near = np.square(offset).sum(axis=1) <= radius**2
    chosen = index[near] if near.any() else np.round(middle)[None]
    return chosen.astype(np.intp)


def _seed(row: Mapping[str, str], place: str, spaces: Sequence[str]) -> Seed:
    """Return the seed of one row."""
    if row["space"] not in spaces:
        _refuse(place, f"space {row['space']}", f"one of {', '.join(spaces)}")
    try:
        x, y, z, radius = (float(row[name]) for name in COLUMNS[3:7])
    except ValueError:
        _refuse(place, "a word for a number", "x_mm, y_mm, z_mm and radius_mm in millimetres")
    if not (np.isfinite([x, y, z, radius]).all() and radius > 0):
        _refuse(place, f"{x}, {y}, {z}, radius {radius}", "finite numbers, radius above 0")
    side = SIDES.get(row["side"])
    if side is None or side * x < 0 or (side != 0 and x == 0):
        _refuse(place, f"side {row['side']} at x = {x:g}", "left (x < 0), right (x > 0), midline")
    return Seed(row["name"], row["side"], row["space"], (x, y, z), radius, row["citation"])


def _refuse(place: str, found: str, expected: str) -> NoReturn:
    raise InputFault(file=place, found=found, expected=expected, remedy="mend the row")
