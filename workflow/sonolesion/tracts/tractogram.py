"""From a corrected scan to bundles: fibre orientations, tracking from each seed, selection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.maths.gradient_frames import to_world
from sonolesion.maths.placed import Placed
from sonolesion.maths.points import Matrix, Points
from sonolesion.maths.regrid import regridded
from sonolesion.tracts import bundles as choosing
from sonolesion.tracts import response_csd, tracking, uncertainty
from sonolesion.tracts.geometry import Offsets, line_lengths, segment_lengths, subset
from sonolesion.tracts.regions import side_and_name
from sonolesion.tracts.template import SIDES, Masks

Told = Mapping[str, Any]
# Places of xx, xy, xz, yy, yz, zz in a symmetric matrix.
ELEMENTS = [0, 1, 2, 1, 3, 4, 2, 4, 5]
# Settings of the tracking that the tracker is not told as they are.
NOT_TRACKING = ("n_seeds", "stop_fa", "max_fluid", "seed")
Array = NDArray[np.float64]


class Table(Protocol):
    """A gradient table as its files tell it."""

    @property
    def b_values(self) -> Array:
        """[s/mm²], shape (N,)."""

    @property
    def vectors(self) -> Array:
        """Along the voxel axes, shape (N, 3)."""


@dataclass(frozen=True)
class Scan:
    """A corrected scan and its table.

    Attributes
    ----------
    data : ndarray of shape (X, Y, Z, N)
    b_values, vectors : ndarray of shape (N,) [s/mm²] and (N, 3)
        Directions in world axes.
    affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm].
    to_acpc : ndarray of shape (4, 4)
        Points of the scan to acpc points.
    mask : ndarray of bool, shape (X, Y, Z)
    fa, tensor, fluid : ndarray of shape (X, Y, Z), (X, Y, Z, 6), (X, Y, Z)
        Anisotropy, tensor in world axes, share of cerebrospinal fluid.
    """

    data: NDArray[np.float32]
    b_values: Array
    vectors: Array
    affine: Matrix
    to_acpc: Matrix
    mask: NDArray[np.bool_]
    fa: NDArray[Any]
    tensor: NDArray[Any]
    fluid: NDArray[Any]

    @property
    def acpc_affine(self) -> Matrix:
        """Voxel indices to acpc points [mm]."""
        return np.asarray(self.to_acpc @ self.affine)


@dataclass(frozen=True)
class Model:
    """Fibre orientations, and what they come from."""

    coefficients: NDArray[np.float32]
    fibre: response_csd.Response
    order: int


@dataclass(frozen=True)
class Bundles:
    """Streamlines in acpc [mm], and the numbers of those of each bundle."""

    points: Points
    offsets: Offsets
    groups: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    def of(self, name: str) -> tuple[Points, Offsets]:
        """Return the streamlines of one bundle."""
        return subset(self.points, self.offsets, self.groups[name])


def placed(
    image: Placed, told: Table, to_scan: Matrix, fluid: Placed, *, maps: Sequence[NDArray[Any]],
    table: Told,
) -> Scan:  # fmt: skip
    """Put a corrected scan together: its unweighted volumes and fullest shell, in their place.

    Parameters
    ----------
    image : Placed
        Volumes (X, Y, Z, N).
    told : Table
        b-values [s/mm²] and vectors of the file, along the voxel axes.
    to_scan : ndarray of shape (4, 4)
        acpc points to points of the scan.
    fluid : Placed
        Share of cerebrospinal fluid in acpc.
    maps : sequence of ndarray
        Brain, FA and tensor, on the grid of the scan.
    table : mapping
        Settings ``diffusion.table``.
    """
    inside = maps[0] > 0
    scan = Scan(
        image.data, told.b_values, to_world(told.vectors, image.affine), image.affine,
        np.asarray(np.linalg.inv(to_scan)), inside, maps[1], maps[2],
        regridded(
            fluid.data, fluid.affine, to_scan, shape=inside.shape, affine=image.affine
        ),
    )  # fmt: skip
    shells = {name: table[name] for name in ("b0_max_s_mm2", "shell_width_s_mm2")}
    return fullest(scan, **shells)


def fullest(scan: Scan, *, b0_max_s_mm2: float, shell_width_s_mm2: float) -> Scan:
    """Return a scan with its unweighted volumes and the shell of most volumes alone."""
    low = scan.b_values <= b0_max_s_mm2
    counts = [
        np.count_nonzero(np.abs(scan.b_values - b) <= shell_width_s_mm2) * (b > b0_max_s_mm2)
        for b in scan.b_values
    ]
    shell = np.abs(scan.b_values - scan.b_values[int(np.argmax(counts))]) <= shell_width_s_mm2
    used = low | shell
    changed = {
        "data": scan.data[..., used],
        "b_values": scan.b_values[used],
        "vectors": scan.vectors[used],
    }
    return Scan(**{**scan.__dict__, **changed})


def fitted_model(scan: Scan, *, settings: Told, threads: int = 1) -> Model:
    """Read the response from the voxels of highest FA, and deconvolve.

    Parameters
    ----------
    scan : Scan
        Of one shell, as from `fullest`.
    settings : mapping
        ``tracts.response``.
    threads : int
        At work at once; the result is the same.
    """
    directions = response_csd.grid_vectors(scan.vectors, scan.affine)
    limits = {"b0_max_s_mm2": settings["b0_max_s_mm2"]}
    voxel_mm = np.linalg.norm(scan.affine[:3, :3], axis=0)
    deep = ndimage.distance_transform_edt(scan.mask, sampling=voxel_mm) > settings["edge_mm"]
    chosen = response_csd.single_fibre_mask(
        scan.fa, deep, min_fa=settings["min_fa"], max_voxels=settings["max_voxels"]
    )
    matrices = scan.tensor[chosen].astype(np.float64)[:, ELEMENTS].reshape(-1, 3, 3)
    principal = np.linalg.eigh(matrices)[1][:, :, 2]
    fibre = response_csd.response(
        scan.data[chosen].astype(np.float64),
        response_csd.grid_vectors(principal, scan.affine),
        scan.b_values,
        directions,
        min_voxels=settings["min_voxels"],
        **limits,
    )
    weighted = scan.b_values > settings["b0_max_s_mm2"]
    order = response_csd.supported_order(
        directions[weighted], same_deg=settings["same_deg"], largest=settings["max_order"]
    )
    found = orientations(
        scan, scan.data[scan.mask], fibre, order=order, settings=settings, threads=threads
    )
    return Model(found, fibre, order)


def orientations(
    scan: Scan, signals: NDArray[Any], fibre: response_csd.Response, *, order: int,
    settings: Told, threads: int = 1,
) -> NDArray[np.float32]:  # fmt: skip
    """Deconvolve signals (V, N) of the mask; the result has the shape (X, Y, Z, C)."""
    found = response_csd.orientations(
        signals,
        scan.b_values,
        response_csd.grid_vectors(scan.vectors, scan.affine),
        fibre,
        order=order,
        b0_max_s_mm2=settings["b0_max_s_mm2"],
        max_rounds=settings["max_rounds"],
        threads=threads,
    )
    whole = np.zeros((*scan.mask.shape, found.shape[1]), dtype=np.float32)
    whole[scan.mask] = found
    return whole


def tracked(
    scan: Scan,
    coefficients: NDArray[np.float32],
    masks: Masks,
    bundles: Sequence[Told],
    *,
    settings: Told,
    n_seeds: int,
    seed: int,
    threads: int,
) -> Bundles:
    """Track from every seed region, and keep the streamlines that belong to a bundle.

    Parameters
    ----------
    scan : Scan
        Where to track.
    coefficients : ndarray of shape (X, Y, Z, C)
        From `orientations`.
    masks : dict
        (side, region) → mask, from `template.masks_of`.
    bundles : sequence of mapping
        Settings ``tracts.bundles``.
    settings : mapping
        ``tracts.tracking``.
    n_seeds, seed : int
        Seeds in each region, and seed of the random numbers.
    """
    names = list(masks)
    bits = choosing.packed([masks[name] for name in names])
    number = {name: n for n, name in enumerate(names)}
    stopping = tracking.stopping_map(scan.fa, fluid=scan.fluid, max_fluid=settings["max_fluid"])
    told = {name: v for name, v in settings.items() if name not in NOT_TRACKING}
    pools: dict[tuple[str, str], tuple[Points, Offsets]] = {}
    parts: list[tuple[str, Points, Offsets]] = []
    for bundle in bundles:
        for side in SIDES:
            start = side_and_name(bundle["seed"], side=side)
            if start not in pools and masks[start].any():
                places = tracking.seeds(masks[start], scan.affine, n_seeds=n_seeds, seed=seed)
                pools[start] = tracking.track(
                    coefficients, scan.affine, places, stopping, to_space=scan.to_acpc,
                    stop_below=settings["stop_fa"], seed=seed, threads=threads, **told,
                )  # fmt: skip
            if start in pools:
                own = _chosen(*pools[start], bits, scan.acpc_affine, bundle, side, number)
                parts.append((f"{bundle['name']}_{side}", *own))
    return joined(parts)


def _chosen(
    points: Points, offsets: Offsets, bits: choosing.Bits, affine: Matrix, bundle: Told,
    side: str, number: Mapping[tuple[str, str], int],
) -> tuple[Points, Offsets]:  # fmt: skip
    """Return the streamlines of one bundle, cut off beyond its first and last region."""
    waypoints = [number[side_and_name(w, side=side)] for w in bundle["waypoints"]]
    never = [number[side_and_name(w, side=side)] for w in bundle["exclusions"]]
    at_points = choosing.bits_at(points, bits, affine)
    lengths = line_lengths(segment_lengths(points, offsets), offsets)
    mine = choosing.members(
        at_points, offsets, lengths, waypoints=waypoints, exclusions=never,
        ordered=bundle["ordered"], min_mm=bundle["min_mm"], max_mm=bundle["max_mm"],
    )  # fmt: skip
    own = subset(points, offsets, mine)
    return choosing.clipped(
        *own, choosing.bits_at(own[0], bits, affine), first=waypoints[0], last=waypoints[-1]
    )


def joined(parts: Sequence[tuple[str, Points, Offsets]]) -> Bundles:
    """Return several bundles as one set of streamlines with a group each."""
    points = [own for _, own, _ in parts] or [np.zeros((0, 3), dtype=np.float32)]
    counts = [np.diff(offsets) for _, _, offsets in parts] or [np.zeros(0, dtype=np.int64)]
    ends = np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int64)
    groups, first = {}, 0
    for name, _, offsets in parts:
        groups[name] = np.arange(first, first + len(offsets) - 1)
        first += len(offsets) - 1
    return Bundles(np.concatenate(points), ends, groups)


def redrawn(
    scan: Scan,
    model: Model,
    masks: Masks,
    bundles: Sequence[Told],
    *,
    settings: Told,
    threads: int,
) -> Bundles:
    """Track in resampled scans; group ``bundle_side@k`` holds the bundle of the k-th one.

    Parameters
    ----------
    scan, model, masks, bundles
        As for `tracked`.
    settings : mapping
        ``tracts``.
    """
    told = settings["resampling"]
    design = uncertainty.tensor_design(scan.b_values, scan.vectors)
    signals = scan.data[scan.mask]
    fit = uncertainty.fitted(signals, design, min_signal=told["min_signal"])
    rng = np.random.default_rng(told["seed"])
    n_seeds = max(1, round(told["share_of_seeds"] * settings["tracking"]["n_seeds"]))
    parts: list[tuple[str, Points, Offsets]] = []
    for number in range(told["n_scans"]):
        drawn = uncertainty.wild_bootstrap(*fit, rng=rng)
        found = orientations(
            scan, drawn, model.fibre, order=model.order, settings=settings["response"],
            threads=threads,
        )  # fmt: skip
        seed = settings["tracking"]["seed"] + number + 1
        own = tracked(
            scan, found, masks, bundles, settings=settings["tracking"], n_seeds=n_seeds,
            seed=seed, threads=threads,
        )  # fmt: skip
        parts += [(f"{name}@{number}", *own.of(name)) for name in own.groups]
    return joined(parts)


def summary(
    found: Bundles, model: Model, masks: Masks, bundles: Sequence[Told], affine: Matrix
) -> dict[str, Any]:
    """Return what the sidecar of the tractogram says.

    `affine` leads from voxel indices of the masks to acpc points.
    """
    told: dict[str, Any] = {}
    for bundle in bundles:
        for side in SIDES:
            name = f"{bundle['name']}_{side}"
            start = side_and_name(bundle["waypoints"][0], side=side)
            own = found.of(name) if name in found.groups else (None, np.zeros(1, np.int64))
            lengths = (
                line_lengths(segment_lengths(*own), own[1]) if own[0] is not None else np.zeros(0)
            )
            told[name] = {
                "bundle": bundle["name"],
                "side": side,
                "safety": bundle["safety"],
                "waypoints": list(bundle["waypoints"]),
                "streamlines": int(len(own[1]) - 1),
                "mean_length_mm": float(lengths.mean()) if lengths.size else None,
                "start_mm": (
                    choosing.centre_mm(masks[start], affine).tolist()
                    if masks[start].any()
                    else None
                ),
            }
    fibre = model.fibre
    return {
        "Bundles": told,
        "Space": "acpc, RAS+ mm",
        "HarmonicOrder": model.order,
        "Response": {
            "Along_mm2_s": fibre.along_mm2_s,
            "Across_mm2_s": fibre.across_mm2_s,
            "Voxels": fibre.n_voxels,
        },
    }
