"""One patient: own anatomy, its landmarks, and the lesion over time."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.errors import ConfigError
from sonolesion.core.settings.phantom import Patient, Phantom
from sonolesion.phantom import asymmetry, deformation, head, pose
from sonolesion.phantom.template import PURE_FRACTION, PURE_GREY, PURE_WHITE, Template

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
# The subject's box [mm]; a coarse grid carries the deformation, a fine one the tissues.
BOX_MM = ((-104.0, 104.0), (-136.0, 112.0), (-120.0, 104.0))
FIELD_SPACING_MM = 4.0
MIDLINE = np.array([[0.0, y, z] for y in range(-60, 61, 20) for z in range(0, 61, 15)])


@dataclass(frozen=True)
class Anatomy:
    """A patient's head in the patient's own space (RAS+ mm, close to the template's).

    `tissues` holds the fraction of each tissue and `brain` the mask, on the grid `affine`;
    `field_mm` on `field_affine` is the displacement to the template; `acpc` maps acpc points
    to the subject's; `target_mm` is the planned target, `target_template_mm` where it was
    read; `halves_cm3` compares left and right.
    """

    tissues: dict[str, Volume]
    brain: Volume
    affine: Array
    field_mm: Array
    field_affine: Array
    ac_mm: Array
    pc_mm: Array
    acpc: Array
    target_mm: Array
    target_template_mm: Array
    scale: float
    halves_cm3: dict[str, dict[str, float]]


def generator(settings: Phantom, *names: str) -> np.random.Generator:
    """Return a stream of random numbers that depends on the seed and the names alone.

    So a new patient, visit or scan leaves those already made as they are.
    """
    return np.random.default_rng([settings.seed, *(zlib.crc32(n.encode()) for n in names)])


def grid(spacing_mm: float) -> tuple[tuple[int, int, int], Array]:
    """Shape and affine of a regular grid over the subject's box."""
    low = np.array([edge[0] for edge in BOX_MM])
    counts = [int(np.floor((edge[1] - edge[0]) / spacing_mm)) + 1 for edge in BOX_MM]
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = low
    return (counts[0], counts[1], counts[2]), affine


def own_shape(settings: Phantom, patient: Patient) -> tuple[Array, float]:
    """Draw the displacement from the subject to the template, and the brain's scale.

    Raises
    ------
    ConfigError
        If the map folds.
    """
    rng = generator(settings, patient.label, "shape")
    shape, affine = grid(FIELD_SPACING_MM)
    scale = settings.brain_scale + settings.brain_scale_sd * float(
        np.clip(rng.standard_normal(), -2, 2)
    )
    points = pose.nodes(shape, affine)
    field = deformation.scaling(points, factor=scale)
    own = deformation.random_shape(
        shape,
        rms_mm=settings.deformation_mm,
        smoothness_mm=settings.deformation_scale_mm,
        spacing_mm=FIELD_SPACING_MM,
        rng=rng,
    )
    field += asymmetry.balance(own, asymmetric_share=settings.random_asymmetry)
    field += asymmetry.imposed(
        points / scale,
        petalia_mm=settings.petalia_mm,
        ventricle_gain=settings.ventricle_asymmetry,
    )
    field = field.astype(np.float32).astype(np.float64)
    smallest = deformation.jacobian_determinant(field, spacing_mm=FIELD_SPACING_MM).min()
    if smallest <= 0:
        raise ConfigError(
            file="phantom.deformation_mm",
            found=f"a deformation that folds (Jacobian {smallest:.2f})",
            expected="a positive Jacobian",
            remedy="lower deformation_mm or raise deformation_scale_mm",
        )
    return field, scale


def anatomy(settings: Phantom, patient: Patient, template: Template) -> Anatomy:
    """Build a patient's head from the template."""
    field, scale = own_shape(settings, patient)
    field_affine = grid(FIELD_SPACING_MM)[1]
    fine_affine = grid(settings.anatomy_mm)[1]
    points = template_points(field, settings.anatomy_mm)
    tissues, brain = tissue_maps(settings, template, points)
    halves = asymmetry.compare(
        {"brain": brain, "fluid": tissues["fluid"]}, points, cell_mm3=settings.anatomy_mm**3
    )
    left = patient.side == "left"
    target = np.array(settings.target_left_mm if left else settings.target_right_mm)
    marks = np.vstack([settings.ac_template_mm, settings.pc_template_mm, target, MIDLINE])
    found = deformation.inverse_points(
        marks, field_mm=field, affine=field_affine, tolerance_mm=1e-6, max_steps=500
    )
    return Anatomy(
        tissues=tissues,
        brain=brain,
        affine=fine_affine,
        field_mm=field,
        field_affine=field_affine,
        ac_mm=found[0],
        pc_mm=found[1],
        acpc=pose.acpc_frame(ac_mm=found[0], pc_mm=found[1], midline_mm=found[3:]),
        target_mm=found[2],
        target_template_mm=target,
        scale=scale,
        halves_cm3=halves,
    )


def target_of(settings: Phantom, anatomy: Anatomy, *, side: str) -> Array:
    """Return the planned target on a side, in the subject's space [mm], shape (3,)."""
    stated = np.array(settings.target_left_mm if side == "left" else settings.target_right_mm)
    if np.array_equal(stated, anatomy.target_template_mm):
        return anatomy.target_mm
    return from_template(anatomy, stated)


def from_template(anatomy: Anatomy, point_mm: Array) -> Array:
    """Map a template point of shape (3,) to the subject's space."""
    found = deformation.inverse_points(
        point_mm[None],
        field_mm=anatomy.field_mm,
        affine=anatomy.field_affine,
        tolerance_mm=1e-6,
        max_steps=500,
    )
    return np.asarray(found[0])


def template_points(field: Array, spacing_mm: float) -> tuple[Volume, Volume, Volume]:
    """Template coordinates [mm] of the voxels of the subject's grid."""
    shape, affine = grid(spacing_mm)
    i, j, k = (np.arange(n, dtype=np.float64) * (spacing_mm / FIELD_SPACING_MM) for n in shape)
    own = np.ogrid[tuple(slice(n) for n in shape)]
    x, y, z = (
        deformation.spread(field[..., axis], positions=(i, j, k))
        + (own[axis] * spacing_mm + affine[axis, 3]).astype(np.float32)
        for axis in range(3)
    )
    return x, y, z


def tissue_maps(
    settings: Phantom, template: Template, points: tuple[Volume, Volume, Volume]
) -> tuple[dict[str, Volume], Volume]:
    """Carry the template's maps to the subject's grid and fill the head around them."""
    voxels = np.stack([p - o for p, o in zip(points, template.affine[:3, 3], strict=True)])
    hull_mm = sample(template.hull_mm, voxels)
    near = bounds(hull_mm < settings.csf_mm)
    close = voxels[(slice(None), *near)]
    grey = sample(template.grey, close) / np.float32(PURE_FRACTION)
    white = sample(template.white, close) / np.float32(PURE_FRACTION)
    contrast = (sample(template.t1, close) - PURE_GREY) / (PURE_WHITE - PURE_GREY)
    share = head.sharpen_mix(grey, white, contrast, share=settings.template_t1_share)
    total = np.minimum(grey + white, 1)
    brain = sample(template.brain.astype(np.uint8), close)
    tissues = head.layers(
        grey=embed(total * (1 - share), near, hull_mm.shape),
        white=embed(total * share, near, hull_mm.shape),
        hull_mm=hull_mm,
        points=points,
        csf_mm=settings.csf_mm,
        skull_mm=settings.skull_mm,
        scalp_mm=settings.scalp_mm,
    )
    return tissues, embed(brain, near, hull_mm.shape)


def bounds(mask: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    """Smallest box that holds a mask."""
    found = ndimage.find_objects(mask.astype(np.uint8))[0]
    return found[0], found[1], found[2]


def embed(part: Volume, box: tuple[slice, slice, slice], shape: tuple[int, ...]) -> Volume:
    """Put a box back into a volume of zeros."""
    whole = np.zeros(shape, dtype=np.float32)
    whole[box] = part
    return whole


def sample(volume: NDArray[np.number[Any]], voxels: NDArray[np.float32]) -> Volume:
    """Interpolate a template map linearly; beyond it, hold its edge."""
    return np.asarray(
        ndimage.map_coordinates(volume, voxels, output=np.float32, order=1, mode="nearest")
    )
