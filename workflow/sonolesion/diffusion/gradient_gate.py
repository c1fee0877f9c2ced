"""Is the frame of the gradient directions right? Judged by how fibres run on along themselves."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.errors import GateFailure
from sonolesion.maths.gradient_frames import fsl_to_world

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
Outcome = Literal["kept", "wrong", "undecidable"]

AXES = "xyz"
# Signal without weighting, and six elements of the tensor.
N_UNKNOWNS = 7
# A combination of unknowns seen a hundred times less than the best one is not seen.
LEAST_SEEN = 1e-2
# A signal below this share of the voxel's brightest is held there: its logarithm must exist.
LEAST_SHARE = 1e-3
# Voxels fitted at once, so that a fine grid needs no more memory than a coarse one.
N_AT_ONCE = 100_000


@dataclass(frozen=True)
class Verdict:
    """What the gate found; the table itself is never touched.

    Attributes
    ----------
    names : tuple of str
        The 24 candidates, the table as given first; ``y -x z`` reads: new x is the old y, new
        y the old x reversed.
    coherence : ndarray of shape (24,)
        0 to 1; NaN where nothing could be fitted.
    errors : ndarray of shape (24,)
        Standard error of the difference from the best.
    outcome : {"kept", "wrong", "undecidable"}
        Right as given; wrong as given; can't be told.
    best : str
        Name of the best candidate; empty if nothing could be fitted.
    margin, certainty : float
        Best less second best, and that over its standard error (the least over all rivals).
    n_voxels : int
        Voxels judged.
    reason : str
        One sentence.
    """

    names: tuple[str, ...]
    coherence: Vector
    errors: Vector
    outcome: Outcome
    best: str
    margin: float
    certainty: float
    n_voxels: int
    reason: str


@dataclass(frozen=True)
class Fibres:
    """Principal directions of the voxels that count.

    Attributes
    ----------
    voxels : ndarray of shape (K, 3)
        Indices.
    directions : ndarray of shape (K, 3)
        Unit vectors in FSL's axes.
    fa : ndarray of shape (K,)
        Fractional anisotropy.
    """

    voxels: NDArray[np.int64]
    directions: Vector
    fa: Vector


def candidates() -> list[tuple[str, Matrix]]:
    """Return the 24 flips and permutations that a tensor can tell apart.

    Returns
    -------
    list of (name, ndarray of shape (3, 3))
        ``new = matrix @ old``; the first is the identity. Of each pair ``M`` and ``-M``, which
        give the same tensor, the one with fewer minus signs.

    Examples
    --------
    >>> [name for name, _ in candidates()[:5]]
    ['x y z', '-x y z', 'x -y z', 'x y -z', 'x z y']
    """
    found = []
    for order in itertools.permutations(range(3)):
        for flipped in (None, 0, 1, 2):
            signs = [-1.0 if row == flipped else 1.0 for row in range(3)]
            matrix = np.zeros((3, 3))
            matrix[range(3), order] = signs
            words = [("-" if s < 0 else "") + AXES[k] for s, k in zip(signs, order, strict=True)]
            found.append((" ".join(words), matrix))
    return found


def foreground(unweighted: NDArray[Any], *, bright_share: float, peel_voxels: int) -> Mask:
    """Return the bright voxels of a head without its rim.

    Parameters
    ----------
    unweighted : ndarray of shape (X, Y, Z)
        Image without diffusion weighting.
    bright_share : float
        Share of the bright tissue (98th percentile of the positive voxels).
    peel_voxels : int
        Layers taken off.
    """
    positive = unweighted[unweighted > 0]
    if not positive.size:
        return np.zeros(unweighted.shape, dtype=bool)
    bright = unweighted > bright_share * np.percentile(positive, 98.0)
    if peel_voxels:
        bright = ndimage.binary_opening(bright, iterations=peel_voxels)
        bright = ndimage.binary_erosion(bright, iterations=peel_voxels)
    return np.asarray(bright, dtype=bool)


def judge(
    data: NDArray[Any],
    mask: Mask,
    b_values: Vector,
    fsl_vectors: Vector,
    affine: NDArray[Any],
    *,
    min_fa: float,
    md_range_mm2_s: tuple[float, float],
    step_mm: float,
    max_voxels: int,
    min_voxels: int,
    block_mm: float,
    n_resamples: int,
    seed: int,
    min_certainty: float,
    min_margin: float,
) -> Verdict:
    """Judge the frame of a gradient table.

    Parameters
    ----------
    data : ndarray of shape (X, Y, Z, N)
        Diffusion scan, raw or corrected.
    mask : ndarray of shape (X, Y, Z)
        Brain, or `foreground`.
    b_values : ndarray of shape (N,)
        Effective b-values [s/mm²].
    fsl_vectors : ndarray of shape (N, 3)
        Unit directions as in the ``.bvec`` file; zeros for none.
    affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ world [mm]; oblique and anisotropic are welcome.
    min_fa, md_range_mm2_s
        Voxels that count: least FA, and range of the mean diffusivity [mm²/s].
    step_mm : float
        Step along the fibre [mm]; the longest voxel edge is the least.
    max_voxels, min_voxels : int
        Most voxels judged (thinned evenly); fewest that can decide.
    block_mm, n_resamples, seed
        Block bootstrap: edge of the blocks [mm], samples, start of the random numbers.
    min_certainty, min_margin : float
        A difference counts if it is this many standard errors and this share of the best.

    Returns
    -------
    Verdict
        "kept" if the table as given beats all others beyond doubt, "wrong" if another candidate
        does, else "undecidable".

    Raises
    ------
    ValueError
        If shapes disagree.

    Notes
    -----
    Fibre coherence (Schilling et al. 2019, doi:10.1016/j.mri.2019.01.018). One fit serves all
    candidates: ``g' = M g`` turns the tensor into ``M D Mᵀ`` and its directions into ``M v``, and
    leaves FA and every weight as they are.
    """
    _require_shapes(data, mask, b_values, fsl_vectors)
    design = _design(b_values, fsl_vectors)
    rank = _rank(design)
    if rank < N_UNKNOWNS:
        return _untold(f"b-values and directions determine {rank} of {N_UNKNOWNS} unknowns")
    fibres = _fibres(data, mask, design, min_fa=min_fa, md_range_mm2_s=md_range_mm2_s)
    if len(fibres.fa) < min_voxels:
        return _untold(f"{len(fibres.fa)} voxels with fibres, fewer than {min_voxels}")
    sums, weights = _block_sums(
        fibres, mask.shape, affine, step_mm=step_mm, block_mm=block_mm, max_voxels=max_voxels
    )
    coherence = sums.sum(axis=1) / weights.sum()
    errors = _errors(sums, weights, n_resamples=n_resamples, seed=seed)
    n_voxels = min(len(fibres.fa), max_voxels)
    return _verdict(coherence, errors, n_voxels, min_certainty=min_certainty, min_margin=min_margin)


def require_kept(verdict: Verdict, *, file: object) -> None:
    """Raise if the table is wrong; "undecidable" passes, and is reported as such.

    Raises
    ------
    GateFailure
        Naming the best candidate.
    """
    if verdict.outcome != "wrong":
        return
    raise GateFailure(
        file=file,
        found=verdict.reason,
        expected="fibres that run on best along the directions as given",
        remedy="convert the scan again; if it is the table that must be mended, its axes as given "
        f"now are to be read as ({verdict.best})",
    )


def _require_shapes(data: NDArray[Any], mask: Mask, b_values: Vector, fsl_vectors: Vector) -> None:
    n = data.shape[-1]
    if data.ndim != 4 or mask.shape != data.shape[:3]:
        raise ValueError(f"data {data.shape} and mask {mask.shape} do not fit each other")
    if b_values.shape != (n,) or fsl_vectors.shape != (n, 3):
        raise ValueError(f"{n} volumes, b {b_values.shape}, directions {fsl_vectors.shape}")


def _design(b_values: Vector, vectors: Vector) -> Matrix:
    """Return ln S0 and the six elements xx, xy, xz, yy, yz, zz as columns."""
    x, y, z = vectors.T
    products = np.stack([x * x, 2 * x * y, 2 * x * z, y * y, 2 * y * z, z * z], axis=1)
    return np.column_stack([np.ones(len(b_values)), -b_values[:, None] * products])


def _rank(design: Matrix) -> int:
    """Return how many unknowns the table determines, b counted in units of the largest."""
    scaled = np.column_stack([design[:, 0], design[:, 1:] / max(np.abs(design[:, 1:]).max(), 1e-9)])
    return int(np.linalg.matrix_rank(scaled, tol=LEAST_SEEN * np.linalg.norm(scaled, 2)))


def _fibres(
    data: NDArray[Any],
    mask: Mask,
    design: Matrix,
    *,
    min_fa: float,
    md_range_mm2_s: tuple[float, float],
) -> Fibres:
    """Fit by ordinary least squares, and keep the voxels that have a direction."""
    solver = np.linalg.pinv(design)[1:]
    places = np.argwhere(mask)
    parts = []
    for start in range(0, max(len(places), 1), N_AT_ONCE):
        voxels = places[start : start + N_AT_ONCE]
        signal = np.asarray(data[tuple(voxels.T)], dtype=np.float64)
        sound = np.isfinite(signal).all(axis=1) & (signal.max(axis=1) > 0)
        voxels, signal = voxels[sound], signal[sound]
        floor = LEAST_SHARE * signal.max(axis=1, keepdims=True)
        parts.append(
            _directed(voxels, np.log(np.maximum(signal, floor)) @ solver.T, min_fa, md_range_mm2_s)
        )
    return Fibres(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _directed(
    voxels: NDArray[np.int64], elements: Matrix, min_fa: float, md_range: tuple[float, float]
) -> tuple[NDArray[np.int64], Vector, Vector]:
    """Return voxels, directions and FA; eigenvectors are sought only where FA suffices."""
    tensors = elements[:, [0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(-1, 3, 3)
    mean = np.trace(tensors, axis1=1, axis2=2) / 3.0
    square = np.einsum("nij,nij->n", tensors, tensors)
    deviation = square - 3.0 * mean**2
    fa = np.sqrt(1.5 * np.maximum(deviation, 0.0) / np.where(square > 0, square, 1.0))
    # A tensor of FA above 1 has a negative eigenvalue: noise.
    kept = (fa >= min_fa) & (fa <= 1.0) & (mean >= md_range[0]) & (mean <= md_range[1])
    directions = np.linalg.eigh(tensors[kept])[1][:, :, 2]
    return voxels[kept], directions, fa[kept]


def _block_sums(
    fibres: Fibres,
    shape: tuple[int, ...],
    affine: NDArray[Any],
    *,
    step_mm: float,
    block_mm: float,
    max_voxels: int,
) -> tuple[Matrix, Vector]:
    """Return weighted agreement of (24, blocks), and the weights of (blocks,)."""
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    number = np.full(shape, -1, dtype=np.int64)
    number[tuple(fibres.voxels.T)] = np.arange(len(fibres.fa))
    thinned = np.arange(0, len(fibres.fa), -(-len(fibres.fa) // max_voxels))
    size = np.maximum(np.rint(block_mm / edges), 1).astype(np.int64)
    _, block = np.unique(fibres.voxels[thinned] // size, axis=0, return_inverse=True)
    weight = fibres.fa[thinned]
    # No shorter than the longest edge: a step must leave its own voxel along every axis.
    to_voxels = np.linalg.solve(affine[:3, :3], fsl_to_world(affine)) * max(step_mm, edges.max())
    sums = [
        np.bincount(block.ravel(), weight * _agreement(fibres, number, thinned, to_voxels @ matrix))
        for _, matrix in candidates()
    ]
    return np.array(sums), np.asarray(np.bincount(block.ravel(), weight), dtype=np.float64)


def _agreement(
    fibres: Fibres, number: NDArray[np.int64], chosen: NDArray[np.int64], to_step: Matrix
) -> Vector:
    """Return cos² between a voxel's direction and those a step ahead and a step behind."""
    own = fibres.directions[chosen]
    step = np.rint(own @ to_step.T).astype(np.int64)
    total = np.zeros(len(chosen))
    for sign in (1, -1):
        there = fibres.voxels[chosen] + sign * step
        inside: Mask = np.asarray(((there >= 0) & (there < number.shape)).all(axis=1), dtype=bool)
        other = np.where(inside, number[tuple(np.where(inside[:, None], there, 0).T)], -1)
        # Where a fibre leaves the voxels that have a direction, it does not run on: 0.
        cosine = np.einsum("ni,ni->n", own, fibres.directions[other])
        total += np.where(other >= 0, cosine**2, 0.0)
    return total / 2.0


def _errors(sums: Matrix, weights: Vector, *, n_resamples: int, seed: int) -> Vector:
    """Return the standard error of each candidate's difference from the best."""
    n_blocks = len(weights)
    even = np.full(n_blocks, 1.0 / n_blocks)
    drawn = np.random.default_rng(seed).multinomial(n_blocks, even, n_resamples)
    coherence = (drawn @ sums.T) / (drawn @ weights)[:, None]
    best = int(np.argmax(sums.sum(axis=1)))
    return np.asarray((coherence[:, [best]] - coherence).std(axis=0, ddof=1))


def _verdict(
    coherence: Vector,
    errors: Vector,
    n_voxels: int,
    *,
    min_certainty: float,
    min_margin: float,
) -> Verdict:
    """Decide from the 24 coherences and the errors of their differences from the best."""
    names = tuple(name for name, _ in candidates())
    best = int(np.argmax(coherence))
    gap = coherence[best] - coherence
    sigmas = np.divide(gap, errors, out=np.full_like(gap, np.inf), where=errors > 0)
    beaten = (sigmas >= min_certainty) & (gap >= min_margin * coherence[best])
    rivals = np.arange(len(names)) != best
    # Where the best has an equal, even a beaten table may be right: smoothed noise does that.
    outcome: Outcome = "undecidable"
    if beaten[rivals].all():
        outcome = "kept" if best == 0 else "wrong"
    margin, certainty = float(gap[rivals].min()), float(sigmas[rivals].min())
    return Verdict(
        names, coherence, errors, outcome, names[best], margin, certainty, n_voxels,
        f"coherence {coherence[0]:.3f} as given, {coherence[best]:.3f} for ({names[best]}), "
        f"margin over the second {margin:.3f}, {certainty:.1f} standard errors",
    )  # fmt: skip


def _untold(reason: str) -> Verdict:
    names = tuple(name for name, _ in candidates())
    nothing = np.full(len(names), np.nan)
    return Verdict(names, nothing, nothing, "undecidable", "", np.nan, np.nan, 0, reason)
