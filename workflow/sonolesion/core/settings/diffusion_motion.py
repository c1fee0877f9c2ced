"""Settings of denoising, motion, eddy currents and outliers of a diffusion scan."""

from __future__ import annotations

from typing import Literal

from sonolesion.core.settings import Section, key


class Denoising(Section):
    """Noise and ringing, before anything is interpolated."""

    patch_radius_voxels: int = key(
        2, "Half edge of a patch; 2 is 5 × 5 × 5.", unit="voxel", source="10.1002/mrm.26059", ge=1
    )
    min_volumes: int = key(
        10, "Volumes below which noise can't be told from signal.", source="chosen", ge=2
    )


class Registration(Section):
    """Head motion and eddy currents, each volume against what the others predict."""

    eddy: Literal["none", "linear", "quadratic"] = key(
        "linear", "Field of the eddy currents beyond a rigid body.", source="10.1002/mrm.1910390518"
    )
    sigmas_mm: tuple[float, ...] = key(
        (4.0, 2.0, 2.0), "Smoothing of each round.", unit="mm", source="chosen", min_length=2
    )
    plain_rounds: int = key(
        2, "First rounds in which the mean of the others is the prediction.", source="chosen", ge=1
    )
    working_mm: float = key(
        2.0, "Edge of a voxel while registering.", unit="mm", source="chosen", gt=0
    )
    n_points: int = key(30_000, "Points of the head that are used.", source="chosen", ge=1000)
    margin_voxels: int = key(
        2,
        "Growth of the mask; its shrinking for mutual information.",
        unit="voxel",
        source="chosen",
        ge=1,
    )
    n_iterations: int = key(6, "Most steps of a volume in a round.", source="chosen", ge=1)
    tolerance_mm: float = key(
        0.02, "Displacement below which a volume has arrived.", unit="mm", source="chosen", gt=0
    )
    tukey: float = key(
        4.685,
        "Residual beyond which a point counts for nothing, in robust standard deviations.",
        source="10.1080/03610927708827533",
        gt=0,
    )
    min_anchored: int = key(
        12,
        "Volumes of a shell for its common eddy field to be told from the gradients.",
        source="chosen",
        ge=5,
    )
    align_shells: bool = key(
        True,
        "Align each shell to the unweighted volumes.",
        source="10.1016/j.neuroimage.2015.10.019",
    )
    max_gap_share: float = key(
        0.34,
        "Largest share of a scan without an unweighted volume for shells to follow their motion; "
        "beyond, mutual information aligns them.",
        source="chosen: a third",
        ge=0,
        le=1,
    )
    n_bins: int = key(32, "Bins of the mutual information.", source="chosen", ge=8)


class Prediction(Section):
    """A volume as the others of its shell predict it."""

    b0_max_s_mm2: float = key(
        50.0, "Largest b-value that counts as none.", unit="s/mm²", source="chosen", ge=0
    )
    shell_width_s_mm2: float = key(
        100.0, "Spread of b-values within one shell.", unit="s/mm²", source="chosen", gt=0
    )
    smoothness: float = key(
        0.001,
        "Weight of the smoothness of the spherical harmonics.",
        source="10.1002/mrm.21277",
        ge=0,
    )
    directions_per_term: float = key(
        1.5, "Directions for each term; more terms only with more.", source="chosen", ge=1
    )


class Outliers(Section):
    """Slices and volumes whose signal dropped out."""

    threshold_sd: float = key(
        4.0,
        "Robust standard deviations below the others.",
        source="10.1016/j.neuroimage.2016.06.058",
        gt=0,
    )
    min_loss: float = key(0.05, "Least share of the signal missing.", source="chosen", ge=0, lt=1)
    min_points: int = key(
        50, "Points of the brain below which a slice tells nothing.", source="chosen", ge=1
    )
    max_share: float = key(
        0.3, "Share of a volume's slices from which on it is lost.", source="chosen", gt=0, le=1
    )
    min_gain: float = key(
        0.5, "Share of the predicted signal below which a volume is lost.", source="chosen", ge=0
    )
    handling: Literal["predicted", "left_out"] = key(
        "predicted",
        "Replace lost slices by what the others predict, or leave such volumes out.",
        source="chosen",
    )


class DiffusionMotion(Section):
    """Denoising, motion, eddy currents, outliers."""

    denoising: Denoising = Denoising()
    registration: Registration = Registration()
    prediction: Prediction = Prediction()
    outliers: Outliers = Outliers()
