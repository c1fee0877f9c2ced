"""What is in a patient's brain: where, and in which state at each visit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.errors import ConfigError
from sonolesion.core.settings.phantom import Patient, Phantom
from sonolesion.core.settings.phantom_lesion import Lesion
from sonolesion.core.settings.phantom_patient import OtherLesion, Treatment
from sonolesion.phantom import ablation, pose
from sonolesion.phantom.patient import Anatomy, from_template, generator, target_of

Array = NDArray[np.float64]
ZONES = ("core", "rim", "oedema")
FACTORS = (
    "t1_factor",
    "t2_factor",
    "density_factor",
    "adc_factor",
    "r2_prime_added_per_s",
)
FIRST = "I1"
# Half edge of the sampled box over the radius of the sphere of the same volume, and its margin:
# room for elongation, waviness and fluid that doesn't count.
REACH_FACTOR, REACH_MARGIN_MM = 2.3, 2.5


@dataclass(frozen=True)
class Site:
    """A lesion: its shape, its time course and where it comes from.

    `miss_mm` is its distance from the plan (acpc axes), None where there is no plan;
    `intervention` is empty for what no intervention ablated; volumes of the course are
    multiplied by `size`; it is there after `from_d` and before `until_d`. `number` counts the
    patient's `others` from 1.
    """

    name: str
    kind: str
    intervention: str
    shape: ablation.Shape
    miss_mm: Array | None
    size: float
    course: Lesion
    from_d: float = 0.0
    until_d: float = np.inf
    number: int = 0


@dataclass(frozen=True)
class State:
    """A lesion at one visit.

    `limits_mm` are the levels that bound the zones; `factors` (3, 5) are those of `FACTORS` in
    each zone; `volumes_mm3` count tissue; `centroid_mm` (core and rim) and `reach_mm` are in
    the subject's space.
    """

    limits_mm: Array
    factors: Array
    volumes_mm3: Array
    centroid_mm: Array
    reach_mm: float


def sites(settings: Phantom, patient: Patient, anatomy: Anatomy) -> list[Site]:
    """Place all lesions of a patient; none after sham."""
    first = Treatment(day=0.0, kind="fus", side=patient.side, miss_mm=patient.miss_mm)
    found = []
    if patient.arm == "fus":
        rng = generator(settings, patient.label, "lesion")
        found.append(ablated(settings, anatomy, first, FIRST, patient.healed_from_d, rng))
    for index, treatment in enumerate(patient.further):
        if treatment.kind == "fus":
            name = f"I{index + 2}"
            rng = generator(settings, patient.label, "lesion", name)
            found.append(ablated(settings, anatomy, treatment, name, None, rng))
    for index, lesion in enumerate(patient.others):
        rng = generator(settings, patient.label, "other", str(index))
        found.append(other(settings, anatomy, lesion, index, rng))
    return found


def ablated(
    settings: Phantom,
    anatomy: Anatomy,
    treatment: Treatment,
    name: str,
    healed_from_d: float | None,
    rng: np.random.Generator,
) -> Site:
    """Place the lesion of one intervention."""
    drawn = rng.standard_normal(3) * np.array(settings.lesion.miss_sd_mm)
    size = float(np.exp(settings.lesion.size_spread * np.clip(rng.standard_normal(), -2, 2)))
    miss = drawn if treatment.miss_mm is None else np.array(treatment.miss_mm)
    frame = anatomy.acpc[:3, :3]
    shape = ablation.draw_shape(
        centre_mm=target_of(settings, anatomy, side=treatment.side) + frame @ miss,
        frame=frame,
        irregularity=settings.lesion.irregularity,
        rng=rng,
    )
    until_d = np.inf if healed_from_d is None else healed_from_d
    return Site(name, "ablation", name, shape, miss, size, settings.lesion, treatment.day, until_d)


def other(
    settings: Phantom, anatomy: Anatomy, lesion: OtherLesion, index: int, rng: np.random.Generator
) -> Site:
    """Place a lesion beside the ablated one."""
    courses = {
        "ablation": settings.lesion,
        "restricted": settings.restricted,
        "haemorrhage": settings.haemorrhage,
    }
    course = courses[lesion.kind]
    largest = np.add(course.core.volume_mm3, course.rim.volume_mm3).max()
    place = np.array(lesion.place_mm)
    if lesion.frame == "template":
        centre = from_template(anatomy, place)
    elif lesion.frame == "acpc":
        centre = pose.apply(anatomy.acpc, place)
    else:
        centre = anatomy.target_mm + anatomy.acpc[:3, :3] @ place
    shape = ablation.draw_shape(
        centre_mm=centre,
        frame=anatomy.acpc[:3, :3],
        irregularity=course.irregularity,
        rng=rng,
    )
    return Site(
        name=f"other{index + 1}",
        kind=lesion.kind,
        intervention=FIRST if lesion.kind == "ablation" else "",
        shape=shape,
        miss_mm=None,
        size=lesion.volume_mm3 / float(largest),
        course=course,
        from_d=lesion.from_d,
        number=index + 1,
    )


def state(anatomy: Anatomy, place: Site, *, day: float) -> State | None:
    """State of a lesion on a day; none before it came or when healed.

    Raises
    ------
    ConfigError
        If there is no room for it in the brain.
    """
    age_d = day - place.from_d
    if age_d <= 0 or day >= place.until_d:
        return None
    wanted = place.size * time_course(place.course, "volume_mm3", age_d)
    factors = np.stack([time_course(place.course, name, age_d) for name in FACTORS], axis=1)
    try:
        return measured(place.course, anatomy, place.shape, wanted, factors)
    except ValueError as fault:
        raise ConfigError(
            file=f"phantom.patients, lesion {place.name}",
            found=str(fault),
            expected="a lesion in the brain",
            remedy="move the target or the lesion, or lower miss_mm",
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
