"""What is varied: one factor at a time, from a reference condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sonolesion.core.settings.phantom import VISITS as DEFAULT_VISITS
from sonolesion.core.settings.phantom import Phantom, clinical
from sonolesion.core.settings.phantom_lesion import Lesion
from sonolesion.core.settings.phantom_patient import Patient

SEED = 4100
REFERENCE = "reference"
DAYS = {"baseline": -7.0, "3d": 3.0, "1m": 30.0, "3m": 91.0, "12m": 365.0}
# The same state of the lesion, the head placed and measured anew.
RESCANS = {"3dagain": 3.0, "3magain": 91.0}
MAIN = ("baseline", "3d", "3m")
SHIFT_MM = 4.0
# Name of the plan → shift in right, anterior, superior [mm].
SHIFTS = {
    "right": (SHIFT_MM, 0.0, 0.0),
    "left": (-SHIFT_MM, 0.0, 0.0),
    "front": (0.0, SHIFT_MM, 0.0),
    "back": (0.0, -SHIFT_MM, 0.0),
    "up": (0.0, 0.0, SHIFT_MM),
    "down": (0.0, 0.0, -SHIFT_MM),
}
# Origin and axes of the plan, by turns; they don't bear on accuracy, and all must work.
FRAMES = (("mc", "RAS"), ("pc", "LPS"), ("ac", "LAS"))
HEALED_FROM_D = 300.0


@dataclass(frozen=True)
class Condition:
    """One condition.

    Attributes
    ----------
    noise, size : float
        Factors on the noise of every scan and on the volume of every zone.
    slice_mm : float or None
        Least slice thickness of every scan but T1w; None for the preset's.
    only : tuple of str
        Contrasts that are kept; all if empty. T1w is always there, as the space comes from it.
    plans : str
        ``own``, a key of `SHIFTS`, ``mirrored`` or ``absent``.
    parent : str
        Condition whose scans (where they are the same) and anatomy are taken over.
    share : float
        Part of the reference's treated patients that are run, at least two.
    untreated : bool
        Whether untreated patients are run too.
    """

    name: str
    about: str
    visits: tuple[str, ...] = MAIN
    noise: float = 1.0
    size: float = 1.0
    slice_mm: float | None = None
    only: tuple[str, ...] = ()
    plans: str = "own"
    parent: str = REFERENCE
    share: float = 0.5
    untreated: bool = False

    @property
    def scans_anew(self) -> bool:
        """Whether its scans differ from those of the parent."""
        rescanned = any(visit not in MAIN for visit in self.visits)
        return not self.parent or self.changes_signal or rescanned

    @property
    def changes_signal(self) -> bool:
        """Whether a scanner or lesion setting differs."""
        return (self.noise, self.size, self.slice_mm) != (1.0, 1.0, None)


# By what they tell for their time: those that only look for the lesion again come first.
ALL = (
    Condition(
        REFERENCE, "the phantom's clinical preset", MAIN, parent="", share=1.0, untreated=True
    ),
    # One plan a study: the plans of other treatments of a patient bear on the search.
    *(
        Condition(f"plan {way}", f"plan {SHIFT_MM:g} mm further to the {way}", plans=way)
        for way in SHIFTS
    ),
    Condition("plan absent", "no row in the table of interventions", plans="absent", share=0.0),
    Condition("plan mirrored", "plan on the side never treated", plans="mirrored", untreated=True),
    Condition("no DWI, no SWI", "T1w, T2w and FLAIR", only=("T1w", "T2w", "FLAIR")),
    Condition("T1w+T2w", "T1w and T2w", only=("T1w", "T2w")),
    Condition("T1w+FLAIR", "T1w and FLAIR", only=("T1w", "FLAIR")),
    Condition("T1w", "T1w alone", only=("T1w",)),
    Condition("slices 3 mm", "slices 3 mm thick in all but T1w", slice_mm=3.0, untreated=True),
    Condition("slices 4 mm", "slices 4 mm thick in all but T1w", slice_mm=4.0, untreated=True),
    Condition("size x0.5", "half the volume of every zone", size=0.5),
    Condition("size x2", "twice the volume of every zone", size=2.0),
    Condition("1m", "a visit at 1 month", ("baseline", "1m"), share=1.0, untreated=True),
    Condition("12m", "a visit at 12 months", ("baseline", "12m"), share=1.0, untreated=True),
    Condition("rescan", "3 days and 3 months twice", (*MAIN, *RESCANS), share=1.0, untreated=True),
    Condition("noise x1.5", "noise of every scan x 1.5", noise=1.5, parent="", untreated=True),
    Condition("noise x2", "noise of every scan x 2", noise=2.0, parent="", untreated=True),
)


# Visits left out where only the harness is tried.
LATE = {"3m", "3magain", "12m"}


def shortened(condition: Condition) -> Condition:
    """Return a condition without its late visits."""
    return replace(condition, visits=tuple(v for v in condition.visits if v not in LATE))


@dataclass(frozen=True)
class Preset:
    """The scanner and the amount of work that the campaign starts from."""

    phantom: Phantom
    settings: Mapping[str, Any] = field(default_factory=dict)


def preset(*, small: bool) -> Preset:
    """Return the clinical preset, or a coarse one that only tries the harness."""
    if not small:
        return Preset(clinical())
    fast = {
        "start": {"pitch_degrees": [0.0]},
        "head": {"iterations": [60, 40, 10]},
        "warp": {"spacing_mm": 2.0},
        "session": {"iterations": [60, 30, 0]},
        "contrast": {"iterations": [60, 30, 0]},
    }
    every = clinical().contrasts
    return Preset(Phantom(contrasts=every), {"anatomy": fast})


def patients(treated: int, untreated: int) -> list[Patient]:
    """Return the patients: plans in turn left and right, every third one healed at 12 months."""
    found = []
    for index in range(treated + untreated):
        origin, axes = FRAMES[index % len(FRAMES)]
        without = index >= treated
        found.append(
            Patient.model_validate(
                {
                    "label": f"u{index - treated + 1:02d}" if without else f"f{index + 1:02d}",
                    "arm": "sham" if without else "fus",
                    "side": ("left", "right")[index % 2],
                    "frame": "acpc",
                    "origin": origin,
                    "axes": axes,
                    "healed_from_d": None if without or index % 3 != 2 else HEALED_FROM_D,
                }
            )
        )
    return found


def chosen(condition: Condition, everyone: list[Patient]) -> list[Patient]:
    """Return the patients that a condition is run on."""
    treated = [patient for patient in everyone if patient.arm == "fus"]
    n = max(2, round(condition.share * len(treated))) if condition.share else 1
    without = [patient for patient in everyone if patient.arm == "sham"]
    return treated[:n] + (without if condition.untreated else [])


def settings(condition: Condition, patient: Patient, base: Phantom) -> Phantom:
    """Return the phantom of one patient; every patient has its own seed."""
    group = 100 if patient.arm == "sham" else 0
    days = {**DAYS, **RESCANS}
    return base.model_copy(
        update={
            "seed": SEED + group + int(patient.label[1:]),
            "patients": (patient,),
            "visits": {visit: days[visit] for visit in condition.visits},
            "scans": base.scans.model_copy(update=dict(scans_of(condition, base))),
            "lesion": resized(base.lesion, condition.size),
        }
    )


def scans_of(condition: Condition, base: Phantom) -> dict[str, Any]:
    """Return the scans with noise and slice thickness changed."""
    found = {}
    for name, scan in base.scans:
        update: dict[str, Any] = {"snr": scan.snr / condition.noise}
        if condition.slice_mm and name != "t1w":
            update["voxel_mm"] = (*scan.voxel_mm[:2], max(scan.voxel_mm[2], condition.slice_mm))
        found[name] = scan.model_copy(update=update)
    return found


def resized(lesion: Lesion, factor: float) -> Lesion:
    """Return a lesion whose zones hold another volume at all times."""
    zones = {
        name: getattr(lesion, name).model_copy(
            update={"volume_mm3": tuple(factor * v for v in getattr(lesion, name).volume_mm3)}
        )
        for name in ("core", "rim", "oedema")
    }
    return lesion.model_copy(update=zones)


def study_file(phantom: Phantom, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return a study's configuration; visits of the default study that it lacks are taken out."""
    dumped = phantom.model_dump(mode="json")
    dumped["visits"] = {**dict.fromkeys(DEFAULT_VISITS), **dumped["visits"]}
    return {"phantom": dumped, **extra}
