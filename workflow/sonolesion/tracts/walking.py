"""Streamlines that walk through fibre orientations, thousands of them a step at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Samples = NDArray[np.float32]
Indices = NDArray[np.int64]
# Seeds that start together. Each such group has random numbers of its own, so that it shapes the
# result, and the number of threads does not.
GROUP = 2000
# The largest random share: 1 would be beyond the last direction.
LARGEST_SHARE = np.float32(1.0 - 1e-6)


@dataclass(frozen=True)
class Field:
    """What guides streamlines.

    Attributes
    ----------
    volume : ndarray of shape (X, Y, Z, C + 1)
        Harmonics of the orientation distributions along the voxel axes, and the map that stops.
    amplitudes : ndarray of shape (C, D)
        Harmonics to the amplitude in each direction.
    directions : ndarray of shape (D, 3)
        Unit vectors; one of each two opposite ones.
    """

    volume: Samples
    amplitudes: Samples
    directions: Samples


@dataclass(frozen=True)
class Walk:
    """How streamlines walk.

    Attributes
    ----------
    drawn : bool
        Whether a direction is drawn by its amplitude, or that of the largest taken.
    step_voxels : ndarray of shape (3,)
        Step along each axis [voxels].
    max_angle_deg : float
        Largest turn in a step [degrees].
    min_amplitude : float
        Directions below this share of the largest amplitude are not taken.
    stop_below : float
        Value of the map at or below which a streamline ends.
    n_steps : int
        Most steps to either side of a seed.
    """

    drawn: bool
    step_voxels: Array
    max_angle_deg: float
    min_amplitude: float
    stop_below: float
    n_steps: int


@dataclass(frozen=True)
class Cones:
    """Directions within the largest turn from each direction, (D, K) each.

    Attributes
    ----------
    number : ndarray of int
        Of the direction; filled up with 0.
    sign : ndarray of float
        -1 where its opposite is meant, 0 where it is filled up.
    """

    number: Indices
    sign: Samples


def cones(directions: Samples, *, max_angle_deg: float) -> Cones:
    """Return the directions that a streamline may turn to, from each.

    Examples
    --------
    >>> axes = np.eye(3, dtype=np.float32)
    >>> cones(axes, max_angle_deg=30.0).number.tolist()
    [[0], [1], [2]]
    """
    cosine = directions @ directions.T
    near = np.abs(cosine) >= np.cos(np.deg2rad(max_angle_deg))
    rank = np.argsort(~near, axis=1, kind="stable")[:, : near.sum(axis=1).max()]
    sign = np.take_along_axis(np.sign(cosine) * near, rank, axis=1)
    return Cones(np.where(sign != 0, rank, 0), sign.astype(np.float32))


def interpolated(volume: Samples, places: Samples) -> Samples:
    """Return a volume's values at places, trilinear.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z, C)
        At least 2 voxels along each axis.
    places : ndarray of shape (P, 3)
        [voxel]; beyond the outermost centres, the outermost voxels count.

    Returns
    -------
    ndarray of shape (P, C)
    """
    _, y, z, size = volume.shape
    last = np.array(volume.shape[:3]) - 1
    inside = np.clip(places, 0, last)
    low = np.minimum(inside.astype(np.int64), last - 1)
    up = (inside - low).astype(np.float32).T
    sides = np.stack([1 - up, up])
    shares = sides[:, None, None, 0] * sides[None, :, None, 1] * sides[None, None, :, 2]
    about = np.array([0, 1, z, z + 1, y * z, y * z + 1, y * z + z, y * z + z + 1])
    first = (low[:, 0] * y + low[:, 1]) * z + low[:, 2]
    around = volume.reshape(-1, size).take(first[:, None] + about, axis=0)
    return np.asarray(np.einsum("kp,pkc->pc", shares.reshape(8, -1), around))


def streamlines(
    field: Field, walk: Walk, seeds: NDArray[np.floating], *, seed: int, threads: int
) -> tuple[Samples, Indices]:
    """Walk to both sides of seeds, at first along the largest amplitude.

    Parameters
    ----------
    field : Field
        Where to walk.
    walk : Walk
        How.
    seeds : ndarray of shape (N, 3)
        [voxel].
    seed : int
        Seed of the random numbers.
    threads : int
        Groups at once; the result is the same, byte for byte.

    Returns
    -------
    points : ndarray of shape (P, 3)
        [voxel]; the seed is one of a streamline's points, none of the others lies where the map
        stops.
    counts : ndarray of shape (N,)
        Points of the streamline of each seed.

    Notes
    -----
    Tournier et al. 2012, doi:10.1002/ima.22005 (iFOD1), with the directions of a sphere for its
    rejection sampling, as dipy does it.
    """
    turns = cones(field.directions, max_angle_deg=walk.max_angle_deg)
    groups = [seeds[n : n + GROUP].astype(np.float32) for n in range(0, len(seeds), GROUP)]

    def both_sides(number: int) -> tuple[Samples, Indices]:
        own, rng = groups[number], np.random.default_rng((seed, number))
        return _joined(*_walked(field, walk, turns, np.concatenate([own, own]), rng))

    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(both_sides, range(len(groups))))
    none = (np.zeros((0, 3), dtype=np.float32), np.zeros(0, dtype=np.int64))
    points, counts = zip(*(parts or [none]), strict=True)
    return np.concatenate(points), np.concatenate(counts)


def _walked(
    field: Field, walk: Walk, turns: Cones, seeds: Samples, rng: np.random.Generator
) -> tuple[Samples, Indices]:
    """Walk from seeds, of which the second half are the first again, to the other side.

    Returns the points, (P, n_steps + 1, 3) [voxel], and how many there are of each.
    """
    points = np.empty((len(seeds), walk.n_steps + 1, 3), dtype=np.float32)
    points[:, 0] = places = seeds
    counts = np.ones(len(seeds), dtype=np.int64)
    active, here = np.arange(len(seeds)), interpolated(field.volume, seeds)
    amplitude = here[:, :-1] @ field.amplitudes
    number = amplitude.argmax(axis=1)
    sign = np.where(np.arange(len(seeds)) < len(seeds) // 2, 1, -1).astype(np.float32)
    step_voxels = walk.step_voxels.astype(np.float32)
    for step in range(1, walk.n_steps + 1):
        share = rng.random(len(active), dtype=np.float32)
        number, sign = _turned(amplitude, number, sign, turns, walk, share)
        places = places + field.directions[number] * sign[:, None] * step_voxels
        here = interpolated(field.volume, places)
        going = (sign != 0) & (here[:, -1] > walk.stop_below) & _inside(places, field.volume.shape)
        active, places, number, sign = active[going], places[going], number[going], sign[going]
        if not active.size:
            break
        points[active, step] = places
        counts[active] = step + 1
        amplitude = here[going, :-1] @ field.amplitudes
    return points, counts


def _inside(places: Samples, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    upper = np.array(shape[:3], dtype=np.float32) - np.float32(0.5)
    return np.asarray(((places >= -0.5) & (places < upper)).all(axis=1))


def _turned(
    amplitude: Samples, number: Indices, sign: Samples, turns: Cones, walk: Walk, share: Samples
) -> tuple[Indices, Samples]:
    """Return number and sign of each streamline's next direction; sign 0 where there is none."""
    rows = np.arange(len(number))
    candidates, signs = turns.number[number], turns.sign[number]
    weight = amplitude.ravel().take(rows[:, None] * amplitude.shape[1] + candidates)
    least = walk.min_amplitude * amplitude.max(axis=1, keepdims=True)
    weight *= (weight >= least) & (weight > 0) & (signs != 0)
    if walk.drawn:
        total = np.cumsum(weight, axis=1)
        reached = np.minimum(share, LARGEST_SHARE) * total[:, -1]
        chosen = np.minimum((total <= reached[:, None]).sum(axis=1), weight.shape[1] - 1)
    else:
        chosen = weight.argmax(axis=1)
    able = weight[rows, chosen] > 0
    return candidates[rows, chosen], sign * signs[rows, chosen] * able


def _joined(points: Samples, counts: Indices) -> tuple[Samples, Indices]:
    """Put the second half's streamlines, reversed, before those of the first."""
    n_seeds = len(points) // 2
    ahead, behind = counts[:n_seeds], counts[n_seeds:]
    total = ahead + behind - 1
    line = np.repeat(np.arange(n_seeds), total)
    first = np.repeat(np.cumsum(total) - total, total)
    place = np.arange(len(line)) - first - (behind - 1)[line]
    return points[np.where(place >= 0, line, line + n_seeds), np.abs(place)], total
