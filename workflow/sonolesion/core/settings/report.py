"""Settings of the report stage."""

from __future__ import annotations

from sonolesion.core.settings import Section, key


class Report(Section):
    """How the pages look."""

    half_width_mm: float = key(
        36.0,
        "Half the edge of the pictures around the lesion.",
        unit="mm",
        source="chosen: both thalami and the third ventricle are in view",
        gt=5,
        le=120,
    )
    pixel_mm: float = key(
        0.5,
        "Edge of a pixel of those pictures.",
        unit="mm",
        source="chosen: twice as fine as the acpc grid, so that they print smoothly",
        ge=0.25,
        le=2,
    )
    picture_quality: int = key(
        72,
        "WebP quality of all pictures; lower makes smaller pages.",
        source="chosen by looking: no visible blocks, and six visits stay under 3 MB",
        ge=30,
        le=100,
    )
    check_width_px: int = key(
        900,
        "Width to which the pictures of the quality gates are reduced.",
        unit="px",
        source="chosen: contours stay legible in print",
        ge=300,
        le=2000,
    )
    panel_width_px: int = key(
        1200,
        "Width to which the pictures of atlas regions and of change away from the plan are "
        "reduced.",
        unit="px",
        source="chosen: a cluster of a few voxels can be made out on a wide screen",
        ge=300,
        le=3000,
    )
    radiological: bool = key(
        True,
        "Show the patient's left on the right of axial and coronal pictures.",
        source="custom of clinical readers",
    )
