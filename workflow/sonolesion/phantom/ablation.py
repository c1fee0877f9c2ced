"""The lesion: nested irregular ellipsoidal zones of given volumes, and their time course."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
N_WAVES = 6


@dataclass(frozen=True)
class Shape:
    """Centre, orientation and waviness of a lesion.

    `frame` maps acpc axes to the subject's axes (3, 3); `directions` (N, 3) and `weights` (N,)
    make the radius wavy.
    """

    centre_mm: Array
    frame: Array
    directions: Array
    weights: Array


def draw_shape(
    *, centre_mm: Array, frame: Array, irregularity: float, rng: np.random.Generator
) -> Shape:
    """Draw a wavy shape; `irregularity` is the relative spread of its radius."""
    directions = rng.standard_normal((N_WAVES, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    # The cube of a cosine has variance 1/7 over the sphere.
    weights = rng.standard_normal(N_WAVES) * irregularity * np.sqrt(7 / N_WAVES)
    return Shape(centre_mm, frame, directions, weights)


def levels(points_mm: Array, *, shape: Shape, elongations: tuple[float, ...]) -> list[Array]:
    """Distance from the centre in units where the shape's surfaces are level sets.

    Parameters
    ----------
    points_mm : ndarray of shape (N, 3)
        Points in the subject's space.
    shape : Shape
        The lesion.
    elongations : tuple of float
        Long over short axis, along z of acpc; one a set of surfaces.

    Returns
    -------
    list of ndarray of shape (N,)
        Levels [mm]; each ray from the centre meets every level once.
    """
    local = (points_mm - shape.centre_mm) @ shape.frame
    across, along = (local[:, :2] ** 2).sum(axis=1), local[:, 2] ** 2
    cosines = local @ shape.directions.T
    cosines /= np.maximum(np.sqrt(across + along), 1e-9)[:, None]
    wave = np.exp(-(cosines * cosines * cosines) @ shape.weights)
    # Short axes shrink as the long one grows, so that elongation keeps the volume.
    return [
        wave * np.sqrt(across * stretch ** (2 / 3) + along * stretch ** (-4 / 3))
        for stretch in elongations
    ]


def limits(
    inner: Array, outer: Array, *, tissue: Array, cell_mm3: float, volumes_mm3: Array
) -> Array:
    """Find the levels at which the zones hold their volumes of tissue.

    Parameters
    ----------
    inner, outer : ndarray of shape (N,)
        Level of each sample for zones I and II, and for zone III [mm].
    tissue : ndarray of shape (N,)
        Fraction of brain tissue (fluid is not ablated) of each sample.
    cell_mm3 : float
        Volume a sample stands for [mm³].
    volumes_mm3 : ndarray of shape (3,)
        Volumes of zones I, II and III [mm³].

    Returns
    -------
    ndarray of shape (3,)
        Levels [mm]; zero for an empty zone I or II, and zone III.

    Raises
    ------
    ValueError
        If there is too little tissue among the samples.
    """
    first = level_of_volume(inner, tissue=tissue, cell_mm3=cell_mm3, volume_mm3=volumes_mm3[0])
    second = level_of_volume(
        inner, tissue=tissue, cell_mm3=cell_mm3, volume_mm3=volumes_mm3[:2].sum()
    )
    around = tissue * (inner > second)
    third = level_of_volume(outer, tissue=around, cell_mm3=cell_mm3, volume_mm3=volumes_mm3[2])
    return np.array([first, second, third])


def level_of_volume(level_mm: Array, *, tissue: Array, cell_mm3: float, volume_mm3: float) -> float:
    """Level [mm] inside which the tissue makes up a volume [mm³]."""
    if volume_mm3 <= 0:
        return 0.0
    order = np.argsort(level_mm, kind="stable")
    held = np.cumsum(tissue[order]) * cell_mm3
    if held[-1] < volume_mm3:
        raise ValueError(f"only {held[-1]:.0f} mm3 of tissue for a zone of {volume_mm3:.0f} mm3")
    return float(np.interp(volume_mm3, held, level_mm[order]))


def zones(inner: Array, outer: Array, *, limits_mm: Array) -> NDArray[np.uint8]:
    """Zone of each sample: 0 outside, 1 core, 2 rim, 3 oedema."""
    first, second, third = limits_mm
    zone = np.where(outer <= third, 3, 0)
    zone = np.where(inner <= second, 2, zone)
    zone = np.where(inner <= first, 1, zone)
    return zone.astype(np.uint8)


def course(values: tuple[float, ...], *, days: tuple[float, ...], day: float) -> float:
    """Interpolate a time course linearly in the logarithm of the day; ends are held."""
    if day <= 0:
        raise ValueError("the lesion's time course starts after treatment")
    return float(np.interp(np.log(day), np.log(days), values))
