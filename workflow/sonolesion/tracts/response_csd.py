"""Single-fibre response, and fibre orientations by constrained spherical deconvolution."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault
from sonolesion.maths.directions import unique_directions

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]
# Voxels whose constraint is solved at once: bounds the memory, not the result.
CHUNK_VOXELS = 4096
# The first round looks at harmonics up to order 4 alone: they are smooth.
LOW_ORDER_SIZE = 15


@dataclass(frozen=True)
class Response:
    """Signal of one bundle of parallel fibres.

    Attributes
    ----------
    along_mm2_s, across_mm2_s : float
        Diffusivities [mm²/s].
    s0 : float
        Unweighted signal.
    n_voxels : int
        Voxels it was read from.
    """

    along_mm2_s: float
    across_mm2_s: float
    s0: float
    n_voxels: int


def grid_vectors(vectors: Vector, affine: Matrix) -> Vector:
    """Return directions along the voxel axes of a scan; the fast trackers walk along these.

    Parameters
    ----------
    vectors : ndarray of shape (N, 3)
        Directions in RAS+ world axes.
    affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm].
    """
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return np.asarray(vectors @ axes)


def supported_order(vectors: Vector, *, same_deg: float, largest: int) -> int:
    """Return the highest order of harmonics that the directions determine.

    Parameters
    ----------
    vectors : ndarray of shape (N, 3)
        Unit directions of the shell.
    same_deg : float
        Directions, or opposite ones, closer than this are one.
    largest : int
        Order beyond which no one goes.

    Returns
    -------
    int
        Even; order l has ``(l + 1)(l + 2) / 2`` coefficients: 15 for 4, 28 for 6, 45 for 8.
    """
    n_unique = unique_directions(vectors, min_angle_deg=same_deg)
    orders = [order for order in range(2, largest + 1, 2) if _size(order) <= n_unique]
    return max(orders, default=0)


def single_fibre_mask(
    fa: NDArray[Any], mask: NDArray[np.bool_], *, min_fa: float, max_voxels: int
) -> NDArray[np.bool_]:
    """Return the voxels of highest FA in a mask: at most a number, none below a floor."""
    values = np.where(mask & np.isfinite(fa), fa, 0.0)
    chosen = values >= min_fa
    if np.count_nonzero(chosen) > max_voxels:
        chosen = values >= np.partition(values[chosen], -max_voxels)[-max_voxels]
    return np.asarray(chosen)


def response(
    signals: NDArray[Any],
    v1: NDArray[Any],
    b_values: Vector,
    vectors: Vector,
    *,
    b0_max_s_mm2: float,
    min_voxels: int,
) -> Response:
    """Fit an axially symmetric response to voxels that hold one bundle.

    Parameters
    ----------
    signals : ndarray of shape (V, N)
        Signals of the voxels of `single_fibre_mask`.
    v1 : ndarray of shape (V, 3)
        Their fibre directions, in the axes of `vectors`.
    b_values, vectors : ndarray of shape (N,) [s/mm²] and (N, 3)
        Gradient table.
    b0_max_s_mm2 : float
        Largest b-value that counts as unweighted [s/mm²].
    min_voxels : int
        Fewer voxels are no sample.

    Raises
    ------
    InputFault
        If there are too few voxels, or the response is not of a fibre.

    Notes
    -----
    ``ln(S / S0) = -b (across + (along - across) cos²)``, least squares over all voxels and
    volumes: the prolate tensor that Tournier et al. 2004 (doi:10.1016/j.neuroimage.2004.07.037)
    read from the voxels of highest FA.
    """
    low = b_values <= b0_max_s_mm2
    s0 = signals[:, low].mean(axis=1)
    sound = (s0 > 0) & (signals > 0).all(axis=1)
    if np.count_nonzero(sound) < min_voxels:
        raise _no_response(f"{np.count_nonzero(sound)} voxels", f"at least {min_voxels}")
    decay = -np.log(signals[sound][:, ~low] / s0[sound, None])
    cos2 = (v1[sound] @ vectors[~low].T) ** 2
    b = np.broadcast_to(b_values[~low], decay.shape)
    design = np.stack([b.ravel(), (b * cos2).ravel()], axis=1)
    across, excess = np.linalg.lstsq(design, decay.ravel(), rcond=None)[0]
    if across <= 0 or excess <= 0:
        raise _no_response(
            f"diffusivities {across:.2e} across, {across + excess:.2e} mm²/s along",
            "both above 0, and more along the fibres",
        )
    return Response(
        float(across + excess), float(across), float(np.median(s0[sound])), int(sound.sum())
    )


def orientations(
    signals: NDArray[Any],
    b_values: Vector,
    vectors: Vector,
    fibre: Response,
    *,
    order: int,
    b0_max_s_mm2: float,
    max_rounds: int,
    threads: int = 1,
) -> NDArray[np.float32]:
    """Deconvolve signals to fibre orientation distributions that are not negative.

    Parameters
    ----------
    signals : ndarray of shape (V, N)
        Signals of voxels.
    b_values, vectors : ndarray of shape (N,) [s/mm²] and (N, 3)
        Gradient table; the distributions are in the axes of `vectors`. For tracking these
        must be the voxel axes (`grid_vectors`).
    fibre : Response
        From `response`.
    order : int
        Order of the harmonics.
    b0_max_s_mm2 : float
        Largest b-value that counts as unweighted [s/mm²].
    max_rounds : int
        Rounds of the constraint.
    threads : int
        At work at once; the result is the same, byte for byte.

    Returns
    -------
    ndarray of float32, shape (V, (order + 1)(order + 2) / 2)
        Coefficients in dipy's (legacy) basis of Descoteaux.

    Raises
    ------
    InputFault
        If the order needs more directions than there are.

    Notes
    -----
    Tournier et al. 2007, doi:10.1016/j.neuroimage.2007.02.016, eq. 8 with dipy's matrices and
    weights; solved for thousands of voxels together, since resampling deconvolves often.
    """
    low = b_values <= b0_max_s_mm2
    n_directions = int(np.count_nonzero(~low))
    if _size(order) > n_directions:
        raise InputFault(
            file="diffusion scan",
            found=f"{n_directions} directions",
            expected=f"at least {_size(order)} for harmonics of order {order}",
            remedy="take a lower order: 4 needs 15 directions, 6 needs 28, 8 needs 45",
        )
    forward, constraint, tau = _matrices(b_values, vectors, fibre, order, b0_max_s_mm2)
    out = np.empty((len(signals), _size(order)), dtype=np.float32)

    def solve(first: int) -> None:
        part = signals[first : first + CHUNK_VOXELS][:, ~low].astype(np.float64)
        found = constrained(part, forward, constraint, tau=tau, max_rounds=max_rounds)
        out[first : first + CHUNK_VOXELS] = found

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(solve, range(0, len(signals), CHUNK_VOXELS)))
    return out


def constrained(
    signals: NDArray[np.float64],
    forward: Matrix,
    constraint: Matrix,
    *,
    tau: float,
    max_rounds: int,
) -> NDArray[np.float64]:
    """Solve ``forward f = signals`` with the small amplitudes ``constraint f`` drawn to zero.

    Parameters
    ----------
    signals : ndarray of shape (V, N)
    forward : ndarray of shape (N, C)
        Coefficients to signals.
    constraint : ndarray of shape (R, C)
        Coefficients to weighted amplitudes.
    tau : float
        Amplitudes below this share of the mean are drawn to zero.
    max_rounds : int
        Rounds, unless the set of small amplitudes stays the same before.
    """
    normal, right = forward.T @ forward, signals @ forward
    n_low = min(LOW_ORDER_SIZE, forward.shape[1])
    found = np.linalg.solve(normal, right.T).T
    limit = constraint[0, 0] * found[:, 0] * tau
    small = found[:, :n_low] @ constraint[:, :n_low].T < limit[:, None]
    none = ~small.any(axis=1)
    small[none] = found[none] @ constraint.T < limit[none, None]
    active = np.flatnonzero(small.any(axis=1))
    # Dyads are symmetric: one triangle of each is enough, and halves the work.
    size = forward.shape[1]
    rows, columns = np.triu_indices(size)
    dyads = constraint[:, rows] * constraint[:, columns]
    for _ in range(max_rounds):
        if not active.size:
            break
        matrix = np.empty((len(active), size, size))
        matrix[:, rows, columns] = small[active].astype(np.float64) @ dyads
        matrix[:, columns, rows] = matrix[:, rows, columns]
        found[active] = np.linalg.solve(normal + matrix, right[active, :, None])[:, :, 0]
        new = found[active] @ constraint.T < limit[active, None]
        moving = (new != small[active]).any(axis=1)
        small[active] = new
        active = active[moving]
    return np.asarray(found, dtype=np.float64)


def _size(order: int) -> int:
    return (order + 1) * (order + 2) // 2


def _matrices(
    b_values: Vector, vectors: Vector, fibre: Response, order: int, b0_max_s_mm2: float
) -> tuple[Matrix, Matrix, float]:
    """Return dipy's forward matrix, weighted constraint and threshold."""
    from dipy.core.gradients import gradient_table
    from dipy.reconst.csdeconv import ConstrainedSphericalDeconvModel

    low = b_values <= b0_max_s_mm2
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    table = gradient_table(
        np.where(low, 0.0, b_values),
        bvecs=np.where(low[:, None], 0.0, unit),
        b0_threshold=b0_max_s_mm2,
    )
    diffusivities = np.array([fibre.along_mm2_s, fibre.across_mm2_s, fibre.across_mm2_s])
    with warnings.catch_warnings():
        # dipy's model knows no other basis than the one it warns of.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        model = ConstrainedSphericalDeconvModel(
            table, (diffusivities, fibre.s0), sh_order_max=order
        )
    forward = np.asarray(model.R.diagonal() * model.B_dwi, dtype=np.float64)
    return forward, np.asarray(model.B_reg, dtype=np.float64), float(model.tau)


def _no_response(found: str, expected: str) -> InputFault:
    return InputFault(
        file="single-fibre response",
        found=found,
        expected=expected,
        remedy="look at FA and gradients; a lower response_min_fa admits more voxels",
    )
