"""What lesions change in the voxels of a scan, and what share of each voxel they fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.settings.phantom_signal import Tissue, Tissues
from sonolesion.phantom import ablation, scanner
from sonolesion.phantom.patient import Anatomy
from sonolesion.phantom.sequences import SignalOf, altered
from sonolesion.phantom.treatment import Site, State, brain_tissue, levels

Array = NDArray[np.float64]
Box = tuple[slice, slice, slice]
BRAIN_TISSUES = ("grey", "white")


@dataclass(frozen=True)
class Present:
    """A lesion that is there at a visit."""

    site: Site
    state: State


@dataclass(frozen=True)
class Damage:
    """A lesion in a scan: sub-points of the voxels of `box`.

    `zone` (N,) and the grey and white fraction `tissue` (2, N) run over sub-points, which
    belong to voxels as in `shape` (X, Y, Z, points a voxel).
    """

    lesion: Present
    box: Box
    shape: tuple[int, ...]
    zone: NDArray[np.uint8]
    tissue: Array

    def change(self, tissues: Tissues, signal_of: SignalOf) -> NDArray[np.float32]:
        """Mean over each voxel of lesioned minus healthy signal, shape (X, Y, Z)."""
        change = np.zeros(len(self.zone))
        for index, factors in enumerate(self.lesion.state.factors):
            within = self.zone == index + 1
            for fraction, name in zip(self.tissue, BRAIN_TISSUES, strict=True):
                healthy: Tissue = getattr(tissues, name)
                difference = signal_of(altered(healthy, factors)) - signal_of(healthy)
                change[within] += fraction[within] * difference
        return np.asarray(change.reshape(self.shape).mean(axis=-1).astype(np.float32))

    def shares(self) -> NDArray[np.float32]:
        """Fraction of each voxel that is tissue of zone I, II, III, shape (3, X, Y, Z)."""
        held = np.zeros((3, len(self.zone)))
        for index in range(3):
            within = self.zone == index + 1
            held[index, within] = self.tissue[:, within].sum(axis=0)
        return np.asarray(held.reshape(3, *self.shape).mean(axis=-1).astype(np.float32))


def damages(anatomy: Anatomy, lesions: Sequence[Present], grid: scanner.Grid) -> list[Damage]:
    """Find the voxels of a scan that each lesion touches.

    Where lesions overlap, core goes before rim, rim before oedema, then the first lesion.
    """
    found = []
    for index, lesion in enumerate(lesions):
        box, points = scanner.sub_points(
            grid,
            centre_mm=lesion.site.shape.centre_mm,
            reach_mm=lesion.state.reach_mm,
            step_mm=lesion.site.course.sub_voxel_mm,
        )
        flat = points.reshape(-1, 3)
        zone = zone_at(flat, lesion)
        for rank, rival in enumerate(lesions):
            if rank != index and near(lesion, rival):
                theirs = zone_at(flat, rival)
                ahead = theirs <= zone if rank < index else theirs < zone
                zone[(theirs > 0) & ahead] = 0
        tissue = np.zeros((2, len(flat)))
        tissue[:, zone > 0] = brain_tissue(flat[zone > 0], anatomy)
        found.append(Damage(lesion, box, points.shape[:4], zone, tissue))
    return found


def near(lesion: Present, rival: Present) -> bool:
    """Whether two lesions may share a point."""
    apart_mm = np.linalg.norm(lesion.site.shape.centre_mm - rival.site.shape.centre_mm)
    return bool(apart_mm < lesion.state.reach_mm + rival.state.reach_mm)


def zone_at(points_mm: Array, lesion: Present) -> NDArray[np.uint8]:
    """Zone of a lesion at points of the subject, shape (N,)."""
    inner, outer = levels(points_mm, lesion.site.shape, lesion.site.course)
    return ablation.zones(inner, outer, limits_mm=lesion.state.limits_mm)
