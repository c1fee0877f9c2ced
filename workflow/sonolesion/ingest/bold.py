"""Resting-state runs: whether one can be used, its times, and how its distortion is undone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonolesion.core import bids
from sonolesion.core.config import Settings
from sonolesion.core.errors import InputFault
from sonolesion.ingest import scans, tensor
from sonolesion.maths import distortion_choice as choice
from sonolesion.maths import volumes
from sonolesion.maths.slice_times import slice_times

REST = "rest"
NO_SLICES = "SliceTiming is not told: slice timing not corrected"
NO_FIELD = "the T1w does not stand in for a field"
OTHER_SLICES = "slices along another axis than the third: slice timing not corrected"


def resting(candidates: Sequence[bids.Scan]) -> list[bids.Scan]:
    """Return the runs of rest, magnitude only; all candidates if there is none."""
    magnitude = [scan for scan in candidates if scan.entities.get("part", "mag") == "mag"]
    return [scan for scan in magnitude if _is_rest(scan)] or list(candidates)


def _is_rest(scan: bids.Scan) -> bool:
    return scan.entities.get("task", "").lower().startswith(REST)


def params(
    scan: bids.Scan,
    sidecar: Mapping[str, Any],
    settings: Settings,
    cache: scans.Cache,
    *,
    echoes: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what the steps of a resting-state run are told.

    Returns
    -------
    dict
        ``repetition_s``, ``n_discarded``, ``slice_times_s`` (None: not corrected) and
        ``slice_note``; ``mark`` of a run that is too short; ``method`` and ``reason`` of the
        distortion correction with its ``axis``, ``sign``, ``readout_s`` [s], ``partner`` and
        ``alike`` (scans of the opposite and of the same phase encoding), ``partner_readout_s``,
        ``map``, ``b0_map`` and ``gre``; ``encoding``, which changes with all of that.

    Raises
    ------
    InputFault
        If it is no run of rest, its times are at odds, or it is too short.
    """
    if not _is_rest(scan):
        raise InputFault(
            file=scan.path,
            found=f"task {scan.entities.get('task', 'not named')}",
            expected="a run of rest (task-rest)",
            remedy="name it task-rest if it is one; tasks are not read",
        )
    facts, limits = cache.facts(scan.path), settings.functional.volumes
    repetition_s = volumes.repetition_time(
        facts.step,
        facts.step_unit,
        sidecar.get("RepetitionTime"),
        tolerance=limits.repetition_tolerance,
        max_s=limits.max_repetition_s,
        file=scan.path,
    )
    times, slice_note = _slices(scan, sidecar, facts.shape[2], repetition_s)
    n_discarded = volumes.to_discard(repetition_s, steady_s=limits.steady_s)
    mark = volumes.require_minutes(
        max(facts.shape[3] - n_discarded, 0),
        repetition_s,
        min_minutes=limits.min_minutes,
        accept_short=limits.accept_short,
        file=scan.path,
    )
    told = {
        "repetition_s": repetition_s,
        "n_volumes": facts.shape[3],
        "n_discarded": n_discarded,
        "slice_times_s": times,
        "slice_note": slice_note,
        "mark": mark,
    }
    return told | _distortion(scan, sidecar, cache, echoes)


def _slices(
    scan: bids.Scan, sidecar: Mapping[str, Any], n_slices: int, repetition_s: float
) -> tuple[list[float] | None, str]:
    """Return the time of each slice [s], and why there is none."""
    along = str(sidecar.get("SliceEncodingDirection", "k"))
    if along[:1] != "k":
        return None, OTHER_SLICES
    found = slice_times(
        sidecar.get("SliceTiming"),
        n_slices=n_slices,
        repetition_s=repetition_s,
        reverse=along.endswith("-"),
        file=scan.path,
    )
    return (None, NO_SLICES) if found is None else (found.tolist(), "")


def _distortion(
    scan: bids.Scan,
    sidecar: Mapping[str, Any],
    cache: scans.Cache,
    echoes: Mapping[str, Any],
) -> dict[str, Any]:
    """Choose the correction as for diffusion, except that a T1w does not stand in for a field.

    A scan of the partner's kind with the run's own phase encoding is the better half of the pair:
    it has the partner's contrast. Of a run as partner the run itself is that.
    """
    own = tensor.encoding(sidecar)
    others = list(_others(scan, cache))
    in_hz = list(tensor.field_maps(scan, cache))
    maps: list[choice.Map] = ["b0_map"] * bool(in_hz)
    maps += ["gre_map"] * ("phase" in echoes)
    encodings = [one.encoding for one in others]
    chosen = choice.choose(own, encodings, maps=maps, references=[], without=NO_FIELD)
    number = choice.partner(own, encodings)
    opposed = chosen.method == "opposed" and number is not None
    other = others[number] if opposed and number is not None else Other("", "", tensor.UNTOLD)
    alike = _alike(other, own, others) if opposed else ""
    used = "" if choice.map_fault(own, maps) or chosen.method == "none" else maps[0]
    b0_map = in_hz[0] if used == "b0_map" else ""
    gre = dict(echoes) if used == "gre_map" else {}
    read = [path for path in (other.path, alike, b0_map) if path]
    prints = [scans.fingerprint(cache.bids_dir / path) for path in read]
    prints += [gre["fingerprint"]] if gre else []
    return {
        "method": chosen.method,
        "reason": chosen.reason,
        "axis": tensor.USUAL_AXIS if own.axis is None else own.axis,
        "sign": own.sign or 1,
        "readout_s": own.readout_s or 1.0,
        "partner": other.path,
        "partner_readout_s": other.encoding.readout_s or own.readout_s or 1.0,
        "alike": alike,
        "map": used,
        "b0_map": b0_map,
        "gre": gre,
        "encoding": " ".join([own.direction, str(own.readout_s), *prints]),
    }


@dataclass(frozen=True)
class Other:
    """Another echo-planar scan of the session: its path, its suffix, how it was encoded."""

    path: str
    kind: str
    encoding: choice.Encoding


def _alike(partner: Other, own: choice.Encoding, others: Sequence[Other]) -> str:
    """Return the scan of the partner's kind with the run's own phase encoding, if there is one."""
    kin = [one for one in others if one.kind == partner.kind != "bold"]
    return next((one.path for one in kin if one.encoding.direction == own.direction), "")


def _candidates(scan: bids.Scan, cache: scans.Cache) -> Iterator[tuple[str, bids.Scan]]:
    """Yield what may be the other half of a pair, the best first: made for it, still, moving."""
    place = (cache.bids_dir, scan.subject, scan.session)
    yield from (("epi", one) for one in bids.field_maps_of(*place, "epi"))
    yield from (("sbref", one) for one in bids.run_scans_of(*place, "sbref"))
    runs = resting(list(bids.run_scans_of(*place, "bold")))
    yield from (("bold", one) for one in runs if one.path != scan.path)


def _others(scan: bids.Scan, cache: scans.Cache) -> Iterator[Other]:
    """Yield the readable echo-planar scans on the run's grid."""
    own = cache.facts(scan.path)
    for kind, one in _candidates(scan, cache):
        facts = cache.facts(one.path)
        alike = (facts.shape[:3], facts.voxel_mm) == (own.shape[:3], own.voxel_mm)
        if facts.fault or facts.missing or not alike:
            continue
        try:
            yield Other(one.path, kind, tensor.encoding(cache.sidecar(one)))
        except InputFault:
            continue


def note(told: Mapping[str, Any]) -> str:
    """Say in the inventory what is made of a run."""
    n_used = told["n_volumes"] - told["n_discarded"]
    minutes = volumes.clean_minutes(n_used, told["repetition_s"])
    partner = f" ({told['partner'].rpartition('/')[2]})" if told["partner"] else ""
    why = "" if told["method"] == "opposed" else f": {told['reason']}"
    parts = [
        f"{n_used} of {told['n_volumes']} volumes, {minutes:.1f} min",
        told["mark"],
        told["slice_note"],
        f"distortion corrected by {tensor.METHODS[told['method']]}{partner}{why}",
    ]
    return "; ".join(part for part in parts if part)
