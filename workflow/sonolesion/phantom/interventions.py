"""The plan and the sonications of a patient, in the frame its team uses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.settings.phantom import Patient, Phantom
from sonolesion.core.settings.phantom_patient import Treatment
from sonolesion.phantom import acquisition, plan, pose
from sonolesion.phantom.dataset import scan_path
from sonolesion.phantom.patient import Anatomy, generator, target_of

Array = NDArray[np.float64]
FIRST = "I1"
TEMPLATE_SPACE = "MNI152NLin2009cAsym"
OPPOSITE = {"left": "right", "right": "left"}
# Peak temperature of each sonication [°C]: low power to check the focus, then ablation.
PEAKS_C = (42.0, 48.0, 52.0, 55.0, 57.0)
BODY_C, BREAK_C, HOLD_S = 37.0, 43.0, 3.0
DURATION_S, WATT_PER_KELVIN = 12.0, 42.0
STEERING_MM = 0.4

INTERVENTIONS = {
    "participant_id": {"Description": "Participant."},
    "intervention_id": {"Description": "Intervention; unique within a participant."},
    "day": {
        "Description": "Day of the intervention on the time axis of sessions.tsv.",
        "Units": "d",
    },
    "kind": {
        "Description": "Kind.",
        "Levels": {"fus": "focused ultrasound", "sham": "the same without energy"},
    },
    "side": {"Description": "Side of the target.", "Levels": {"left": "left", "right": "right"}},
    "painful_side": {
        "Description": "Side of the pain.",
        "Levels": {"left": "left", "right": "right"},
    },
    "target_frame": {
        "Description": "Frame of the planned target.",
        "Levels": {"acpc": "AC-PC frame", "scanner": "millimetres of a scan", "mni": "template"},
    },
    "target_origin": {
        "Description": "Origin of an acpc target.",
        "Levels": {
            "ac": "anterior commissure",
            "mc": "mid-commissural point",
            "pc": "posterior commissure",
        },
    },
    "target_axes": {"Description": "Directions in which x, y, z grow, as RAS or LPS."},
    "target_image": {"Description": "Scan whose millimetres a scanner target is in."},
    "target_space": {"Description": "Template of an mni target."},
    "target_x_mm": {"Description": "Planned target, first number.", "Units": "mm"},
    "target_y_mm": {"Description": "Planned target, second number.", "Units": "mm"},
    "target_z_mm": {"Description": "Planned target, third number.", "Units": "mm"},
    "skull_density_ratio": {"Description": "Ratio of marrow to cortical bone in CT."},
}
SONICATIONS = {
    "participant_id": {"Description": "Participant."},
    "intervention_id": {"Description": "Intervention, as in interventions.tsv."},
    "sonication_index": {"Description": "Number of the sonication, from 1."},
    "focus_x_mm": {"Description": "Focus, in the frame of the target.", "Units": "mm"},
    "focus_y_mm": {"Description": "Focus, in the frame of the target.", "Units": "mm"},
    "focus_z_mm": {"Description": "Focus, in the frame of the target.", "Units": "mm"},
    "energy_j": {"Description": "Acoustic energy.", "Units": "J"},
    "power_w": {"Description": "Acoustic power.", "Units": "W"},
    "duration_s": {"Description": "Duration.", "Units": "s"},
    "peak_temperature_c": {"Description": "Peak temperature at the focus.", "Units": "oC"},
    "cem43_min": {"Description": "Cumulative equivalent minutes at 43 degrees.", "Units": "min"},
}


def stated(
    settings: Phantom, patient: Patient, anatomy: Anatomy, first_visit: str
) -> Callable[[Array], Array]:
    """Return the function that states a subject point in the frame of a patient's plan."""
    if patient.frame == "acpc":
        return lambda point: plan.in_acpc(
            point,
            acpc=anatomy.acpc,
            ac_mm=anatomy.ac_mm,
            pc_mm=anatomy.pc_mm,
            origin=patient.origin,
            axes=patient.axes,
        )
    if patient.frame == "scanner":
        head = acquisition.head_pose(settings, patient.label, first_visit, "T1w")
        return lambda point: plan.in_scanner(point, head=head, axes=patient.axes)
    return lambda point: plan.in_template(
        point, field_mm=anatomy.field_mm, field_affine=anatomy.field_affine
    )


def planned(patient: Patient) -> list[tuple[str, Treatment]]:
    """Return the interventions of a patient and their identifiers, in order of time."""
    if patient.arm == "none":
        return []
    first = Treatment(day=0.0, kind=patient.arm, side=patient.side, miss_mm=patient.miss_mm)
    return [(f"I{n}", treatment) for n, treatment in enumerate((first, *patient.further), start=1)]


def rows_of(
    settings: Phantom, patient: Patient, anatomy: Anatomy, first_visit: str
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Rows of interventions.tsv and of sonications.tsv for one patient."""
    state = stated(settings, patient, anatomy, first_visit)
    treatments, shots = [], []
    for name, treatment in planned(patient):
        target = target_of(settings, anatomy, side=treatment.side)
        where = {
            f"target_{axis}_mm": float(x) for axis, x in zip("xyz", state(target), strict=True)
        }
        row = intervention(settings, patient, name, treatment, first_visit)
        treatments.append({**row, **where})
        shots += sonications(settings, patient, anatomy, name, treatment, target, state)
    return treatments, shots


def intervention(
    settings: Phantom, patient: Patient, name: str, treatment: Treatment, first_visit: str
) -> dict[str, object]:
    """Row of interventions.tsv, but for the place of the target."""
    frame = patient.frame
    density = generator(settings, patient.label, "skull").uniform(0.4, 0.65)
    return {
        "participant_id": f"sub-{patient.label}",
        "intervention_id": name,
        "day": treatment.day,
        "kind": treatment.kind,
        "side": treatment.side,
        "painful_side": OPPOSITE[treatment.side],
        "target_frame": frame,
        "target_origin": patient.origin if frame == "acpc" else None,
        "target_axes": "RAS" if frame == "mni" else patient.axes,
        "target_image": scan_path(patient.label, first_visit, "T1w")
        if frame == "scanner"
        else None,
        "target_space": TEMPLATE_SPACE if frame == "mni" else None,
        "skull_density_ratio": round(float(density), 2),
    }


def sonications(
    settings: Phantom,
    patient: Patient,
    anatomy: Anatomy,
    name: str,
    treatment: Treatment,
    target: Array,
    state: Callable[[Array], Array],
) -> list[dict[str, object]]:
    """Rows of sonications.tsv: rising energy about the target, none of it in sham."""
    own = () if name == FIRST else (name,)
    rng = generator(settings, patient.label, "sonications", *own)
    acpc_target = pose.apply(np.linalg.inv(anatomy.acpc), target)
    rows = []
    for index, planned_c in enumerate(PEAKS_C, start=1):
        steered = acpc_target + STEERING_MM * rng.uniform(-1, 1, 3)
        focus = state(pose.apply(anatomy.acpc, steered))
        peak_c = BODY_C if treatment.kind == "sham" else planned_c + float(rng.uniform(-1, 1))
        power_w = WATT_PER_KELVIN * (peak_c - BODY_C)
        rows.append(
            {
                "participant_id": f"sub-{patient.label}",
                "intervention_id": name,
                "sonication_index": index,
                **{f"focus_{a}_mm": float(f) for a, f in zip("xyz", focus, strict=True)},
                "energy_j": round(power_w * DURATION_S, 1),
                "power_w": round(power_w, 1),
                "duration_s": DURATION_S,
                "peak_temperature_c": round(peak_c, 1),
                "cem43_min": thermal_dose_min(peak_c, hold_s=HOLD_S),
            }
        )
    return rows


def thermal_dose_min(temperature_c: float, *, hold_s: float) -> float:
    """Cumulative equivalent minutes at 43 °C of a temperature held for a time.

    Notes
    -----
    Sapareto and Dewey 1984, doi:10.1016/0360-3016(84)90379-1: each degree above 43 °C doubles
    the dose, each below divides it by four.
    """
    base = 0.5 if temperature_c > BREAK_C else 0.25
    return round(float(base ** (BREAK_C - temperature_c)) * hold_s / 60, 4)
