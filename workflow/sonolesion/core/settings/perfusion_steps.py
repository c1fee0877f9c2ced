"""Settings of the perfusion stage's steps: head motion, regions, lesion."""

from __future__ import annotations

from sonolesion.core.settings import Section, key
from sonolesion.core.settings.rigid_series import RigidSeries


class HeadMotion(RigidSeries):
    """Rigid realignment of controls and labels, and of the M0 volumes."""

    bright_share: float = key(
        0.2, "Least signal of the head, as a share of the brightest.", source="chosen", gt=0, lt=1
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
