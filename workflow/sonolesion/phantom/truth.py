"""Write what is known of the study, apart from the data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonolesion.core import images
from sonolesion.core.settings.phantom import Patient, Phantom
from sonolesion.phantom import deformation, pose, scanner
from sonolesion.phantom.acquisition import Acquired
from sonolesion.phantom.patient import FIELD_SPACING_MM, Anatomy
from sonolesion.phantom.treatment import ZONES, Site, State

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
    folder: Path, acquired: Acquired, *, label: str, visit: str, contrast: str
) -> dict[str, object]:
    """Write zones on a scan's own grid; return volumes and centroid by voxel fractions."""
    name = f"sub-{label}_ses-{visit}"
    stem = folder / f"sub-{label}" / f"ses-{visit}" / "anat" / f"{name}_from-{contrast}"
    zones, grid = acquired.zones, acquired.grid
    labels, share = np.zeros((2, *grid.shape), dtype=np.uint8)
    most = (zones.argmax(axis=0) + 1).astype(np.uint8)
    labels[acquired.box] = np.where(zones.sum(axis=0) >= HALF, most, 0)
    share[acquired.box] = np.rint(zones[:2].sum(axis=0) * FRACTION_SCALE)
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
    cell = abs(np.linalg.det(grid.affine[:3, :3]))
    held = {
        z: round(float(part.sum(dtype=np.float64) * cell), 3)
        for z, part in zip(ZONES, zones, strict=True)
    }
    return {"zone_mm3": held, "centroid_scanner_mm": centroid(zones[:2].sum(axis=0), acquired)}


def centroid(share: NDArray[np.float32], acquired: Acquired) -> list[float] | None:
    """Centroid of voxel fractions in the scan's millimetres; none without a lesion."""
    held = np.argwhere(share > 0)
    if not len(held):
        return None
    weight = share[tuple(held.T)].astype(np.float64)
    corner = np.array([part.start for part in acquired.box])
    return numbers(pose.apply(acquired.grid.affine, corner + weight @ held / weight.sum()))


def describe_lesion(
    anatomy: Anatomy, place: Site | None, state: State | None, *, day: float
) -> dict[str, object]:
    """Outcome of a visit: size, place and miss of the lesion, or that there is none."""
    if place is None or state is None:
        return {
            "days_from_treatment": day,
            "visible": False,
            "zone_mm3": dict.fromkeys(ZONES, 0.0),
            "centroid_acpc_mm": None,
        }
    found = to_acpc(anatomy, state.centroid_mm)
    miss = found - to_acpc(anatomy, anatomy.target_mm)
    sizes = {zone: round(float(v), 3) for zone, v in zip(ZONES, state.volumes_mm3, strict=True)}
    return {
        "days_from_treatment": day,
        "visible": True,
        "zone_mm3": sizes,
        "centroid_acpc_mm": numbers(found),
        "miss_acpc_mm": numbers(miss),
        "miss_distance_mm": round(float(np.linalg.norm(miss)), 4),
        "factors_t1_t2_density": {z: numbers(f) for z, f in zip(ZONES, state.factors, strict=True)},
    }


def numbers(values: Array) -> list[float]:
    """Round numbers for JSON."""
    return [float(v) + 0.0 for v in np.round(values, 4)]


def matrix(values: Array) -> list[list[float]]:
    """Round the rows of a matrix for JSON."""
    return [[float(v) + 0.0 for v in row] for row in np.round(values, 8)]
