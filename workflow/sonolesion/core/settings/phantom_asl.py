"""Settings of the phantom's arterial spin labelling scan; off unless a study asks for it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from sonolesion.core.settings import Section, key
from sonolesion.core.settings.phantom_signal import CHOSEN, Nested, Scan

ALSOP = "Alsop 2015, doi:10.1002/mrm.25197"
GARCIA = "Garcia 2005, doi:10.1002/mrm.20556"
TRANSIT = "order of Dai 2012, doi:10.1002/mrm.23103"
GE = "GE 3D ASL product, as its users published it"


class AslScan(Scan):
    """Pulsed or pseudo-continuous labelling; `repetition_s` is from one labelling to the next."""

    labelling: Literal["PCASL", "PASL"] = key("PCASL", "How blood is labelled.")
    labelling_s: float = key(
        1.8,
        "Duration of labelling; of PASL that of the bolus, which is cut off.",
        unit="s",
        gt=0,
        source=ALSOP,
    )
    delays_s: tuple[float, ...] = key(
        (1.8,),
        "Delay from the end of labelling to the readout; of PASL from the labelling.",
        unit="s",
        source=ALSOP,
    )
    n_pairs: int = key(20, "Pairs of control and label at each delay.", ge=1, source=CHOSEN)
    readout: Literal["2D", "3D"] = key("3D", "Slices one after the other, or all at once.")
    slice_s: float = key(
        0.035, "Time between slices of a 2D readout.", unit="s", gt=0, source=CHOSEN
    )
    suppression_pulses: int = key(
        2, "Inversions that suppress the background; 0 for none.", ge=0, source=ALSOP
    )
    static_share: float = key(
        0.1, "Share of the background that suppression leaves.", ge=0, le=1, source=ALSOP
    )
    m0_repetition_s: float = key(
        6.0, "Repetition time of the M0 scan.", unit="s", gt=0, source=ALSOP
    )
    layout: Literal["pairs", "deltam", "product"] = key(
        "pairs",
        "What is written: all volumes; the differences; or one sum of them with a proton "
        "density, scaled as GE's product does.",
    )
    m0: Literal["separate", "included"] = key("separate", "M0 in a file of its own, or first.")
    scale: float = key(32.0, "Product: amplification of the difference.", gt=0, source=GE)
    saturation_s: float = key(
        2.0, "Product: recovery of the proton density.", unit="s", gt=0, source=GE
    )
    fat_share: float = key(
        0.1, "Share of the fat signal that suppression leaves.", ge=0, le=1, source=CHOSEN
    )

    @model_validator(mode="after")
    def check_timing(self) -> AslScan:
        """Refuse timings that no scanner runs."""
        if not self.delays_s or min(self.delays_s) <= 0:
            raise ValueError("delays_s must be positive")
        pulsed = self.labelling == "PASL"
        if pulsed and min(self.delays_s) <= self.labelling_s:
            raise ValueError("PASL is read after its bolus has been cut off: delays_s")
        needed_s = max(self.delays_s) + (0.0 if pulsed else self.labelling_s)
        if needed_s >= self.repetition_s:
            raise ValueError("labelling and delay must fit into repetition_s")
        if self.layout == "product" and (pulsed or len(self.delays_s) > 1):
            raise ValueError("the product has one delay after pseudo-continuous labelling")
        return self

    @property
    def background(self) -> float:
        """Share of the background that is seen in control and label."""
        return self.static_share if self.suppression_pulses else 1.0


SCAN = AslScan(
    voxel_mm=(3.4, 3.4, 4.0),
    fov_mm=(217.6, 238.0, 180.0),
    axes="LAS",
    echo_s=0.012,
    repetition_s=4.8,
    snr=200.0,
)


class Blood(Section):
    """Label and its decay."""

    t1_s: float = key(1.65, "T1 of arterial blood at 3 T.", unit="s", gt=0, source=ALSOP)
    partition_grey_ml_g: float = key(
        0.9, "Partition coefficient of grey matter.", unit="mL/g", gt=0, source=f"mean, {ALSOP}"
    )
    partition_white_ml_g: float = key(
        0.9, "Partition coefficient of white matter.", unit="mL/g", gt=0, source=f"mean, {ALSOP}"
    )
    efficiency: dict[str, float] = key(
        {"PCASL": 0.85, "PASL": 0.98}, "Share of blood that labelling inverts.", source=ALSOP
    )
    pulse_efficiency: float = key(
        0.95, "What a pulse of background suppression leaves.", gt=0, le=1, source=GARCIA
    )


class Flow(Section):
    """True flow and arterial transit time."""

    grey_cbf: float = key(60.0, "Grey matter.", unit="mL/100 g/min", gt=0, source=ALSOP)
    white_cbf: float = key(20.0, "White matter.", unit="mL/100 g/min", gt=0, source=ALSOP)
    grey_transit_s: float = key(1.1, "Grey matter.", unit="s", gt=0, source=TRANSIT)
    white_transit_s: float = key(1.5, "White matter.", unit="s", gt=0, source=TRANSIT)
    regional_sd: float = key(
        0.1, "Spread of the logarithm of flow from place to place.", ge=0, le=0.5, source=CHOSEN
    )
    regional_mm: float = key(20.0, "Smoothness of it.", unit="mm", gt=4, source=CHOSEN)
    visit_sd: float = key(
        0.05, "Spread of the logarithm of all flow from visit to visit.", ge=0, source=CHOSEN
    )
    late_s: float = key(
        0.4, "How much later label reaches the posterior territory.", unit="s", ge=0, source=TRANSIT
    )
    late_side: Literal["both", "left", "right"] = key("both", "Side of that territory.")


class Effect(Section):
    """What a lesion does to flow; the factors multiply that of the healthy tissue."""

    made: bool = key(True, "Whether lesions change flow.")
    core_factor: float = key(0.0, "Core.", ge=0, source=CHOSEN)
    rim_factor: float = key(0.1, "Rim.", ge=0, source=CHOSEN)
    oedema_factor: float = key(0.6, "Oedema.", ge=0, source=CHOSEN)
    thalamus_change: float = key(
        0.0,
        "Relative change of flow in the rest of the thalamus on the side of an ablation.",
        ge=-1,
        source="off: both signs are published",
    )


class AslMotion(Section):
    """Rigid motion of the head, a random walk from the first volume."""

    shift_mm: float = key(
        0.4, "Shift from first to last volume, each axis.", unit="mm", ge=0, le=10, source=CHOSEN
    )
    turn_deg: float = key(0.3, "Rotation, each axis.", unit="deg", ge=0, le=10, source=CHOSEN)


class PhantomAsl(Nested):
    """An arterial spin labelling scan beside the scans of the study, with known flow."""

    made: bool = key(False, "Make the scan; without it the study is what it was.")
    visits: tuple[str, ...] = key((), "Visits that have it; all if none is named.")
    scan: AslScan = key(SCAN, "The sequence.", source="recommended protocol, " + ALSOP)
    by_visit: dict[str, dict[str, Any]] = key(
        {}, "Visit, and the keys of the sequence that differ there."
    )
    blood: Blood = key(Blood(), "Label.", source="see each key")
    flow: Flow = key(Flow(), "Flow.", source="see each key")
    effect: Effect = key(Effect(), "What lesions do.", source="see each key")
    motion: AslMotion = key(AslMotion(), "Motion of the head.", source="see each key")

    def asked(self, visit: str) -> bool:
        """Whether the scan is made at a visit."""
        return self.made and (not self.visits or visit in self.visits)

    def scan_of(self, visit: str) -> AslScan:
        """Return the sequence of a visit."""
        return AslScan.model_validate({**self.scan.model_dump(), **self.by_visit.get(visit, {})})

    @model_validator(mode="after")
    def check_visits(self) -> PhantomAsl:
        """Refuse visits whose sequence no scanner runs."""
        for visit in self.by_visit:
            self.scan_of(visit)
        return self
