"""Settings of resting-state fMRI: preprocessing, confounds, denoising."""

from __future__ import annotations

from typing import Literal

from sonolesion.core.settings import Section, key
from sonolesion.core.settings.functional_analysis import (
    ActivityMaps,
    Connectivity,
    Homogeneity,
    LagMap,
    LesionNetwork,
    QcFcNull,
    SeedMaps,
)
from sonolesion.core.settings.rigid_series import RigidSeries

POWER_2012 = "10.1016/j.neuroimage.2011.10.018"
POWER_2014 = "10.1016/j.neuroimage.2013.08.048"
BEHZADI_2007 = "10.1016/j.neuroimage.2007.04.042"
CIRIC_2017 = "10.1016/j.neuroimage.2017.03.020"


class Volumes(Section):
    """Volumes of a run that count."""

    steady_s: float = key(
        5.0,
        "Time after which the magnetisation is steady; volumes that began before are discarded.",
        unit="s",
        source="chosen: about four T1 of grey matter at 3 T",
        ge=0,
    )
    max_steady_z: float = key(
        3.5,
        "Largest modified z of the mean intensity of a steady volume at the beginning.",
        unit="robust standard deviations",
        source="Iglewicz & Hoaglin 1993, ISBN 978-0-87389-247-6",
        gt=0,
    )
    n_steady_compared: int = key(
        50, "First volumes compared with each other for that.", source="nipype 1.10", ge=5
    )
    repetition_tolerance: float = key(
        0.005,
        "Largest relative difference of the repetition time in header and sidecar.",
        source="chosen",
        ge=0,
        lt=0.1,
    )
    max_repetition_s: float = key(
        30.0,
        "Longest believable repetition time; a longer one is in milliseconds.",
        unit="s",
        source="chosen",
        gt=0,
    )
    min_minutes: float = key(
        5.0, "Least clean data of a run.", unit="min", source="10.1152/jn.00783.2009", ge=0
    )
    accept_short: bool = key(
        False, "Go on with a shorter run, marked so in the tables.", source="chosen"
    )


class SliceTiming(Section):
    """Time of acquisition within a volume."""

    method: Literal["cubic", "linear", "fourier", "none"] = key(
        "cubic", "Interpolation in time.", source="10.1016/j.neuroimage.2011.06.078"
    )
    reference_share: float = key(
        0.5,
        "Time that all slices are shifted to, as a share of the range of slice times.",
        source="10.1016/j.neuroimage.2011.06.078",
        ge=0,
        le=1,
    )


class Realignment(RigidSeries):
    """Head motion, each volume rigidly to a reference."""

    reference: Literal["mean", "first", "middle"] = key(
        "mean", "Volume that all are laid to in the second pass.", source="10.1002/hbm.460030303"
    )


class Exclusion(Section):
    """Places of lesions that no mask of any visit takes."""

    radius_mm: float = key(
        10.0,
        "Radius of the spheres round the planned targets. Raised on request, where a lesion "
        "outgrows them: a new version, at all visits.",
        unit="mm",
        source="chosen: a lesion and most of its oedema, but not the nucleus of the other side",
        gt=0,
    )


class Confounds(Section):
    """Motion, tissue signals and components of the noise."""

    head_radius_mm: float = key(
        50.0, "Ball on which rotations count as displacement.", unit="mm", source=POWER_2012, gt=0
    )
    dvars_scale: float = key(
        1000.0, "Median of the brain to which DVARS is scaled.", source=POWER_2012, gt=0
    )
    min_probability: float = key(
        0.95, "Least probability of a pure tissue.", source=BEHZADI_2007, gt=0, le=1
    )
    wm_erosions: int = key(
        2, "Voxels taken off the surface of white matter.", unit="voxel", source=POWER_2014, ge=0
    )
    csf_erosions: int = key(
        1, "Voxels taken off the surface of fluid.", unit="voxel", source=POWER_2014, ge=0
    )
    min_voxels: int = key(
        50, "Least size of such a mask; it is eroded less rather.", source="chosen", ge=2
    )
    n_acompcor: int = key(5, "Components of each tissue.", source=CIRIC_2017, ge=1)
    n_tcompcor: int = key(6, "Components of where most varies.", source=BEHZADI_2007, ge=1)
    tcompcor_share: float = key(
        0.02, "Share of the brain that varies most.", source=BEHZADI_2007, gt=0, lt=1
    )
    period_s: float = key(
        128.0,
        "Trends slower than this are taken out before components are sought.",
        unit="s",
        source="nipype 1.10, SPM12",
        gt=0,
    )


class Censoring(Section):
    """Frames that strategies with scrubbing drop."""

    max_dvars: float = key(
        1.5, "Largest standardised DVARS of a kept frame.", source="fMRIPrep 20.2", gt=0
    )
    n_before: int = key(0, "Frames before a moved one that go with it.", source=POWER_2014, ge=0)
    n_after: int = key(0, "Frames after a moved one that go with it.", source=POWER_2014, ge=0)
    min_contiguous: int = key(
        5, "Shorter runs of frames between moved ones go too.", source=POWER_2014, ge=1
    )


class Denoising(Section):
    """Band and confounds in one joint model."""

    strategy: Literal["minimal", "24p_acompcor", "36p", "scrubbing_0.2", "scrubbing_0.5"] = key(
        "24p_acompcor",
        "Confounds that are regressed, and the framewise displacement [mm] of scrubbing.",
        source=CIRIC_2017,
    )
    high_pass_hz: float = key(
        0.01, "Lowest frequency that is kept; 0 keeps all.", unit="Hz", source=CIRIC_2017, ge=0
    )
    low_pass_hz: float = key(
        0.08, "Highest frequency that is kept; 0 keeps all.", unit="Hz", source=CIRIC_2017, ge=0
    )
    filter_order: int = key(
        2,
        "Of the Butterworth filter, run both ways.",
        source="10.1016/j.neuroimage.2012.08.052",
        ge=1,
    )
    min_freedom: float = key(
        5.0,
        "Least degrees of freedom that are left.",
        source="chosen: a Fisher z has a standard error of 1 / sqrt(freedom - 2)",
        ge=1,
    )


class Quality(Section):
    """Temporal signal-to-noise ratio and carpet."""

    trend_degree: int = key(
        2,
        "Highest power of time that is no noise.",
        source="10.1016/j.neuroimage.2016.08.009",
        ge=0,
        le=5,
    )


class BrainMask(Section):
    """Brain of the scan: that of the T1w, carried, where there is signal."""

    margin_mm: float = key(
        4.0, "Margin about the carried brain.", unit="mm", source="chosen: left of distortion", ge=0
    )
    bright_share: float = key(
        0.2,
        "Least signal, as a share of the bright tissue.",
        source="chosen",
        gt=0,
        lt=1,
    )


class RegionMedians(Section):
    """Medians of ALFF, fALFF and ReHo in tissue and atlas regions."""

    min_tissue: float = key(
        0.8, "Least probability of a voxel of white or grey matter.", source="chosen", gt=0, le=1
    )
    min_share: float = key(
        0.5, "Least share of a voxel that lies in an atlas region.", source="chosen", gt=0, le=1
    )
    few_voxels: int = key(
        8, "A region of fewer voxels is below resolution.", source="chosen: 2 x 2 x 2", ge=1
    )


class Functional(Section):
    """Resting-state fMRI; its distortion is corrected with the settings of ``diffusion``."""

    volumes: Volumes = Volumes()
    slice_timing: SliceTiming = SliceTiming()
    realignment: Realignment = Realignment()
    mask: BrainMask = BrainMask()
    exclusion: Exclusion = Exclusion()
    confounds: Confounds = Confounds()
    censoring: Censoring = Censoring()
    denoising: Denoising = Denoising()
    quality: Quality = Quality()
    activity: ActivityMaps = ActivityMaps()
    homogeneity: Homogeneity = Homogeneity()
    regions: RegionMedians = RegionMedians()
    connectivity: Connectivity = Connectivity()
    seeds: SeedMaps = SeedMaps()
    lag: LagMap = LagMap()
    lesion_network: LesionNetwork = LesionNetwork()
    qcfc: QcFcNull = QcFcNull()
