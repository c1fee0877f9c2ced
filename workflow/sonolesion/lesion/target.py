"""Carry the planned target from the frame it was stated in to acpc millimetres.

acpc: origin at the anterior commissure, x right, y from PC to AC, z up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.errors import InputFault

Point = NDArray[np.float64]
# Direction in which a number grows → axis of RAS+ and sign.
DIRECTIONS = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}
DIMENSIONS = 3


def ras_from_axes(stated_mm: Sequence[float], *, axes: str, file: str) -> Point:
    """Turn coordinates whose numbers grow towards `axes` into RAS+.

    Parameters
    ----------
    stated_mm : sequence of 3 floats
        Coordinates [mm].
    axes : str
        One letter a number, such as ``"LPS"``.
    file : str
        What to name in errors.

    Raises
    ------
    InputFault
        If the letters don't name three different axes.
    """
    named = [DIRECTIONS.get(letter) for letter in axes]
    places = [place[0] for place in named if place]
    if len(stated_mm) != DIMENSIONS or sorted(places) != [0, 1, 2] or len(axes) != DIMENSIONS:
        raise InputFault(
            file=file,
            found=f"axes {axes!r} for {len(stated_mm)} numbers",
            expected="three letters such as RAS or LPS: where each number grows",
            remedy="fill in target_axes",
        )
    point = np.zeros(DIMENSIONS)
    for value, letter in zip(stated_mm, axes, strict=True):
        axis, sign = DIRECTIONS[letter]
        point[axis] = sign * value
    return point


def from_acpc(
    stated_mm: Sequence[float],
    *,
    origin: str,
    axes: str,
    ac_mm: Sequence[float],
    pc_mm: Sequence[float],
    file: str,
) -> Point:
    """Carry a target stated against AC, the mid-commissural point or PC to acpc [mm]."""
    ac, pc = np.asarray(ac_mm, dtype=float), np.asarray(pc_mm, dtype=float)
    origins = {"ac": ac, "mc": (ac + pc) / 2, "pc": pc}
    if origin not in origins:
        raise InputFault(
            file=file,
            found=f"origin {origin!r}",
            expected="ac, mc or pc (a wrong origin is a 12 mm error)",
            remedy="fill in target_origin",
        )
    return np.asarray(origins[origin] + ras_from_axes(stated_mm, axes=axes, file=file))


def from_scanner(
    stated_mm: Sequence[float], *, axes: str, scan_from_acpc: NDArray[np.float64], file: str
) -> Point:
    """Carry scanner millimetres of one scan to acpc [mm].

    `scan_from_acpc` is a 4 x 4 matrix that maps acpc points to points of that scan.
    """
    point = np.append(ras_from_axes(stated_mm, axes=axes, file=file), 1.0)
    return np.asarray(np.linalg.solve(scan_from_acpc, point)[:DIMENSIONS])


def from_mni(
    stated_mm: Sequence[float],
    *,
    space: str,
    warp: NDArray[np.floating[Any]],
    warp_affine: NDArray[np.float64],
    warp_space: str,
    file: str,
) -> Point:
    """Carry a point of a named template to acpc [mm] through the subject's warp.

    Parameters
    ----------
    stated_mm : sequence of 3 floats
        RAS+ coordinates in the template [mm].
    space, warp_space : str
        Template of the target and of the warp; they must be the same.
    warp : ndarray of shape (X, Y, Z, 3)
        Displacement from template points to acpc points [mm], on a grid of the template.
    warp_affine : ndarray of shape (4, 4)
        Voxels of that grid to template millimetres.

    Raises
    ------
    InputFault
        If the templates differ (they differ by millimetres), or the point is off the grid.
    """
    if space != warp_space:
        raise InputFault(
            file=file,
            found=f"a target in {space}",
            expected=f"a target in {warp_space}, the template the subject was registered to",
            remedy=f"state the target in {warp_space} or in acpc; templates differ by millimetres",
        )
    point = np.asarray(stated_mm, dtype=float)
    voxel = np.linalg.solve(warp_affine, np.append(point, 1.0))[:DIMENSIONS]
    if (voxel < 0).any() or (voxel > np.array(warp.shape[:DIMENSIONS]) - 1).any():
        raise InputFault(
            file=file,
            found=f"a target at {point.tolist()} mm",
            expected=f"a point inside the template {space}",
            remedy="mend the coordinates",
        )
    place = voxel[:, None]
    shift = [
        ndimage.map_coordinates(warp[..., axis], place, order=1)[0] for axis in range(DIMENSIONS)
    ]
    return np.asarray(point + np.array(shift))


def composed(
    first: NDArray[np.floating[Any]],
    first_affine: NDArray[np.float64],
    then: NDArray[np.floating[Any]],
    then_affine: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Return the warp that moves points by one warp and then by another.

    Parameters
    ----------
    first, then : ndarray of shape (X, Y, Z, 3) and (A, B, C, 3)
        Displacements [mm], RAS+.
    first_affine, then_affine : ndarray of shape (4, 4)
        Voxels of each grid to millimetres.

    Returns
    -------
    ndarray of shape (X, Y, Z, 3)
        Displacement [mm] on the grid of the first.
    """
    out = np.empty(first.shape, dtype=np.float32)
    inverse = np.linalg.inv(then_affine)
    # Slice by slice: the points of a whole grid would take several times the warp's memory.
    for plane in range(first.shape[0]):
        index = np.indices(first.shape[1:3])
        voxels = np.stack([np.full(index.shape[1:], plane), *index], axis=-1)
        points = voxels @ first_affine[:3, :3].T + first_affine[:3, 3] + first[plane]
        place = np.moveaxis(points @ inverse[:3, :3].T + inverse[:3, 3], -1, 0)
        for axis in range(DIMENSIONS):
            shift = ndimage.map_coordinates(then[..., axis], place, order=1, mode="nearest")
            out[plane, ..., axis] = first[plane, ..., axis] + shift
    return out


def require_frame(target: Mapping[str, Any], *, file: str) -> str:
    """Return the frame of a target; raise `InputFault` if it has none we know."""
    frame = target.get("frame")
    if frame not in {"acpc", "scanner", "mni"}:
        raise InputFault(
            file=file,
            found=f"frame {frame!r}",
            expected="acpc, scanner or mni: bare coordinates mean nothing",
            remedy="fill in target_frame in the table of interventions",
        )
    return str(frame)


@dataclass(frozen=True)
class Frames:
    """What leads from the frame of a plan to acpc; what the frame does not need is None.

    Attributes
    ----------
    landmarks : mapping
        ``ac_mm`` and ``pc_mm`` in acpc.
    scan_from_acpc : ndarray of shape (4, 4)
        acpc points to millimetres of the planning scan.
    warp, warp_affine : ndarray of shape (X, Y, Z, 3) and (4, 4)
        See `from_mni`.
    warp_space : str
        Template of the warp.
    """

    landmarks: Mapping[str, Any]
    scan_from_acpc: Point | None
    warp: NDArray[np.floating[Any]] | None
    warp_affine: Point | None
    warp_space: str

    @classmethod
    def of(
        cls, landmarks: Mapping[str, Any], scans: Sequence[Point], warps: Sequence[Any], space: str
    ) -> Frames:
        """Take the matrix of the scan and the warp (``data``, ``affine``), where there are any.

        The first warp is the subject's own, from its template to acpc; a second one leads from
        the template `space` to that one.
        """
        matrix = scans[0] if scans else None
        if not warps:
            return cls(landmarks, matrix, None, None, space)
        field, affine = warps[0].data, warps[0].affine
        for before in warps[1:]:
            field = composed(before.data, before.affine, field, affine)
            affine = before.affine
        return cls(landmarks, matrix, field, affine, space)


def in_acpc(
    stated_mm: Sequence[float], planned: Mapping[str, Any], frames: Frames, *, file: str
) -> Point:
    """Carry a point that is stated in the frame of a plan to acpc [mm].

    Raises
    ------
    InputFault
        If the plan has no known frame, or what the frame needs is missing.
    """
    frame = require_frame(planned, file=file)
    if frame == "acpc":
        return from_acpc(
            stated_mm, origin=planned["origin"], axes=planned["axes"],
            ac_mm=frames.landmarks["ac_mm"], pc_mm=frames.landmarks["pc_mm"], file=file,
        )  # fmt: skip
    if frame == "scanner" and frames.scan_from_acpc is not None:
        return from_scanner(
            stated_mm, axes=planned["axes"], scan_from_acpc=frames.scan_from_acpc, file=file
        )
    if frames.warp is None or frames.warp_affine is None:
        raise InputFault(
            file=file,
            found=f"frame {frame} without its transform",
            expected="the transform of the planning scan, or the warp",
            remedy="see why that step did not run",
        )
    return from_mni(
        stated_mm, space=planned["space"], warp=frames.warp, warp_affine=frames.warp_affine,
        warp_space=frames.warp_space, file=file,
    )  # fmt: skip
