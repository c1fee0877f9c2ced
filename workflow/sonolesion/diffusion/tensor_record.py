"""What the tensor's sidecar says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.diffusion.free_water import FreeWater
from sonolesion.diffusion.tensor_volume import TensorVolumes


def record(
    found: TensorVolumes,
    fluid: FreeWater,
    inside: NDArray[np.bool_],
    used: NDArray[np.bool_],
    *,
    fit: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the content of the sidecar; numbers are of the voxels of the mask."""
    fa, md = (found.maps[name][inside] for name in ("fa", "md"))
    return {
        "Units": {"md": "mm^2/s", "ad": "mm^2/s", "rd": "mm^2/s", "tensor": "mm^2/s"},
        "TensorElements": ["xx", "xy", "xz", "yy", "yz", "zz"],
        "TensorAxes": "RAS+ world",
        "Fit": f"weighted least squares of the logarithm, weights: {fit['weighting']}",
        "VolumesUsed": int(used.sum()),
        "Voxels": int(inside.sum()),
        "VoxelsNotPositiveDefinite": found.n_not_positive_definite,
        "VoxelsWithoutFit": found.n_without_fit,
        "MedianFA": float(np.nanmedian(fa)),
        "MedianMD": float(np.nanmedian(md)),
        "MedianResidual": float(np.nanmedian(found.maps["residual"][inside])),
        "FreeWater": {"Method": fluid.method, "Exploratory": fluid.exploratory},
    }
