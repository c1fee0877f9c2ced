"""Settings of the diffusion stage."""

from __future__ import annotations

from sonolesion.core.settings import Section, key
from sonolesion.core.settings.diffusion_distortion import Distortion
from sonolesion.core.settings.diffusion_gradients import GradientGate, GradientTable, ZeroFilling
from sonolesion.core.settings.diffusion_motion import Denoising, Outliers, Prediction, Registration
from sonolesion.core.settings.diffusion_tensor import DiffusionTensor, FreeWater
from sonolesion.core.settings.signal_floor import SignalFloor


class Shells(Section):
    """Which volumes make the trace."""

    b0_max_s_mm2: float = key(
        50.0, "Largest b-value that counts as none.", unit="s/mm²", source="chosen", ge=0
    )
    b_min_s_mm2: float = key(500.0, "Smallest b-value of the shell.", unit="s/mm²", source="chosen")
    b_max_s_mm2: float = key(
        1500.0,
        "Largest b-value of the shell: beyond it the signal no longer decays as one exponential.",
        unit="s/mm²",
        source="10.1002/mrm.20508",
    )
    shell_width_s_mm2: float = key(
        100.0, "Spread of b-values within one shell.", unit="s/mm²", source="chosen", gt=0
    )
    norm_tolerance: float = key(
        0.02, "Deviation of a gradient's length from 1 that is rounding.", source="chosen", gt=0
    )
    max_anisotropy: float = key(
        0.2,
        "How unevenly the directions may cover space (0 even, 0.41 two orthogonal, 0.82 one).",
        source="chosen",
        gt=0,
    )


class TensorMask(Section):
    """Brain of a diffusion scan: the T1w's, carried by the trace image's registration."""

    margin_mm: float = key(
        4.0,
        "Margin for what distortion moves out of it.",
        unit="mm",
        source="chosen: displacements of 2 voxels",
        ge=0,
    )
    bright_share: float = key(
        0.1, "Least signal, as a share of the bright tissue.", source="chosen", ge=0, lt=1
    )


class TensorRegions(Section):
    """Medians of FA and MD in tissue and atlas regions."""

    min_tissue: float = key(
        0.9, "Least probability of a voxel of white or grey matter.", source="chosen", gt=0, le=1
    )
    min_share: float = key(
        0.5, "Least share of a voxel that lies in an atlas region.", source="chosen", gt=0, le=1
    )
    few_voxels: int = key(
        8, "A region of fewer voxels is below resolution.", source="chosen: 2 x 2 x 2", ge=1
    )


class Diffusion(Section):
    """Trace and apparent diffusion coefficient; tensor of scans with directions enough."""

    shells: Shells = Shells()
    floor: SignalFloor = SignalFloor(bright_share=0.02)
    ceiling_mm2_s: float = key(
        5e-3, "Largest ADC; free water has 3e-3.", unit="mm²/s", source="chosen", gt=0
    )
    min_median_mm2_s: float = key(
        3e-4, "Smallest believable median of a head.", unit="mm²/s", source="chosen", gt=0
    )
    max_median_mm2_s: float = key(
        2.5e-3, "Largest believable median of a head.", unit="mm²/s", source="chosen", gt=0
    )
    table: GradientTable = GradientTable()
    gate: GradientGate = GradientGate()
    zero_filling: ZeroFilling = ZeroFilling()
    denoising: Denoising = Denoising()
    registration: Registration = Registration()
    prediction: Prediction = Prediction()
    outliers: Outliers = Outliers()
    distortion: Distortion = Distortion()
    mask: TensorMask = TensorMask()
    tensor: DiffusionTensor = DiffusionTensor()
    free_water: FreeWater = FreeWater()
    regions: TensorRegions = TensorRegions()
