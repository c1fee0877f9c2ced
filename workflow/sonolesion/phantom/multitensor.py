"""Signal of a head with bundles: a tensor each, one outside them, and the rest isotropic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.settings.phantom_dti import Fibre, TensorScan
from sonolesion.core.settings.phantom_signal import Tissue, Tissues
from sonolesion.phantom import sequences
from sonolesion.phantom.damage import Damage
from sonolesion.phantom.patient import Anatomy
from sonolesion.phantom.wiring import Strands, Wiring

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
NERVE = ("grey", "white")
OEDEMA = 2
ROUNDING = 1e-9


@dataclass(frozen=True)
class Layer:
    """Nerve tissue in one state: the part of each of its cells that is grey and white.

    `cell` (N,) are flat indices; `part` (2, N) and `tissue` run over `NERVE`; `fibres` tells
    whether its bundles are alive.
    """

    cell: NDArray[np.intp]
    part: Array
    tissue: tuple[Tissue, Tissue]
    fibres: bool


@dataclass(frozen=True)
class Compartments:
    """All that gives signal: `layers` and `others` (by tissue), and in them the bundles.

    `filled` (2, cells) is the share of `NERVE` that fibres take. Of each of their parts: `cell`,
    `direction` (N, 3), `amplitude` without weighting, and diffusivity `axial` and `radial`
    [mm²/s], each (N,).
    """

    shape: tuple[int, ...]
    layers: list[Layer]
    others: list[tuple[Volume, Tissue]]
    filled: Array
    cell: NDArray[np.intp]
    direction: Array
    amplitude: Array
    axial: Array
    radial: Array


def diffusivities(fa: Array, *, mean_mm2_s: float) -> tuple[Array, Array]:
    """Axial and radial diffusivity [mm²/s] of a tensor with axial symmetry, from FA and mean.

    Notes
    -----
    With axial = M (1 + 2k) and radial = M (1 - k), FA² = 3k² / (1 + 2k²): Basser 1996,
    doi:10.1006/jmrb.1996.0086.
    """
    skew = fa / np.sqrt(3 - 2 * fa**2)
    return mean_mm2_s * (1 + 2 * skew), mean_mm2_s * (1 - skew)


def layers(anatomy: Anatomy, found: Sequence[Damage], tissues: Tissues) -> list[Layer]:
    """Split nerve tissue into what is healthy and the zones of the lesions.

    A zone takes its share of a cell's room, and so of its tissue.
    """
    whole = np.stack([anatomy.tissues[name].ravel() for name in NERVE]).astype(np.float64)
    left = whole.copy()
    zones = []
    for one in found:
        box = np.arange(anatomy.brain.size).reshape(anatomy.brain.shape)[one.box].ravel()
        for index, factors in enumerate(one.lesion.state.factors):
            share = (one.zone == index + 1).reshape(one.shape).mean(axis=-1).ravel()
            held = share > 0
            part = whole[:, box[held]] * share[held]
            left[:, box[held]] -= part
            changed = [sequences.altered(getattr(tissues, name), factors) for name in NERVE]
            zones.append(Layer(box[held], part, (changed[0], changed[1]), index == OEDEMA))
    # What rounding leaves of a cell whose shares add up to one is nothing.
    left[left < ROUNDING] = 0
    cell = np.flatnonzero(left.any(axis=0))
    return [Layer(cell, left[:, cell], (tissues.grey, tissues.white), True), *zones]


def compartments(
    anatomy: Anatomy,
    wiring: Wiring,
    lost: Sequence[Array],
    found: Sequence[Damage],
    *,
    tissues: Tissues,
    scan: TensorScan,
    fibre: Fibre,
) -> Compartments:
    """Put together what gives signal in a head.

    Parameters
    ----------
    anatomy : Anatomy
        The head.
    wiring : Wiring
        Bundles in it.
    lost : sequence of ndarray of shape (M,)
        Progress of degeneration along each bundle, 0 to 1.
    found : sequence of Damage
        Lesions in the cells of the anatomy.
    tissues, scan, fibre
        Relaxation and diffusion, the sequence, and the tensors.
    """
    split = layers(anatomy, found, tissues)
    n_cells = anatomy.brain.size
    filled = filling(wiring, n_cells=n_cells, grey_share=fibre.grey_share)
    parts = []
    outside = ((wiring.rest, fibre.rest_fa, 0.0), (wiring.relay, fibre.thalamus_fa, 1.0))
    for layer in (layer for layer in split if layer.fibres):
        for course, gone in zip(wiring.courses, lost, strict=True):
            fa = fibre.fa * (1 - fibre.fa_loss * gone[course.nearest])
            parts.append(strand_part(course, fa, layer, fibre.grey_share, scan, n_cells))
        for strands, value, grey_share in outside:
            fa = np.full(len(strands.cell), value)
            parts.append(strand_part(strands, fa, layer, grey_share, scan, n_cells))
    others = [
        (volume, getattr(tissues, name))
        for name, volume in anatomy.tissues.items()
        if name not in NERVE
    ]
    cell = np.concatenate([part[0] for part in parts])
    rows = [np.concatenate([part[index] for part in parts]) for index in range(1, 5)]
    return Compartments(anatomy.brain.shape, split, others, filled, cell, *rows)


def filling(wiring: Wiring, *, n_cells: int, grey_share: float) -> Array:
    """Share of the grey and of the white matter of each cell that fibres take, (2, cells)."""
    taken = np.zeros((2, n_cells))
    for course in wiring.courses:
        taken[0, course.cell] += grey_share * course.share
        taken[1, course.cell] += course.share
    taken[1, wiring.rest.cell] += wiring.rest.share
    taken[:, wiring.relay.cell] += wiring.relay.share
    return taken


def strand_part(
    strands: Strands, fa: Array, layer: Layer, grey_share: float, scan: TensorScan, n_cells: int
) -> tuple[NDArray[np.intp], Array, Array, Array, Array]:
    """Return cell, direction, amplitude and both diffusivities of fibres in one layer."""
    echo = [sequences.diffusion(scan, b_s_mm2=0.0)(tissue) for tissue in layer.tissue]
    weight = np.zeros(n_cells)
    weight[layer.cell] = grey_share * layer.part[0] * echo[0] + layer.part[1] * echo[1]
    amplitude = strands.share * weight[strands.cell]
    held = amplitude > 0
    # ASSUME: water of fibres that cross grey matter diffuses as in white matter.
    axial, radial = diffusivities(fa[held], mean_mm2_s=layer.tissue[1].adc_mm2_s)
    return strands.cell[held], strands.direction[held], amplitude[held], axial, radial


def isotropic(parts: Compartments, *, scan: TensorScan, b_s_mm2: float) -> Volume:
    """Signal of all that diffuses alike in all directions, shape (X, Y, Z)."""
    signal_of = sequences.diffusion(scan, b_s_mm2=b_s_mm2)
    total = np.zeros(parts.filled.shape[1])
    for volume, tissue in parts.others:
        total += volume.ravel() * signal_of(tissue)
    for layer in parts.layers:
        free = 1 - parts.filled[:, layer.cell] * float(layer.fibres)
        for part, share, tissue in zip(layer.part, free, layer.tissue, strict=True):
            total[layer.cell] += part * share * signal_of(tissue)
    return total.reshape(parts.shape).astype(np.float32)


def anisotropic(parts: Compartments, *, b_s_mm2: float, direction: Array) -> Volume:
    """Signal of the bundles for a gradient along a unit direction of the subject's axes.

    Notes
    -----
    ``exp(-b gᵀDg)`` of each, Basser 1994, doi:10.1006/jmrb.1994.1037; bundles in one
    cell do not exchange water: their signals add up.
    """
    cosine = parts.direction @ direction
    along = parts.radial + (parts.axial - parts.radial) * cosine**2
    signal = parts.amplitude * np.exp(-b_s_mm2 * along)
    total = np.bincount(parts.cell, signal, minlength=parts.filled.shape[1])
    return total.reshape(parts.shape).astype(np.float32)
