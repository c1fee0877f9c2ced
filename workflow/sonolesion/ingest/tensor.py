"""Diffusion scans with directions enough for a tensor, and how their distortion is undone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sonolesion.core import bids, gradients
from sonolesion.core.config import Settings
from sonolesion.core.errors import InputFault
from sonolesion.ingest import scans
from sonolesion.maths import distortion_choice as choice
from sonolesion.maths import gradient_table
from sonolesion.maths.directions import N_TENSOR, fullest_shell

# What the steps take where a sidecar does not tell: most scanners encode along the second axis.
USUAL_AXIS = 1
UNTOLD = choice.Encoding("", False, None)
METHODS = {
    "opposed": "opposite phase encoding",
    "b0_map": "B0 map",
    "gre_map": "B0 map of the gradient echo",
    "registration": "registration to the T1w",
    "none": "none",
}


@dataclass(frozen=True)
class Other:
    """Another echo-planar scan of the session: its encoding, and its table if it has one."""

    path: str
    label: str
    b_values: str
    encoding: choice.Encoding


def params(
    scan: bids.Scan,
    table: gradients.Table,
    sidecar: Mapping[str, Any],
    settings: Settings,
    cache: scans.Cache,
    *,
    echoes: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what the tensor's steps are told of a scan; {} if its directions are too few.

    Returns
    -------
    dict
        ``n_directions``; ``method``, ``reason`` of the distortion correction; ``axis``, ``sign``
        and ``readout_s`` [s] of the phase encoding, and the ``field_unit`` that follows from it;
        ``partner`` with ``partner_b_values`` and ``partner_readout_s`` [s]; ``map``: which
        measured field there is besides, with its file ``b0_map`` or what its step is told,
        ``gre``; ``partial_fourier``; ``fingerprint`` of all that is read besides the scan.

    Raises
    ------
    InputFault
        If the table lacks a shell of the protocol, or labels and phase encodings are at odds.
    """
    limits = settings.diffusion.table
    n_directions = fullest_shell(
        table.b_values,
        table.vectors,
        b0_max_s_mm2=limits.b0_max_s_mm2,
        shell_width_s_mm2=limits.shell_width_s_mm2,
        min_angle_deg=limits.min_angle_deg,
    )
    if n_directions < N_TENSOR:
        return {}
    gradient_table.scheme(
        table.b_values,
        table.vectors,
        file=cache.beside(scan, ".bval"),
        vectors_file=cache.beside(scan, ".bvec"),
        **limits.model_dump(),
    )
    own = encoding(sidecar)
    others = list(_others(scan, limits.b0_max_s_mm2, cache))
    _require_one_story([Other(scan.path, scan.entities.get("dir", ""), "", own), *others])
    return {
        "n_directions": n_directions,
        **_phase(own),
        **_undistorted_by(scan, own, others, cache, echoes),
        "partial_fourier": sidecar.get("PartialFourier"),
    }


def _phase(own: choice.Encoding) -> dict[str, Any]:
    """Return the phase encoding as the steps take it.

    A scan that tells no readout time gets one of 1 s, by which a field in Hz is a displacement in
    voxels; `field_unit` says which it is.
    """
    return {
        "axis": USUAL_AXIS if own.axis is None else own.axis,
        "sign": own.sign or 1,
        "readout_s": own.readout_s or 1.0,
        "field_unit": "Hz" if own.readout_s else "voxel",
    }


def _undistorted_by(
    scan: bids.Scan,
    own: choice.Encoding,
    others: list[Other],
    cache: scans.Cache,
    echoes: Mapping[str, Any],
) -> dict[str, Any]:
    """Return how the distortion is undone, and the fingerprint of all that is read for it."""
    in_hz = list(field_maps(scan, cache))
    maps: list[choice.Map] = ["b0_map"] * bool(in_hz)
    maps += ["gre_map"] * ("phase" in echoes)
    chosen = choice.choose(own, [one.encoding for one in others], maps=maps, references=["T1w"])
    number = choice.partner(own, [one.encoding for one in others])
    partner = others[number] if chosen.method == "opposed" and number is not None else None
    used = "" if choice.map_fault(own, maps) or chosen.method == "none" else maps[0]
    b0_map = in_hz[0] if used == "b0_map" else ""
    gre = dict(echoes) if used == "gre_map" else {}
    read = [p for p in (partner and partner.path, partner and partner.b_values, b0_map) if p]
    prints = [scans.fingerprint(cache.bids_dir / path) for path in read]
    prints += [gre["fingerprint"]] if gre else []
    return {
        "method": chosen.method,
        "reason": chosen.reason,
        "partner": partner.path if partner else "",
        "partner_b_values": partner.b_values if partner else "",
        "partner_readout_s": (partner and partner.encoding.readout_s) or own.readout_s or 1.0,
        "map": used,
        "b0_map": b0_map,
        "gre": gre,
        "fingerprint": " ".join([own.direction, str(own.readout_s), *prints]),
    }


def note(told: Mapping[str, Any]) -> str:
    """Say in the inventory what the tensor is made of."""
    partner = f" ({told['partner'].rpartition('/')[2]})" if told["partner"] else ""
    why = "" if told["method"] == "opposed" else f": {told['reason']}"
    return (
        f"tensor of {told['n_directions']} directions, distortion corrected by "
        f"{METHODS[told['method']]}{partner}{why}"
    )


def encoding(sidecar: Mapping[str, Any]) -> choice.Encoding:
    """Return how a scan was encoded; nothing of it where the sidecar is at odds with BIDS."""
    try:
        return choice.encoding(
            direction=sidecar.get("PhaseEncodingDirection"),
            axis=sidecar.get("PhaseEncodingAxis"),
            readout_s=sidecar.get("TotalReadoutTime", sidecar.get("EstimatedTotalReadoutTime")),
        )
    except ValueError:
        return UNTOLD


def _others(scan: bids.Scan, b0_max_s_mm2: float, cache: scans.Cache) -> Iterator[Other]:
    """Yield the readable scans of the session on the same grid that have unweighted volumes."""
    own = cache.facts(scan.path)
    found = bids.scans_of(cache.bids_dir, scan.subject, scan.session)
    candidates = [one for one in found if one.modality == "dwi" and one.path != scan.path]
    candidates += bids.field_maps_of(cache.bids_dir, scan.subject, scan.session, "epi")
    for one in candidates:
        facts = cache.facts(one.path)
        alike = (facts.shape[:3], facts.voxel_mm) == (own.shape[:3], own.voxel_mm)
        table = cache.beside(one, ".bval")
        if (
            facts.fault
            or facts.missing
            or not alike
            or not _has_b0(one, table, b0_max_s_mm2, cache)
        ):
            continue
        try:
            sidecar = cache.sidecar(one)
        except InputFault:
            continue
        yield Other(one.path, one.entities.get("dir", ""), table, encoding(sidecar))


def _require_one_story(scans_on_grid: list[Other]) -> None:
    """Raise if one label stands for two phase encodings, or two opposite labels for one."""
    pair = choice.contradiction([(one.label, one.encoding) for one in scans_on_grid])
    if pair is None:
        return
    first, second = (scans_on_grid[number] for number in pair)
    raise InputFault(
        file=second.path,
        found=f"dir-{second.label} encoded along {second.encoding.direction}, and "
        f"dir-{first.label} along {first.encoding.direction} in {first.path}",
        expected="one direction under one label, opposite directions under opposite labels",
        remedy="find in the scan protocol which is right, and mend PhaseEncodingDirection in the "
        "JSON file or the label in the names",
    )


def _has_b0(scan: bids.Scan, table: str, b0_max_s_mm2: float, cache: scans.Cache) -> bool:
    """Return whether a scan has an unweighted volume; one of fmap without table is unweighted."""
    if not table:
        return scan.path.split("/")[-2] == "fmap"
    shape = cache.facts(scan.path).shape
    try:
        b_values = gradients.read(
            cache.bids_dir / table, None, n_volumes=shape[3] if len(shape) > 3 else 1
        ).b_values
    except InputFault:
        return False
    return bool((b_values <= b0_max_s_mm2).any())


def field_maps(scan: bids.Scan, cache: scans.Cache) -> Iterator[str]:
    """Yield the maps in Hz of the session."""
    for one in bids.field_maps_of(cache.bids_dir, scan.subject, scan.session, "fieldmap"):
        try:
            unit = cache.sidecar(one).get("Units")
        except InputFault:
            continue
        if unit == "Hz" and not cache.facts(one.path).fault:
            yield one.path
