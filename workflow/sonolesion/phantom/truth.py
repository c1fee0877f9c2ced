"""Write what is known of the study, apart from the data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonolesion.core import images
from sonolesion.core.settings.phantom import Patient, Phantom
from sonolesion.phantom import deformation, pose, scanner
from sonolesion.phantom.acquisition import Acquired, Held
from sonolesion.phantom.damage import Box, Present
from sonolesion.phantom.patient import FIELD_SPACING_MM, Anatomy
from sonolesion.phantom.treatment import FIRST, ZONES

Array = NDArray[np.float64]
FRACTION_SCALE = 250
HALF = 0.5
LABELS = {"GM": "grey", "WM": "white", "CSF": "fluid"}


def write_anatomy(
    folder: Path, settings: Phantom, patient: Patient, anatomy: Anatomy, grid: scanner.Grid
) -> dict[str, object]:
    """Write tissue, mask, frame and deformation on the baseline T1w; return their numbers.

    The warp maps points of the baseline T1w (scanner) to template points.
    """
    name = f"sub-{patient.label}"
    stem = folder / name / "anat" / name
    for label, tissue in LABELS.items():
        fraction = on_scan(anatomy.tissues[tissue], anatomy, settings, grid)
        images.save(f"{stem}_space-T1w_label-{label}_probseg.nii.gz", fraction, grid.affine)
    mask = on_scan(anatomy.brain, anatomy, settings, grid) >= HALF
    images.save(f"{stem}_space-T1w_desc-brain_mask.nii.gz", mask, grid.affine)
    from_acpc = grid.pose @ anatomy.acpc
    images.write_affine(f"{stem}_from-T1w_to-acpc_mode-image_xfm.txt", from_acpc)
    rotation = grid.pose @ anatomy.field_affine
    nodes = pose.nodes(anatomy.field_mm.shape, anatomy.field_affine)
    warp = nodes + anatomy.field_mm - pose.apply(grid.pose, nodes)
    images.save_warp(f"{stem}_from-template_to-T1w_mode-image_xfm.nii.gz", warp, rotation)
    jacobian = deformation.jacobian_determinant(anatomy.field_mm, spacing_mm=FIELD_SPACING_MM)
    in_scanner = [pose.apply(grid.pose, p) for p in (anatomy.ac_mm, anatomy.pc_mm)]
    return {
        "ac_scanner_mm": numbers(in_scanner[0]),
        "pc_scanner_mm": numbers(in_scanner[1]),
        "ac_pc_mm": float(np.linalg.norm(in_scanner[0] - in_scanner[1]).round(4)),
        "acpc_to_T1w_scanner": matrix(from_acpc),
        "target_template_mm": numbers(anatomy.target_template_mm),
        "target_acpc_mm": numbers(to_acpc(anatomy, anatomy.target_mm)),
        "target_scanner_mm": numbers(pose.apply(grid.pose, anatomy.target_mm)),
        "brain_scale": round(anatomy.scale, 5),
        "jacobian_min_max": numbers(np.array([jacobian.min(), jacobian.max()])),
        "volumes_cm3": volumes(anatomy),
        "left_right_cm3": anatomy.halves_cm3,
        "imposed_asymmetry": {
            "petalia_mm": settings.petalia_mm,
            "ventricle_gain": settings.ventricle_asymmetry,
        },
    }


def on_scan(
    volume: NDArray[np.float32], anatomy: Anatomy, settings: Phantom, grid: scanner.Grid
) -> NDArray[np.float32]:
    """Average a subject map over the voxels of the baseline T1w."""
    widths = np.array(settings.scans.t1w.voxel_mm) / settings.anatomy_mm
    averaged = scanner.box_average(volume, widths=widths)
    return scanner.resample(averaged, affine=anatomy.affine, grid=grid)


def volumes(anatomy: Anatomy) -> dict[str, float]:
    """Volumes of the brain's tissues and mask [cm³]."""
    cell = abs(np.linalg.det(anatomy.affine[:3, :3])) / 1000
    held = {label: anatomy.tissues[tissue] for label, tissue in LABELS.items()}
    return {
        label: round(float(part.sum(dtype=np.float64) * cell), 2)
        for label, part in {**held, "brain": anatomy.brain}.items()
    }


def to_acpc(anatomy: Anatomy, point_mm: Array) -> Array:
    """Subject point in true acpc millimetres."""
    return pose.apply(np.linalg.inv(anatomy.acpc), point_mm)


def write_zones(
    folder: Path, acquired: Acquired, patient: Patient, *, label: str, visit: str, contrast: str
) -> dict[str, object]:
    """Write lesions on a scan's own grid; return their volumes and centroids by voxel fractions."""
    name = f"sub-{label}_ses-{visit}"
    stem = folder / f"sub-{label}" / f"ses-{visit}" / "anat" / f"{name}_from-{contrast}"
    said: dict[str, object] = {}
    for index in range(1 + len(patient.further)):
        ablated = [one for one in acquired.held if one.lesion.site.intervention == f"I{index + 1}"]
        found = write_ablated(
            f"{stem}_desc-I{index + 1}" if index else str(stem), ablated, acquired
        )
        said = {**said, f"I{index + 1}": found} if index else {**found}
    elsewhere = [one for one in acquired.held if not one.lesion.site.intervention]
    if patient.others:
        said["other"] = write_others(stem, elsewhere, acquired)
    return said


def write_ablated(stem: str, held: list[Held], acquired: Acquired) -> dict[str, object]:
    """Write zones and share of what one intervention ablated."""
    box, zones = together(held)
    grid = acquired.grid
    labels, share = np.zeros((2, *grid.shape), dtype=np.uint8)
    most = (zones.argmax(axis=0) + 1).astype(np.uint8)
    labels[box] = np.where(zones.sum(axis=0) >= HALF, most, 0)
    share[box] = np.rint(zones[:2].sum(axis=0) * FRACTION_SCALE)
    images.save(
        f"{stem}_seg-zones_dseg.nii.gz",
        labels,
        grid.affine,
        sidecar={"Labels": {str(i + 1): zone for i, zone in enumerate(ZONES)}},
    )
    images.save(
        f"{stem}_label-lesion_probseg.nii.gz",
        share,
        grid.affine,
        sidecar={"Description": "Share of each voxel in core and rim.", "Scale": FRACTION_SCALE},
    )
    return on_grid(box, zones, grid)


def write_others(stem: Path, held: list[Held], acquired: Acquired) -> dict[str, object]:
    """Write labels of the lesions off target, each numbered as in the patient's settings."""
    labels = np.zeros(acquired.grid.shape, dtype=np.uint8)
    numbered = {one.lesion.site.number: one for one in held}
    for number, one in numbered.items():
        within = one.zones[:2].sum(axis=0) >= HALF
        labels[one.box] = np.where(within, number, labels[one.box])
    names = {str(number): one.lesion.site.kind for number, one in numbered.items()}
    images.save(
        f"{stem}_seg-offtarget_dseg.nii.gz", labels, acquired.grid.affine, sidecar={"Labels": names}
    )
    return {one.lesion.site.name: on_grid(one.box, one.zones, acquired.grid) for one in held}


def together(held: list[Held]) -> tuple[Box, NDArray[np.float32]]:
    """Join lesions in the smallest box that holds them all; an empty one without any."""
    if len(held) == 1:
        return held[0].box, held[0].zones
    if not held:
        return (slice(0, 0),) * 3, np.zeros((3, 0, 0, 0), dtype=np.float32)
    low = [min(one.box[axis].start for one in held) for axis in range(3)]
    high = [max(one.box[axis].stop for one in held) for axis in range(3)]
    zones = np.zeros((3, *np.subtract(high, low)), dtype=np.float32)
    for one in held:
        x, y, z = (
            slice(part.start - start, part.stop - start)
            for part, start in zip(one.box, low, strict=True)
        )
        zones[:, x, y, z] += one.zones
    x, y, z = (slice(start, stop) for start, stop in zip(low, high, strict=True))
    return (x, y, z), zones


def on_grid(box: Box, zones: NDArray[np.float32], grid: scanner.Grid) -> dict[str, object]:
    """Volumes and centroid by voxel fractions."""
    cell = abs(np.linalg.det(grid.affine[:3, :3]))
    sizes = {
        z: round(float(part.sum(dtype=np.float64) * cell), 3)
        for z, part in zip(ZONES, zones, strict=True)
    }
    return {"zone_mm3": sizes, "centroid_scanner_mm": centroid(zones[:2].sum(axis=0), box, grid)}


def centroid(share: NDArray[np.float32], box: Box, grid: scanner.Grid) -> list[float] | None:
    """Centroid of voxel fractions in the scan's millimetres; none without a lesion."""
    held = np.argwhere(share > 0)
    if not len(held):
        return None
    weight = share[tuple(held.T)].astype(np.float64)
    corner = np.array([part.start for part in box])
    return numbers(pose.apply(grid.affine, corner + weight @ held / weight.sum()))


def describe_visit(
    anatomy: Anatomy, lesions: Sequence[Present], patient: Patient, *, day: float
) -> dict[str, object]:
    """Outcome of a visit: the first intervention's lesion, and every lesion by its name."""
    named = {one.site.name: describe_lesion(anatomy, one, day=day) for one in lesions}
    nothing: dict[str, object] = {
        "days_from_treatment": day,
        "visible": False,
        "zone_mm3": dict.fromkeys(ZONES, 0.0),
        "centroid_acpc_mm": None,
    }
    first = named.get(FIRST, nothing)
    if not patient.others and not patient.further:
        return first
    return {**first, "lesions": named}


def describe_lesion(anatomy: Anatomy, lesion: Present, *, day: float) -> dict[str, object]:
    """Size, place, miss and state of a lesion."""
    site, state = lesion.site, lesion.state
    found = to_acpc(anatomy, state.centroid_mm)
    sizes = {zone: round(float(v), 3) for zone, v in zip(ZONES, state.volumes_mm3, strict=True)}
    said: dict[str, object] = {
        "days_from_treatment": day,
        "visible": True,
        "kind": site.kind,
        "intervention": site.intervention or None,
        "zone_mm3": sizes,
        "centroid_acpc_mm": numbers(found),
        "factors_t1_t2_density": zone_numbers(state.factors[:, :3]),
        "factor_adc": zone_numbers(state.factors[:, 3:4]),
        "r2_prime_added_per_s": zone_numbers(state.factors[:, 4:]),
    }
    if site.miss_mm is None:
        return said
    # From the plan to the centre of the lesion; the centroid of its tissue differs a little.
    miss = found - (to_acpc(anatomy, site.shape.centre_mm) - site.miss_mm)
    distance = round(float(np.linalg.norm(miss)), 4)
    return {**said, "miss_acpc_mm": numbers(miss), "miss_distance_mm": distance}


def zone_numbers(values: Array) -> dict[str, list[float]]:
    """Numbers of each zone."""
    return {zone: numbers(row) for zone, row in zip(ZONES, values, strict=True)}


def write_transform(
    folder: Path, matrix_mm: Array, *, label: str, visit: str, contrast: str
) -> None:
    """Write the points of the baseline T1w in a scan."""
    stem = f"sub-{label}_ses-{visit}_from-{contrast}_to-baseline_mode-image_xfm.txt"
    images.write_affine(folder / f"sub-{label}" / f"ses-{visit}" / "anat" / stem, matrix_mm)


def numbers(values: Array) -> list[float]:
    """Round numbers for JSON."""
    return [float(v) + 0.0 for v in np.round(values, 4)]


def matrix(values: Array) -> list[list[float]]:
    """Round the rows of a matrix for JSON."""
    return [[float(v) + 0.0 for v in row] for row in np.round(values, 8)]
