"""Settings of the digital study with known truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import field_validator, model_validator

from sonolesion.core.settings import Section, key
from sonolesion.core.settings.phantom_signal import (
    CHOSEN,
    FLAIR,
    T1W,
    T2W,
    Nested,
    Scans,
    Tissues,
    Triple,
)

KEIL = "Keil 2020, doi:10.1007/s00234-020-02433-9"
MOSER = "Moser 2013, J Ther Ultrasound 1:3"
WINTERMARK = "Wintermark 2014, PMID 24371027"


class Zone(Section):
    """One zone of the lesion over time; lists run along `Lesion.days`."""

    volume_mm3: tuple[float, ...] = key((), "Volume of the zone alone.", unit="mm3")
    t1_factor: tuple[float, ...] = key((), "T1 over that of healthy tissue.")
    t2_factor: tuple[float, ...] = key((), "T2 over that of healthy tissue.")
    density_factor: tuple[float, ...] = key((), "Proton density over that of healthy tissue.")


CORE = Zone(
    volume_mm3=(22.0, 25.0, 18.0, 12.0, 8.0, 5.0),
    t1_factor=(1.35, 1.4, 1.4, 1.4, 1.4, 1.4),
    t2_factor=(1.5, 1.7, 1.3, 1.2, 1.15, 1.12),
    density_factor=(1.1, 1.12, 1.06, 1.05, 1.05, 1.05),
)
RIM = Zone(
    volume_mm3=(33.0, 45.0, 27.0, 15.0, 10.0, 7.0),
    t1_factor=(1.2, 1.25, 1.2, 1.15, 1.12, 1.1),
    t2_factor=(0.78, 0.75, 0.9, 0.97, 1.0, 1.0),
    density_factor=(1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
)
OEDEMA = Zone(
    volume_mm3=(200.0, 260.0, 20.0, 0.0, 0.0, 0.0),
    t1_factor=(1.2, 1.25, 1.08, 1.0, 1.0, 1.0),
    t2_factor=(1.35, 1.45, 1.12, 1.0, 1.0, 1.0),
    density_factor=(1.06, 1.08, 1.02, 1.0, 1.0, 1.0),
)


class Lesion(Nested):
    """Size, shape and contrast of the lesion by days after treatment."""

    days: tuple[float, ...] = key(
        (1.0, 3.0, 30.0, 90.0, 180.0, 365.0),
        "Days after treatment of the time course.",
        unit="d",
        source=KEIL,
    )
    core: Zone = key(
        CORE,
        "Zone I, the necrotic core: long T1 and T2.",
        source=f"{WINTERMARK}; volume of I + II {MOSER}",
    )
    rim: Zone = key(
        RIM,
        "Zone II, the rim: short T2 at first.",
        source=f"{WINTERMARK}; volume of I + II {MOSER}",
    )
    oedema: Zone = key(
        OEDEMA, "Zone III, oedema: 3.7 times the lesion at day 3, gone by 3 months.", source=KEIL
    )
    size_spread: float = key(
        0.25,
        "Standard deviation of the logarithm of lesion size.",
        ge=0,
        source=f"below the 0.5 of {MOSER}, {CHOSEN}",
    )
    miss_sd_mm: Triple = key(
        (0.55, 0.48, 0.83),
        "Spread of the miss: lateral, anterior, dorsal.",
        unit="mm",
        source=f"mean absolute error x 1.25, {MOSER}",
    )
    elongation: float = key(
        1.25, "Long over short axis of core and rim, along z of acpc.", gt=0, source=CHOSEN
    )
    oedema_elongation: float = key(
        1.7,
        "Long over short axis of the oedema.",
        gt=0,
        source="oedema spreads superoinferiorly, Harary 2018, PMID 29385921",
    )
    irregularity: float = key(0.12, "Relative waviness of the radius.", ge=0, lt=0.5, source=CHOSEN)
    sub_voxel_mm: float = key(
        0.3, "Sampling step inside voxels that hold lesion.", unit="mm", gt=0, le=0.5, source=CHOSEN
    )

    @model_validator(mode="after")
    def check(self) -> Lesion:
        """Refuse a time course whose lists differ in length or run backwards."""
        if any(late <= early for early, late in zip(self.days, self.days[1:], strict=False)):
            raise ValueError("lesion days must increase")
        for name in ("core", "rim", "oedema"):
            for field, values in getattr(self, name):
                if len(values) != len(self.days):
                    raise ValueError(f"{name}.{field} needs one value a day of `days`")
                if min(values) < 0 or ("factor" in field and min(values) == 0):
                    raise ValueError(f"{name}.{field} must be positive")
        return self


class Patient(Section):
    """One patient: arm, plan and what is missing."""

    label: str = key(..., "Label after `sub-`.", pattern=r"^[a-zA-Z0-9]+$")
    arm: Literal["fus", "sham"] = key("fus", "Treatment or sham.")
    side: Literal["left", "right"] = key("left", "Side of the target.")
    frame: Literal["acpc", "scanner", "mni"] = key("acpc", "Frame the plan is stated in.")
    origin: Literal["ac", "mc", "pc"] = key("mc", "Origin of an acpc plan.")
    axes: Literal["RAS", "LAS", "LPS", "LPI"] = key("RAS", "Directions of growing numbers.")
    miss_mm: Triple | None = key(
        None, "Miss in acpc axes; drawn at random if not given.", unit="mm"
    )
    missing_visits: tuple[str, ...] = key((), "Visits that did not take place.")
    missing_scans: tuple[str, ...] = key((), "Scans not acquired, as `visit:contrast`.")
    healed_from_d: float | None = key(None, "Day from which no contrast is left.", unit="d")


PATIENTS = (
    Patient(label="01", frame="acpc", origin="mc", axes="RAS"),
    Patient(
        label="02", frame="scanner", axes="LPS", miss_mm=(-2.0, 2.0, -2.0), missing_visits=("1m",)
    ),
    Patient(
        label="03",
        side="right",
        frame="acpc",
        origin="pc",
        axes="LAS",
        missing_scans=("3m:FLAIR",),
        healed_from_d=300.0,
    ),
    Patient(label="04", arm="sham", frame="mni"),
)
VISITS = {"baseline": -7.0, "3d": 3.0, "1m": 30.0, "3m": 91.0, "12m": 365.0}


class Phantom(Nested):
    """A digital study: patients, visits, anatomy, lesion and scanner."""

    seed: int = key(2026, "Seed of every random number.", ge=0, source=CHOSEN)
    patients: tuple[Patient, ...] = key(PATIENTS, "The patients.", source=CHOSEN)
    visits: dict[str, float] = key(
        VISITS,
        "Visit label and its days from treatment; null takes a visit out.",
        unit="d",
        source="visits of NCT05122403",
    )
    scans: Scans = key(Scans(), "The sequences.", source=CHOSEN)
    tissues: Tissues = key(Tissues(), "Relaxation at 3 T.", source="see each tissue")
    lesion: Lesion = key(Lesion(), "The lesion.", source="see each key")
    target_left_mm: Triple = key(
        (-6.6, -23.7, 7.9),
        "Planned target on the left, MNI.",
        unit="mm",
        source="posterior CL, doi:10.5281/zenodo.13918589",
    )
    target_right_mm: Triple = key(
        (8.1, -23.7, 7.8),
        "Planned target on the right, MNI.",
        unit="mm",
        source="posterior CL, doi:10.5281/zenodo.13918589",
    )
    ac_template_mm: Triple = key(
        (0.0, 3.0, -4.5),
        "Anterior commissure of the template.",
        unit="mm",
        source="read in its midsagittal slice, +-0.5 mm",
    )
    pc_template_mm: Triple = key(
        (0.0, -25.0, -2.0),
        "Posterior commissure of the template.",
        unit="mm",
        source="read in its midsagittal slice, +-0.5 mm",
    )
    anatomy_mm: float = key(
        1.5,
        "Grid on which each patient's tissues are laid out.",
        unit="mm",
        ge=0.8,
        le=3,
        source=CHOSEN,
    )
    brain_scale: float = key(
        0.92,
        "Mean size of a brain over that of the template.",
        gt=0.7,
        lt=1.3,
        source=f"{CHOSEN}: the template is larger than most brains",
    )
    brain_scale_sd: float = key(0.02, "Its spread.", ge=0, le=0.1, source=CHOSEN)
    deformation_mm: float = key(
        2.5, "Root mean square of the own shape, each axis.", unit="mm", ge=0, source=CHOSEN
    )
    deformation_scale_mm: float = key(
        25.0, "Smoothness: sigma of the own shape.", unit="mm", gt=8, source=CHOSEN
    )
    random_asymmetry: float = key(
        0.2, "Share of the own shape that differs between the halves.", ge=0, le=1, source=CHOSEN
    )
    petalia_mm: float = key(
        5.0,
        "Left occipital and right frontal poles reach further by.",
        unit="mm",
        ge=0,
        le=10,
        source=CHOSEN,
    )
    ventricle_asymmetry: float = key(
        0.3, "Widening of the left lateral ventricle.", ge=0, le=0.6, source=CHOSEN
    )
    template_t1_share: float = key(
        0.5, "Share of the T1 template in the grey-white mix.", ge=0, le=1, source=CHOSEN
    )
    csf_mm: float = key(
        2.5, "Fluid between brain hull and skull.", unit="mm", gt=0, le=8, source=CHOSEN
    )
    skull_mm: float = key(6.5, "Thickness of the skull.", unit="mm", gt=2, le=15, source=CHOSEN)
    scalp_mm: float = key(6.0, "Thickness of the scalp.", unit="mm", gt=2, le=15, source=CHOSEN)
    rotation_sd_deg: float = key(
        3.0, "Head rotation of a session, each axis.", unit="deg", ge=0, le=10, source=CHOSEN
    )
    shift_sd_mm: float = key(
        4.0, "Head shift of a session, each axis.", unit="mm", ge=0, le=15, source=CHOSEN
    )
    between_scans: float = key(
        0.15, "Share of both between scans of a session.", ge=0, le=1, source=CHOSEN
    )
    bias_sd: float = key(
        0.12, "Spread of the logarithm of the bias field.", ge=0, le=0.5, source=CHOSEN
    )
    gain_sd: float = key(
        0.1, "Spread of the logarithm of the receiver gain.", ge=0, le=0.5, source=CHOSEN
    )

    @field_validator("visits", mode="before")
    @classmethod
    def drop(cls, visits: Any) -> Any:
        """Take out the visits set to null: a study file is merged into the defaults."""
        if not isinstance(visits, Mapping):
            return visits
        return {label: day for label, day in visits.items() if day is not None}

    @model_validator(mode="after")
    def check(self) -> Phantom:
        """Refuse studies without baseline and patients that name unknown visits."""
        labels = [patient.label for patient in self.patients]
        if len(set(labels)) != len(labels):
            raise ValueError("patient labels must differ")
        if not self.visits or min(self.visits.values()) >= 0:
            raise ValueError("visits need a baseline, with negative days")
        if not all(visit.isalnum() and visit.isascii() for visit in self.visits):
            raise ValueError("visit labels must be letters and digits")
        scans = {f"{visit}:{kind}" for visit in self.visits for kind in ("T1w", "T2w", "FLAIR")}
        for patient in self.patients:
            unknown = {*patient.missing_visits} - {*self.visits}
            unknown |= {*patient.missing_scans} - scans
            if unknown:
                raise ValueError(f"patient {patient.label} misses unknown {sorted(unknown)}")
        return self


def clinical() -> Phantom:
    """Return the study at clinical resolution: 1 mm T1w, 0.9 x 0.9 x 2 mm T2w and FLAIR."""
    thin = {"voxel_mm": (0.9, 0.9, 2.0), "fov_mm": (190.8, 239.4, 180.0)}
    fine_t1w = T1W.model_copy(update={"voxel_mm": (1.0, 1.0, 1.0)})
    scans = Scans(
        t1w=fine_t1w, t2w=T2W.model_copy(update=thin), flair=FLAIR.model_copy(update=thin)
    )
    return Phantom(scans=scans, anatomy_mm=1.0)
