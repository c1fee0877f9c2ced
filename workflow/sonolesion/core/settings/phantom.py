"""Settings of the digital study with known truth."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import field_validator, model_validator

from sonolesion.core.settings import key
from sonolesion.core.settings.phantom_lesion import HAEMORRHAGE, RESTRICTED, Lesion
from sonolesion.core.settings.phantom_patient import PATIENTS, Patient, Spoiling
from sonolesion.core.settings.phantom_signal import CHOSEN, Nested, Scans, Tissues, Triple

__all__ = [
    "CONTRASTS",
    "VISITS",
    "Lesion",
    "Patient",
    "Phantom",
    "clinical",
    "draw_patients",
]
CONTRASTS = ("T1w", "T2w", "FLAIR", "dwi", "MEGRE")
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
    contrasts: tuple[Literal["T1w", "T2w", "FLAIR", "dwi", "MEGRE"], ...] = key(
        ("T1w", "T2w", "FLAIR"), "Scans of every visit.", source=CHOSEN
    )
    scans: Scans = key(Scans(), "The sequences.", source=CHOSEN)
    tissues: Tissues = key(Tissues(), "Relaxation at 3 T.", source="see each tissue")
    lesion: Lesion = key(Lesion(), "The ablated lesion.", source="see each key")
    restricted: Lesion = key(
        RESTRICTED,
        "A lesion that restricts diffusion, as an infarct; volumes are relative.",
        source="Schlaug 1997, doi:10.1212/WNL.49.1.113; volumes chosen",
    )
    haemorrhage: Lesion = key(
        HAEMORRHAGE,
        "A bleed: deoxy- and methaemoglobin, then haemosiderin; volumes are relative.",
        source="Bradley 1993, doi:10.1148/radiology.189.1.8372185; R2' chosen",
    )
    spoiling: Spoiling = key(Spoiling(), "How strong the faults are.", source="see each key")
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
        for patient in self.patients:
            visits = self.visits_of(patient, all_planned=True)
            if not visits or min(visits.values()) >= 0:
                raise ValueError("visits need a baseline, with negative days")
            if not all(visit.isalnum() and visit.isascii() for visit in visits):
                raise ValueError("visit labels must be letters and digits")
            scans = {f"{visit}:{kind}" for visit in visits for kind in CONTRASTS}
            unknown = {*patient.missing_visits, *patient.swapped} - {*visits}
            unknown |= {*patient.scan_keys()} - scans - {*visits}
            unknown |= {*patient.swapped.values()} - {*labels}
            if unknown:
                raise ValueError(f"patient {patient.label} misses unknown {sorted(unknown)}")
        return self

    def visits_of(self, patient: Patient, *, all_planned: bool = False) -> dict[str, float]:
        """Return the visits of a patient that took place, or all that were planned."""
        planned = self.visits if patient.visits is None else patient.visits
        missing = () if all_planned else patient.missing_visits
        return {visit: day for visit, day in planned.items() if visit not in missing}


def clinical(
    *,
    seed: int = 2026,
    in_plane_mm: float = 0.9,
    thickness_mm: float = 2.0,
    noise: float = 1.0,
    size: float = 1.0,
    contrasts: Sequence[str] = CONTRASTS,
    patients: Sequence[Patient] = PATIENTS,
) -> Phantom:
    """Return a study at clinical resolution.

    Parameters
    ----------
    seed : int
        Seed of every random number.
    in_plane_mm, thickness_mm : float
        Voxels of T2w, FLAIR and MEGRE; T1w has 1 mm, dwi 2 x 2 mm and slices of 2.5 mm or of
        `thickness_mm`, whichever is thicker.
    noise, size : float
        Factors on the noise of every scan and on the volumes of the lesion.
    contrasts : sequence of str
        Scans of every visit.
    patients : sequence of Patient
        The patients, such as `draw_patients` returns.
    """
    thin = {"voxel_mm": (in_plane_mm, in_plane_mm, thickness_mm), "fov_mm": (190.8, 239.4, 180.0)}
    echo_planar = {"voxel_mm": (2.0, 2.0, max(2.5, thickness_mm))}
    grids = {
        "t1w": {"voxel_mm": (1.0, 1.0, 1.0)},
        "t2w": thin,
        "flair": thin,
        "dwi": echo_planar,
        "megre": thin,
    }
    scans = {
        name: scan.model_copy(update={**grids[name], "snr": scan.snr / noise})
        for name, scan in Scans()
    }
    # Validated as a whole, so that a contrast or a visit that does not exist is refused.
    return Phantom.model_validate(
        {
            "seed": seed,
            "anatomy_mm": 1.0,
            "contrasts": tuple(contrasts),
            "scans": Scans(**scans),
            "lesion": Lesion() if size == 1 else Lesion().resized(size),
            "patients": tuple(patients),
        }
    )


def draw_patients(n: int, *, seed: int, untreated: int = 0) -> tuple[Patient, ...]:
    """Draw patients with a side, a frame of the plan and (by their label) a miss of their own.

    Parameters
    ----------
    n, untreated : int
        Patients treated (``f01``, ``f02`` ...) and never treated (``u01`` ...).
    seed : int
        Seed of side and frame; the first patients stay as they are when `n` grows.
    """
    drawn = []
    for letter, arm, count in (("f", "fus", n), ("u", "none", untreated)):
        rng = random.Random(f"{seed}{letter}")
        for index in range(count):
            chosen = {
                "side": rng.choice(("left", "right")),
                "origin": rng.choice(("ac", "mc", "pc")),
                "axes": rng.choice(("RAS", "LAS", "LPS", "LPI")),
            }
            label = f"{letter}{index + 1:02d}"
            drawn.append(Patient.model_validate({"label": label, "arm": arm, **chosen}))
    return tuple(drawn)
