"""Nested zones with smooth surfaces: their parameters, their regions, their derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from sonolesion.lesion import surface
from sonolesion.lesion.extent import Lattice

Array = NDArray[np.floating[Any]]
# Centre (3), logarithm of the lesion's radius [log mm], logit of core over lesion radius.
CENTRE, SIZE, CORE = slice(0, 3), 3, 4
# The centre stands for degree 1 of the lesion's surface.
WAVES = slice(5, 17)
OEDEMA_SIZE, OEDEMA_WAVES = 17, slice(18, 33)
N_LESION, N_ALL = 17, 33
# Dense enough for surfaces of degree 3.
DIRECTIONS = surface.sphere_directions(400)


@dataclass(frozen=True)
class ShapePrior:
    """What is known of a lesion's shape before it is looked at.

    Attributes
    ----------
    volume_mm3, volume_log_sd
        Median volume of zones I and II and the spread of its logarithm.
    core_ratio, core_logit_sd
        Radius of the core over that of the lesion, and the spread of its logit.
    oedema_ratio, oedema_log_sd
        Radius of the oedema over that of the lesion, and the spread of its logarithm.
    centre_sd_mm
        Spread of the centre round the place where change was detected, each axis.
    wave_sd, oedema_wave_sd
        Spread of the relative waviness of degree 1 (oedema alone), 2 and 3.
    """

    volume_mm3: float
    volume_log_sd: float
    core_ratio: float
    core_logit_sd: float
    oedema_ratio: float
    oedema_log_sd: float
    centre_sd_mm: float
    wave_sd: tuple[float, float, float]
    oedema_wave_sd: tuple[float, float, float]

    def normal(self, centre_mm: Array, *, oedema: bool) -> tuple[Array, Array]:
        """Return mean and standard deviation of the parameters, each of shape (M,)."""
        radius = np.cbrt(3 * self.volume_mm3 / (4 * np.pi))
        ratio = self.core_ratio
        mean = np.zeros(N_ALL)
        mean[CENTRE], mean[SIZE] = centre_mm, np.log(radius)
        mean[CORE], mean[OEDEMA_SIZE] = np.log(ratio / (1 - ratio)), np.log(self.oedema_ratio)
        sd = np.empty(N_ALL)
        sd[CENTRE], sd[SIZE] = self.centre_sd_mm, self.volume_log_sd / 3
        sd[CORE], sd[OEDEMA_SIZE] = self.core_logit_sd, self.oedema_log_sd
        sd[WAVES] = spreads(self.wave_sd)[3:]
        sd[OEDEMA_WAVES] = spreads(self.oedema_wave_sd)
        size = N_ALL if oedema else N_LESION
        return mean[:size], sd[:size]


def spreads(per_degree: tuple[float, float, float]) -> Array:
    """Return the spread of every harmonic's weight: a degree's waviness shared by its terms."""
    out = np.empty(surface.N_TERMS)
    for (_, first, end), spread in zip(surface.DEGREES, per_degree, strict=True):
        out[first:end] = spread / np.sqrt(end - first)
    return out


def radii_mm(parameters: Array, directions: Array) -> list[Array]:
    """Return the radius of core, lesion and, if there is one, oedema along directions (N, 3)."""
    waves = surface.harmonics(directions)
    lesion = np.exp(parameters[SIZE] + waves[:, 3:] @ parameters[WAVES])
    found = [expit(parameters[CORE]) * lesion, lesion]
    if len(parameters) == N_ALL:
        size = parameters[SIZE] + parameters[OEDEMA_SIZE]
        found.append(np.exp(size + waves @ parameters[OEDEMA_WAVES]))
    return found


def volumes_mm3(parameters: Array, directions: Array) -> Array:
    """Return the volumes of core, lesion (I and II) and all zones [mm³], shape (3,)."""
    radii = radii_mm(parameters, directions)
    outer = np.maximum(radii[1], radii[-1])
    return np.array([float(surface.volume_mm3(part)) for part in (radii[0], radii[1], outer)])


@dataclass(frozen=True)
class Regions:
    """Zones on the fine lattice, and how they change with the parameters.

    Attributes
    ----------
    zones : ndarray of shape (K, N)
        Fraction of core, rim and, if there is one, oedema at every fine point.
    shells : list of (indices (P,), slopes (P, M))
        Of each surface: points on it, and the derivative of its occupancy there.
    beyond : ndarray of bool, shape (N,)
        Where the oedema reaches beyond the lesion.
    """

    zones: Array
    shells: list[tuple[NDArray[np.intp], Array]]
    beyond: NDArray[np.bool_]


def regions(
    parameters: Array, points_mm: Array, tissue: Array, *, edge_mm: float, slopes: bool
) -> Regions:
    """Lay the zones out on fine points.

    Parameters
    ----------
    parameters : ndarray of shape (17,) or (33,)
        Without or with oedema.
    points_mm : ndarray of shape (N, 3)
        Fine points [mm].
    tissue : ndarray of shape (N,)
        Fraction of tissue: fluid is not ablated.
    edge_mm : float
        Width over which a surface fades [mm], about the spacing of the points.
    slopes : bool
        Whether the derivatives are wanted.
    """
    away = points_mm - parameters[CENTRE]
    distance = np.sqrt(np.einsum("ij,ij->i", away, away))
    inside, shells = [], []
    for index, (low, high) in enumerate(_bounds(parameters, edge_mm)):
        held = np.where(distance < low, tissue, 0.0)
        on = np.flatnonzero((distance >= low) & (distance < high) & (tissue > 0))
        directions = surface.directions_of(away[on], distance[on])
        radius = radii_mm(parameters, directions)[index]
        held[on] = surface.occupancy(distance[on], radius, edge_mm=edge_mm) * tissue[on]
        inside.append(held)
        if slopes:
            near = np.abs(radius - distance[on]) < edge_mm / 2
            on, radius = on[near], radius[near]
            change = _radius_slopes(parameters, index, radius, directions[near])
            shells.append((on, change * (tissue[on] / edge_mm)[:, None]))
    outer = np.maximum(inside[1], inside[-1])
    zones = [inside[0], inside[1] - inside[0]]
    if len(inside) == 3:
        zones.append(outer - inside[1])
    return Regions(np.stack(zones), shells, inside[-1] > inside[1])


def reach_mm(parameters: Array, edge_mm: float) -> float:
    """Return the distance from the centre beyond which there is no zone [mm]."""
    return max(high for _, high in _bounds(parameters, edge_mm))


def _bounds(parameters: Array, edge_mm: float) -> list[tuple[float, float]]:
    """Distances between which each surface lies; beyond them nothing needs its radius."""
    return [
        (0.9 * float(radius.min()) - edge_mm, 1.1 * float(radius.max()) + edge_mm)
        for radius in radii_mm(parameters, DIRECTIONS)
    ]


def _radius_slopes(parameters: Array, index: int, radius: Array, directions: Array) -> Array:
    """Differentiate radius minus distance by the parameters, shape (P, M)."""
    waves = surface.harmonics(directions)
    out = np.zeros((len(radius), len(parameters)))
    # The turn of the direction as the centre moves is left out: second order in waviness.
    out[:, CENTRE] = directions
    out[:, SIZE] = radius
    if index < 2:
        out[:, WAVES] = radius[:, None] * waves[:, 3:]
    else:
        out[:, OEDEMA_SIZE] = radius
        out[:, OEDEMA_WAVES] = radius[:, None] * waves
    if index == 0:
        out[:, CORE] = radius * (1 - expit(parameters[CORE]))
    return out


def fine_lattice(centre_mm: Array, *, reach_mm: float, step_mm: float) -> Lattice:
    """Return fine points in a cube round a centre."""
    half = int(np.ceil(reach_mm / step_mm))
    affine = np.diag([step_mm, step_mm, step_mm, 1.0])
    affine[:3, 3] = np.asarray(centre_mm) - half * step_mm
    return Lattice((2 * half + 1,) * 3, affine)
