"""Settings of the diffusion tensor and of free water."""

from __future__ import annotations

from typing import Literal

from sonolesion.core.settings import Section, key


class DiffusionTensor(Section):
    """Fit of the diffusion tensor."""

    weighting: Literal["ols_prediction", "signal"] = key(
        "ols_prediction",
        "Weights: squares of the signal that unweighted least squares predicts, or of the "
        "measured signal.",
        source="10.1016/j.neuroimage.2013.05.028",
    )
    min_signal: float = key(
        1e-3,
        "Signals below this count as this much, so that they have a logarithm; a voxel without a "
        "higher one is NaN.",
        unit="unit of the image",
        source="chosen: below the smallest step of an integer image",
        gt=0,
    )


class FreeWater(Section):
    """Fraction of free water, exploratory if there is one shell."""

    water_mm2_s: float = key(
        3e-3, "Diffusivity of water at 37 °C.", unit="mm²/s", source="10.1002/mrm.22055", gt=0
    )
    tissue_mm2_s: float = key(
        6e-4,
        "Mean diffusivity that tissue is taken to have if there is one shell.",
        unit="mm²/s",
        source="10.1002/mrm.22055",
        gt=0,
    )
    max_fraction: float = key(1.0, "Largest fraction that is told.", source="chosen", gt=0, le=1)
    n_levels: int = key(
        21, "Fractions that are tried if there are several shells.", source="chosen", ge=3
    )
