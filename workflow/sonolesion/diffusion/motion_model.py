"""Where a point of the reference lies in a moved volume with eddy currents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Array = NDArray[np.float64]

N_RIGID = 6
RIGID = ("trans_x_mm", "trans_y_mm", "trans_z_mm", "rot_x_rad", "rot_y_rad", "rot_z_rad")
LINEAR = ("eddy_i", "eddy_j", "eddy_k")
QUADRATIC = ("eddy_ii", "eddy_jj", "eddy_kk", "eddy_ij", "eddy_ik", "eddy_jk")
N_EDDY = {"none": 0, "linear": 3, "quadratic": 9}


@dataclass(frozen=True)
class Grid:
    """Grid on which volumes were measured.

    Attributes
    ----------
    shape : tuple of int
        (X, Y, Z).
    affine : ndarray of shape (4, 4)
        Voxel to world, RAS+ [mm].
    axis : int
        Voxel axis of the phase encoding.
    """

    shape: tuple[int, int, int]
    affine: Array
    axis: int

    @property
    def voxel_mm(self) -> Array:
        """Edges of a voxel [mm]."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0))

    @property
    def centre(self) -> Array:
        """Middle of the grid [voxel]; rotations and eddy fields are told about it."""
        return (np.array(self.shape, dtype=np.float64) - 1.0) / 2.0


def parameter_names(n_parameters: int) -> tuple[str, ...]:
    """Return the names of the columns of a parameter table, with units where they have one.

    ``eddy_i`` is the displacement along the phase-encoding axis per distance along the first
    voxel axis [mm/mm], ``eddy_ij`` that per product of distances [mm/mm²].

    Examples
    --------
    >>> parameter_names(9)[6:]
    ('eddy_i', 'eddy_j', 'eddy_k')
    """
    return (RIGID + LINEAR + QUADRATIC)[:n_parameters]


def rotation_of(parameters: Array) -> Array:
    """Return the (3, 3) rotation of reference into volume, world axes."""
    return np.asarray(Rotation.from_rotvec(parameters[3:N_RIGID]).as_matrix())


def eddy_basis(distance_mm: Array, n_terms: int) -> Array:
    """Return the terms of the eddy field at points.

    Parameters
    ----------
    distance_mm : ndarray of shape (3, P)
        Distance from the middle of the grid along the voxel axes [mm].
    n_terms : int
        0, 3 (linear) or 9 (quadratic).

    Returns
    -------
    ndarray of shape (n_terms, P)
    """
    i, j, k = distance_mm
    terms = [i, j, k, i * i, j * j, k * k, i * j, i * k, j * k] if n_terms > 3 else [i, j, k]
    return np.array(terms[:n_terms]).reshape(n_terms, i.size)


def eddy_slope(distance_mm: Array, n_terms: int, axis: int) -> Array:
    """Return the derivative of `eddy_basis` along the phase-encoding axis, (n_terms, P)."""
    i, j, k = distance_mm
    zero, one = np.zeros_like(i), np.ones_like(i)
    rows = [np.broadcast_to(one if axis == n else zero, i.shape) for n in range(3)]
    if n_terms > 3:
        rows += [2 * u if axis == n else zero for n, u in enumerate((i, j, k))]
        for first, second in ((0, 1), (0, 2), (1, 2)):
            other = {first: second, second: first}.get(axis)
            rows.append(zero if other is None else distance_mm[other])
    return np.array(rows[:n_terms]).reshape(n_terms, i.size)


def moved(parameters: Array, points: Array, grid: Grid) -> Array:
    """Return the rigidly moved points, (3, P) [voxel], without eddy currents."""
    world = grid.affine[:3, :3]
    turned = np.linalg.solve(world, rotation_of(parameters) @ world)
    step = np.linalg.solve(world, parameters[:3])
    centre = grid.centre[:, None]
    return np.asarray(turned @ (points - centre) + centre + step[:, None])


def place(parameters: Array, points: Array, grid: Grid) -> tuple[Array, Array]:
    """Return where points of the reference lie in a volume.

    Parameters
    ----------
    parameters : ndarray of shape (6 + E,)
        Translation [mm] and rotation vector [rad] (world axes, about the middle of the grid)
        of reference into volume, then E = 0, 3 or 9 terms of the eddy field.
    points : ndarray of shape (3, P)
        Points of the reference [voxel].
    grid : Grid
        Grid of the volume.

    Returns
    -------
    places : ndarray of shape (3, P)
        In the volume [voxel].
    jacobian : ndarray of shape (P,)
        By how much the eddy field stretches there; the signal is multiplied by it.

    Notes
    -----
    The head moves as a rigid body; in the moved position the residual field of the eddy currents
    displaces the signal along the phase-encoding axis by a polynomial of first or second order:
    scale and shears (Jezzard et al. 1998, doi:10.1002/mrm.1910390518), and quadratic terms (Rohde
    et al. 2004, doi:10.1002/mrm.10677). Its constant can't be told from a translation, and
    is part of that. Signal is conserved: ``S(x) = S_measured(x + d) (1 + dd/dx)``.
    """
    voxel = moved(parameters, points, grid)
    eddy = parameters[N_RIGID:]
    jacobian = np.ones(voxel.shape[1])
    if not eddy.any():
        return voxel, jacobian
    distance = (voxel - grid.centre[:, None]) * grid.voxel_mm[:, None]
    jacobian += eddy @ eddy_slope(distance, eddy.size, grid.axis)
    voxel[grid.axis] += eddy @ eddy_basis(distance, eddy.size) / grid.voxel_mm[grid.axis]
    return voxel, jacobian


def coordinates(
    parameters: Array,
    shape: tuple[int, int, int],
    affine: Array,
    *,
    axis: int,
    shift_voxels: NDArray[Any] | None = None,
) -> tuple[Array, Array]:
    """Return sampling points that undo everything in one interpolation.

    Parameters
    ----------
    parameters : ndarray of shape (6 + E,)
        As for `place`.
    shape, affine
        Grid of the volumes, (X, Y, Z) and (4, 4).
    axis : int
        Voxel axis of the phase encoding.
    shift_voxels : ndarray of shape (X, Y, Z), optional
        Where the field of the susceptibility shows a point of the undistorted reference: its
        shift along `axis` in the measured reference [voxel], sign and readout time included.

    Returns
    -------
    places : ndarray of shape (3, X, Y, Z)
        Where to sample the volume [voxel].
    jacobian : ndarray of shape (X, Y, Z)
        By which the sample is multiplied.

    Notes
    -----
    Motion was told between distorted volumes, so that the shift comes first, then the motion,
    then the eddy field. ASSUME: the shift turns with the head.
    """
    grid = Grid(shape, np.asarray(affine, dtype=np.float64), axis)
    points = np.indices(shape, dtype=np.float64).reshape(3, -1)
    stretch: Any = 1.0
    if shift_voxels is not None:
        points[axis] += np.asarray(shift_voxels, dtype=np.float64).ravel()
        stretch = 1.0 + np.gradient(np.asarray(shift_voxels, np.float64), axis=axis)
    places, jacobian = place(parameters, points, grid)
    return places.reshape(3, *shape), jacobian.reshape(shape) * stretch


def rotate_vectors(vectors: Array, parameters: Array) -> Array:
    """Return the directions as the head in the reference position sees them.

    Parameters
    ----------
    vectors : ndarray of shape (N, 3)
        Directions on world axes; zeros stay zeros.
    parameters : ndarray of shape (N, 6 + E)
        As for `place`, one row a volume.

    Notes
    -----
    The rotation takes reference into volume, so that the vectors turn back by it (Leemans &
    Jones 2009, doi:10.1002/mrm.21890). Eddy currents don't turn them.
    """
    turn = Rotation.from_rotvec(np.asarray(parameters)[:, 3:N_RIGID])
    return np.asarray(turn.inv().apply(vectors), dtype=np.float64)


def compose(parameters: Array, before: Array) -> Array:
    """Return the parameters of a volume after its reference was moved by a rigid motion.

    Parameters
    ----------
    parameters : ndarray of shape (6 + E,)
        Old reference into volume.
    before : ndarray of shape (6,)
        New reference into old one, as for `place`; both turn about the same centre.
    """
    first, then = rotation_of(before), rotation_of(parameters)
    step = then @ before[:3] + parameters[:3]
    turn = Rotation.from_matrix(then @ first).as_rotvec()
    return np.concatenate([step, turn, parameters[N_RIGID:]])


def inverse(parameters: Array) -> Array:
    """Return the rigid motion that undoes that of the first six parameters."""
    back = rotation_of(parameters).T
    return np.concatenate([-back @ parameters[:3], -parameters[3:N_RIGID]])
