"""Read the outputs of a finished study and compare them with its truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from campaign import rasters
from campaign.conditions import SHIFTS
from campaign.rasters import Array, Box, Mask
from campaign.studies import Study
from sonolesion.core import images
from sonolesion.core.images import Image
from sonolesion.core.tables import read_tsv

Row = dict[str, Any]
CORE, RIM, OEDEMA = 1, 2, 3
LESION_REGION, ALL_REGION = "I+II", "I-III"
# Share of each voxel is stored as counts of this.
SHARE_SCALE = 250.0
INTERVAL = 0.9
NAN = float("nan")
# Raw scan → the contrast that is registered for it.
CONTRAST_OF = {"dwi": "trace", "MEGRE": "T2starw"}
TO_ACPC = "to-acpc_mode-image_xfm.txt"
# End the names of what segmentation and learned model leave for the step that measures.
BEFORE_MEASURING = ("auto", "learned")


def study_rows(study: Study) -> tuple[list[Row], list[Row]]:
    """Return what was said of each visit, and how each outline compares on each scan's grid."""
    truth_file = study.truth / "truth.json"
    if not truth_file.exists():
        return [], []
    subject = f"sub-{study.patient.label}"
    sessions = images.read_json(truth_file)["subjects"][subject]["sessions"]
    said: list[Row] = []
    outlines: list[Row] = []
    for session, true in sessions.items():
        visit = session.removeprefix("ses-")
        if visit not in study.condition.visits or true["days_from_treatment"] < 0:
            continue
        folder = study.folder / "out" / subject / session / "anat"
        stem = f"{subject}_{session}_space-acpc"
        for record in sorted(folder.glob(f"{stem}_desc-*_lesion.json")):
            plan = record.name.split("_desc-")[1].removesuffix("_lesion.json")
            if not is_current(study, plan):
                continue
            found = images.read_json(record)
            treated = Row(identity(study, visit, plan))
            elsewhere = folder / f"{stem}_label-offtarget_desc-{plan}_dseg.nii.gz"
            said.append(
                {**treated, **statement(found, true, study), "off_target": clusters(elsewhere)}
            )
            if found["outcome"] == "measured" and is_there(study, true):
                outlines += outline_rows(study, visit, plan, found, treated)
    return said, outlines


def is_current(study: Study, plan: str) -> bool:
    """Return whether a plan belongs to the condition: the parent's files are there too."""
    if study.condition.plans != "own":
        return plan == study.condition.plans
    return plan not in {*SHIFTS, "mirrored"} and not plan.endswith(BEFORE_MEASURING)


def identity(study: Study, visit: str, plan: str) -> dict[str, str]:
    """Return what names a row."""
    return {
        "condition": study.condition.name,
        "patient": study.patient.label,
        "arm": "treated" if study.patient.arm == "fus" else "untreated",
        "visit": visit,
        "plan": plan,
    }


def is_there(study: Study, true: Mapping[str, Any]) -> bool:
    """Return whether there is a lesion to be found near the plan."""
    return bool(true["visible"]) and study.condition.plans != "mirrored"


def statement(found: Mapping[str, Any], true: Mapping[str, Any], study: Study) -> Row:
    """Return what the pipeline says of a visit beside what is true."""
    there = is_there(study, true)
    together = "zones I to III" in found["definition"]
    names = ("core", "rim", "oedema") if together else ("core", "rim")
    volume = sum(true["zone_mm3"][name] for name in names) if there else 0.0
    measured = found["outcome"] == "measured"
    low, high = interval(found, "all" if together else "lesion") if measured else (NAN, NAN)
    centroid = true["centroid_acpc_mm"]
    away = np.linalg.norm(np.subtract(found["target_mm"], centroid)) if there else NAN
    return {
        "there": there,
        "found": measured,
        "statistic": float(found["statistic"]),
        "p": float(found["p"]),
        "true_mm3": volume,
        "volume_mm3": volume_of(found) if measured else NAN,
        "low_mm3": low,
        "high_mm3": high,
        "plan_to_lesion_mm": float(away),
        "contrasts": "+".join(found["contrasts_used"]),
    }


def clusters(labels: Path) -> float:
    """Return the number of changes found off target; NaN if none were looked for."""
    if not labels.exists():
        return NAN
    return float(len(np.unique(images.load(labels).data)) - 1)


def volume_of(found: Mapping[str, Any]) -> float:
    """Return the volume of the lesion that the record states [mm³]."""
    return float(found["measures"].get("lesion", {}).get("volume", NAN))


def interval(found: Mapping[str, Any], name: str) -> tuple[float, float]:
    """Return the limits of the volume's interval, from the samples of the posterior."""
    samples = found.get("volume_samples_mm3", {}).get(name)
    if not samples:
        return NAN, NAN
    ends = np.quantile(samples, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
    return float(ends[0]), float(ends[1])


def outline_rows(
    study: Study, visit: str, plan: str, found: Mapping[str, Any], names: Row
) -> Iterator[Row]:
    """Yield how lesion and oedema compare with the zones on the grid of every scan."""
    subject = f"sub-{study.patient.label}"
    folder = study.folder / "out" / subject / f"ses-{visit}" / "anat"
    stem = f"{subject}_ses-{visit}"
    parts = probabilities(folder, stem, plan)
    truth = study.truth / subject / f"ses-{visit}" / "anat"
    for zones_file in sorted(truth.glob(f"{stem}_from-*_seg-zones_dseg.nii.gz")):
        scan = zones_file.name.split("_from-")[1].split("_")[0]
        matrix_file = folder / f"{stem}_from-{CONTRAST_OF.get(scan, scan)}_{TO_ACPC}"
        # Also scans that a condition leaves out: outlines are compared on the same grids.
        if not matrix_file.exists():
            continue
        zones = images.load(zones_file, dtype=np.uint8)
        share_file = truth / f"{stem}_from-{scan}_label-lesion_probseg.nii.gz"
        share = images.load(share_file) if share_file.exists() else None
        matrix = images.read_affine(matrix_file)
        yield from region_rows(
            parts, zones, share, matrix, np.array(found["target_mm"]), {**names, "scan": scan}
        )


def probabilities(folder: Path, stem: str, plan: str) -> list[Image]:
    """Return the probabilities of lesion (zones I and II) and oedema of a visit, in acpc."""
    return [
        images.load(folder / f"{stem}_space-acpc_label-{label}_desc-{plan}_probseg.nii.gz")
        for label in ("lesion", "oedema")
    ]


def regions(zones: Image, share: Image | None) -> dict[str, Mask]:
    """Return the true regions on a scan's grid."""
    lesion = (zones.data == CORE) | (zones.data == RIM)
    if share is not None:
        lesion = share.data >= rasters.HALF * SHARE_SCALE
    return {LESION_REGION: lesion, ALL_REGION: (zones.data >= CORE) & (zones.data <= OEDEMA)}


def region_rows(
    parts: list[Image],
    zones: Image,
    share: Image | None,
    matrix: Array,
    plan: Array,
    names: Row,
    *,
    near_mm: float = NAN,
) -> Iterator[Row]:
    """Yield the scores of both regions on one scan, beside those of a ball at the plan.

    `near_mm` also gives the Dice within a distance of the true centre.
    """
    true = regions(zones, share)
    at = rasters.moved(plan[None], matrix)
    box = common_box(parts, zones, true[ALL_REGION] | true[LESION_REGION], matrix, at)
    ours = [rasters.carried(part, zones, matrix, box) for part in parts]
    for region, mass in ((LESION_REGION, ours[0]), (ALL_REGION, ours[0] + ours[1])):
        zone = true[region][box]
        if not zone.any():
            continue
        found = mass >= rasters.HALF
        score = rasters.compared(found, zone, zones.voxel_mm)
        ball = rasters.ball(zones, box, at[0], int(zone.sum()))
        sphere = rasters.compared(ball, zone, zones.voxel_mm)
        yield {
            **names,
            "region": region,
            **asdict(score),
            "volume_error": score.volume_error,
            "slice_mm": float(zones.voxel_mm.max()),
            "sphere_dice": sphere.dice,
            "sphere_surface_dice": sphere.surface_dice,
            "sphere_hd95_mm": sphere.hd95_mm,
            "near_dice": rasters.dice_near(found, zone, zones.voxel_mm, near_mm),
        }


def common_box(parts: list[Image], zones: Image, true: Mask, matrix: Array, at: Array) -> Box:
    """Return the voxels that hold all of ours, of the truth and of a ball at the plan."""
    found = parts[0].data + parts[1].data > 0.05
    ours = rasters.moved(rasters.corners_mm(found, parts[0].affine), matrix)
    radius = np.cbrt(3 * true.sum() * zones.voxel_mm3 / (4 * np.pi))
    reach = np.vstack([at - radius, at + radius])
    return rasters.window(zones, np.vstack([ours, rasters.corners_mm(true, zones.affine), reach]))


def ledger_rows(study: Study) -> list[Row]:
    """Return what the ledger says of the lesion at every visit: for plans that are not there."""
    file = study.folder / "out" / "ledger.tsv"
    rows = read_tsv(file) if file.exists() else []
    return [
        {
            "condition": study.condition.name,
            "patient": study.patient.label,
            "visit": row["session_id"].removeprefix("ses-"),
            "step": f"{row['stage']}_{row['step']}",
            **{key: row[key] for key in ("state", "reason", "remedy")},
        }
        for row in rows
        if row["modality"] == "lesion" or row["stage"] == "lesion"
    ]
