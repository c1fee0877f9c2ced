"""The places of lesions, planned or made, that no seed, mean or noise mask of any visit takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.maths.points import moved

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


def spheres(
    targets_mm: Sequence[Sequence[float]],
    *,
    radius_mm: float,
    to_scan: Array,
    affine: Array,
    shape: tuple[int, ...],
) -> Flags:
    """Return the voxels within a radius of any planned target.

    Parameters
    ----------
    targets_mm : sequence of (x, y, z)
        Planned targets of all treatments of the patient, before or after this visit, acpc [mm].
    radius_mm : float
        Radius of the spheres [mm].
    to_scan : ndarray of shape (4, 4)
        Points of the acpc space to points of the scan.
    affine, shape
        Grid of the scan: voxel indices to RAS+ [mm].

    Notes
    -----
    The plan alone says where: what is found at later visits changes nothing at earlier ones.

    Examples
    --------
    >>> found = spheres([[2.0, 2.0, 2.0]], radius_mm=1.0, to_scan=np.eye(4), affine=np.eye(4),
    ...                 shape=(5, 5, 5))
    >>> int(found.sum())
    7
    """
    index = np.indices(shape[:3], dtype=np.float32).reshape(3, -1).T
    acpc = moved(index, np.linalg.inv(to_scan) @ affine)
    out = np.zeros(len(acpc), dtype=bool)
    for target in targets_mm:
        offset: NDArray[Any] = acpc - np.asarray(target, dtype=np.float32)
        out |= np.square(offset).sum(axis=1) <= radius_mm**2 + 1e-4
    return out.reshape(shape[:3])
