"""What a resting-state run sees of a head: mean signal, neural weights, field, places of noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from sonolesion.core.settings.phantom import Phantom
from sonolesion.core.settings.phantom_bold import BoldScan, PhantomBold
from sonolesion.core.settings.phantom_dti import Distortion
from sonolesion.core.settings.phantom_signal import Tissue, Tissues
from sonolesion.phantom import (
    bold_networks,
    damage,
    deformation,
    echo_planar,
    pose,
    scanner,
    signal,
)
from sonolesion.phantom.patient import Anatomy

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
Sparse = sparse.csr_array[Any, tuple[int, int]]
# Template millimetres, centre and reach: basal arteries, middle cerebral ones, great veins.
VESSELS = (
    ((0.0, 0.0, -28.0), 16.0), ((0.0, -24.0, -34.0), 14.0), ((-40.0, 2.0, -14.0), 14.0),
    ((40.0, 2.0, -14.0), 14.0), ((0.0, -58.0, -4.0), 14.0), ((0.0, -94.0, 14.0), 18.0),
)  # fmt: skip
# Volumes are steady where no tissue is further from it than this share.
STEADY = 1e-3
# A voxel belongs to a region that has this share of all its neural weight, where there is some.
MOSTLY, LEAST = 0.5, 0.002
FRONT_MM, BACK_MM = 70.0, -105.0


@dataclass(frozen=True)
class Head:
    """What is in the scanner, averaged over the voxels of the scan, on the anatomy's own grid.

    Attributes
    ----------
    anatomy : Anatomy
        The head.
    means : list of ndarray, shape (X, Y, Z)
        Signal of the first volumes; the last is the steady one.
    fluid : ndarray of shape (X, Y, Z)
        What of it is fluid.
    weights : sparse array of shape (X * Y * Z, P)
        Signal by which a neural signal of unit variance lifts each cell.
    field_hz, vessels, lag_s : ndarray
        Field [Hz], nearness of vessels (0 to 1), lag of the systemic wave [s], on the coarse grid
        of the deformation.
    """

    anatomy: Anatomy
    means: list[Volume]
    fluid: Volume
    weights: Sparse
    field_hz: Array
    vessels: Array
    lag_s: Array


def tissue_signal(tissue: Tissue, scan: BoldScan, *, n: int | None = None) -> float:
    """Return the signal of a tissue in volume `n` from the first, or in the steady state.

    Notes
    -----
    After n pulses the magnetisation is off its steady state by ``(E1 cos a)^n``.
    """
    steady = float(
        signal.spoiled_gradient_echo(
            t1_s=tissue.t1_s,
            r2star_per_s=1 / tissue.t2_s + tissue.r2_prime_per_s,
            density=tissue.density,
            flip_deg=scan.flip_deg,
            echo_s=scan.echo_s,
            repetition_s=scan.repetition_s,
        )
    )
    if n is None:
        return steady
    recovery = np.exp(-scan.repetition_s / tissue.t1_s)
    turned = recovery * np.cos(np.deg2rad(scan.flip_deg))
    # Over the steady longitudinal magnetisation: 1 before the first pulse.
    excess = (1 - turned) / (1 - recovery) - 1
    return float(steady * (1 + excess * turned**n))


def seen(tissues: Tissues, scan: BoldScan) -> Tissues:
    """Return the tissues with their fat suppressed."""
    faint = {
        name: tissue.model_copy(update={"density": tissue.density * scan.fat_share})
        for name, tissue in (("fat", tissues.fat), ("marrow", tissues.marrow))
    }
    return tissues.model_copy(update=faint)


def head(
    settings: Phantom, bold: PhantomBold, anatomy: Anatomy, lesions: Sequence[damage.Present]
) -> Head:
    """Put a head into the scanner, with the lesions of a visit."""
    tissues = seen(settings.tissues, bold.scan)
    widths = np.array(bold.scan.voxel_mm) / anatomy.affine[0, 0]
    share = lesion_share(anatomy, lesions)
    kept = 1 - np.float32(1 - bold.lesion.signal_left) * share
    volumes = [n for n in range(bold.scan.n_volumes) if not is_steady(tissues, bold.scan, n)]
    means = []
    for n in [*volumes, None]:
        fine = np.zeros(anatomy.brain.shape, dtype=np.float32)
        for name, fraction in anatomy.tissues.items():
            fine += np.float32(tissue_signal(getattr(tissues, name), bold.scan, n=n)) * fraction
        means.append(scanner.box_average(fine * kept, widths=widths))
    fluid = np.float32(tissue_signal(tissues.fluid, bold.scan)) * anatomy.tissues["fluid"]
    grey = np.float32(tissue_signal(tissues.grey, bold.scan)) * anatomy.tissues["grey"]
    # What is destroyed has no neural signal; with the effect off the tissue lives.
    alive = grey * (1 - share) if bold.lesion.signal_left < 1 else grey
    points = pose.nodes(anatomy.field_mm.shape, anatomy.field_affine) + anatomy.field_mm
    lifts = Distortion(sinus_hz=bold.artefacts.sinus_hz, ear_hz=bold.artefacts.ear_hz)
    return Head(
        anatomy,
        means,
        scanner.box_average(fluid, widths=widths),
        neural_weights(bold, anatomy, alive, widths=widths),
        echo_planar.susceptibility(anatomy, lifts),
        near_vessels(points),
        bold.physiology.systemic_lag_s
        * np.clip((FRONT_MM - points[..., 1]) / (FRONT_MM - BACK_MM), 0, 1),
    )


def is_steady(tissues: Tissues, scan: BoldScan, n: int) -> bool:
    """Whether the signal of no tissue of the brain changes any more in volume `n`."""
    return all(
        abs(tissue_signal(one, scan, n=n) / tissue_signal(one, scan) - 1) < STEADY
        for one in (tissues.grey, tissues.white, tissues.fluid)
    )


def lesion_share(anatomy: Anatomy, lesions: Sequence[damage.Present]) -> Volume:
    """Return the share of each cell of the anatomy in core or rim of a lesion."""
    x, y, z = anatomy.brain.shape
    share = np.zeros((x, y, z), dtype=np.float32)
    for found in damage.damages(
        anatomy, lesions, scanner.Grid((x, y, z), anatomy.affine, np.eye(4))
    ):
        share[found.box] += found.shares()[:2].sum(axis=0)
    return np.clip(share, 0, 1)


def near_vessels(points: Array) -> Array:
    """Return how near points of the template are to great vessels, 0 to 1."""
    found = [
        deformation.fading(points, centre_mm=np.array(centre), reach_mm=reach)[..., 0]
        for centre, reach in VESSELS
    ]
    return np.asarray(np.max(found, axis=0))


def neural_weights(bold: PhantomBold, anatomy: Anatomy, grey: Volume, *, widths: Array) -> Sparse:
    """Return by how much each region's signal lifts each cell, averaged over the scan's voxels."""
    labels = bold_networks.in_head(anatomy)
    size = bold_networks.amplitudes(bold_networks.atlas()[0], bold.neural)
    margin = np.ceil(widths).astype(int) + 1
    columns = []
    for number, box in enumerate(ndimage.find_objects(labels, max_label=len(size)), start=1):
        if box is None:
            columns.append(sparse.csc_array((labels.size, 1), dtype=np.float32))
            continue
        near = tuple(
            slice(max(part.start - m, 0), part.stop + m)
            for part, m in zip(box, margin, strict=True)
        )
        own = np.where(labels[near] == number, grey[near] * np.float32(size[number - 1]), 0)
        averaged = scanner.box_average(own.astype(np.float32), widths=widths)
        places = np.nonzero(averaged > 0)
        first = [part.start for part in near]
        cells = np.ravel_multi_index(
            tuple(p + f for p, f in zip(places, first, strict=True)), labels.shape
        )
        content = (averaged[places], (cells, np.zeros(len(cells), dtype=np.intp)))
        columns.append(sparse.csc_array(content, shape=(labels.size, 1)))
    return sparse.csr_array(sparse.hstack(columns, format="csr"))


def interpolation(inside: NDArray[np.bool_], grid: scanner.Grid, anatomy: Anatomy) -> Sparse:
    """Return the linear interpolation of the anatomy's cells at voxels of a scan.

    Parameters
    ----------
    inside : ndarray of bool, shape (X, Y, Z)
        The V voxels, none of them at the edge of the anatomy's grid.
    grid : Grid
        The scan.
    anatomy : Anatomy
        The head.

    Returns
    -------
    sparse array of shape (V, cells)
    """
    to_cell = np.linalg.inv(anatomy.affine) @ np.linalg.inv(grid.pose) @ grid.affine
    places = pose.apply(to_cell, np.argwhere(inside).astype(np.float64))
    corner = np.floor(places).astype(np.intp)
    rest = places - corner
    rows = np.arange(len(places))
    parts = []
    for offset in np.ndindex(2, 2, 2):
        step = np.array(offset)
        weight = np.prod(np.where(step == 1, rest, 1 - rest), axis=1).astype(np.float32)
        cells = np.ravel_multi_index(tuple((corner + step).T), anatomy.brain.shape, mode="clip")
        parts.append((weight, cells))
    content = np.concatenate([weight for weight, _ in parts])
    cells = np.concatenate([cell for _, cell in parts])
    shape = (len(places), anatomy.brain.size)
    return sparse.csr_array((content, (np.tile(rows, 8), cells)), shape=shape)


def held_on(inside: Head, grid: scanner.Grid) -> tuple[NDArray[np.bool_], Volume]:
    """Return the voxels of a scan with signal, and by how much each region lifts them, (V, P)."""
    mean = scanner.resample(inside.means[-1], affine=inside.anatomy.affine, grid=grid)
    where = mean > 0
    return where, (interpolation(where, grid, inside.anatomy) @ inside.weights).toarray()


def regions_on(inside: Head, grid: scanner.Grid, matrix: Array) -> tuple[NDArray[np.uint8], Volume]:
    """Return region (from 1; 0 for none) and neural standard deviation of each voxel of a scan.

    Parameters
    ----------
    inside : Head
        The head.
    grid : Grid
        The scan, undistorted.
    matrix : ndarray of shape (P, P)
        Correlations of the neural signals.
    """
    mean = scanner.resample(inside.means[-1], affine=inside.anatomy.affine, grid=grid)
    where, held = held_on(inside, grid)
    power = np.einsum("vp,vp->v", held @ matrix.astype(np.float32), held)
    total, most = held.sum(axis=1), held.argmax(axis=1)
    belongs = (held.max(axis=1) > MOSTLY * total) & (total > LEAST * mean[where])
    labels, size = np.zeros(grid.shape, dtype=np.uint8), np.zeros(grid.shape, dtype=np.float32)
    labels[where] = np.where(belongs, most + 1, 0)
    size[where] = np.sqrt(np.maximum(power, 0))
    return labels, size
