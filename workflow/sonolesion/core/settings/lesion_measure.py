"""Settings of what is measured of a lesion, of corrected masks and of learned models."""

from __future__ import annotations

from pydantic import model_validator

from sonolesion.core.settings import Section, key


class Ventricle(Section):
    """Where the wall of the third ventricle is looked for, on the baseline's fluid."""

    slab_mm: float = key(
        2.0, "Half the depth and height of the rows looked at.", unit="mm", source="chosen", gt=0
    )
    reach_mm: float = key(
        8.0,
        "Largest distance of the ventricle's fluid from the midline.",
        unit="mm",
        source="chosen: the third ventricle is seldom wider than 12 mm",
        gt=0,
    )
    drop_mm: float = key(
        8.0,
        "How far below a level without ventricle its wall is still looked for.",
        unit="mm",
        source="chosen: a target above the roof still has its ventricle below it",
        ge=0,
    )
    min_fluid: float = key(
        0.4,
        "Least fluid at the middle of a row through the ventricle, which can be thinner than a "
        "voxel.",
        source="chosen",
        gt=0,
        le=1,
    )
    edge_fluid: float = key(
        0.1, "Fluid below which a row has left the ventricle.", source="chosen", gt=0, lt=1
    )
    min_rows: int = key(
        5, "Least number of rows that show it: a fifth of the slab.", source="chosen", ge=1
    )


class Measure(Section):
    """What is measured of the zones."""

    few_voxels: int = key(
        8, "A region of fewer voxels of the acpc grid has no shape.", source="chosen", ge=4
    )
    few_native_voxels: float = key(
        8.0,
        "A region below the volume of so many voxels as acquired is flagged below resolution.",
        source="chosen: two voxels each way",
        gt=0,
    )
    surface_tolerance_mm: float = key(
        1.0,
        "Distance of two outlines that still counts as agreement.",
        unit="mm",
        source="chosen: one voxel of the grid",
        gt=0,
    )
    sonication_foci: bool = key(
        False,
        "Also measure the distance from the sonicated foci. Only where nobody is blind: the "
        "table of sonications tells who was treated.",
    )
    ventricle: Ventricle = Ventricle()


class Learned(Section):
    """A segmentation model of yours, in ONNX, run instead of the built-in segmentation."""

    model: str = key("", "ONNX file, absolute or in the output folder; empty: built-in method.")
    inputs: tuple[str, ...] = key(
        ("visit/T1w", "baseline/T1w"),
        "Channels in order: visit or baseline, a slash, the contrast.",
        min_length=1,
    )
    spacing_mm: float = key(
        1.0, "Voxel edge the model wants.", unit="mm", source="as the model was trained", gt=0
    )
    box_voxels: tuple[int, int, int] = key(
        (64, 64, 64), "Voxels of the box round the plan, along acpc x, y, z.", source="as trained"
    )
    normalisation: str = key(
        "zscore",
        "Of each channel: zscore (mean 0, deviation 1 over the brain in the box), median (over "
        "the brain's median in the box) or none.",
        pattern="^(zscore|median|none)$",
    )
    output: str = key(
        "softmax",
        "What the model returns: probability, or logits to pass through sigmoid or softmax.",
        pattern="^(probability|sigmoid|softmax)$",
    )
    lesion_channels: tuple[int, ...] = key(
        (1,), "Channels of the output that make zones I and II together.", min_length=1
    )
    core_channels: tuple[int, ...] = key((), "Channels that make zone I; empty if it is not told.")
    oedema_channels: tuple[int, ...] = key((), "Channels that make zone III; empty if not told.")

    @model_validator(mode="after")
    def check(self) -> Learned:
        """Refuse channels that say nothing, and boxes of no size."""
        for name in self.inputs:
            when, _, contrast = name.partition("/")
            if when not in {"visit", "baseline"} or not contrast:
                raise ValueError(f"input {name!r}: write visit/T1w or baseline/T1w")
        if min(self.box_voxels) < 1:
            raise ValueError("box_voxels needs three positive numbers")
        return self
