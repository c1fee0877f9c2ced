"""Settings of the gradient gate: the table, the frame of its directions, the acquisition."""

from __future__ import annotations

from sonolesion.core.settings import Section, key


class GradientTable(Section):
    """What a table of b-values and directions must be for a tensor fit."""

    b0_max_s_mm2: float = key(
        50.0, "Largest b-value that counts as none.", unit="s/mm²", source="chosen", ge=0
    )
    b_min_s_mm2: float = key(
        100.0,
        "Smallest believable b-value of a weighted volume; below it the unit is another.",
        unit="s/mm²",
        source="chosen",
        gt=0,
    )
    b_max_s_mm2: float = key(
        20_000.0, "Largest believable b-value.", unit="s/mm²", source="chosen", gt=0
    )
    shell_width_s_mm2: float = key(
        100.0, "Gap between b-values that separates shells.", unit="s/mm²", source="chosen", gt=0
    )
    expected_shells_s_mm2: tuple[float, ...] = key(
        (),
        "Shells of the protocol, each of which must be there; empty asks for none.",
        unit="s/mm²",
    )
    max_shells: int = key(
        6,
        "Most shells that shortened directions may mean; more are wrong lengths.",
        source="chosen",
        ge=1,
    )
    norm_tolerance: float = key(
        0.02, "Deviation of a direction's length from 1 that is rounding.", source="chosen", gt=0
    )
    min_angle_deg: float = key(
        3.0,
        "Angle from which on two directions are two; g and -g are one.",
        unit="deg",
        source="chosen",
        gt=0,
    )


class GradientGate(Section):
    """Test of the directions' frame by the coherence of fibres."""

    bright_share: float = key(
        0.1,
        "Foreground: signal above this share of the bright tissue.",
        source="chosen",
        gt=0,
        lt=1,
    )
    peel_voxels: int = key(
        2, "Layers taken off the foreground, skin and fat with them.", source="chosen", ge=0
    )
    min_fa: float = key(0.25, "Smallest FA of a voxel that counts.", source="chosen", gt=0, lt=1)
    md_range_mm2_s: tuple[float, float] = key(
        (0.2e-3, 1.4e-3),
        "Mean diffusivity of a voxel that counts; free water has 3e-3.",
        unit="mm²/s",
        source="chosen",
    )
    step_mm: float = key(
        4.0,
        "Step along the fibre; at least the longest voxel edge is taken.",
        unit="mm",
        source="chosen on a 2 mm scan: of 2, 3 and 4 mm the one with the widest margin",
        gt=0,
    )
    max_voxels: int = key(
        60_000, "Most voxels judged; more are thinned evenly.", source="chosen", gt=0
    )
    min_voxels: int = key(2000, "Fewest voxels that can decide anything.", source="chosen", gt=0)
    block_mm: float = key(
        20.0,
        "Edge of the blocks that are resampled, wider than fibres stay alike.",
        unit="mm",
        source="chosen",
        gt=0,
    )
    n_resamples: int = key(500, "Bootstrap samples of the blocks.", source="chosen", ge=100)
    seed: int = key(20, "Start of the random numbers.", source="chosen", ge=0)
    min_certainty: float = key(
        4.0,
        "Smallest margin over its standard error; 4 stands against 23 comparisons.",
        source="chosen",
        gt=0,
    )
    min_margin: float = key(
        0.05,
        "Smallest margin that counts, as a share of the coherence.",
        source="chosen: 0.02 at most in noise without fibres, 0.19 in a brain of 16 directions",
        gt=0,
    )


class ZeroFilling(Section):
    """Detection of empty outer k-space."""

    bright_share: float = key(
        0.1, "Head: signal above this share of the bright tissue.", source="chosen", gt=0, lt=1
    )
    min_line_voxels: int = key(
        32, "Shortest line through the head that tells anything.", source="chosen", ge=16
    )
    min_lines: int = key(50, "Fewest such lines.", source="chosen", gt=0)
    first_cut: float = key(
        0.3, "Lowest frequency searched for the edge, as a share of Nyquist's.", source="chosen"
    )
    edge_width: float = key(
        0.1,
        "Width of the edge, as a share of Nyquist's frequency; a smaller empty rim is not seen.",
        source="chosen",
        gt=0,
        lt=1,
    )
    min_drop_decades: float = key(
        1.5,
        "Fall of power at the edge that is zero-filling.",
        unit="decades",
        source="chosen: two full scans fall by 0.4 to 0.7, cropped and filled by 2.1 to 3.6",
        gt=0,
    )
    doubtful_drop_decades: float = key(
        1.0, "Fall of power from which on it can't be told.", unit="decades", source="chosen", gt=0
    )


class DiffusionGradients(Section):
    """Table, frame and acquisition of a scan for the tensor."""

    table: GradientTable = GradientTable()
    gate: GradientGate = GradientGate()
    zero_filling: ZeroFilling = ZeroFilling()
