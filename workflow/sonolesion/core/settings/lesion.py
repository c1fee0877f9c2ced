"""Settings of the lesion stage.

Unit of every change is the median signal of the brain in the baseline ("brain level").
"""

from __future__ import annotations

from pydantic import model_validator

from sonolesion.core.settings import Section, key

Expected = tuple[float, float]
CONTRASTS = ("T1w", "T2w", "FLAIR")
WINTERMARK = "Wintermark 2014, PMID 24371027"
KEIL = "Keil 2020, doi:10.1007/s00234-020-02433-9"
MOSER = "Moser 2013, J Ther Ultrasound 1:3"
TUKEY = "Beaton & Tukey 1974, doi:10.1080/00401706.1974.10489171: 95 % efficiency"


class Zone(Section):
    """Expected change of one zone, mean and spread over lesions, by contrast."""

    name: str = key(..., "Zone: core, rim or oedema.", pattern="^(core|rim|oedema)$")
    change: dict[str, Expected] = key(
        ...,
        "Contrast → mean and standard deviation of its change; the fitted mean stays within "
        "one spread.",
        unit="brain level",
    )

    @model_validator(mode="after")
    def check(self) -> Zone:
        """Refuse unknown contrasts and spreads that are not positive."""
        for contrast, (_, spread) in self.change.items():
            if contrast not in CONTRASTS or spread <= 0:
                raise ValueError(f"{self.name}: {contrast} needs a known contrast, spread > 0")
        return self


def zone(name: str, t1w: Expected, t2w: Expected, flair: Expected) -> Zone:
    """Write a zone in one line."""
    return Zone(name=name, change={"T1w": t1w, "T2w": t2w, "FLAIR": flair})


class Phase(Section):
    """What a lesion may look like until a day after treatment."""

    until_d: float = key(..., "Last day of the phase.", unit="d", gt=0)
    zones: tuple[Zone, ...] = key(..., "Zones that may be seen.", min_length=1)


ACUTE = Phase(
    until_d=7.0,
    zones=(
        zone("core", (-0.20, 0.15), (0.40, 0.25), (0.30, 0.25)),
        zone("rim", (-0.10, 0.10), (-0.25, 0.20), (-0.25, 0.20)),
        zone("oedema", (-0.05, 0.08), (0.40, 0.20), (0.50, 0.25)),
    ),
)
SUBACUTE = Phase(
    until_d=60.0,
    zones=(
        zone("core", (-0.20, 0.15), (0.30, 0.25), (0.20, 0.25)),
        zone("rim", (-0.10, 0.10), (-0.15, 0.15), (-0.15, 0.15)),
        zone("oedema", (-0.04, 0.06), (0.20, 0.15), (0.25, 0.20)),
    ),
)
CHRONIC = Phase(
    until_d=1e5,
    zones=(
        zone("core", (-0.15, 0.15), (0.30, 0.25), (0.10, 0.25)),
        zone("rim", (-0.10, 0.10), (-0.10, 0.15), (-0.10, 0.15)),
    ),
)


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
    """How a detected lesion is segmented."""

    half_width_mm: float = key(
        20.0, "Half the edge of the box that is segmented.", unit="mm", source="chosen", gt=0
    )
    flat_mm: float = key(
        10.0,
        "Distance from the plan within which the prior is flat: miss plus radius of oedema.",
        unit="mm",
        source=f"oedema to 4 cm³, {KEIL}",
        ge=0,
    )
    fall_mm: float = key(
        3.0, "Gaussian fall of the prior beyond that.", unit="mm", source="chosen", gt=0
    )
    log_odds: float = key(
        -1.0, "Prior log odds of change inside the flat part.", source="chosen: one in four"
    )
    mixture: float = key(
        0.35, "Spread of change within a zone, as a part of it.", source="chosen", gt=0
    )
    coupling: float = key(0.6, "Pull of each of six neighbours (Potts).", source="chosen", ge=0)
    rounds: int = key(6, "Rounds of expectation and maximisation.", source="chosen", ge=1)
    min_depth: float = key(
        0.3,
        "Depth below the surface of the oedema at which the lesion may begin, as a part of the "
        "largest depth.",
        source=f"oedema is 3.7 times the lesion, so its shell is 0.4 of the radius, {KEIL}",
        ge=0,
        lt=1,
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
        "Expected changes by days after treatment; a bright zone II is found as core.",
        source=f"signs: {WINTERMARK}; {KEIL}; sizes of change chosen wide, not measured",
        min_length=1,
    )
    calibration: Calibration = Calibration()
    noise: Noise = Noise()
    search: Search = Search()
    fit: Fit = Fit()
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
