"""Settings of the connectome: parcels, streamlines of the whole brain, normative tractogram."""

from __future__ import annotations

from sonolesion.core.settings import Section, key


class Normative(Section):
    """A tractogram of healthy brains that you supply."""

    tractogram: str = key(
        "", "A .trx, .tck or .trk file in millimetres of MNI152NLin2009cAsym, absolute or in the "
        "output folder; empty: none.",
    )  # fmt: skip
    max_streamlines: int = key(
        200_000, "Of more streamlines every n-th is taken.",
        source="chosen: memory of a laptop", ge=1000,
    )  # fmt: skip
    max_outside: float = key(
        0.05, "Largest share of its points outside the brain; above, it is of another space.",
        source="chosen: docs/tracts.md, 1 % in place, 10 % off by 20 mm", gt=0, lt=1,
    )  # fmt: skip


class Connectome(Section):
    """Connections between parcels, before and with the lesion."""

    atlas: str = key("harvard_oxford", "Atlas of the parcels, one of those in use.")
    left_out: tuple[str, ...] = key(
        ("Lateral_Ventrical", "Lateral_Ventricle", "Cerebral_White_Matter", "Cerebral_Cortex"),
        "Its regions that are no parcels, by name without side.",
    )
    relays: tuple[str, ...] = key(
        ("Thalamus",), "Parcels in which fibres end though streamlines run through."
    )
    relay_mm: float = key(
        6.0, "Way inside a relay from which a streamline is parted there.", unit="mm",
        source="chosen", gt=0,
    )  # fmt: skip
    relay_depth_mm: float = key(
        2.0, "Margin of a relay that does not count: the internal capsule touches the thalamus.",
        unit="mm", source="chosen: a voxel", ge=0,
    )  # fmt: skip
    spacing_mm: float = key(
        2.0, "Grid of the parcels and of the map.", unit="mm", source="chosen", gt=0
    )
    radius_mm: float = key(
        4.0, "Reach of the search from an end to a parcel.", unit="mm",
        source="default of MRtrix3, 10.1016/j.neuroimage.2019.116137", gt=0,
    )  # fmt: skip
    border_share: float = key(
        0.2, "Share of white and of grey matter from which a voxel is their border.",
        source="chosen", gt=0, le=0.5,
    )  # fmt: skip
    border_voxels: int = key(1000, "Fewer are no border of a brain.", source="chosen", ge=1)
    n_seeds: int = key(
        40_000, "Seeds in the border.", source="chosen: half a minute of one core", ge=100
    )
    n_scans: int = key(
        2, "Tractograms from resampled scans, each with its own tracking seed; with 0 the "
        "interval holds no noise of the scan.", source="chosen: 15 s of one core each", ge=0,
    )  # fmt: skip
    normative: Normative = Normative()
