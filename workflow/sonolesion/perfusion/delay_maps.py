"""Maps of flow and transit time from several delays, tissue by tissue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sonolesion.perfusion import delay_fit
from sonolesion.perfusion.delay_curves import DelayFit, Model, pasl_model, pcasl_model
from sonolesion.perfusion.kinetic import apparent_t1
from sonolesion.perfusion.smoothing import filled, smoothed

Array = NDArray[np.float64]
Volume = NDArray[np.float32]
Mask = NDArray[np.bool_]
Told = Mapping[str, Any]
SEARCH = ("transit_range_s", "grid_step_s", "tolerance_s")


class Fitted(NamedTuple):
    """Flow of a voxel, and of pure grey and white matter [mL/100 g/min]; transit time [s]."""

    flow: Volume
    grey: Volume
    white: Volume
    transit_s: Volume


class Near(NamedTuple):
    """Flow [mL/100 g/min] and transit time [s] of a tissue about each voxel."""

    flow: Array
    transit_s: Array


@dataclass(frozen=True)
class Scan:
    """Timing, constants and grid of a series.

    Attributes
    ----------
    equation : str
        ``kinetic`` or ``kinetic_pasl``.
    value : mapping
        Constants by name.
    counts : ndarray of shape (D,)
        Differences of each delay.
    offsets_s : ndarray that broadcasts to (X, Y, Z)
        How much later than the first each slice is read [s].
    voxel_mm : ndarray of shape (3,)
        Edges of a voxel [mm].
    settings : mapping
        Settings ``perfusion.delays``.
    """

    equation: str
    value: Told
    counts: NDArray[np.int64]
    offsets_s: Array
    voxel_mm: Array
    settings: Told

    @property
    def fwhm_voxels(self) -> Array:
        """Width of the surroundings [voxel]."""
        return np.asarray(self.settings["fwhm_mm"] / self.voxel_mm)

    @property
    def constants(self) -> dict[str, Any]:
        """What every fit is told."""
        own = {name: self.value[name] for name in ("partition_ml_g", "efficiency")}
        search = {name: self.settings[name] for name in SEARCH}
        return own | search | {"transit_range_s": tuple(search["transit_range_s"])}

    def alike(self, curves: NDArray[Any]) -> Iterator[tuple[Mask, Model]]:
        """Yield voxels with a curve that are read at the same times, and their model."""
        there = np.isfinite(curves).all(axis=3)
        late = np.broadcast_to(self.offsets_s, there.shape)
        for offset_s in np.unique(self.offsets_s):
            here = there & (late == offset_s)
            if here.any():
                yield here, self._model(float(offset_s))

    def _model(self, offset_s: float) -> Model:
        value = self.value
        delay = np.asarray(value["delay_s"], dtype=np.float64) + offset_s
        if self.equation == "kinetic_pasl":
            return pasl_model(
                bolus_s=value["bolus_s"], inversion_s=delay, blood_t1_s=value["blood_t1_s"]
            )
        duration = np.broadcast_to(np.asarray(value["labelling_s"], np.float64), delay.shape)
        return pcasl_model(labelling_s=duration, delay_s=delay, blood_t1_s=value["blood_t1_s"])


def fitted(
    ratio: NDArray[Any], pure: Sequence[NDArray[Any]], shares: NDArray[Any], scan: Scan
) -> Fitted:
    """Return the maps of a series.

    Parameters
    ----------
    ratio : ndarray of shape (X, Y, Z, D)
        ΔM/M0 at each delay, NaN where nothing is told.
    pure : sequence of two ndarrays of shape (X, Y, Z, D)
        That of pure grey and white matter.
    shares : ndarray of shape (X, Y, Z, 3)
        Shares of grey matter, white matter and CSF.
    scan : Scan
        Timing and constants.

    Notes
    -----
    A voxel of grey and white matter has no transit time and no T1 of its own: its curve is the sum
    of two, in the proportion of share times flow about it. Flow and transit time of each tissue
    come from the corrected curves, averaged over the surroundings: tissues don't mix there.
    """
    t1_s = [scan.value[name] for name in ("grey_t1_s", "white_t1_s")]
    inside = np.isfinite(ratio).all(axis=3)
    near = _each_known([_near(one, t1, scan) for one, t1 in zip(pure, t1_s, strict=True)])
    one_tissue = [
        _mapped(curves, [np.ones(inside.shape)], [own], [t1], scan)
        for curves, own, t1 in zip(pure, near, t1_s, strict=True)
    ]
    flow, transit = _mapped(ratio, _flow_shares(shares, near), near, t1_s, scan)
    return Fitted(flow, one_tissue[0][0], one_tissue[1][0], transit)


def _near(curves: NDArray[Any], t1_s: float, scan: Scan) -> Near:
    """Return flow and transit time of a tissue about each voxel, from its averaged curves."""
    # Slices that are read at other times have other curves: they are averaged in plane alone.
    alike = np.array([n == 1 for n in scan.offsets_s.shape])
    width = np.where(alike, scan.fwhm_voxels, 0.0)
    mean = np.stack([smoothed(one, width) for one in np.moveaxis(curves, 3, 0)], axis=3)
    flow, transit = (np.full(mean.shape[:3], np.nan) for _ in range(2))
    for here, model in scan.alike(mean):
        found = delay_fit.fit(
            mean[here], scan.counts, model, tissue_t1_s=t1_s,
            n_rounds=scan.settings["n_rounds"], **scan.constants,
        )  # fmt: skip
        flow[here], transit[here] = found.cbf, found.transit_s
    # Label that comes later than is searched is noise; one that came before the shortest delay
    # may have come then: it is the latest that fits.
    late = transit > scan.constants["transit_range_s"][1] - 2.0 * scan.settings["tolerance_s"]
    transit[late] = np.nan
    return Near(filled(flow, scan.fwhm_voxels), filled(transit, scan.fwhm_voxels))


def _each_known(near: Sequence[Near]) -> list[Near]:
    """Return the tissues; one of which nothing is known takes after the other."""
    return [
        Near(*(np.where(np.isfinite(a), a, b) for a, b in zip(own, other, strict=True)))
        for own, other in zip(near, reversed(near), strict=True)
    ]


def _flow_shares(shares: NDArray[Any], near: Sequence[Near]) -> list[Array]:
    """Return which part of a voxel's flow goes to each tissue; by share alone where none flows."""
    there = [np.asarray(shares[..., k], dtype=np.float64) for k in range(2)]
    flows = [share * own.flow for share, own in zip(there, near, strict=True)]
    parts = [np.where(flows[0] + flows[1] > 0, a, b) for a, b in zip(flows, there, strict=True)]
    total = parts[0] + parts[1]
    grey = np.where(total > 0, parts[0] / np.where(total > 0, total, 1.0), 1.0)
    return [grey, 1.0 - grey]


def _mapped(
    curves: NDArray[Any], weights: Sequence[Array], near: Sequence[Near],
    t1_s: Sequence[float], scan: Scan,
) -> tuple[Volume, Volume]:  # fmt: skip
    """Return flow and transit time of voxels near those of their tissues."""
    noise = np.full(curves.shape[:3], np.nan)
    known = []
    for here, model in scan.alike(curves):
        tissues = _surroundings(here, weights, near, t1_s, scan.value["partition_ml_g"])
        noise[here] = delay_fit.noise_variance(curves[here], scan.counts, model, tissues)
        known.append((here, model, tissues))
    noise = smoothed(noise, scan.fwhm_voxels)
    flow, transit = (np.full(curves.shape[:3], np.nan, dtype=np.float32) for _ in range(2))
    for here, model, tissues in known:
        found = delay_fit.fit_near(
            curves[here], scan.counts, model, tissues, noise=noise[here],
            transit_sd_s=scan.settings["transit_sd_s"], **scan.constants,
        )  # fmt: skip
        flow[here], transit[here] = found.cbf, _told(found)
    return flow, transit


def _told(found: DelayFit) -> Volume:
    """Return the transit times that are no limits."""
    return np.where(found.at_limit, np.float32(np.nan), found.transit_s)


def _surroundings(
    here: Mask, weights: Sequence[Array], near: Sequence[Near], t1_s: Sequence[float],
    partition_ml_g: float,
) -> delay_fit.Surroundings:  # fmt: skip
    """Return the tissues of some voxels, one row each."""
    stay = [
        apparent_t1(tissue_t1_s=t1, cbf=own.flow[here], partition_ml_g=partition_ml_g)
        for t1, own in zip(t1_s, near, strict=True)
    ]
    return delay_fit.Surroundings(
        weight=np.stack([one[here] for one in weights], axis=1),
        transit_s=np.stack([own.transit_s[here] for own in near], axis=1),
        stay_s=np.stack(stay, axis=1),
    )
