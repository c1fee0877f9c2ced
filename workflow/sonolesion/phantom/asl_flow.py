"""True flow, transit time and tissue of a head with its lesions, on the grid of the anatomy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.settings.phantom import Phantom
from sonolesion.core.settings.phantom_asl import AslScan, Effect, Flow, PhantomAsl
from sonolesion.core.settings.phantom_signal import Tissue, Tissues
from sonolesion.phantom import acquisition, damage, deformation, pose, scanner, wiring
from sonolesion.phantom.patient import FIELD_SPACING_MM, Anatomy, generator
from sonolesion.phantom.sequences import altered

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
NAME = "asl"
# ASSUME: label comes late behind this line of the template, over some millimetres.
POSTERIOR_MM, BORDER_MM = -50.0, 6.0


@dataclass(frozen=True)
class Part:
    """One kind of tissue in a box of the anatomy.

    `kind` is grey or white; `share` of each cell, `cbf` [mL/100 g/min] and `transit_s` [s] have
    the shape of the box; `tissue` holds its relaxation, `partition_ml_g` its water over that of
    blood.
    """

    kind: str
    box: damage.Box
    share: Volume
    tissue: Tissue
    cbf: Volume
    transit_s: Volume
    partition_ml_g: float


@dataclass(frozen=True)
class Head:
    """What is in the scanner: perfused parts, and the others' tissue without flow.

    `thalami` (2, X, Y, Z) are the left and the right one.
    """

    anatomy: Anatomy
    tissues: Tissues
    parts: list[Part]
    thalami: NDArray[np.bool_]
    visit_factor: float


def head(
    settings: Phantom,
    asl: PhantomAsl,
    anatomy: Anatomy,
    lesions: Sequence[damage.Present],
    *,
    scan: AslScan,
    patient: str,
    visit: str,
) -> Head:
    """Put the head of a visit into the scanner."""
    tissues = acquisition.seen(settings.tissues, scan)
    thalami = both_thalami(anatomy)
    drawn = generator(settings, patient, visit, NAME, "flow").standard_normal()
    factor = float(np.exp(asl.flow.visit_sd * drawn))
    flow = factor * regional(settings, asl.flow, anatomy, patient)
    flow = flow * remote(asl.effect, anatomy, lesions, thalami)
    late = later(asl.flow, anatomy)
    cells = scanner.Grid(shape_of(anatomy), anatomy.affine, np.eye(4))
    found = damage.damages(anatomy, lesions, cells)
    parts = []
    for kind in damage.BRAIN_TISSUES:
        healthy = Part(
            kind=kind,
            box=(slice(None), slice(None), slice(None)),
            share=anatomy.tissues[kind],
            tissue=getattr(tissues, kind),
            cbf=np.float32(getattr(asl.flow, f"{kind}_cbf")) * flow,
            transit_s=np.float32(getattr(asl.flow, f"{kind}_transit_s")) + late,
            partition_ml_g=getattr(asl.blood, f"partition_{kind}_ml_g"),
        )
        parts += damaged(healthy, found, asl.effect)
    return Head(anatomy, tissues, parts, thalami, factor)


def damaged(healthy: Part, found: Sequence[damage.Damage], effect: Effect) -> list[Part]:
    """Return what is left of a healthy tissue, and that of each zone of each lesion."""
    factors = (effect.core_factor, effect.rim_factor, effect.oedema_factor)
    share = healthy.share.copy()
    zones = []
    for one in found:
        for index, held in enumerate(zone_shares(one, healthy.kind)):
            share[one.box] -= held
            zone = Part(
                kind=healthy.kind,
                box=one.box,
                share=held,
                tissue=altered(healthy.tissue, one.lesion.state.factors[index]),
                cbf=healthy.cbf[one.box] * np.float32(factors[index] if effect.made else 1.0),
                transit_s=healthy.transit_s[one.box],
                partition_ml_g=healthy.partition_ml_g,
            )
            zones.append(zone)
    left = replace(healthy, share=np.maximum(share, 0))
    return [left, *(zone for zone in zones if zone.share.any())]


def zone_shares(one: damage.Damage, kind: str) -> NDArray[np.float32]:
    """Fraction of each cell of a box that is tissue of a kind in zone I, II, III."""
    tissue = one.tissue[damage.BRAIN_TISSUES.index(kind)]
    held = np.stack([np.where(one.zone == index + 1, tissue, 0.0) for index in range(3)])
    return np.asarray(held.reshape(3, *one.shape).mean(axis=-1).astype(np.float32))


def regional(settings: Phantom, flow: Flow, anatomy: Anatomy, patient: str) -> Volume:
    """Draw the factor on flow of each place, the same at all visits of a patient."""
    rng = generator(settings, patient, NAME, "regional")
    drawn = rng.standard_normal(anatomy.field_mm.shape[:3])
    smooth = ndimage.gaussian_filter(drawn, flow.regional_mm / FIELD_SPACING_MM, mode="wrap")
    smooth *= flow.regional_sd / max(float(smooth.std()), np.finfo(float).tiny)
    return onto_cells(np.exp(smooth), anatomy)


def later(flow: Flow, anatomy: Anatomy) -> Volume:
    """Return how much later than elsewhere label arrives [s]."""
    points = pose.nodes(anatomy.field_mm.shape, anatomy.field_affine) + anatomy.field_mm
    behind = 1 / (1 + np.exp((points[..., 1] - POSTERIOR_MM) / BORDER_MM))
    if flow.late_side != "both":
        sign = 1 if flow.late_side == "right" else -1
        behind *= 1 / (1 + np.exp(-sign * points[..., 0] / BORDER_MM))
    return onto_cells(flow.late_s * behind, anatomy)


def onto_cells(coarse: Array, anatomy: Anatomy) -> Volume:
    """Interpolate what lies on the grid of the deformation in the cells of the anatomy."""
    ratio = float(anatomy.affine[0, 0]) / FIELD_SPACING_MM
    i, j, k = (np.arange(n, dtype=np.float64) * ratio for n in anatomy.brain.shape)
    return deformation.spread(coarse, positions=(i, j, k))


def both_thalami(anatomy: Anatomy) -> NDArray[np.bool_]:
    """Tell which cells lie in the left and in the right thalamus, shape (2, X, Y, Z)."""
    cell = np.flatnonzero(anatomy.tissues["grey"] + anatomy.tissues["white"] > 0)
    index = np.stack(np.unravel_index(cell, anatomy.brain.shape), axis=-1)
    points = pose.apply(anatomy.affine, index.astype(np.float64))
    inside = wiring.in_thalamus(anatomy, points)
    right = pose.apply(np.linalg.inv(anatomy.acpc), points)[:, 0] > 0
    held = np.zeros((2, anatomy.brain.size), dtype=bool)
    held[0, cell[inside & ~right]] = held[1, cell[inside & right]] = True
    return held.reshape(2, *anatomy.brain.shape)


def remote(
    effect: Effect,
    anatomy: Anatomy,
    lesions: Sequence[damage.Present],
    thalami: NDArray[np.bool_],
) -> Volume:
    """Return the factor on flow of the thalami on the sides of what interventions ablated."""
    factor = np.ones(anatomy.brain.shape, dtype=np.float32)
    centres = [one.site.shape.centre_mm for one in lesions if one.site.intervention]
    sides = {int(pose.apply(np.linalg.inv(anatomy.acpc), centre)[0] > 0) for centre in centres}
    for side in sides if effect.made else ():
        factor[thalami[side]] = 1 + effect.thalamus_change
    return factor


def shape_of(anatomy: Anatomy) -> tuple[int, int, int]:
    """Shape of the anatomy's grid."""
    x, y, z = anatomy.brain.shape
    return x, y, z
