"""Regional homogeneity (ReHo): Kendall's coefficient of concordance of a neighbourhood."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Volume = NDArray[Any]
Ranks = NDArray[np.int32]
Values = NDArray[np.float32]
Flags = NDArray[np.bool_]
Neighbours = Literal[7, 19, 27]
# A block's sorting keys take 10 MB at 300 frames.
BLOCK = 4096
INDEX_BITS = 16


def concordance(
    series: NDArray[Any], inside: Flags, *, neighbours: Neighbours, min_neighbours: int
) -> Values:
    """Return Kendall's W of each voxel and its neighbours.

    Parameters
    ----------
    series : ndarray of shape (V, N)
        One row a voxel of `inside`, in its order (C); only frames that were kept. Compared as
        float32. Series should not have been smoothed in space.
    inside : ndarray of bool, shape (X, Y, Z)
        Brain without what is excluded; other voxels are nobody's neighbours.
    neighbours : {7, 19, 27}
        The voxel with those that share a face; also an edge; also a corner.
    min_neighbours : int
        Fewest voxels inside, the voxel itself counted; with fewer W is NaN.

    Returns
    -------
    ndarray of float32, shape (V,)
        0 (none) to 1 (equal order in time); NaN for series that are constant or not finite,
        which count as outside.

    Raises
    ------
    ValueError
        If the arrays do not fit each other, with fewer than 3 or more than 65536 frames.

    Notes
    -----
    ``W = 12 Σ (R_i - R̄)² / (k² (n³ - n) - k Σ (t³ - t))``, R_i the sum of the ranks of frame i
    over k voxels, n frames, t the size of each group of ties: Zang et al. 2004,
    doi:10.1016/j.neuroimage.2003.12.030, eq. 1, with Kendall's correction for ties. Each voxel
    is ranked once; the frames are then gone through one by one, so that beside the series
    only their ranks are held. Of independent series W is about 1 / k: voxels at a border
    have higher values by chance.

    Examples
    --------
    >>> same = np.tile([1.0, 5.0, 2.0], (27, 1))
    >>> concordance(same, np.ones((3, 3, 3), bool), neighbours=27, min_neighbours=8)[13]
    np.float32(1.0)
    """
    _require_fitting(series, inside, neighbours=neighbours)
    ranks, ties, sound = doubled_ranks(series)
    box = _Box(inside, sound, neighbours=neighbours)
    n_frames, total = len(ranks), np.zeros(box.n_voxels)
    for frame in ranks:
        sums = box.sums(frame[sound]).astype(np.float64)
        total += np.square(sums, out=sums)
    count = box.sums(np.ones(box.n_voxels, dtype=np.int32)).astype(np.float64)
    tied = box.sums(ties[sound]).astype(np.float64)
    size = count**2 * (float(n_frames) ** 3 - n_frames) - count * tied
    w = np.full(len(series), np.nan, dtype=np.float32)
    # Ranks are doubled, so 12 times the sum of squares becomes 3 times.
    w[sound] = np.where(count >= min_neighbours, 3.0 * total / size, np.nan)
    return w


def doubled_ranks(series: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.float64], Flags]:
    """Rank each series in time; ties share their mean rank.

    Parameters
    ----------
    series : ndarray of shape (V, N)

    Returns
    -------
    ranks : ndarray of int16 or int32, shape (N, V)
        Twice the rank less the mean rank: whole numbers from -(N - 1) to N - 1.
    ties : ndarray of shape (V,)
        Sum of t³ - t over the groups of t equal values.
    sound : ndarray of bool, shape (V,)
        False for series that are constant or not finite.
    """
    n_voxels, n_frames = series.shape
    kind = np.int16 if n_frames < 2**15 else np.int32
    ranks = np.empty((n_frames, n_voxels), dtype=kind)
    ties, sound = np.zeros(n_voxels), np.zeros(n_voxels, dtype=bool)
    for start in range(0, n_voxels, BLOCK):
        part = slice(start, start + BLOCK)
        rows = np.asarray(series[part], dtype=np.float32)
        sound[part] = np.isfinite(rows).all(axis=1) & (rows.max(axis=1) > rows.min(axis=1))
        ranked, ties[part] = _ranked(rows, kind)
        ranks[:, part] = ranked.T
    return ranks, ties, sound


def _ranked(rows: Values, kind: type[np.signedinteger[Any]]) -> tuple[Volume, NDArray[np.float64]]:
    """Return doubled centred ranks of a block, shape (v, N), and its sums of ties, (v,)."""
    n_frames = rows.shape[1]
    keys = _keys(rows)
    keys.sort(axis=1)
    order = keys & (2**INDEX_BITS - 1)
    keys >>= INDEX_BITS
    place = np.broadcast_to(np.arange(1 - n_frames, n_frames, 2, dtype=kind), rows.shape)
    is_new = keys[:, 1:] != keys[:, :-1]
    ties = np.zeros(len(rows))
    tied = np.flatnonzero(~is_new.all(axis=1))
    if tied.size:
        place = place.copy()
        place[tied], ties[tied] = _shared(is_new[tied])
    ranked = np.empty(rows.shape, dtype=kind)
    np.put_along_axis(ranked, order, place, axis=1)
    return ranked, ties


def _keys(rows: Values) -> NDArray[np.int64]:
    """Return integers that sort as the values do, with the frame in their lowest bits.

    One sort of integers is twice as fast as a sort for the order. The bits of a float sort as
    an integer of its sign and size; adding 0 makes minus zero zero.
    """
    bits = (rows + np.float32(0)).view(np.int32)
    keys = (bits ^ ((bits >> 31) & np.int32(2**31 - 1))).astype(np.int64)
    keys <<= INDEX_BITS
    keys |= np.arange(rows.shape[1])
    return keys


def _shared(is_new: Flags) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return doubled centred mean ranks in sorted order, and sums of t³ - t.

    Parameters
    ----------
    is_new : ndarray of bool, shape (v, N - 1)
        Where a sorted value differs from the one before.
    """
    edge = np.ones((len(is_new), 1), dtype=bool)
    n_frames = is_new.shape[1] + 1
    place = np.arange(n_frames)
    starts = np.where(np.concatenate([edge, is_new], axis=1), place, 0)
    first = np.maximum.accumulate(starts, axis=1)
    ends = np.where(np.concatenate([is_new, edge], axis=1), place, n_frames)
    last = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
    size = (last - first + 1).astype(np.float64)
    return first + last + 1 - n_frames, (size**2 - 1).sum(axis=1)


class _Box:
    """Sums over neighbourhoods, in the smallest box that holds the voxels."""

    def __init__(self, inside: Flags, sound: Flags, *, neighbours: Neighbours) -> None:
        index = np.argwhere(inside)[sound]
        low = index.min(axis=0, initial=inside.size)
        self.shape = tuple(np.maximum(index.max(axis=0, initial=0) - low, 0) + 3)
        # One voxel of border on each side, which stays 0.
        self.place = np.ravel_multi_index(tuple((index - low + 1).T), self.shape)
        self.n_voxels, self.neighbours = len(index), neighbours

    def sums(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return, for each voxel, the sum of values (n_voxels,) over its neighbourhood."""
        kind = np.float64 if values.dtype == np.float64 else np.int32
        volume = np.zeros(self.shape, dtype=kind)
        volume.reshape(-1)[self.place] = values
        total = _neighbourhood(volume, self.neighbours)
        return np.asarray(total.reshape(-1)[self.place])


def _neighbourhood(volume: Volume, neighbours: Neighbours) -> Volume:
    """Return sums over neighbourhoods of a volume whose border is 0."""
    x = _three(volume, 0)
    if neighbours == 7:
        return np.asarray(x + _three(volume, 1) + _three(volume, 2) - 2 * volume)
    plane = _three(x, 1)
    if neighbours == 27:
        return _three(plane, 2)
    # Without corners: the plane of the voxel, and a cross above and below it.
    cross = x + _three(volume, 1) - volume
    return np.asarray(plane + _three(cross, 2) - cross)


def _three(volume: Volume, axis: int) -> Volume:
    """Return the sum of each voxel with those before and behind it along an axis."""
    total = volume.copy()
    along, onto = np.moveaxis(volume, axis, 0), np.moveaxis(total, axis, 0)
    onto[1:] += along[:-1]
    onto[:-1] += along[1:]
    return total


def _require_fitting(series: NDArray[Any], inside: Flags, *, neighbours: int) -> None:
    """Raise `ValueError` for arrays that do not belong together."""
    n_inside = np.count_nonzero(inside)
    if series.ndim != 2 or inside.ndim != 3 or len(series) != n_inside:
        raise ValueError(
            f"series {series.shape} should be (V, N) with a row for each of the {n_inside} "
            f"voxels inside {inside.shape}"
        )
    if not 3 <= series.shape[1] <= 2**INDEX_BITS:
        raise ValueError(f"{series.shape[1]} frames; 3 to {2**INDEX_BITS} can be ranked")
    if neighbours not in {7, 19, 27}:
        raise ValueError(f"a neighbourhood of {neighbours} voxels is none of 7, 19, 27")
