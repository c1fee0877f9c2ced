"""Distortion of an echo-planar scan: what is done about it, and the reasons in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import GateFailure
from sonolesion.maths import distortion, distortion_checks
from sonolesion.maths.distortion_field import Search
from sonolesion.maths.distortion_pose import moved

Volume = NDArray[np.float32]
Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
Told = Mapping[str, Any]
SEARCH = Search.__dataclass_fields__


@dataclass(frozen=True)
class Scene:
    """What a field is looked for in.

    Attributes
    ----------
    b0 : ndarray of shape (X, Y, Z)
        Volume of the scan: its first unweighted one, or the reference of its motion.
    partner : ndarray of shape (X, Y, Z) or None
        Such a volume with the opposite phase encoding, on the same grid.
    b0_map : ndarray of shape (A, B, C) or None
        Field [Hz], with its affine `map_affine`.
    t1w : ndarray of shape (X, Y, Z)
        T1w on the scan's grid.
    brain, mask : ndarray of bool, shape (X, Y, Z)
        Brain in the T1w; and with a margin, in the scan.
    affine : ndarray of shape (4, 4)
        Voxel indices to RAS+ [mm].
    to_map : ndarray of shape (4, 4)
        Points of the scan to points of the measured field, RAS+.
    """

    b0: Volume
    partner: Volume | None
    b0_map: Volume | None
    map_affine: Matrix | None
    t1w: Volume
    brain: Mask
    mask: Mask
    affine: Matrix
    to_map: Matrix

    @property
    def voxel_mm(self) -> Matrix:
        """Edges of a voxel [mm]."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0))


@dataclass(frozen=True)
class Field:
    """Field of a scan [Hz], None where nothing is corrected; and what the sidecar says of it."""

    hz: Volume | None
    told: dict[str, Any] = field(default_factory=dict)


def find_field(scene: Scene, *, phase: Told, settings: Told, register: bool = True) -> Field:
    """Find the field by the method chosen, or by the next one where its own check refuses it.

    Parameters
    ----------
    scene : Scene
        Scan and what else there is.
    phase : mapping
        ``method``, ``map``, ``reason``, ``axis``, ``sign``, ``readout_s``,
        ``partner_readout_s``.
    settings : mapping
        ``diffusion.distortion``.
    register : bool
        Whether the T1w may stand in where neither pair nor map can be used.
    """
    told: dict[str, Any] = {"DistortionChoice": phase["reason"]}
    if phase["method"] == "opposed":
        hz, said = _from_pair(scene, phase, settings)
        told |= said
        if hz is not None:
            return Field(hz, told | {"DistortionMethod": "opposed"})
    if phase["map"]:
        hz, said = _from_map(scene, phase, settings)
        told |= said
        if hz is not None:
            return Field(hz, told | {"DistortionMethod": phase["map"]})
    if phase["method"] == "none" or not register:
        return Field(None, told | {"DistortionMethod": "none"})
    try:
        hz, said = _from_t1w(scene, phase, settings)
    except GateFailure as refused:
        return Field(
            None, told | {"DistortionMethod": "none", "RegistrationVerdict": refused.found}
        )
    return Field(hz, told | said | {"DistortionMethod": "registration"})


def _search(settings: Told) -> Search:
    given = {name: settings[name] for name in SEARCH}
    return Search(**given | {"levels_mm": tuple(settings["levels_mm"])})


def _encoding(phase: Told) -> dict[str, Any]:
    return {name: phase[name] for name in ("axis", "sign", "readout_s")}


def _from_pair(scene: Scene, phase: Told, settings: Told) -> tuple[Volume | None, dict[str, Any]]:
    """Return the field of a pair, None unless the scans prove to be one."""
    partner = scene.partner
    if partner is None:
        return None, {"PairVerdict": "the partner is not there"}
    pair = distortion.solve_pair(
        scene.b0,
        partner,
        **_encoding(phase),
        other_readout_s=phase["partner_readout_s"],
        voxel_mm=list(scene.voxel_mm),
        how=_search(settings["pair"]),
        min_motion_mm=settings["min_motion_mm"],
    )
    own = distortion.unwarp(scene.b0, pair.field_hz, **_encoding(phase))
    other = distortion.unwarp(
        moved(partner, pair.pose, voxel_mm=scene.voxel_mm, order=3),
        pair.field_hz,
        axis=phase["axis"],
        sign=-phase["sign"],
        readout_s=phase["partner_readout_s"],
    )
    before = distortion_checks.agreement(scene.b0, partner, scene.mask)
    after = distortion_checks.agreement(own, other, scene.mask)
    shift = distortion.displacement_voxels(pair.field_hz, phase["readout_s"], phase["sign"])
    verdict = distortion_checks.judge_pair(
        before,
        after,
        shift[scene.mask],
        min_displacement_voxels=settings["min_displacement_voxels"],
        min_share_explained=settings["min_share_explained"],
    )
    told = {
        "PairVerdict": verdict.reason,
        "PairCorrelation": [before.correlation, after.correlation],
        "PairDifference": [before.difference, after.difference],
    }
    told |= _polarity(scene, pair.field_hz, phase, settings)
    return (pair.field_hz if verdict.outcome == "opposed" else None), told


def _measured(scene: Scene, settings: Told) -> Volume | None:
    """Return the measured field on the scan's grid, its median in the brain 0; None if empty.

    The centre frequency is set for each scan, so that a constant offset means nothing.
    """
    if scene.b0_map is None or scene.map_affine is None:
        return None
    believed = np.isfinite(scene.b0_map) & (scene.b0_map != 0)
    if not believed.any():
        return None
    hz = distortion.from_b0_map(
        scene.b0_map,
        scene.map_affine,
        mask=believed,
        affine=scene.affine,
        shape=scene.b0.shape,
        dwi_to_map=scene.to_map,
        smooth_mm=settings["map_smooth_mm"],
    )
    return np.asarray(hz - np.median(hz[scene.brain]), dtype=np.float32)


def _polarity(scene: Scene, pair_hz: Volume, phase: Told, settings: Told) -> dict[str, Any]:
    """Say whether a measured field runs as that of the pair does; nothing where there is none."""
    hz = _measured(scene, settings) if phase["map"] else None
    if hz is None:
        return {}
    verdict = distortion_checks.judge_polarity(
        pair_hz,
        hz,
        scene.brain,
        min_hz=settings["min_map_hz"],
        min_correlation=settings["min_map_correlation"],
    )
    words = {
        "labelled": "the polarity is as labelled",
        "reversed": "PhaseEncodingDirection of both scans is the wrong way round, or the measured "
        "phase is; a correction by the pair is the same either way",
        "unclear": "the polarity can't be told",
    }
    return {"PolarityVerdict": f"{verdict.reason}: {words[verdict.outcome]}"}


def _from_map(scene: Scene, phase: Told, settings: Told) -> tuple[Volume | None, dict[str, Any]]:
    """Return a measured field, None unless the T1w bears out its sign and its use.

    The sign of a phase depends on the vendor: a field that was made of one is turned where the
    T1w says so, and not used where it says nothing. A map in Hz has a sign; one that is at odds
    with the T1w is of another scan, or the label of the phase encoding is wrong.
    """
    hz = _measured(scene, settings)
    if hz is None:
        return None, {"MapVerdict": "the map is empty"}
    strong = scene.mask & (np.abs(hz) > settings["min_map_hz"])
    if not strong.any():
        return hz, {"MapVerdict": "too weak a field to tell its sign"}
    verdict = distortion_checks.judge_sign(
        scene.b0,
        hz,
        scene.t1w,
        strong,
        **_encoding(phase),
        n_bins=settings["n_bins"],
        min_advantage=settings["min_sign_advantage"],
    )
    of_phase = phase["map"] == "gre_map"
    if (verdict.outcome == "reversed" and not of_phase) or (
        verdict.outcome == "unclear" and of_phase
    ):
        return None, {"MapVerdict": f"{verdict.reason}: refused"}
    turned = verdict.outcome == "reversed"
    words = verdict.reason + ": its sign was turned" * turned
    hz = -hz if turned else hz
    try:
        _require_gain(scene, hz, phase, settings, "min_map_advantage")
    except GateFailure as refused:
        return None, {"MapVerdict": f"{words}; {refused.found}: refused"}
    return hz, {"MapVerdict": words}


def _require_gain(
    scene: Scene, hz: Volume, phase: Told, settings: Told, limit: str
) -> tuple[float, float]:
    """Return the information shared with the T1w before and after; refuse what brings no gain.

    The shim is set for each scan too: a map taken under another one is off by a smooth field.
    """
    return distortion_checks.require_better(
        scene.b0,
        distortion.unwarp(scene.b0, hz, **_encoding(phase)),
        scene.t1w,
        scene.brain,
        file="echo-planar scan",
        n_bins=settings["n_bins"],
        min_advantage=settings[limit],
    )


def _from_t1w(scene: Scene, phase: Told, settings: Told) -> tuple[Volume, dict[str, Any]]:
    """Return the field that lays the scan on the T1w; refuse one that does not help."""
    hz = distortion.from_reference(
        scene.b0,
        scene.t1w,
        scene.brain,
        **_encoding(phase),
        voxel_mm=list(scene.voxel_mm),
        how=_search(settings["reference"]),
    )
    before, after = _require_gain(scene, hz, phase, settings, "min_reference_advantage")
    return hz, {"SharedInformationWithT1w": [before, after]}
