"""What goes wrong in a scan: motion, a contrast agent, a cut field of view, no head, no side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.settings.phantom import Patient, Phantom
from sonolesion.core.settings.phantom_patient import Spoiling
from sonolesion.phantom import acquisition, damage, head, pose, scanner
from sonolesion.phantom.acquisition import Acquired, Held
from sonolesion.phantom.patient import Anatomy, generator, sample, template_points
from sonolesion.phantom.template import Template

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
# Template millimetres: half width of the sagittal sinus and its depth below and above the hull;
# deep veins and choroid plexus are ellipsoids (centre, half axes), the mucosa a shell.
SINUS_MM, SINUS_DEPTH_MM = 4.0, (-1.0, 2.5)
VEINS = (
    ((0.0, -38.0, 6.0), (4.0, 9.0, 6.0)),
    ((-22.0, -38.0, 8.0), (6.0, 9.0, 8.0)),
    ((22.0, -38.0, 8.0), (6.0, 9.0, 8.0)),
)
MUCOSA_MM = 3.0
# The bottle stands along z [mm].
BOTTLE_RADIUS_MM, BOTTLE_HALF_MM = 70.0, 80.0
# Relaxation rate of blood before the agent [1/s], T1 1.65 s (Lu 2004, doi:10.1002/mrm.20178).
BLOOD_RATE_PER_S = 1 / 1.65
# What the sidecar of a scan with a fault says of it: only what a scanner knows.
SIDECAR: Mapping[str, Mapping[str, object]] = {
    "contrast_agent": {"ContrastBolusIngredient": "GADOLINIUM"}
}


def bottle(anatomy: Anatomy) -> Anatomy:
    """Put a bottle of doped water where the head was."""
    points = axes_mm(anatomy)
    radius = np.hypot(points[0], points[1] + 16.0)
    wall = head.inside(np.maximum(radius - BOTTLE_RADIUS_MM, abs(points[2]) - BOTTLE_HALF_MM), 0)
    return replace(anatomy, tissues={"bottle": wall.astype(np.float32)})


def axes_mm(anatomy: Anatomy) -> list[Volume]:
    """Coordinates of the subject's grid along each axis, that broadcast to its shape."""
    own = np.ogrid[tuple(slice(n) for n in anatomy.brain.shape)]
    return [
        (index * anatomy.affine[axis, axis] + anatomy.affine[axis, 3]).astype(np.float32)
        for axis, index in enumerate(own)
    ]


def with_agent(settings: Phantom, anatomy: Anatomy, template: Template) -> tuple[Phantom, Anatomy]:
    """Give a contrast agent: veins, choroid and mucosa fill with it, tissue holds some blood."""
    points = template_points(anatomy.field_mm, settings.anatomy_mm)
    fluid, muscle = anatomy.tissues["fluid"], anatomy.tissues["muscle"]
    share = np.maximum.reduce([head.inside(head.ellipsoid(points, vein), 0) for vein in VEINS])
    share = np.maximum(share, sinus(template, points))
    lining = head.inside(head.ellipsoid(points, head.NOSE), MUCOSA_MM)
    tissues = {
        **anatomy.tissues,
        "fluid": fluid * (1 - share),
        "muscle": muscle * (1 - lining),
        "blood": fluid * share + muscle * lining,
    }
    rate = settings.spoiling.agent_blood_share * (
        1 / settings.tissues.blood.t1_s - BLOOD_RATE_PER_S
    )
    faster = {
        name: tissue.model_copy(update={"t1_s": 1 / (1 / tissue.t1_s + rate)})
        for name, tissue in settings.tissues
        if name in {"grey", "white", "muscle"}
    }
    enhanced = settings.model_copy(update={"tissues": settings.tissues.model_copy(update=faster)})
    return enhanced, replace(anatomy, tissues=tissues)


def sinus(template: Template, points: tuple[Volume, Volume, Volume]) -> Volume:
    """Share of the superior sagittal sinus: midline, at the hull, from the forehead backwards."""
    voxels = np.stack([p - o for p, o in zip(points, template.affine[:3, 3], strict=True)])
    hull_mm = sample(template.hull_mm, voxels)
    low, high = SINUS_DEPTH_MM
    share = head.inside(hull_mm, high) - head.inside(hull_mm, low)
    share *= head.inside(abs(points[0]), SINUS_MM)
    # Above the frontal pole and the torcular.
    return np.asarray(share * head.inside(-points[2], 0))


def enhancing(
    lesions: Sequence[damage.Present], spoiling: Spoiling, *, day: float
) -> list[damage.Present]:
    """Shorten T1 of the rims that still let the agent through."""
    found = []
    for lesion in lesions:
        factors = lesion.state.factors.copy()
        if day - lesion.site.from_d < spoiling.agent_open_d:
            factors[1, 0] *= spoiling.agent_lesion_t1_factor
        found.append(damage.Present(lesion.site, replace(lesion.state, factors=factors)))
    return found


def moving(
    grid_mm: Array, spoiling: Spoiling, rng: np.random.Generator
) -> Callable[[Volume], Volume]:
    """Return the function that spoils a volume by motion of the head during the scan.

    Parameters
    ----------
    grid_mm : ndarray of shape (3,)
        Voxel edges [mm].
    spoiling : Spoiling
        How far the head moves, and how often.
    rng : Generator
        Draws the positions and the moments of the motion.

    Notes
    -----
    Lines of k-space along the second axis are read in order, each at the position of its time:
    blur and ghosts along that axis.
    """
    n = spoiling.n_positions
    motions = [
        (
            spoiling.motion_deg * rng.uniform(-1, 1, 3),
            spoiling.motion_mm * rng.uniform(-1, 1, 3),
        )
        for _ in range(n)
    ]
    moments = np.sort(rng.uniform(0, 1, n - 1))

    def spoil(volume: Volume) -> Volume:
        lines = np.zeros(volume.shape, dtype=np.complex64)
        count = volume.shape[1]
        position = np.searchsorted(moments, (np.arange(count) + 0.5) / count)
        for index, (angles_deg, shift_mm) in enumerate(motions):
            kept = np.fft.ifftshift(position == index)
            moved = volume if index == 0 else moved_by(volume, grid_mm, angles_deg, shift_mm)
            lines[:, kept] = np.fft.fft(moved, axis=1)[:, kept]
        return np.asarray(np.abs(np.fft.ifft(lines, axis=1)), dtype=np.float32)

    return spoil


def moved_by(volume: Volume, grid_mm: Array, angles_deg: Array, shift_mm: Array) -> Volume:
    """Move a volume rigidly about its centre."""
    centre = (np.array(volume.shape) - 1) / 2 * grid_mm
    motion = pose.rigid(angles_deg=angles_deg, shift_mm=shift_mm, centre_mm=centre)
    scale = np.diag([*grid_mm, 1.0])
    matrix = np.linalg.inv(scale) @ motion @ scale
    return np.asarray(ndimage.affine_transform(volume, matrix[:3, :3], matrix[:3, 3], order=1))


def cut(acquired: Acquired, anatomy: Anatomy, *, above_mm: float) -> Acquired:
    """End a scan at a height above the planned target, as a slab set too low does."""
    grid = acquired.grid
    top = anatomy.target_mm + anatomy.acpc[:3, 2] * above_mm
    voxel = pose.apply(np.linalg.inv(grid.affine) @ grid.pose, top)
    n = int(np.clip(np.floor(voxel[2]) + 1, 1, grid.shape[2]))
    kept = scanner.Grid((grid.shape[0], grid.shape[1], n), grid.affine, grid.pose)
    held = []
    for one in acquired.held:
        x, y, z = one.box
        inside = max(0, min(z.stop, n) - z.start)
        held.append(
            Held(one.lesion, (x, y, slice(z.start, z.start + inside)), one.zones[..., :inside])
        )
    volumes = tuple(volume[:, :, :n] for volume in acquired.volumes)
    return Acquired(volumes, kept, tuple(held))


def mirrored(acquired: Acquired) -> Acquired:
    """Turn the voxels left for right, and the truth with them; the header stays."""
    n = acquired.grid.shape[0]
    held = tuple(
        Held(
            one.lesion,
            (slice(n - one.box[0].stop, n - one.box[0].start), *one.box[1:]),
            one.zones[:, ::-1],
        )
        for one in acquired.held
    )
    volumes = tuple(np.ascontiguousarray(volume[::-1]) for volume in acquired.volumes)
    return Acquired(volumes, acquired.grid, held)


def acquire(
    settings: Phantom,
    anatomy: Anatomy,
    lesions: Sequence[damage.Present],
    template: Template,
    *,
    fault: str | None,
    contrast: str,
    patient: Patient,
    visit: str,
    day: float,
) -> Acquired:
    """Acquire a scan with a fault, or without one."""
    spoil = None
    if fault == "bottle":
        anatomy, lesions = bottle(anatomy), []
    elif fault == "contrast_agent":
        settings, anatomy = with_agent(settings, anatomy, template)
        lesions = enhancing(lesions, settings.spoiling, day=day)
    elif fault == "motion":
        scan = acquisition.scan_of(settings, patient, visit, contrast)
        rng = generator(settings, patient.label, visit, contrast, "motion")
        spoil = moving(np.array(scan.voxel_mm), settings.spoiling, rng)
    names = {"contrast": contrast, "visit": visit}
    acquired = acquisition.acquire(
        settings, anatomy, lesions, patient=patient, spoil=spoil, **names
    )
    if fault == "partial_coverage":
        return cut(acquired, anatomy, above_mm=settings.spoiling.cut_mm)
    return mirrored(acquired) if fault == "mirrored" else acquired
