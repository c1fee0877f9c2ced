"""What the treatment left in a patient: where, and in which state at each visit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.errors import ConfigError
from sonolesion.core.settings.phantom import Lesion, Patient, Phantom
from sonolesion.phantom import ablation, pose
from sonolesion.phantom.patient import Anatomy, generator

Array = NDArray[np.float64]
ZONES = ("core", "rim", "oedema")
# Half edge of the sampled box over the radius of the sphere of the same volume, and its margin:
# room for elongation, waviness and fluid that doesn't count.
REACH_FACTOR, REACH_MARGIN_MM = 2.3, 2.5


@dataclass(frozen=True)
class Site:
    """Where the lesion is: its shape, its miss from the plan (acpc axes) and its size."""

    shape: ablation.Shape
    miss_mm: Array
    size: float


@dataclass(frozen=True)
class State:
    """The lesion at one visit.

    `limits_mm` are the levels that bound the zones; `factors` (3, 3) multiply T1, T2 and
    density in each zone; `volumes_mm3` count tissue; `centroid_mm` (core and rim) and
    `reach_mm` are in the subject's space.
    """

    limits_mm: Array
    factors: Array
    volumes_mm3: Array
    centroid_mm: Array
    reach_mm: float


def site(settings: Phantom, patient: Patient, anatomy: Anatomy) -> Site | None:
    """Place the lesion of a patient; none after sham."""
    if patient.arm == "sham":
        return None
    rng = generator(settings, patient.label, "lesion")
    drawn = rng.standard_normal(3) * np.array(settings.lesion.miss_sd_mm)
    size = float(np.exp(settings.lesion.size_spread * np.clip(rng.standard_normal(), -2, 2)))
    miss = drawn if patient.miss_mm is None else np.array(patient.miss_mm)
    frame = anatomy.acpc[:3, :3]
    shape = ablation.draw_shape(
        centre_mm=anatomy.target_mm + frame @ miss,
        frame=frame,
        irregularity=settings.lesion.irregularity,
        rng=rng,
    )
    return Site(shape, miss, size)


def state(
    settings: Phantom, patient: Patient, anatomy: Anatomy, place: Site | None, *, day: float
) -> State | None:
    """State of the lesion on a day after treatment; none before it, after sham or when healed."""
    healed = patient.healed_from_d is not None and day >= patient.healed_from_d
    if place is None or day <= 0 or healed:
        return None
    wanted = place.size * time_course(settings.lesion, "volume_mm3", day)
    names = ("t1_factor", "t2_factor", "density_factor")
    factors = np.stack([time_course(settings.lesion, name, day) for name in names], axis=1)
    try:
        return measured(settings.lesion, anatomy, place.shape, wanted, factors)
    except ValueError as fault:
        raise ConfigError(
            file=f"phantom.patients.{patient.label}",
            found=str(fault),
            expected="a lesion in the brain",
            remedy="move the target or lower miss_mm",
        ) from fault


def measured(
    lesion: Lesion, anatomy: Anatomy, shape: ablation.Shape, wanted_mm3: Array, factors: Array
) -> State:
    """Grow the zones to the wanted volumes of tissue, on a fine grid about the centre."""
    reach = REACH_FACTOR * np.cbrt(3 * wanted_mm3.sum() / (4 * np.pi)) + REACH_MARGIN_MM
    step = lesion.sub_voxel_mm
    steps = np.arange(-reach, reach, step) + step / 2
    offsets = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    offsets = offsets[(offsets**2).sum(axis=1) < reach**2]
    points = shape.centre_mm + offsets
    inner, outer = levels(points, shape, lesion)
    tissue = brain_tissue(points, anatomy).sum(axis=0)
    bounds = ablation.limits(inner, outer, tissue=tissue, cell_mm3=step**3, volumes_mm3=wanted_mm3)
    zone = ablation.zones(inner, outer, limits_mm=bounds)
    weight = tissue * ((zone == 1) | (zone == 2))
    return State(
        limits_mm=bounds,
        factors=factors,
        volumes_mm3=np.array([tissue[zone == k].sum() * step**3 for k in (1, 2, 3)]),
        centroid_mm=weight @ points / weight.sum(),
        reach_mm=float(np.sqrt((offsets[zone > 0] ** 2).sum(axis=1).max())) + step,
    )


def time_course(lesion: Lesion, field: str, day: float) -> Array:
    """One property of the three zones on a day."""
    zones = (lesion.core, lesion.rim, lesion.oedema)
    values = [ablation.course(getattr(z, field), days=lesion.days, day=day) for z in zones]
    return np.array(values)


def levels(points_mm: Array, shape: ablation.Shape, lesion: Lesion) -> list[Array]:
    """Levels of core and rim, and of the oedema, which is longer."""
    elongations = (lesion.elongation, lesion.oedema_elongation)
    return ablation.levels(points_mm, shape=shape, elongations=elongations)


def brain_tissue(points_mm: Array, anatomy: Anatomy) -> NDArray[np.float64]:
    """Grey and white fraction at points of the subject, shape (2, N)."""
    voxels = pose.apply(np.linalg.inv(anatomy.affine), points_mm).T
    maps = (anatomy.tissues["grey"], anatomy.tissues["white"])
    return np.stack([ndimage.map_coordinates(m, voxels, order=1, output=np.float64) for m in maps])
