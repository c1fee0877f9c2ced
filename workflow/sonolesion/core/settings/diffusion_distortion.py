"""Settings of the correction of echo-planar distortion."""

from __future__ import annotations

from sonolesion.core.settings import Section, key


class PairSearch(Section):
    """Search for the field between two opposite phase encodings."""

    levels_mm: tuple[float, ...] = key(
        (8.0, 4.0, 2.0),
        "Edges of the blocks of voxels, coarse to fine.",
        unit="mm",
        source="chosen: coarser blocks lay unlike contrast on the field (2 mm brain)",
        min_length=1,
    )
    stiffness: float = key(
        0.1,
        "Cost of a squared gradient of the displacement, against signal scaled to 1.",
        source="chosen on a 2 mm brain: agreement of both scans and with the T1w",
        gt=0,
    )
    barrier: float = key(
        0.05, "Cost of stretching and squeezing.", source="10.1088/0031-9155/57/18/5715", gt=0
    )
    n_rounds: int = key(
        3, "Alternations a level of field, gain and head position.", source="chosen", ge=1
    )
    n_steps: int = key(4, "Most Gauss-Newton steps a round.", source="chosen", ge=1)
    n_inner: int = key(12, "Conjugate-gradient steps in each.", source="chosen", ge=1)
    min_gain: float = key(
        0.01,
        "Share of the cost that a step must save for another to follow.",
        source="chosen",
        ge=0,
    )
    window_blocks: float = key(
        2.5,
        "Width of the Gaussian that smooths the gain between both scans [blocks].",
        source="chosen on a 2 mm brain",
        gt=0,
    )
    floor: float = key(
        0.05, "Signal, as a share of the tissue's, that tells no gain.", source="chosen", gt=0
    )


class ReferenceSearch(PairSearch):
    """Search for the displacement towards an undistorted scan of another contrast."""

    stiffness: float = key(
        0.5,
        "Cost of a squared gradient of the displacement.",
        source="chosen on a 2 mm brain",
        gt=0,
    )
    levels_mm: tuple[float, ...] = key(
        (4.0, 2.0),
        "Edges of the blocks of voxels, coarse to fine.",
        unit="mm",
        source="chosen on a 2 mm brain",
        min_length=1,
    )
    n_rounds: int = key(
        4, "Alternations a level of displacement and local intensities.", source="chosen", ge=1
    )
    window_blocks: float = key(
        2.5,
        "Width of the Gaussian window in which intensities are fitted [blocks].",
        source="chosen on a 2 mm brain",
        gt=0,
    )


class Distortion(Section):
    """Distortion along the phase-encoding axis."""

    pair: PairSearch = PairSearch()
    reference: ReferenceSearch = ReferenceSearch()
    min_motion_mm: float = key(
        0.3,
        "Head motion between both scans below which none is assumed.",
        unit="mm",
        source="chosen: a sixth of a voxel",
        ge=0,
    )
    map_smooth_mm: float = key(
        3.0, "Gaussian that smooths a B0 map in its mask.", unit="mm", source="chosen", gt=0
    )
    min_displacement_voxels: float = key(
        0.3,
        "Spread of displacements below which two scans had one polarity.",
        unit="voxel",
        source="chosen",
        gt=0,
    )
    min_share_explained: float = key(
        0.15,
        "Share of the difference of a pair that its field must take away.",
        source="chosen",
        ge=0,
        lt=1,
    )
    n_bins: int = key(48, "Bins of joint histograms along each axis.", source="chosen", ge=8)
    min_sign_advantage: float = key(
        5e-3,
        "Advantage in normalised mutual information that settles the sign of a field.",
        source="chosen",
        ge=0,
    )
    min_reference_advantage: float = key(
        1e-3,
        "Gain in normalised mutual information below which registration is refused.",
        source="chosen",
        ge=0,
    )
    min_map_advantage: float = key(
        0.0,
        "Gain in normalised mutual information below which a measured field is refused.",
        source="chosen: it is not fitted to the T1w, so that any gain bears it out",
        ge=0,
    )
    min_map_hz: float = key(
        25.0,
        "Field, from its median, from which a map is compared with a pair.",
        unit="Hz",
        source="chosen",
        gt=0,
    )
    min_map_correlation: float = key(
        0.2, "Correlation of both fields that tells the polarity.", source="chosen", gt=0, lt=1
    )
