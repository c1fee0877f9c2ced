"""Settings of the atlases stage."""

from __future__ import annotations

from sonolesion.core.settings import Section, key

WORD = "^[a-z0-9_]+$"
CODINGS = "labels, probabilistic (4-D, percent), packed (RGBA), or masks (a folder, a file each)"


class OwnAtlas(Section):
    """An atlas of the user that atlases/atlases.tsv does not know."""

    name: str = key(..., "Its name in the tables.", pattern=WORD)
    file: str = key(..., "NIfTI file, or a folder of masks.")
    labels: str = key("", "Table of its labels: TSV, CSV, JSON or text.")
    space: str = key(..., "Template space, as in atlases/spaces.tsv.")
    coding: str = key(
        "labels", f"Coding: {CODINGS}.", pattern="^(labels|probabilistic|packed|masks)$"
    )
    licence: str = key("not stated", "Licence, for the report.")
    citation: str = key("not stated", "Publication, for the report.")


class Atlases(Section):
    """Which atlases are used, and how they are carried to a subject's acpc space."""

    used: list[str] = key(
        ["harvard_oxford", "juelich", "aal"], "Atlases that come with packages; see atlases.tsv."
    )
    files: dict[str, str] = key(
        {}, "Atlases of atlases.tsv that you supply: name → file, or folder of masks; used too."
    )
    own: tuple[OwnAtlas, ...] = key((), "Other atlases of yours; used too.")
    target: str = key("CL", "Target nucleus, a structure of structures.tsv and targets.tsv.")
    ellipsoid_ratio: tuple[float, float, float] = key(
        (1.0, 2.0, 1.5),
        "Semi-axes ML : AP : DV of the target where no atlas has it; the volume is published.",
        source="chosen: CL is a lamella, thin across and long from front to back",
    )
    box_low_mm: tuple[float, float, float] = key(
        (-36.0, -56.0, -28.0), "Lowest corner of the box that is carried.", unit="mm, acpc"
    )
    box_high_mm: tuple[float, float, float] = key(
        (36.0, 14.0, 36.0), "Its highest corner.", unit="mm, acpc"
    )
    samples_per_edge: int = key(
        2, "Points an edge of a voxel at which an atlas is read.", source="chosen", ge=1, le=4
    )
    min_inside: float = key(
        0.9, "Least share of an atlas inside the subject's brain; below, refused.",
        source="chosen: docs/atlases.md", ge=0, le=1,
    )  # fmt: skip
    reach_mm: float = key(
        15.0, "Regions within this distance of the plan are reported.",
        source="chosen: the thalamus and its borders", gt=0,
    )  # fmt: skip
    registration_sd_mm: float = key(
        1.0, "Error of the registration to the template, an axis (standard deviation).",
        source="chosen: docs/atlases.md", ge=0,
    )  # fmt: skip
    n_draws: int = key(400, "Displaced copies of the lesion.", source="chosen", ge=20)
    seed: int = key(1, "Seed of the displacements.", source="any", ge=0)
    interval: float = key(
        0.9, "Share of the displaced copies between low and high.", source="chosen", gt=0, lt=1
    )
    few_voxels: int = key(
        8, "A region of fewer voxels is below resolution.", source="chosen: 2 x 2 x 2", ge=1
    )
