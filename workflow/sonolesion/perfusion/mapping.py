"""From differences and M0 to maps of blood flow: mean, equation, partial volume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.maths import asl_context
from sonolesion.perfusion import delay_maps, quantification
from sonolesion.perfusion import outliers as rejecting
from sonolesion.perfusion import partial_volume as regression

Volume = NDArray[np.float32]
Mask = NDArray[np.bool_]
Told = Mapping[str, Any]


@dataclass(frozen=True)
class Maps:
    """Maps on the grid of the scan, NaN where nothing is told.

    Attributes
    ----------
    cbf, grey, white : ndarray of shape (X, Y, Z)
        Flow, and that of pure grey and white matter [mL/100 g/min].
    transit_s : ndarray of shape (X, Y, Z) or None
        Arterial transit time [s]; of several delays only.
    kept : ndarray of shape (P,), bool
        Differences that made the mean.
    reasons : tuple of str
        Why the others were left out.
    """

    cbf: Volume
    grey: Volume
    white: Volume
    transit_s: Volume | None
    kept: Mask
    reasons: tuple[str, ...]

    @property
    def volumes(self) -> tuple[Volume, Volume, Volume, Volume]:
        """The four maps; transit time NaN all over where one delay tells none."""
        none = np.full(self.cbf.shape, np.nan, dtype=np.float32)
        return self.cbf, self.grey, self.white, none if self.transit_s is None else self.transit_s


@dataclass(frozen=True)
class Tissue:
    """Shares of grey matter, white matter and CSF on the grid (X, Y, Z, 3), and the brain."""

    shares: Volume
    brain: Mask

    @property
    def each(self) -> list[Volume]:
        """The three shares."""
        return [self.shares[..., k] for k in range(3)]


def constants_of(told: Told) -> dict[str, Any]:
    """Return name → value of the constants."""
    return {name: entry["value"] for name, entry in told["constants"].items()}


def mean_of(volumes: NDArray[Any], told: Told) -> Volume:
    """Return the scanner's own map: that of the volumes with this role, or the whole file."""
    if volumes.ndim > 3 and told["cbf"]:
        volumes = volumes[..., told["cbf"]]
    mean = volumes.mean(axis=3) if volumes.ndim > 3 else volumes
    return np.asarray(mean, dtype=np.float32)


def made(
    differences: Volume, m0: Volume, scanner: Volume | None, tissue: Tissue, *, told: Told,
    voxel_mm: NDArray[np.float64], outliers: Told, min_m0_share: float, partial_volume: Told,
    delays: Told,
) -> Maps:  # fmt: skip
    """Return the maps of a visit: `measured`, or `given` where there is only the scanner's map."""
    if told["layout"] == "cbf" and scanner is not None:
        return given(scanner, tissue, partial=partial_volume)
    return measured(
        differences, m0, tissue, told=told, voxel_mm=voxel_mm, rejection=outliers,
        min_m0_share=min_m0_share, partial=partial_volume, delays=delays,
    )  # fmt: skip


def given(flow: Volume, tissue: Tissue, *, partial: Told) -> Maps:
    """Return the maps of a flow that the scanner computed.

    Parameters
    ----------
    flow : ndarray of shape (X, Y, Z)
        Its map [mL/100 g/min].
    partial : mapping
        Settings ``perfusion.partial_volume``.
    """
    inside = np.where(tissue.brain, flow, np.nan).astype(np.float32)
    pure = regression.corrected_ratio(inside, 1.0, tissue.shares, tissue.brain, **partial)
    return Maps(inside, *pure, None, np.ones(1, dtype=bool), ("",))


def measured(
    differences: Volume,
    m0: Volume,
    tissue: Tissue,
    *,
    told: Told,
    voxel_mm: NDArray[np.float64],
    rejection: Told,
    min_m0_share: float,
    partial: Told,
    delays: Told,
) -> Maps:
    """Return the maps of the equation that the plan chose.

    Parameters
    ----------
    differences : ndarray of shape (X, Y, Z, P)
        Control minus label.
    m0 : ndarray of shape (X, Y, Z)
        M0 of tissue.
    told : mapping
        What the plan says of the series.
    voxel_mm : ndarray of shape (3,)
        Edges of a voxel [mm].
    rejection, partial, delays : mapping
        Settings ``perfusion.outliers``, ``partial_volume`` and ``delays``.
    min_m0_share : float
        Least M0, as a share of its median in the brain.
    """
    groups = [np.array(group, dtype=np.intp) for group in told["groups"]]
    kept, reasons = _kept(differences, tissue, groups, rejection)
    mean, counts = asl_context.mean_by_timing(differences, groups, kept)
    level = np.nanmedian(m0[tissue.brain])
    sound = tissue.brain & (m0 > min_m0_share * level) & np.isfinite(mean).all(axis=3)
    # One number has no tissues to be told apart.
    below = float(m0.flat[0]) if told["m0_source"] == "estimate" else m0
    pure = [
        regression.corrected_ratio(mean[..., d], below, tissue.shares, sound, **partial)
        for d in range(len(groups))
    ]
    if len(groups) == 1:
        factor = single_factor(told)
        flow = quantification.blood_flow(np.where(sound, mean[..., 0], np.nan), m0, factor=factor)
        grey, white = (np.asarray(factor * part, dtype=np.float32) for part in pure[0])
        return Maps(flow, grey, white, None, kept, reasons)
    ratio = np.where(sound[..., None], mean / np.where(sound, m0, 1.0)[..., None], np.nan)
    scan = delay_maps.Scan(
        told["equation"], constants_of(told), counts, np.asarray(told["offsets_s"], np.float64),
        voxel_mm, delays,
    )  # fmt: skip
    curves = [np.stack([one[k] for one in pure], axis=3) for k in range(2)]
    found = delay_maps.fitted(ratio, curves, tissue.shares, scan)
    return Maps(found.flow, found.grey, found.white, found.transit_s, kept, reasons)


def _kept(
    differences: Volume, tissue: Tissue, groups: Sequence[NDArray[np.intp]], rejection: Told
) -> tuple[Mask, tuple[str, ...]]:
    """Return which differences make the mean of their timing, and why not the others."""
    limits = {name: value for name, value in rejection.items() if name != "reject"}
    kept = np.ones(differences.shape[3], dtype=bool)
    reasons = [""] * len(kept)
    for group in groups if rejection["reject"] else ():
        inside = [np.where(tissue.brain, share, 0.0) for share in tissue.each]
        score = rejecting.reject(differences[..., group], inside, **limits)
        kept[group] = score.kept
        for n, reason in zip(group.tolist(), score.reasons, strict=True):
            reasons[n] = reason
    return kept, tuple(reasons)


def single_factor(told: Told) -> NDArray[Any]:
    """Return flow per ΔM/M0 of a series of one delay, slice by slice where they differ."""
    value = constants_of(told)
    delay = value["delay_s"] + np.asarray(told["offsets_s"])
    blood = {name: value[name] for name in ("blood_t1_s", "efficiency", "partition_ml_g")}
    if told["equation"] == "pasl":
        return quantification.pasl_factor(bolus_s=value["bolus_s"], inversion_s=delay, **blood)
    if told["equation"] == "ge":
        ge = {n: value[n] for n in ("saturation_s", "tissue_t1_s", "n_excitations", "scale")}
        return quantification.ge_factor(
            labelling_s=value["labelling_s"], delay_s=value["delay_s"], **blood, **ge
        )
    return quantification.pcasl_factor(labelling_s=value["labelling_s"], delay_s=delay, **blood)
