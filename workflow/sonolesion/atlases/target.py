"""The target nucleus where no atlas has it: an ellipsoid of the published centre and volume."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def semi_axes_mm(volume_mm3: float, ratio: Sequence[float]) -> NDArray[np.float64]:
    """Return the semi-axes [mm] of an ellipsoid of a volume [mm³], in the given proportion.

    Examples
    --------
    >>> semi_axes_mm(4 / 3 * np.pi * 6, (1, 2, 3)).round(6).tolist()
    [1.0, 2.0, 3.0]
    """
    proportion = np.asarray(ratio, dtype=float)
    scale = (3.0 * volume_mm3 / (4.0 * np.pi * proportion.prod())) ** (1.0 / 3.0)
    return np.asarray(scale * proportion)


def ellipsoid(
    centre_mm: Sequence[float], *, volume_mm3: float, ratio: Sequence[float], spacing_mm: float
) -> tuple[NDArray[np.float32], Matrix]:
    """Return an ellipsoid with axes along the space's as a volume of zeros and ones.

    Parameters
    ----------
    centre_mm : sequence of 3 floats
        Centre in the template [mm].
    volume_mm3 : float
        Volume [mm³].
    ratio : sequence of 3 floats
        Proportion of the semi-axes.
    spacing_mm : float
        Edge of a voxel [mm].

    Returns
    -------
    volume : ndarray of shape (X, Y, Z)
    affine : ndarray of shape (4, 4)
        Voxel indices to template millimetres.
    """
    axes = semi_axes_mm(volume_mm3, ratio)
    half = np.ceil(axes / spacing_mm).astype(int) + 1
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = np.asarray(centre_mm, dtype=float) - half * spacing_mm
    index = np.indices(tuple(2 * half + 1))
    offset = (index - half[:, None, None, None]) * spacing_mm
    inside = ((offset / axes[:, None, None, None]) ** 2).sum(axis=0) <= 1.0
    return inside.astype(np.float32), affine
