"""Streamlines of the whole brain, from the border of grey and white matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.errors import InputFault
from sonolesion.maths.parcels import Nodes
from sonolesion.maths.points import Matrix, Points
from sonolesion.tracts import connectome, tracking, tractogram, uncertainty
from sonolesion.tracts.geometry import Offsets
from sonolesion.tracts.tractogram import Bundles, Model, Scan

Told = Mapping[str, Any]
Lines = tuple[Points, Offsets]


def border(
    white: NDArray[Any],
    grey: NDArray[Any],
    inside: NDArray[np.bool_],
    *,
    min_share: float,
    min_voxels: int,
) -> NDArray[np.bool_]:
    """Return the voxels that hold both white and grey matter: there fibres of a parcel begin.

    Parameters
    ----------
    white, grey : ndarray of shape (X, Y, Z)
        Share of each tissue on the grid of the scan.
    inside : ndarray of bool, shape (X, Y, Z)
        Brain in the scan.
    min_share : float
        Least share of each.
    min_voxels : int
        Fewer are no border of a brain.

    Raises
    ------
    InputFault
        If there are fewer.

    Notes
    -----
    Seeds all over the white matter would count a fibre the more often the longer it is (Smith et
    al. 2012, doi:10.1016/j.neuroimage.2012.06.005). The border runs through the deep nuclei too,
    whose voxels hold both.
    """
    found = inside & (white >= min_share) & (grey >= min_share)
    if np.count_nonzero(found) < min_voxels:
        raise InputFault(
            file="border of grey and white matter",
            found=f"{np.count_nonzero(found)} voxels in the diffusion scan",
            expected=f"at least {min_voxels}",
            remedy="check the tissue maps and the registration of the diffusion scan",
        )
    return found


def baseline(
    scan: Scan, seeds: NDArray[np.bool_], nodes: Nodes, relays: list[int], *, settings: Told,
    threads: int,
) -> tuple[Bundles, Bundles]:  # fmt: skip
    """Track a scan and its resampled copies, and part the streamlines at the relays.

    Parameters
    ----------
    scan : Scan
        Of one shell, as from `tractogram.fullest`.
    seeds : ndarray of bool, shape (X, Y, Z)
        From `border`.
    nodes : Nodes
        Parcels in acpc.
    relays : list of int
        Those in which fibres end though streamlines run through.
    settings : mapping
        ``tracts``.

    Returns
    -------
    own, others : Bundles
        In acpc [mm]; each resampled scan is a group ``scan@k`` of the second.
    """
    told, how = settings["connectome"], settings["tracking"]
    model = tractogram.fitted_model(scan, settings=settings["response"], threads=threads)
    lines = tracked(
        scan, model.coefficients, seeds, settings=how, n_seeds=told["n_seeds"], seed=how["seed"],
        threads=threads,
    )  # fmt: skip
    again = redrawn(scan, model, seeds, settings=settings, threads=threads)
    own, *others = (
        parted(one, nodes.labels, nodes.affine, relays, settings=told) for one in (lines, *again)
    )
    return Bundles(*own), tractogram.joined([(f"scan@{k}", *one) for k, one in enumerate(others)])


def tracked(
    scan: Scan, coefficients: NDArray[np.float32], mask: NDArray[np.bool_], *, settings: Told,
    n_seeds: int, seed: int, threads: int,
) -> Lines:  # fmt: skip
    """Track from random places of a mask; `settings` are ``tracts.tracking``."""
    places = tracking.seeds(mask, scan.affine, n_seeds=n_seeds, seed=seed)
    stopping = tracking.stopping_map(scan.fa, fluid=scan.fluid, max_fluid=settings["max_fluid"])
    told = {name: v for name, v in settings.items() if name not in tractogram.NOT_TRACKING}
    return tracking.track(
        coefficients, scan.affine, places, stopping, to_space=scan.to_acpc,
        stop_below=settings["stop_fa"], seed=seed, threads=threads, **told,
    )  # fmt: skip


def redrawn(
    scan: Scan, model: Model, mask: NDArray[np.bool_], *, settings: Told, threads: int
) -> Iterator[Lines]:
    """Yield the streamlines of resampled scans; `settings` are ``tracts``.

    As `tractogram.redrawn` does it for the bundles, with its wild bootstrap.
    """
    told, how = settings["connectome"], settings["resampling"]
    if not told["n_scans"]:
        return
    design = uncertainty.tensor_design(scan.b_values, scan.vectors)
    signals = scan.data[scan.mask]
    fit = uncertainty.fitted(signals, design, min_signal=how["min_signal"])
    rng = np.random.default_rng(how["seed"])
    n_seeds = max(1, round(how["share_of_seeds"] * told["n_seeds"]))
    for number in range(told["n_scans"]):
        drawn = uncertainty.wild_bootstrap(*fit, rng=rng)
        found = tractogram.orientations(
            scan, drawn, model.fibre, order=model.order, settings=settings["response"],
            threads=threads,
        )  # fmt: skip
        yield tracked(
            scan, found, mask, settings=settings["tracking"], n_seeds=n_seeds,
            seed=settings["tracking"]["seed"] + number + 1, threads=threads,
        )  # fmt: skip


def parted(
    lines: Lines, labels: NDArray[Any], affine: Matrix, relays: list[int], *, settings: Told
) -> Lines:
    """Part streamlines at every relay; see `connectome.relayed`.

    Parameters
    ----------
    lines : points and offsets
        In the millimetres of the labels.
    labels : ndarray of int, shape (X, Y, Z)
        Parcels, counted from 1.
    relays : list of int
        Parcels in which fibres end though streamlines run through.
    settings : mapping
        ``tracts.connectome``.
    """
    voxel_mm = np.linalg.norm(affine[:3, :3], axis=0)
    points, offsets = lines
    for number in relays:
        deep = ndimage.distance_transform_edt(labels == number, sampling=voxel_mm)
        ends = connectome.end_parcels(
            points, offsets, labels, affine, radius_mm=settings["radius_mm"]
        )
        points, offsets = connectome.relayed(
            points, offsets, deep > settings["relay_depth_mm"], affine,
            min_mm=settings["relay_mm"], ends_there=(ends == number).any(axis=1),
        )  # fmt: skip
    return points, offsets
