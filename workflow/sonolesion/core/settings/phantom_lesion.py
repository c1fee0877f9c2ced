"""Settings of what the phantom's patients have in the brain: lesions and their time courses."""

from __future__ import annotations

from pydantic import model_validator

from sonolesion.core.settings import Section, key
from sonolesion.core.settings.phantom_signal import CHOSEN, Nested, Triple

KEIL = "Keil 2020, doi:10.1007/s00234-020-02433-9"
MOSER = "Moser 2013, J Ther Ultrasound 1:3"
WINTERMARK = "Wintermark 2014, PMID 24371027"


class Zone(Section):
    """One zone of a lesion over time; lists run along `Lesion.days`."""

    volume_mm3: tuple[float, ...] = key((), "Volume of the zone alone.", unit="mm3")
    t1_factor: tuple[float, ...] = key((), "T1 over that of healthy tissue.")
    t2_factor: tuple[float, ...] = key((), "T2 over that of healthy tissue.")
    density_factor: tuple[float, ...] = key((), "Proton density over that of healthy tissue.")
    adc_factor: tuple[float, ...] = key((), "ADC over that of healthy tissue.")
    r2_prime_added_per_s: tuple[float, ...] = key(
        (), "Reversible relaxation rate beyond that of healthy tissue.", unit="1/s"
    )


CORE = Zone(
    volume_mm3=(22.0, 25.0, 18.0, 12.0, 8.0, 5.0),
    t1_factor=(1.35, 1.4, 1.4, 1.4, 1.4, 1.4),
    t2_factor=(1.5, 1.7, 1.3, 1.2, 1.15, 1.12),
    density_factor=(1.1, 1.12, 1.06, 1.05, 1.05, 1.05),
    adc_factor=(0.6, 0.55, 1.1, 1.35, 1.5, 1.6),
    r2_prime_added_per_s=(1.0, 2.0, 5.0, 8.0, 10.0, 10.0),
)
RIM = Zone(
    volume_mm3=(33.0, 45.0, 27.0, 15.0, 10.0, 7.0),
    t1_factor=(1.2, 1.25, 1.2, 1.15, 1.12, 1.1),
    t2_factor=(0.78, 0.75, 0.9, 0.97, 1.0, 1.0),
    density_factor=(1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    adc_factor=(0.55, 0.45, 1.0, 1.1, 1.15, 1.15),
    r2_prime_added_per_s=(2.0, 4.0, 25.0, 40.0, 50.0, 50.0),
)
OEDEMA = Zone(
    volume_mm3=(200.0, 260.0, 20.0, 0.0, 0.0, 0.0),
    t1_factor=(1.2, 1.25, 1.08, 1.0, 1.0, 1.0),
    t2_factor=(1.35, 1.45, 1.12, 1.0, 1.0, 1.0),
    density_factor=(1.06, 1.08, 1.02, 1.0, 1.0, 1.0),
    adc_factor=(1.2, 1.3, 1.08, 1.0, 1.0, 1.0),
    r2_prime_added_per_s=(0.0,) * 6,
)
NO_ZONE = Zone(
    volume_mm3=(0.0,) * 6,
    t1_factor=(1.0,) * 6,
    t2_factor=(1.0,) * 6,
    density_factor=(1.0,) * 6,
    adc_factor=(1.0,) * 6,
    r2_prime_added_per_s=(0.0,) * 6,
)


class Lesion(Nested):
    """Size, shape and contrast of a lesion by days after it was made."""

    days: tuple[float, ...] = key(
        (1.0, 3.0, 30.0, 90.0, 180.0, 365.0),
        "Days after treatment of the time course.",
        unit="d",
        source=KEIL,
    )
    core: Zone = key(
        CORE,
        "Zone I, the necrotic core: long T1 and T2, low ADC at first, high when a cavity.",
        source=f"{WINTERMARK}; volume of I + II {MOSER}",
    )
    rim: Zone = key(
        RIM,
        "Zone II, the rim: short T2 and low ADC at first, haemosiderin from a month on.",
        source=f"{WINTERMARK}; volume of I + II {MOSER}; SWI {KEIL}; R2' {CHOSEN}",
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

    def resized(self, factor: float) -> Lesion:
        """Return the lesion with the volume of every zone at all times multiplied."""
        zones = {
            name: zone.model_copy(update={"volume_mm3": tuple(factor * v for v in zone.volume_mm3)})
            for name, zone in (("core", self.core), ("rim", self.rim), ("oedema", self.oedema))
        }
        return self.model_copy(update=zones)


# The volumes of these two are relative: each lesion states its own.
RESTRICTED = Lesion(
    days=(1.0, 3.0, 10.0, 30.0, 90.0, 365.0),
    core=Zone(
        volume_mm3=(1.0, 1.1, 1.0, 0.8, 0.6, 0.5),
        t1_factor=(1.1, 1.2, 1.3, 1.4, 1.4, 1.4),
        t2_factor=(1.3, 1.5, 1.6, 1.5, 1.5, 1.5),
        density_factor=(1.02, 1.05, 1.06, 1.08, 1.08, 1.08),
        adc_factor=(0.5, 0.5, 0.85, 1.25, 1.5, 1.7),
        r2_prime_added_per_s=(0.0,) * 6,
    ),
    rim=NO_ZONE,
    oedema=NO_ZONE,
)
HAEMORRHAGE = Lesion(
    days=(1.0, 3.0, 10.0, 30.0, 90.0, 365.0),
    core=Zone(
        volume_mm3=(1.0, 1.0, 0.95, 0.8, 0.6, 0.5),
        t1_factor=(0.95, 0.7, 0.5, 0.6, 1.1, 1.2),
        t2_factor=(0.5, 0.4, 0.45, 0.6, 0.5, 0.5),
        density_factor=(1.0,) * 6,
        adc_factor=(0.7, 0.7, 0.8, 1.0, 1.0, 1.0),
        r2_prime_added_per_s=(80.0, 120.0, 120.0, 120.0, 130.0, 130.0),
    ),
    rim=NO_ZONE,
    oedema=Zone(
        volume_mm3=(0.8, 1.2, 0.5, 0.0, 0.0, 0.0),
        t1_factor=(1.2, 1.25, 1.1, 1.0, 1.0, 1.0),
        t2_factor=(1.35, 1.45, 1.2, 1.0, 1.0, 1.0),
        density_factor=(1.06, 1.08, 1.02, 1.0, 1.0, 1.0),
        adc_factor=(1.2, 1.3, 1.1, 1.0, 1.0, 1.0),
        r2_prime_added_per_s=(0.0,) * 6,
    ),
)
