"""What kernels ask of an image: voxels, and where they lie."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Placed(Protocol):
    """A volume with the matrix that places its voxels."""

    @property
    def data(self) -> NDArray[Any]:
        """Voxels."""

    @property
    def affine(self) -> NDArray[np.float64]:
        """Voxel indices to RAS+ [mm]."""
