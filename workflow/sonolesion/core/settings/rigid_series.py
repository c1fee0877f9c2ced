"""Settings of a series that is laid on itself, volume by volume."""

from __future__ import annotations

from typing import Literal

from sonolesion.core.settings import Section, key


class RigidSeries(Section):
    """Rigid realignment in two passes, and one interpolation."""

    first_fwhm_mm: float = key(
        8.0, "Smoothing of the first pass.", unit="mm", source="SPM12, realign", gt=0
    )
    second_fwhm_mm: float = key(
        5.0, "Smoothing of the second pass.", unit="mm", source="SPM12, realign", gt=0
    )
    n_points: int = key(40_000, "Points of the head that are looked at.", source="chosen", ge=1000)
    margin_mm: float = key(4.0, "Growth of the mask.", unit="mm", source="chosen", ge=0)
    n_iterations: int = key(20, "Most steps of a volume in a pass.", source="chosen", ge=1)
    tolerance_mm: float = key(
        0.005, "Displacement below which a volume has arrived.", unit="mm", source="chosen", gt=0
    )
    huber: float = key(
        1.345,
        "Residual from which on a point counts less.",
        unit="robust standard deviations",
        source="10.1214/aoms/1177703732",
        gt=0,
    )
    order: Literal[1, 3] = key(
        3, "Degree of the splines of the one interpolation.", source="10.1109/42.875199"
    )
