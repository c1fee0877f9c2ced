"""Settings of the perfusion stage's steps: head motion, regions, lesion."""

from __future__ import annotations

from typing import Literal

from sonolesion.core.settings import Section, key


class HeadMotion(Section):
    """Rigid realignment of controls and labels, and of the M0 volumes."""

    fwhm_mm: tuple[float, float] = key(
        (8.0, 5.0), "Smoothing of the first and second pass.", unit="mm", source="SPM12, realign"
    )
    n_points: int = key(40_000, "Points of the head that are looked at.", source="chosen", ge=1000)
    margin_mm: float = key(4.0, "Growth of the head's mask.", unit="mm", source="chosen", ge=0)
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
    bright_share: float = key(
        0.2, "Least signal of the head, as a share of the brightest.", source="chosen", gt=0, lt=1
    )
    order: Literal[1, 3] = key(
        3, "Degree of the splines of the one interpolation.", source="10.1109/42.875199"
    )
    head_radius_mm: float = key(
        50.0,
        "Ball on which rotations count as displacement.",
        unit="mm",
        source="10.1016/j.neuroimage.2011.10.018",
        gt=0,
    )


class PerfusionRegions(Section):
    """Medians in tissue and atlas regions."""

    min_tissue: float = key(
        0.7,
        "Least probability of a voxel of grey or white matter: at 4 mm few reach 0.9.",
        source="chosen",
        gt=0,
        le=1,
    )
    min_share: float = key(
        0.5, "Least share of a voxel that lies in an atlas region.", source="chosen", gt=0, le=1
    )
    few_voxels: int = key(
        8, "A region of fewer voxels is below resolution.", source="chosen: 2 x 2 x 2", ge=1
    )
    every_region: bool = key(
        True, "Tell every region of the atlases, not only the known structures."
    )


class PerfusionLesion(Section):
    """Medians in the zones of a lesion, around it, and at the mirrored place."""

    min_share: float = key(
        0.5, "Least share of a voxel that lies in a zone.", source="chosen", gt=0, le=1
    )
    ring_mm: float = key(
        5.0,
        "Thickness of the tissue around all zones that is told apart.",
        unit="mm",
        source="chosen: two voxels of a perfusion scan",
        gt=0,
    )
    few_voxels: int = key(
        8, "A zone of fewer voxels is below resolution.", source="chosen: 2 x 2 x 2", ge=1
    )
