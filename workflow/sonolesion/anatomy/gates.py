"""Numbers that tell a good registration, mask or segmentation from a bad one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.anatomy.geometry import Matrix, about, apply, rotation
from sonolesion.anatomy.resample import sample
from sonolesion.core.errors import GateFailure

Mask = NDArray[np.bool_]


# What to do about a check that failed, beyond what the step advises.
REMEDIES = {
    "ac_likeness": "compare the crosses at AC and PC with the scan",
    "pc_likeness": "compare the crosses at AC and PC with the scan",
    "detail": "look for motion: repeat the scan, or go on without it",
    "mirror_ratio": "find out which of the two scans has its sides swapped, or is of someone else",
    "same_person": "check that both visits are of one person, and that the scan shows a head",
    "template_correlation": "check that the scan shows a head",
    "thalamus_coverage": "use a scan whose field of view holds both thalami",
}


class Check(TypedDict):
    """One number with its limit."""

    name: str
    value: float
    limit: float
    sense: str
    unit: str
    passed: bool


def at_least(name: str, value: float, limit: float, unit: str = "") -> Check:
    """Return a check that passes when the value reaches the limit (a NaN does not)."""
    return _check(name, value, limit, ">=", unit, bool(value >= limit))


def at_most(name: str, value: float, limit: float, unit: str = "") -> Check:
    """Return a check that passes when the value stays under the limit (a NaN does not)."""
    return _check(name, value, limit, "<=", unit, bool(value <= limit))


def _check(name: str, value: float, limit: float, sense: str, unit: str, passed: bool) -> Check:
    # JSON has no NaN; a number that can't be computed is an extreme one that fails.
    finite = float(value) if np.isfinite(value) else (-1e9 if sense == ">=" else 1e9)
    return Check(
        name=name,
        value=round(finite, 4),
        limit=float(limit),
        sense=sense,
        unit=unit,
        passed=passed and bool(np.isfinite(value)),
    )


def verdict(checks: Sequence[Check], *, picture: str) -> dict[str, object]:
    """Return the content of a gate's JSON file."""
    good = all(check["passed"] for check in checks)
    return {
        "gate": "passed" if good else "failed",
        "checks": [dict(check) for check in checks],
        "picture": picture,
    }


def require(checks: Sequence[Check], *, file: object, remedy: str) -> None:
    """Raise `GateFailure` naming every check that failed, and what to do about each."""
    bad = [check for check in checks if not check["passed"]]
    if bad:
        advice = [remedy, *(REMEDIES[c["name"]] for c in bad if c["name"] in REMEDIES)]
        raise GateFailure(
            file=file,
            found=", ".join(f"{c['name']} {c['value']:g} {c['unit']}".strip() for c in bad),
            expected=", ".join(
                f"{c['name']} {c['sense']} {c['limit']:g} {c['unit']}".strip() for c in bad
            ),
            remedy="; ".join(dict.fromkeys(advice)),
        )


def correlation(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return Pearson's correlation of two sets of values; NaN if one is constant."""
    a = first.astype(np.float64) - first.mean(dtype=np.float64)
    b = second.astype(np.float64) - second.mean(dtype=np.float64)
    scale = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / scale) if scale > 0 else float("nan")


def mutual_information(first: NDArray[Any], second: NDArray[Any], *, n_bins: int) -> float:
    """Return the mutual information of two sets of values [nat].

    Values beyond the 0.5 and 99.5 percentiles share the outermost bins.

    Parameters
    ----------
    first, second : ndarray of shape (N,)
        Values at the same points.
    n_bins : int
        Bins along each axis of the joint histogram.
    """
    joint = np.histogram2d(_binned(first, n_bins), _binned(second, n_bins), bins=n_bins)[0]
    p = joint / joint.sum()
    product = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
    filled = p > 0
    return float((p[filled] * np.log(p[filled] / product[filled])).sum())


def relative_detail(
    anatomy: NDArray[Any], scan: NDArray[Any], reference: NDArray[Any], *, n_bins: int
) -> float:
    """Compare what two scans of one contrast tell of the anatomy.

    Motion blurs edges and lays ghosts over the brain: of the T1w's anatomy less is told.

    Parameters
    ----------
    anatomy, scan, reference : ndarray of shape (N,)
        T1w, scan and the contrast's reference scan at the same points.
    n_bins : int
        Bins along each axis of the joint histogram.

    Returns
    -------
    float
        Mutual information of the scan with the T1w over that of the reference; about 1 for two
        scans of one protocol.
    """
    told = mutual_information(anatomy, scan, n_bins=n_bins)
    return told / max(mutual_information(anatomy, reference, n_bins=n_bins), 1e-12)


def _binned(values: NDArray[Any], n_bins: int) -> NDArray[np.float64]:
    low, high = np.percentile(values, [0.5, 99.5])
    scaled = (np.clip(values, low, high) - low) / max(float(high - low), 1e-12)
    return np.asarray(np.minimum(scaled * n_bins, n_bins - 1).astype(int), dtype=np.float64)


def displaced_matrices(
    centre: NDArray[Any], *, shift_mm: float, turn_degrees: float
) -> list[Matrix]:
    """Return the twelve small rigid displacements: shifts and turns, both ways, each axis."""
    out = []
    for axis in np.eye(3):
        for sign in (-1.0, 1.0):
            out.append(about(centre, np.eye(3), sign * shift_mm * axis))
            out.append(about(centre, rotation(axis, sign * turn_degrees)))
    return out


def peak_sharpness(
    fixed: NDArray[Any],
    points: NDArray[Any],
    moving: NDArray[Any],
    moving_affine: Matrix,
    matrix: Matrix,
    *,
    shift_mm: float,
    turn_degrees: float,
    n_bins: int,
) -> float:
    """Compare the mutual information found with that of displaced copies.

    A registration that is right is a clear optimum: each small displacement lowers the
    mutual information. One that stopped elsewhere has a neighbour that is better or as good.

    Parameters
    ----------
    fixed : ndarray of shape (N,)
        Values of the fixed image at the points.
    points : ndarray of shape (N, 3)
        Points of the fixed space, RAS+ [mm].
    moving, moving_affine : ndarray of shape (A, B, C) and (4, 4)
        Moving image.
    matrix : ndarray of shape (4, 4)
        Fixed to moving points.
    shift_mm, turn_degrees : float
        Size of the displacements [mm], [degrees].
    n_bins : int
        Bins of the joint histogram.

    Returns
    -------
    float
        Mutual information found over that of the best displaced copy; above 1 at an optimum.
    """

    def information(transform: Matrix) -> float:
        values = sample(moving, moving_affine, apply(transform, points), order=1)
        return mutual_information(fixed, values, n_bins=n_bins)

    centre = points.mean(axis=0)
    steps = displaced_matrices(centre, shift_mm=shift_mm, turn_degrees=turn_degrees)
    rivals = max(information(matrix @ step) for step in steps)
    return information(matrix) / max(rivals, 1e-12)


def mirror_ratio(
    fixed: NDArray[Any],
    points: NDArray[Any],
    moving: NDArray[Any],
    moving_affine: Matrix,
    matrix: Matrix,
    *,
    n_bins: int,
) -> float:
    """Compare the mutual information found with that of the image mirrored left to right.

    Parameters
    ----------
    fixed, points, moving, moving_affine, matrix, n_bins
        As for `peak_sharpness`; the fixed space is AC–PC space, mirrored at x = 0.

    Returns
    -------
    float
        Above 1 when left is left: no two halves of a brain are alike.
    """
    mirrored = points * np.array([-1.0, 1.0, 1.0])
    straight = sample(moving, moving_affine, apply(matrix, points), order=1)
    swapped = sample(moving, moving_affine, apply(matrix, mirrored), order=1)
    return mutual_information(fixed, straight, n_bins=n_bins) / max(
        mutual_information(fixed, swapped, n_bins=n_bins), 1e-12
    )


def within(
    points: NDArray[Any], shape: Sequence[int], affine: Matrix, *, rim_voxels: float
) -> Mask:
    """Return which points (N, 3) [mm] lie inside a volume.

    Parameters
    ----------
    points : ndarray of shape (N, 3)
        RAS+ [mm].
    shape, affine : sequence of int and ndarray of shape (4, 4)
        Grid of the volume.
    rim_voxels : float
        How far the volume reaches beyond the centres of its outermost voxels [voxels]: 0.5 for
        what it covers, 0 for where values can be interpolated.
    """
    index = apply(np.linalg.inv(affine), points)
    inside = (index >= -rim_voxels) & (index <= np.array(shape[:3]) - 1 + rim_voxels)
    return np.asarray(inside.all(axis=-1), dtype=bool)


def coverage(points: NDArray[Any], shape: Sequence[int], affine: Matrix) -> float:
    """Return the share of points (N, 3) [mm] that lie inside a volume."""
    return float(within(points, shape, affine, rim_voxels=0.5).mean())


def data_share(points: NDArray[Any], volume: NDArray[Any], affine: Matrix) -> float:
    """Return the share of points (N, 3) [mm] at which a volume holds data.

    Outside the volume, and where it is exactly zero (padding, a removed face), there is none.
    """
    index = np.rint(apply(np.linalg.inv(affine), points)).astype(int)
    inside = ((index >= 0) & (index < np.array(volume.shape[:3]))).all(axis=-1)
    held = volume[tuple(index[inside].T)] != 0
    return float(held.sum() / len(points))


def local_correlation(
    first: NDArray[Any], second: NDArray[Any], mask: Mask, *, width_voxels: int
) -> float:
    """Return the mean correlation of two volumes in the cubes around a mask's voxels.

    Folds of the cortex are a person's own: two scans of one person agree cube by cube whatever
    their gain and bias field, scans of two people do not, however well they are laid together.

    Parameters
    ----------
    first, second : ndarray of shape (X, Y, Z)
        Volumes on one grid.
    mask : ndarray of bool, shape (X, Y, Z)
        Voxels that count, as centres and within the cubes.
    width_voxels : int
        Edge of the cubes, odd [voxels].
    """
    weight = mask.astype(np.float64)
    share = np.maximum(ndimage.uniform_filter(weight, width_voxels), 1e-9)

    def mean(values: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(ndimage.uniform_filter(values * weight, width_voxels) / share)

    a, b = (volume - volume[mask].mean(dtype=np.float64) for volume in (first, second))
    spread = (mean(a * a) - mean(a) ** 2) * (mean(b * b) - mean(b) ** 2)
    # A cube without contrast agrees with nothing: the floor keeps rounding from saying otherwise.
    floor = (1e-3 * a[mask].std() * b[mask].std()) ** 2
    joint = mean(a * b) - mean(a) * mean(b)
    return float((joint / np.sqrt(np.maximum(spread, floor) + 1e-30))[mask].mean())


def dice(first: Mask, second: Mask) -> float:
    """Return Dice's overlap of two masks; NaN if both are empty."""
    total = int(first.sum()) + int(second.sum())
    return 2.0 * int((first & second).sum()) / total if total else float("nan")


def jacobian(field: NDArray[Any], affine: Matrix) -> NDArray[np.float32]:
    """Return the local volume change of a displacement field.

    Parameters
    ----------
    field : ndarray of shape (X, Y, Z, 3)
        Displacement in RAS+ [mm].
    affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm].

    Returns
    -------
    ndarray of shape (X, Y, Z)
        Determinant of the Jacobian matrix; 1 where nothing changes, negative where it folds.
    """
    per_mm = np.linalg.inv(affine[:3, :3]).astype(np.float32)
    matrix = np.empty((*field.shape[:3], 3, 3), dtype=np.float32)
    for row in range(3):
        along = np.stack(np.gradient(field[..., row]), axis=-1)
        matrix[..., row, :] = along @ per_mm
        matrix[..., row, row] += 1
    a, b, c = (matrix[..., row, :] for row in range(3))
    return np.asarray((a * np.cross(b, c)).sum(axis=-1), dtype=np.float32)
