"""Settings of what is told of denoised resting-state series."""

from __future__ import annotations

from typing import Literal

from sonolesion.core.settings import Section, key


class ActivityMaps(Section):
    """ALFF and fALFF, of series that were not band-passed."""

    low_hz: float = key(
        0.01, "Lower end of the band.", unit="Hz", source="10.1016/j.braindev.2006.07.002", gt=0
    )
    high_hz: float = key(
        0.08, "Upper end of the band.", unit="Hz", source="10.1016/j.braindev.2006.07.002", gt=0
    )
    highest_hz: float | None = key(
        None,
        "Highest frequency that fALFF counts; null goes to half the sampling rate.",
        unit="Hz",
        source="10.1016/j.jneumeth.2008.04.012",
    )
    gaps: Literal["interpolate", "lomb_scargle"] = key(
        "lomb_scargle",
        "Censored frames: filled by straight lines, or amplitudes fitted to the frames kept.",
    )
    max_median_falff: float = key(
        0.7,
        "Median fALFF from which series count as band-passed before.",
        source="chosen on simulated series: white 0.2 to 0.3, amplitudes as 1/f 0.4 to 0.6, "
        "band-passed 0.72 to 0.99",
        gt=0,
        le=1,
    )


class Homogeneity(Section):
    """ReHo, of series that were not smoothed."""

    neighbours: Literal[7, 19, 27] = key(
        27,
        "Voxels of a neighbourhood: by faces, edges or corners.",
        source="10.1016/j.neuroimage.2003.12.030",
    )
    min_neighbours: int = key(
        14,
        "Fewest of them in the brain; with few, W is high by chance.",
        source="chosen: more than half of 27",
        ge=2,
    )


class Connectivity(Section):
    """Parcels and how they go together."""

    atlas: str = key("harvard_oxford", "Atlas in use whose regions are parcels.")
    left_out: tuple[str, ...] = key(
        ("Cerebral_White_Matter", "Cerebral_Cortex", "Lateral_Ventricle", "Lateral_Ventrical"),
        "Its regions that are no parcels, without side.",
    )
    region_share: float = key(
        0.25,
        "Least probability of a parcel of an atlas of probabilities.",
        source="as the maps at 25 % that come with Harvard-Oxford",
        gt=0,
        le=1,
    )
    coordinates: tuple[Literal["power", "dosenbach"], ...] = key(
        ("power", "dosenbach"), "Sets of spheres whose matrices are made too."
    )
    sphere_radius_mm: float = key(
        5.0, "Radius of their spheres.", unit="mm", source="10.1016/j.neuron.2011.09.006", gt=0
    )
    min_coverage: float = key(
        0.5,
        "Least share of a parcel in the brain, outside the exclusion mask, with signal.",
        source="chosen",
        gt=0,
        le=1,
    )
    min_share: float = key(
        0.5, "Least share of a voxel that lies in a parcel.", source="chosen", gt=0, le=1
    )


class SeedMaps(Section):
    """Maps of what goes with spheres of ``atlases/seeds.tsv``."""

    names: tuple[str, ...] = key((), "Seeds that are mapped; empty takes every one of the table.")
    fwhm_mm: float = key(
        5.0,
        "Smoothing of the series before seeds, lags and the lesion's network are mapped.",
        unit="mm",
        source="chosen: two voxels",
        ge=0,
    )
    target_radius_mm: float = key(
        4.0,
        "Radius of the sphere at the target nucleus, on either side.",
        unit="mm",
        source="chosen: a ball of 268 mm³ lies within the published 360 mm³",
        gt=0,
    )
    min_coverage: float = key(
        0.5, "Least share of a sphere that is covered.", source="chosen", gt=0, le=1
    )


class LagMap(Section):
    """Haemodynamic lag against the grey matter's mean."""

    limit_s: float = key(
        8.0, "Longest lag, earlier or later.", unit="s", source="chosen: 10.1177/0271678X15614846"
    )
    min_correlation: float = key(
        0.2, "Least correlation of a peak.", source="chosen: 5 % by chance of 70 frames", ge=0, lt=1
    )
    min_grey: float = key(
        0.5, "Least probability of grey matter of a reference voxel.", source="chosen", gt=0, le=1
    )


class LesionNetwork(Section):
    """What the lesion's place went together with at the baseline."""

    min_voxels: float = key(
        2.0, "Fewest voxels of the scan that the lesion takes.", source="chosen", gt=0
    )
    normative: str = key(
        "",
        "Folder with a denoised 4-D series of each of at least two healthy people, all on one "
        "grid, absolute or in the output folder; empty: none.",
    )
    normative_space: Literal["MNI152NLin2009cAsym", "MNI152NLin6Asym"] = key(
        "MNI152NLin2009cAsym", "Template that these series lie in."
    )


class QcFcNull(Section):
    """Motion against connectivity over the study."""

    min_participants: int = key(8, "Fewest participants that are judged.", source="chosen", ge=4)
    n_permutations: int = key(1000, "Permutations of motion.", source="chosen", ge=99)
    quantile: float = key(
        0.95, "Quantile of the null that is its limit.", source="chosen", gt=0.5, lt=1
    )
    seed: int = key(0, "Seed of the permutations.", source="chosen", ge=0)
