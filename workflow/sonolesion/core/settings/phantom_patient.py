"""Settings of the phantom's patients: treatment, other lesions, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Literal

from pydantic import model_validator

from sonolesion.core.settings import Section, key
from sonolesion.core.settings.phantom_signal import CHOSEN, Triple

Side = Literal["left", "right"]
Fault = Literal["motion", "contrast_agent", "partial_coverage", "bottle", "mirrored"]
PLACES = {
    "target": "offset from the planned target, acpc axes",
    "acpc": "acpc millimetres, origin AC",
    "template": "template millimetres",
}


class Treatment(Section):
    """A further intervention: the other side, a repeat, or open label after sham."""

    day: float = key(..., "Day on the time axis of the visits.", unit="d")
    kind: Literal["fus", "sham"] = key("fus", "Treatment or sham.")
    side: Side = key("right", "Side of the target.")
    miss_mm: Triple | None = key(
        None, "Miss in acpc axes; drawn at random if not given.", unit="mm"
    )


class OtherLesion(Section):
    """A lesion beside the ablated one."""

    kind: Literal["ablation", "restricted", "haemorrhage"] = key(
        "restricted",
        "A second ablated spot; diffusion that is restricted as in an infarct; blood.",
    )
    frame: Literal["target", "acpc", "template"] = key(
        "template", "What `place_mm` counts from: " + "; ".join(PLACES.values()) + "."
    )
    place_mm: Triple = key(..., "Where, in `frame`; x grows to the right.", unit="mm")
    volume_mm3: float = key(100.0, "Volume at its first day (core and rim).", unit="mm3", gt=0)
    from_d: float = key(0.0, "Day on which it came.", unit="d")


class Drift(Section):
    """What differs in a scan from the protocol of the study."""

    scan: dict[str, Any] = key({}, "Keys of the sequence, such as `echo_s`.")
    sidecar: dict[str, Any] = key({}, "Keys of the sidecar, such as `SoftwareVersions`.")


class Patient(Section):
    """One patient: arm, plan, what is missing and what is wrong.

    `drift` and `faults` are keyed by visit, or by ``visit:contrast``, which goes first.
    """

    label: str = key(..., "Label after `sub-`.", pattern=r"^[a-zA-Z0-9]+$")
    arm: Literal["fus", "sham", "none"] = key("fus", "Treatment, sham or no intervention at all.")
    side: Side = key("left", "Side of the target.")
    frame: Literal["acpc", "scanner", "mni"] = key("acpc", "Frame the plan is stated in.")
    origin: Literal["ac", "mc", "pc"] = key("mc", "Origin of an acpc plan.")
    axes: Literal["RAS", "LAS", "LPS", "LPI"] = key("RAS", "Directions of growing numbers.")
    miss_mm: Triple | None = key(
        None, "Miss in acpc axes; drawn at random if not given.", unit="mm"
    )
    missing_visits: tuple[str, ...] = key((), "Visits that did not take place.")
    missing_scans: tuple[str, ...] = key((), "Scans not acquired, as `visit:contrast`.")
    healed_from_d: float | None = key(None, "Day from which no contrast is left.", unit="d")
    visits: dict[str, float] | None = key(
        None, "Own visits instead of the study's, label and day.", unit="d"
    )
    further: tuple[Treatment, ...] = key((), "Further interventions, in order of time.")
    others: tuple[OtherLesion, ...] = key((), "Lesions beside the ablated one.")
    drift: dict[str, Drift] = key({}, "Scans whose protocol differs.")
    faults: dict[str, Fault] = key({}, "Scans that are spoilt, and how.")
    swapped: dict[str, str] = key({}, "Visit, and label of the person really scanned.")

    def scan_keys(self) -> Iterator[str]:
        """Yield the keys that must name a visit, or ``visit:contrast``."""
        yield from (*self.missing_scans, *self.drift, *self.faults)

    @model_validator(mode="after")
    def check(self) -> Patient:
        """Refuse interventions out of order, and one after no first."""
        days = [0.0, *(treatment.day for treatment in self.further)]
        if any(late <= early for early, late in pairwise(days)):
            raise ValueError("further interventions come after day 0, in order of time")
        if self.further and self.arm == "none":
            raise ValueError("a further intervention needs a first: set arm to sham or fus")
        return self


class Spoiling(Section):
    """How strong the faults are."""

    motion_mm: float = key(4.0, "Head shift during a scan.", unit="mm", gt=0, source=CHOSEN)
    motion_deg: float = key(4.0, "Head rotation during a scan.", unit="deg", gt=0, source=CHOSEN)
    n_positions: int = key(6, "Places of the head during a scan.", ge=2, source=CHOSEN)
    cut_mm: float = key(
        0.0, "Height above the planned target at which a scan ends.", unit="mm", source=CHOSEN
    )
    agent_lesion_t1_factor: float = key(
        0.5, "T1 of an enhancing rim over that before the agent.", gt=0, le=1, source=CHOSEN
    )
    agent_open_d: float = key(
        60.0, "Days during which a rim enhances.", unit="d", ge=0, source=CHOSEN
    )
    agent_blood_share: float = key(
        0.04, "Blood in brain tissue.", ge=0, le=0.2, source="cerebral blood volume, 4 ml/100 g"
    )


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
