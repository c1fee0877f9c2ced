"""How the voxels of a scan, as acquired, lie in AC–PC space."""

from __future__ import annotations

import numpy as np

from sonolesion.anatomy.geometry import Matrix


def placement(matrix: Matrix, native_affine: Matrix, *, order: int) -> dict[str, object]:
    """Return what the lesion stage needs to model partial volume and interpolation.

    Parameters
    ----------
    matrix : ndarray of shape (4, 4)
        AC–PC points to points of the scan.
    native_affine : ndarray of shape (4, 4)
        The scan's own grid.
    order : int
        Spline by which the scan was interpolated.

    Returns
    -------
    dict
        ``VoxelToAcpcMm``: 4 x 4, voxel indices of the scan to AC–PC points [mm];
        ``InterpolationOrder``; ``SkullStripped``.

    Examples
    --------
    >>> placement(np.eye(4), np.diag([0.5, 0.5, 3.0, 1.0]), order=1)["VoxelToAcpcMm"][2]
    [0.0, 0.0, 3.0, 0.0]
    """
    # Adding 0 turns -0.0 into 0.0.
    grid = np.linalg.solve(matrix, native_affine).round(6) + 0.0
    return {
        "VoxelToAcpcMm": [[float(value) for value in row] for row in grid],
        "InterpolationOrder": order,
        "SkullStripped": False,
    }
