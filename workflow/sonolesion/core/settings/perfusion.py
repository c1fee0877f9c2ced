"""Settings of the perfusion stage: constants of the equations, calibration, corrections, limits."""

from __future__ import annotations

from typing import Literal

from sonolesion.core.settings import Section, key
from sonolesion.core.settings.perfusion_steps import (
    HeadMotion,
    PerfusionLesion,
    PerfusionRegions,
)

CONSENSUS = "10.1002/mrm.25197"
GE = "GE 3D ASL product, as its users published it"


class Constants(Section):
    """Constants of blood and tissue."""

    blood_t1_s: dict[str, float] = key(
        {"1.5": 1.35, "3": 1.65},
        "T1 of arterial blood at each field [T].",
        unit="s",
        source=CONSENSUS,
    )
    partition_ml_g: float = key(
        0.9, "Blood-brain partition coefficient of water.", unit="mL/g", source=CONSENSUS, gt=0
    )
    grey_t1_s: float = key(
        1.33,
        "T1 of grey matter at 3 T: recovery of M0, and grey matter of the kinetic model.",
        unit="s",
        source="10.1002/(SICI)1522-2586(199904)9:4<531::AID-JMRI4>3.0.CO;2-L",
        gt=0,
    )
    white_t1_s: float = key(
        0.83,
        "T1 of white matter at 3 T, in the kinetic model.",
        unit="s",
        source="10.1002/(SICI)1522-2586(199904)9:4<531::AID-JMRI4>3.0.CO;2-L",
        gt=0,
    )


class Labelling(Section):
    """Share of the blood that labelling and background suppression leave inverted."""

    efficiency: dict[str, float] = key(
        {"PCASL": 0.85, "PASL": 0.98},
        "Labelling alone, where the sidecar has no LabelingEfficiency.",
        source=CONSENSUS,
    )
    pulse_efficiency: float = key(
        0.95,
        "What a pulse of background suppression leaves.",
        source="10.1002/mrm.20556",
        gt=0,
        le=1,
    )
    suppression_pulses: int | None = key(
        None,
        "Pulses of background suppression of the protocol, where the sidecar doesn't tell them.",
        ge=0,
    )
    total_efficiency: float | None = key(
        None,
        "Labelling and background suppression together; counts before all else.",
        gt=0,
        le=1,
    )
    max_time_s: float = key(
        20.0,
        "Longest believable delay or duration; a longer one is in milliseconds.",
        unit="s",
        source="chosen",
        gt=0,
    )


class GeProduct(Section):
    """GE's product equation, of perfusion-weighted over proton-density image."""

    efficiency: float = key(
        0.6, "Labelling and background suppression together.", source=GE, gt=0, le=1
    )
    blood_t1_s: float = key(1.6, "T1 of blood.", unit="s", source=GE, gt=0)
    tissue_t1_s: float = key(
        1.2, "T1 of tissue in the proton-density image.", unit="s", source=GE, gt=0
    )
    saturation_s: float = key(
        2.0, "Recovery of the proton-density image after saturation.", unit="s", source=GE, gt=0
    )
    scale: float = key(32.0, "Amplification of the perfusion-weighted image.", source=GE, gt=0)
    n_excitations: float | None = key(
        None,
        "NEX of the protocol, which GE sums; needed for this equation, never guessed.",
        gt=0,
    )


class Calibration(Section):
    """M0 of tissue."""

    m0_scale: float = key(
        1.0, "Factor that brings M0 to the scale of the differences.", source="same scan", gt=0
    )
    max_recovery_s: float = key(
        60.0,
        "Longest believable repetition time of an M0 scan; a longer one is in milliseconds.",
        unit="s",
        source="chosen",
        gt=0,
    )
    header_tolerance: float = key(
        0.02,
        "Relative difference of the header's time between volumes from whole repetition times.",
        source="chosen",
        gt=0,
        lt=0.5,
    )
    min_m0_share: float = key(
        0.1,
        "Least M0, as a share of its median in the brain, by which anything is divided.",
        source="chosen",
        ge=0,
        lt=1,
    )


class DelayFitting(Section):
    """Flow and transit time from several delays."""

    transit_range_s: tuple[float, float] = key(
        (0.1, 3.0), "Transit times that are searched.", unit="s", source="10.1002/mrm.23103"
    )
    grid_step_s: float = key(0.1, "Step of the first search.", unit="s", source="chosen", gt=0)
    tolerance_s: float = key(
        1e-4, "Width at which the second search ends.", unit="s", source="chosen", gt=0
    )
    n_rounds: int = key(
        3, "Rounds in which outflow is set from the flow found.", source="chosen", ge=1
    )
    fwhm_mm: float = key(
        12.0,
        "Surroundings that tell a transit time where a voxel's own signal doesn't.",
        unit="mm",
        source="chosen by docs/perfusion.md; transit times hold little detail, 10.1002/mrm.23103",
        ge=0,
    )
    transit_sd_s: float = key(
        0.1,
        "Spread of transit times about those of their surroundings.",
        unit="s",
        source="chosen by docs/perfusion.md; BASIL takes 0.316 about one number for the brain",
        gt=0,
    )


class OutlierVolumes(Section):
    """Difference volumes that are left out."""

    reject: bool = key(True, "Leave out volumes that spoil the mean.", source="10.1002/jmri.25436")
    min_probability: float = key(
        0.7,
        "Least probability of a voxel of a tissue.",
        source="10.1038/s41592-022-01458-7, smoothed maps; 0.95 in 10.1002/jmri.25436",
        gt=0,
        lt=1,
    )
    max_deviation_sd: float = key(
        2.5,
        "Mean of grey matter beyond which a volume is left out, in robust standard deviations.",
        source="10.1002/jmri.25436",
        gt=0,
    )
    min_volumes: int = key(
        6, "Fewest differences of which any is left out, and that stay.", source="chosen", ge=2
    )


class PartialVolume(Section):
    """Flow of pure grey and white matter by local regression."""

    window_voxels: tuple[int, int, int] = key(
        (5, 5, 1), "Odd edges of the window.", unit="voxel", source="10.1002/mrm.21670"
    )
    min_amount: float = key(
        1.0,
        "Least sum of squared shares of a tissue in the window.",
        unit="voxel",
        source="chosen",
        gt=0,
    )
    min_independence: float = key(
        0.05,
        "Least eigenvalue of the shares' scaled normal matrix.",
        source="chosen",
        gt=0,
        lt=1,
    )
    min_share: float = key(
        0.1, "Least share of a tissue in a voxel that is told.", source="chosen", ge=0, lt=1
    )


class PerfusionQuality(Section):
    """Quality evaluation index, spatial variation, arterial transit artefact."""

    fwhm_mm: float = key(
        5.0, "Smoothing before the index.", unit="mm", source="10.1002/jmri.29308", ge=0
    )
    min_probability: float = key(
        0.7,
        "Least probability of a voxel of a tissue.",
        source="10.1038/s41592-022-01458-7; 0.9 in 10.1002/jmri.29308",
        gt=0,
        lt=1,
    )
    grey_to_white: float = key(
        2.5, "Flow of grey over white matter in the prediction.", source="10.1002/jmri.29308", gt=0
    )
    likeness_curve: tuple[float, float] = key(
        (3.0126, 2.4419), "Factor and power of the correlation.", source="10.1002/jmri.29308"
    )
    dispersion_curve: tuple[float, float] = key(
        (0.054, 0.9272),
        "Factor and power of the dispersion.",
        source="code of 10.1038/s41592-022-01458-7, of its author; 10.1002/jmri.29308: 0.1, 0.9",
    )
    negative_curve: tuple[float, float] = key(
        (2.8478, 0.5196), "Factor and power of the negative share.", source="10.1002/jmri.29308"
    )
    min_index: float = key(
        0.5, "Quality index below which a map is marked.", source="10.1002/jmri.29308", ge=0, le=1
    )
    max_spatial_cov: float = key(
        0.67,
        "Spatial variation of grey matter above which label lay in arteries.",
        source="ExploreASL, 10.1016/j.neuroimage.2020.117031; healthy 0.57 ± 0.13, "
        "10.1177/0271678X16683690",
        gt=0,
    )
    spot_multiple: float = key(
        2.5, "Flow of a bright spot, in medians of grey matter.", source="chosen", gt=1
    )
    max_spot_share: float = key(
        0.02, "Share of the brain in spots that is suspect.", source="chosen", gt=0, lt=1
    )
    max_scanner_ratio: float = key(
        1.5,
        "Ratio of medians to the scanner's own map, and its inverse, beyond which a map is marked.",
        source="chosen: constants of vendors differ by up to a third",
        gt=1,
    )
    scanner_tolerance: float = key(
        1.15,
        "Factor about that ratio within which a mistake explains it.",
        source="chosen",
        gt=1,
    )


class Prediction(Section):
    """True flows and transit times of which the bias of a one-delay equation is told."""

    grey_cbf: float = key(
        60.0, "Flow of grey matter.", unit="mL/100 g/min", source="10.1002/jmri.20839", gt=0
    )
    white_cbf: float = key(
        20.0, "Flow of white matter.", unit="mL/100 g/min", source="10.1002/mrm.22002", gt=0
    )
    grey_transit_s: tuple[float, ...] = key(
        (0.8, 1.0, 1.2, 1.4), "Transit times of grey matter.", unit="s", source="10.1002/mrm.25197"
    )
    white_transit_s: tuple[float, ...] = key(
        (1.2, 1.4, 1.6, 1.8),
        "Transit times of white matter.",
        unit="s",
        source="chosen; longer in deep white matter, 10.1002/mrm.21515",
    )


class Plausible(Section):
    """Median flow of grey matter that is believed."""

    min_cbf: float = key(
        15.0,
        "Smallest; the equation reads 0.74 to 0.81 of the flow, partial volume less.",
        unit="mL/100 g/min",
        source="chosen; 40 to 100 is normal, 10.1002/mrm.25197",
    )
    max_cbf: float = key(
        120.0,
        "Largest.",
        unit="mL/100 g/min",
        source="chosen; 40 to 100 is normal, 10.1002/mrm.25197",
    )
    usual_cbf: float = key(
        40.0,
        "What grey matter usually reads.",
        unit="mL/100 g/min",
        source="10.1002/jmri.20839: 58 ± 4, of which equation and partial volume leave 0.7",
        gt=0,
    )
    tolerance: float = key(
        2.2,
        "Factor about the usual flow into which a mistake, undone, must bring the median.",
        source="chosen",
        gt=1,
    )
    usual_excitations: float = key(
        3.0, "NEX that is tried as a mistake where it isn't told.", source=GE, gt=1
    )
    usual_delay_s: float = key(
        1.8, "Delay that is tried as a mistake.", unit="s", source=CONSENSUS, gt=0
    )
    min_probability: float = key(
        0.7, "Least probability of a voxel of grey matter.", source="chosen", gt=0, lt=1
    )


class Perfusion(Section):
    """Blood flow from arterial spin labelling."""

    equation: Literal["auto", "consensus", "ge", "kinetic"] = key(
        "auto",
        "Equation: auto is the kinetic model for several delays, else the consensus; ge is the "
        "product equation of GE.",
        source=CONSENSUS,
    )
    scanner_maps: str = key(
        "scanner",
        "Folder below derivatives/ of the data set with the scanner's own maps, a cross-check.",
    )
    constants: Constants = Constants()
    labelling: Labelling = Labelling()
    ge: GeProduct = GeProduct()
    calibration: Calibration = Calibration()
    motion: HeadMotion = HeadMotion()
    delays: DelayFitting = DelayFitting()
    outliers: OutlierVolumes = OutlierVolumes()
    partial_volume: PartialVolume = PartialVolume()
    quality: PerfusionQuality = PerfusionQuality()
    prediction: Prediction = Prediction()
    plausible: Plausible = Plausible()
    regions: PerfusionRegions = PerfusionRegions()
    lesion: PerfusionLesion = PerfusionLesion()
