"""Settings of the lesion stage.

Unit of every change is the median signal of the brain in the baseline ("brain level").
"""

from __future__ import annotations

from pydantic import model_validator

from sonolesion.core.settings import Section, key
from sonolesion.core.settings.lesion_measure import Learned, Measure
from sonolesion.core.settings.lesion_offtarget import OffTarget
from sonolesion.core.settings.lesion_phases import ACUTE, CHRONIC, SUBACUTE, Phase

WINTERMARK = "Wintermark 2014, PMID 24371027"
KEIL = "Keil 2020, doi:10.1007/s00234-020-02433-9"
MOSER = "Moser 2013, J Ther Ultrasound 1:3"
TUKEY = "Beaton & Tukey 1974, doi:10.1080/00401706.1974.10489171: 95 % efficiency"
Degrees = tuple[float, float, float]


class Calibration(Section):
    """How a follow-up is brought to the intensities of its baseline."""

    block_mm: float = key(
        6.0, "Edge of the blocks the field is made from.", unit="mm", source="chosen", gt=0
    )
    smooth_mm: float = key(
        24.0,
        "Gaussian width of the intensity field: coils vary over the head, lesions do not.",
        unit="mm",
        source="chosen: four times the largest lesion radius",
        gt=0,
    )
    cut: float = key(
        4.685, "Robust standard deviations beyond which a voxel is left out.", source=TUKEY, gt=0
    )
    rounds: int = key(4, "Rounds of robust reweighting.", source="chosen", ge=1)


class Noise(Section):
    """What the difference of two visits would be without a lesion."""

    derivative_mm: float = key(
        1.0,
        "Gaussian width of the image derivatives that stand for misregistration and unequal "
        "voxel shape.",
        unit="mm",
        source="chosen: one voxel of the grid",
        gt=0,
    )
    block_mm: float = key(
        8.0, "Edge of the blocks of local fits.", unit="mm", source="chosen", gt=0
    )
    smooth_mm: float = key(
        16.0,
        "Gaussian width of the neighbourhood of a local fit.",
        unit="mm",
        source="chosen: some thousand voxels for nine slopes",
        gt=0,
    )
    ridge: float = key(
        0.05, "Pull of local slopes to those of the whole brain.", source="chosen", ge=0
    )
    slice_width_mm: float = key(
        10.0,
        "Width within a slice over which a slice's own gain is averaged.",
        unit="mm",
        source="chosen: wider than a lesion",
        gt=0,
    )
    slice_thickness_mm: float = key(
        1.0,
        "Width across slices of that average; slices are taken to be near axial.",
        unit="mm",
        source="chosen: a third of a clinical slice",
        gt=0,
    )
    freedoms: tuple[float, ...] = key(
        (2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 30.0),
        "Degrees of freedom of Student's t to choose the tails of the noise from.",
        source="chosen",
    )


class Search(Section):
    """How a lesion is looked for."""

    flat_mm: float = key(
        2.0,
        "Distance from the plan within which any place is as likely.",
        unit="mm",
        source=f"twice the 3-D error of {MOSER}",
        ge=0,
    )
    fall_mm: float = key(
        2.0,
        "Gaussian fall of the prior beyond that; clear evidence still wins at 8 mm.",
        unit="mm",
        source="chosen: error of registration to a template",
        gt=0,
    )
    scale_mm: float = key(
        1.1,
        "Gaussian width to which changes are blurred for detection.",
        unit="mm",
        source=f"same second moment as a ball of 68.5 mm³, {MOSER}",
        gt=0,
    )
    ceiling: float = key(
        30.0, "Largest log evidence at one place.", source="chosen: never decides alone", gt=0
    )
    null_positions: int = key(
        200, "Places in the same brain where the same question is asked.", source="chosen", ge=20
    )
    null_spacing_mm: float = key(
        6.0, "Smallest distance between them.", unit="mm", source="chosen: about two blurs", gt=0
    )
    null_distance_mm: float = key(
        25.0, "Smallest distance of them from the plan.", unit="mm", source="chosen", gt=0
    )
    alpha: float = key(
        0.05,
        "False alarms that are accepted: above it the lesion is not visible.",
        source="chosen; 0.01 can't be reached with some hundred places in one brain",
        gt=0,
        lt=1,
    )


class Fit(Section):
    """How the shape of a detected lesion is fitted."""

    fine_mm: float = key(
        0.5, "Spacing of the points the zones are laid out on.", unit="mm", source="chosen: a "
        "quarter of a clinical slice", gt=0,
    )  # fmt: skip
    edge_mm: float = key(
        0.5,
        "Width over which a surface fades.",
        unit="mm",
        source="as `fine_mm`: a cell cut in two",
        gt=0,
    )
    margin_mm: float = key(
        5.0, "Room looked at round the change that was detected.", unit="mm", source="chosen", gt=0
    )
    least_reach_mm: float = key(
        8.0, "Least half-width of the box looked at.", unit="mm", source="chosen", gt=0
    )
    most_reach_mm: float = key(
        16.0, "Largest half-width of that box.", unit="mm", source=f"oedema to 4 cm³, {KEIL}", gt=0
    )
    log_evidence: float = key(
        1.0, "Log evidence from which a voxel belongs to the first guess.", source="chosen"
    )
    volume_log_sd: float = key(
        0.8, "Spread of the logarithm of the volume of zones I and II.",
        source=f"wider than the 0.55 of {MOSER}: other targets, other visits", gt=0,
    )  # fmt: skip
    core_ratio: float = key(
        0.7, "Radius of the core over that of the lesion.", source="chosen", gt=0, lt=1
    )
    core_logit_sd: float = key(0.6, "Spread of its logit.", source="chosen", gt=0)
    oedema_ratio: float = key(
        1.7, "Radius of the oedema over that of the lesion.",
        source=f"cube root of 1 + 3.7, {KEIL}", gt=1,
    )  # fmt: skip
    oedema_log_sd: float = key(0.3, "Spread of its logarithm.", source="chosen", gt=0)
    centre_sd_mm: float = key(
        2.0, "Spread of the centre round the detected change.", unit="mm", source="chosen", gt=0
    )
    wave_sd: Degrees = key(
        (0.0, 0.15, 0.1),
        "Relative waviness of the lesion's surface of degree 1 (the centre stands for it), 2, 3.",
        source="chosen: axes 1 : 1.4 within two spreads",
    )
    oedema_wave_sd: Degrees = key(
        (0.2, 0.3, 0.15),
        "The same of the oedema, which may be off centre and longer.",
        source="chosen; oedema spreads superoinferiorly, Harary 2018, PMID 29385921",
    )
    sample_mm: float = key(
        0.25, "Largest distance of the samples that average over a voxel of a scan.", unit="mm",
        source="chosen: half of `fine_mm`", gt=0,
    )  # fmt: skip
    block_mm: float = key(
        5.0, "Edge of the blocks whose means tell how correlated noise is.", unit="mm",
        source="chosen: a lesion", gt=0,
    )  # fmt: skip
    rounds: int = key(40, "Most steps of the fit.", source="chosen", ge=1)
    tolerance: float = key(0.1, "Gain of log posterior that ends it.", source="chosen", gt=0)
    least_gain: float = key(
        3.0, "Log posterior odds against no change below which nothing is outlined.",
        source="Kass & Raftery 1995, doi:10.1080/01621459.1995.10476572: strong evidence",
    )  # fmt: skip
    stride: float = key(
        0.3, "New part of a step of the chain that samples shapes.", source="chosen: accepts "
        "a third to a half of the steps", gt=0, le=1,
    )  # fmt: skip
    samples: int = key(150, "Shapes drawn from the posterior.", source="chosen", ge=20)
    thin: int = key(2, "Steps of the chain from one drawn shape to the next.", source="chosen")
    model_log_sd: float = key(
        0.08, "Spread of log volume that comes from what the model can't follow (registration, "
        "surfaces, tissue within a zone), added to that of the drawn shapes.",
        source="error of the volume in the development phantom; tested on other seeds", ge=0,
    )  # fmt: skip
    fluid_from: float = key(
        0.6, "Fraction of fluid from which a voxel counts as less than tissue.",
        source="chosen on the phantom: tissue maps call half of the tissue beside a cistern fluid",
        ge=0, lt=1,
    )  # fmt: skip
    fluid_to: float = key(
        1.0, "Fraction of fluid at which nothing can be ablated.", source="chosen", gt=0
    )

    alone: tuple[str, ...] = key(
        ("T1w", "trace", "ADC", "T2starw", "R2starmap"),
        "Contrasts whose own lesion is measured too; on T2w and FLAIR the zones define it.",
        source="T1 lesion, restricted diffusion, rim of iron",
    )

    @model_validator(mode="after")
    def check(self) -> Fit:
        """Refuse a fall of tissue that has no width."""
        if self.fluid_to <= self.fluid_from:
            raise ValueError("fluid_to must exceed fluid_from")
        return self


class Earlier(Section):
    """Where a lesion is looked for that an earlier visit has seen."""

    flat_mm: float = key(
        0.7, "Distance from its centre there within which any place is as likely.", unit="mm",
        source="chosen: error of registration between visits", ge=0,
    )  # fmt: skip
    fall_mm: float = key(
        0.7, "Gaussian fall of the search beyond that.", unit="mm", source="chosen", gt=0
    )


class Lesion(Section):
    """The lesion: where it was planned, whether it is seen, where it is."""

    exclusion_radius_mm: float = key(
        15.0,
        "Sphere round the plan that takes no part in calibration and noise; frozen.",
        unit="mm",
        source="chosen: oedema of 4 cm³ plus a 5 mm miss",
        gt=0,
    )
    phases: tuple[Phase, ...] = key(
        (ACUTE, SUBACUTE, CHRONIC),
        "Expected changes by days after treatment; zone II may have either sign.",
        source=f"signs: {WINTERMARK}; {KEIL}; volume: {MOSER}; sizes of change chosen wide",
        min_length=1,
    )
    calibration: Calibration = Calibration()
    noise: Noise = Noise()
    search: Search = Search()
    fit: Fit = Fit()
    evidence: tuple[str, ...] = key(
        ("T1w", "T2w", "FLAIR", "ADC", "R2starmap"),
        "Contrasts the lesion is outlined from; trace stands in for ADC, and T2starw for "
        "R2starmap, where the map can't be made: each pair comes from one scan and would count "
        "its noise twice.",
        source="chosen",
        min_length=1,
    )
    least_coverage: float = key(
        0.9, "Part of the place searched that a contrast must cover.", source="chosen", gt=0, le=1
    )
    interval: float = key(
        0.9, "Share of the posterior that an interval holds.", source="chosen", gt=0, lt=1
    )
    near_mm: float = key(
        5.0, "Radius round the plan in which noise is told.", unit="mm", source="chosen", gt=0
    )
    anchor: Earlier = Earlier()
    use_earlier_visits: bool = key(
        True, "Look where an earlier visit saw the lesion; later visits never inform earlier ones."
    )
    measure: Measure = Measure()
    learned: Learned = Learned()
    offtarget: OffTarget = OffTarget()
    corrections_dir: str = key(
        "corrections",
        "Folder of masks that you corrected, in the output folder or absolute; only read.",
    )
    picture_half_width_mm: float = key(
        24.0, "Half the edge of the slices shown.", unit="mm", source="chosen", gt=0
    )

    @model_validator(mode="after")
    def check(self) -> Lesion:
        """Refuse phases out of order."""
        days = [phase.until_d for phase in self.phases]
        if sorted(set(days)) != days:
            raise ValueError("phases must follow each other in time")
        return self
