"""Settings of the phantom's resting-state BOLD scan; off unless a study asks for it."""

from __future__ import annotations

from pydantic import model_validator

from sonolesion.core.settings import Section, key
from sonolesion.core.settings.phantom_signal import CHOSEN, Nested, Scan

BIANCIARDI = "order of Bianciardi 2009, doi:10.1016/j.mri.2009.02.004"
POWER = "order of Power 2012, doi:10.1016/j.neuroimage.2011.10.018"
FRISTON = "Friston 1996, doi:10.1002/mrm.1910350312"


class BoldScan(Scan):
    """Gradient-echo EPI, volume after volume; slices interleaved, odd ones first."""

    n_volumes: int = key(210, "Volumes, the first ones not steady included.", ge=4, source=CHOSEN)
    readout_s: float = key(
        0.035, "Total readout time, first to last echo.", unit="s", gt=0, source=CHOSEN
    )
    fat_share: float = key(
        0.1, "Share of the fat signal that suppression leaves.", ge=0, le=1, source=CHOSEN
    )
    opposed: bool = key(True, "A volume of the opposite phase encoding in fmap.", source=CHOSEN)

    @property
    def slice_times_s(self) -> tuple[float, ...]:
        """When each slice of a volume is excited, from the volume's beginning [s]."""
        n = round(self.fov_mm[2] / self.voxel_mm[2])
        order = [*range(0, n, 2), *range(1, n, 2)]
        rank = {k: place for place, k in enumerate(order)}
        return tuple(round(rank[k] * self.repetition_s / n, 6) for k in range(n))


SCAN = BoldScan(
    voxel_mm=(3.0, 3.0, 3.0),
    fov_mm=(210.0, 240.0, 156.0),
    axes="LAS",
    echo_s=0.03,
    repetition_s=2.0,
    flip_deg=77.0,
    snr=110.0,
)


class Neural(Section):
    """Signals of regions that go together as stated."""

    low_hz: float = key(0.01, "Lowest frequency.", unit="Hz", gt=0, source=CHOSEN)
    high_hz: float = key(0.1, "Highest frequency.", unit="Hz", gt=0, source=CHOSEN)
    amplitude: float = key(
        0.015, "Standard deviation over the signal of grey matter.", ge=0, le=0.1, source=CHOSEN
    )
    amplitude_spread: float = key(
        0.5,
        "By how much of it networks differ: from 1 less half of it to 1 and half of it.",
        ge=0,
        le=1.5,
        source=CHOSEN,
    )
    within: float = key(0.5, "Correlation in a network.", ge=0, lt=1, source=CHOSEN)
    between: float = key(0.1, "Correlation between networks.", ge=-0.2, lt=1, source=CHOSEN)
    opposed: float = key(
        -0.2, "Correlation of default mode and salience network.", gt=-1, lt=1, source=CHOSEN
    )
    homologous: float = key(
        0.2, "Added between a region and its other side.", ge=0, lt=1, source=CHOSEN
    )

    @model_validator(mode="after")
    def check(self) -> Neural:
        """Refuse a band that is none."""
        if self.low_hz >= self.high_hz:
            raise ValueError("low_hz must be below high_hz")
        return self


class HeadMotion(Section):
    """How the head moves, and what that does beside moving it."""

    walk_mm: float = key(
        0.3, "Shift from first to last volume, each axis (sd).", unit="mm", ge=0, source=CHOSEN
    )
    walk_deg: float = key(
        0.3, "Rotation from first to last volume, each axis (sd).", unit="deg", ge=0, source=CHOSEN
    )
    n_jerks: int = key(5, "Frames in which the head jerks and comes back.", ge=0, source=CHOSEN)
    jerk_mm: float = key(0.6, "Shift of a jerk, each axis (sd).", unit="mm", ge=0, source=POWER)
    jerk_deg: float = key(
        0.5, "Rotation of a jerk, each axis (sd).", unit="deg", ge=0, source=POWER
    )
    person_sd: float = key(
        0.5, "Spread of the logarithm of all motion between visits.", ge=0, le=2, source=CHOSEN
    )
    history_per_mm: float = key(
        0.01,
        "Signal lost for each millimetre moved since the frame before (spin history).",
        ge=0,
        source=f"{CHOSEN}, after {FRISTON}",
    )


class Physiology(Section):
    """Heart and breath, seen at each slice's own time and so aliased."""

    cardiac_hz: float = key(1.1, "Heart rate.", unit="Hz", gt=0, source=CHOSEN)
    breathing_hz: float = key(0.27, "Breathing rate.", unit="Hz", gt=0, source=CHOSEN)
    rate_spread: float = key(0.08, "Its wander, over the rate (sd).", ge=0, lt=0.5, source=CHOSEN)
    tissue: float = key(
        0.003, "Size of each in grey and white matter, over the signal.", ge=0, source=BIANCIARDI
    )
    fluid: float = key(0.015, "Size of each in fluid.", ge=0, source=BIANCIARDI)
    vessels: float = key(
        0.02, "Added near the basal arteries and the great veins.", ge=0, source=BIANCIARDI
    )
    systemic: float = key(
        0.0, "Slow wave that travels through all tissue, over the signal.", ge=0, source="off"
    )
    systemic_lag_s: float = key(
        3.0, "How much later it comes at the back than at the front.", unit="s", ge=0, source=CHOSEN
    )


class Artefacts(Section):
    """What the scanner adds."""

    drift: float = key(0.01, "Slow drift, end to end, over the signal.", ge=0, source=CHOSEN)
    n_spikes: int = key(3, "Frames with a spike in k-space.", ge=0, source=CHOSEN)
    spike: float = key(0.1, "Size of its stripes, over the signal.", ge=0, source=CHOSEN)
    sinus_hz: float = key(
        90.0, "Field above the sinuses.", unit="Hz", source=f"{CHOSEN}: order of that at 3 T"
    )
    ear_hz: float = key(
        60.0, "Field above the petrous bones.", unit="Hz", source=f"{CHOSEN}: order of that at 3 T"
    )


class LesionEffect(Section):
    """What an ablation does to the scan; 1 and 1 switch it off."""

    coupling: float = key(
        0.4,
        "Factor on the correlation of the treated thalamus with the salience network.",
        ge=0,
        le=1,
        source=CHOSEN,
    )
    signal_left: float = key(
        0.2, "Share of the signal left in core and rim, which have no neural signal.",
        ge=0, le=1, source=CHOSEN,
    )  # fmt: skip


class PhantomBold(Nested):
    """A resting-state scan beside the scans of the study, with known correlations."""

    made: bool = key(False, "Make the scan; without it the study is what it was.")
    visits: tuple[str, ...] = key((), "Visits that have it; all if none is named.")
    scan: BoldScan = key(SCAN, "The sequence.", source="clinical protocols at 3 T")
    neural: Neural = key(Neural(), "Signals of regions.", source="see each key")
    motion: HeadMotion = key(HeadMotion(), "Head motion.", source="see each key")
    physiology: Physiology = key(Physiology(), "Heart and breath.", source="see each key")
    artefacts: Artefacts = key(Artefacts(), "Of the scanner.", source="see each key")
    lesion: LesionEffect = key(LesionEffect(), "Effect of an ablation.", source="see each key")

    def asked(self, visit: str) -> bool:
        """Whether the scan is made at a visit."""
        return self.made and (not self.visits or visit in self.visits)

    @property
    def quiet(self) -> PhantomBold:
        """The same scan of a still head with thermal noise alone."""
        still = self.motion.model_copy(
            update={"walk_mm": 0.0, "walk_deg": 0.0, "n_jerks": 0, "history_per_mm": 0.0}
        )
        calm = dict.fromkeys(("tissue", "fluid", "vessels", "systemic"), 0.0)
        clean = {"drift": 0.0, "n_spikes": 0, "sinus_hz": 0.0, "ear_hz": 0.0}
        return self.model_copy(
            update={
                "motion": still,
                "physiology": self.physiology.model_copy(update=calm),
                "artefacts": self.artefacts.model_copy(update=clean),
            }
        )
