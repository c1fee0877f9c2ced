"""Arterial spin labelling: what its sidecar, its table and its M0 say, before anything runs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core import bids
from sonolesion.core.errors import InputFault
from sonolesion.core.settings.perfusion import Perfusion
from sonolesion.core.tables import read_tsv
from sonolesion.ingest import asl_constants, scans
from sonolesion.maths import asl_context, asl_protocol, asl_slices, asl_timing

GIVEN = "given"
MEASURED = {"control", "label", "deltam"}
NEEDED = ("ArterialSpinLabelingType", "M0Type", "PostLabelingDelay", "MagneticFieldStrength")
LAYOUTS = {"pairs": "pair", "deltam": "difference", "cbf": "map"}
SOURCES = {
    "scan": "M0 scan of its own",
    "volumes": "M0 within the series",
    "estimate": "M0 as one number",
    "controls": "mean control for M0",
    "none": "no M0",
}
PARTS = ("file", "found", "expected", "remedy")


def params(
    scan: bids.Scan, sidecar: Mapping[str, Any], settings: Perfusion, cache: scans.Cache
) -> dict[str, Any]:
    """Return what the steps are told of a series.

    Returns
    -------
    dict
        ``equation``, ``layout``; ``controls``, ``labels``, ``differences``, ``m0`` and ``cbf``,
        volume numbers; ``groups``, positions of the differences of each timing, shortest delay
        first; ``offsets_s``, how much later each slice was excited [s]; ``m0_source`` with
        ``m0_scan``; ``one_contrast``, whether M0 and controls look alike; ``constants`` (name →
        symbol, words, value, unit, source); ``scanner_map``; ``voxel_ratio``, volume of a voxel
        as acquired over one of the grid; ``fingerprint`` of all that is read besides the scan.

    Raises
    ------
    InputFault
        If anything that a number depends on is missing, of another length or no seconds.
    """
    file = cache.beside(scan, ".json") or scan.path
    shape = cache.facts(scan.path).shape
    table, told = _roles(scan, shape, cache)
    if not MEASURED & set(told):
        found = asl_context.series(told, _no_timing(len(told)), file=table)
        given = _told(found, [table], cache, equation=GIVEN, m0_source="none")
        return given | {"voxel_ratio": _voxel_ratio(scan, sidecar, cache, file)}
    _require_keys(sidecar, file)
    timing = asl_timing.timing(
        labelling_type=sidecar["ArterialSpinLabelingType"],
        delay_s=sidecar["PostLabelingDelay"],
        labelling_s=sidecar.get("LabelingDuration"),
        told=told,
        max_s=settings.labelling.max_time_s,
        file=file,
    )
    found = asl_context.series(told, timing, file=table)
    groups = timing.groups(found.weighted)
    equation = _equation(sidecar, timing, found, groups, settings, file)
    source, m0_scan, recovery_s = _calibration(
        scan, sidecar, found, equation, settings, cache, file
    )
    offsets = asl_slices.slice_offsets(
        acquisition=sidecar.get("MRAcquisitionType"),
        slice_timing_s=sidecar.get("SliceTiming"),
        slice_axis=sidecar.get("SliceEncodingDirection"),
        shape=tuple(shape),
        max_s=settings.labelling.max_time_s,
        file=file,
    )
    constants = asl_constants.collect(
        equation,
        sidecar,
        settings,
        delay_s=[float(timing.delay_s[group[0]]) for group in groups],
        labelling_s=[float(timing.labelling_s[group[0]]) for group in groups],
        recovery_s=recovery_s,
        estimate=sidecar.get("M0Estimate") if source == "estimate" else None,
        file=file,
    )
    return _told(
        found, [table, m0_scan], cache, equation=equation, m0_source=source,
    ) | {
        "groups": [np.searchsorted(found.weighted, group).tolist() for group in groups],
        "offsets_s": offsets.tolist(),
        "m0_scan": m0_scan,
        "one_contrast": sidecar.get("BackgroundSuppression") is False,
        "constants": constants,
        "scanner_map": _scanner_map(scan, settings.scanner_maps, cache),
        "voxel_ratio": _voxel_ratio(scan, sidecar, cache, file),
    }  # fmt: skip


def note(told: Mapping[str, Any]) -> str:
    """Say in the inventory what blood flow is made of."""
    if told["equation"] == GIVEN:
        return "the scanner's own map of blood flow, used as it is"
    count = len(told["controls"] or told["differences"])
    word = LAYOUTS[told["layout"]]
    constants = told["constants"]
    times = ", ".join(
        f"{entry['words']} {asl_constants.plain(entry['value'])} s"
        for name, entry in constants.items()
        if name in {"labelling_s", "bolus_s", "delay_s"}
    )
    return (
        f"{count} {word}{'s' if count != 1 else ''}, {times}; {SOURCES[told['m0_source']]}; "
        f"equation {told['equation']}"
    )


def _roles(
    scan: bids.Scan, shape: Sequence[int], cache: scans.Cache
) -> tuple[str, tuple[str, ...]]:
    """Return the aslcontext table of a series, and the role of each volume."""
    beside = replace(scan, path=scan.path.replace("_asl.nii", "_aslcontext.nii"))
    table = cache.beside(beside, ".tsv")
    if not table:
        raise InputFault(
            file=scan.path,
            found="no _aslcontext.tsv",
            expected="a table with the role of each volume beside the scan",
            remedy="write it from the protocol: control, label, deltam, m0scan or cbf, a row each",
        )
    try:
        rows = read_tsv(cache.bids_dir / table, required=["volume_type"])
    except InputFault as fault:
        told = fault.as_dict() | {"file": os.path.relpath(fault.file, cache.bids_dir)}
        raise InputFault(**{name: told[name] for name in PARTS}) from fault
    n_volumes = shape[3] if len(shape) > 3 else 1
    types = [row["volume_type"] for row in rows]
    return table, asl_context.roles(types, n_volumes=n_volumes, file=table)


def _no_timing(n_volumes: int) -> asl_timing.Timing:
    unknown = np.full(n_volumes, np.nan)
    return asl_timing.Timing(unknown, unknown)


def _require_keys(sidecar: Mapping[str, Any], file: str) -> None:
    """Raise one fault that names all that is missing."""
    needed: tuple[str, ...] = NEEDED
    if str(sidecar.get("ArterialSpinLabelingType")).endswith("CASL"):
        needed = (*needed, "LabelingDuration")
    lacking = [name for name in needed if sidecar.get(name) is None]
    if lacking:
        raise InputFault(
            file=file,
            found=f"no {', '.join(lacking)}",
            expected=f"{', '.join(needed)} in the units of BIDS (seconds, tesla)",
            remedy="add them from the protocol of the scanner; none is ever guessed",
        )
    if sidecar.get("LookLocker") is True:
        raise InputFault(
            file=file,
            found="LookLocker true",
            expected="one readout after each labelling",
            remedy="flow of a Look-Locker readout is not computed here: its pulses use up label",
        )


def _equation(
    sidecar: Mapping[str, Any],
    timing: asl_timing.Timing,
    found: asl_context.Series,
    groups: Sequence[Any],
    settings: Perfusion,
    file: str,
) -> str:
    """Return the equation: as configured, by labelling and number of delays."""
    pulsed = sidecar["ArterialSpinLabelingType"] == "PASL"
    wanted = settings.equation
    if wanted == "auto":
        wanted = "kinetic" if len(groups) > 1 else "consensus"
    if wanted == "kinetic":
        if len(groups) < 2:
            raise _mismatch(file, "one delay for the kinetic model", "several delays")
        return "kinetic_pasl" if pulsed else "kinetic"
    asl_timing.single(timing.delay_s[found.weighted], name="PostLabelingDelay", file=file)
    if not pulsed:
        durations = timing.labelling_s[found.weighted]
        asl_timing.single(durations, name="LabelingDuration", file=file)
    if wanted == "ge":
        _require_product(sidecar, found, file)
        return "ge"
    return "pasl" if pulsed else "pcasl"


def _require_product(sidecar: Mapping[str, Any], found: asl_context.Series, file: str) -> None:
    """Raise unless a series is what GE's equation is of: its summed difference of a 3-D scan."""
    kind, readout = sidecar["ArterialSpinLabelingType"], sidecar.get("MRAcquisitionType")
    if kind != "PCASL" or readout == "2D":
        raise _mismatch(file, f"{kind}, {readout} for the equation of GE", "PCASL, 3D")
    if found.layout != "deltam":
        raise _mismatch(
            file, f"{len(found.controls)} control-label pairs for the equation of GE",
            "the difference that the scanner summed and scaled (deltam)",
        )  # fmt: skip


def _mismatch(file: str, found: str, expected: str) -> InputFault:
    remedy = "choose another perfusion.equation: auto takes what fits the series"
    return InputFault(file=file, found=found, expected=expected, remedy=remedy)


def _calibration(
    scan: bids.Scan,
    sidecar: Mapping[str, Any],
    found: asl_context.Series,
    equation: str,
    settings: Perfusion,
    cache: scans.Cache,
    file: str,
) -> tuple[str, str, float | None]:
    """Return where M0 comes from, its own scan if it has one, and its repetition time [s]."""
    scan_of_m0 = _m0_scan(scan, cache) if sidecar["M0Type"] == "Separate" else None
    source = asl_context.m0_source(
        sidecar["M0Type"],
        found,
        has_scan=scan_of_m0 is not None,
        estimate=sidecar.get("M0Estimate"),
        background_suppression=sidecar.get("BackgroundSuppression"),
        file=file,
    )
    path = scan_of_m0.path if scan_of_m0 and source == "scan" else ""
    # GE's equation has the recovery of its proton-density image within.
    if equation == "ge" and source == "estimate":
        raise _mismatch(file, "M0Type Estimate for the equation of GE", "a proton-density image")
    if source == "estimate" or equation == "ge":
        return source, path, None
    own, told, where = scan, sidecar, file
    volumes: NDArray[np.intp] | None = found.m0 if source == "volumes" else found.controls
    if scan_of_m0 and source == "scan":
        own, told, volumes = scan_of_m0, cache.sidecar(scan_of_m0), None
        where = cache.beside(own, ".json") or own.path
    return source, path, _recovery_s(told, cache.facts(own.path), volumes, settings, where)


def _recovery_s(
    told: Mapping[str, Any],
    facts: scans.Facts,
    volumes: NDArray[np.intp] | None,
    settings: Perfusion,
    where: str,
) -> float | None:
    """Return the repetition time [s] of the volumes of M0, all if None are named."""
    n_volumes = facts.shape[3] if len(facts.shape) > 3 else 1
    recovery = asl_protocol.recovery_s(
        told.get("RepetitionTimePreparation"),
        np.arange(n_volumes) if volumes is None else volumes,
        n_volumes=n_volumes,
        max_s=settings.calibration.max_recovery_s,
        file=where,
    )
    if not isinstance(told["RepetitionTimePreparation"], list):
        asl_protocol.require_header(
            facts.step,
            facts.step_unit,
            recovery,
            tolerance=settings.calibration.header_tolerance,
            file=where,
        )
    return recovery


def _m0_scan(scan: bids.Scan, cache: scans.Cache) -> bids.Scan | None:
    """Return the M0 scan of a series: that which names it, else the only one; on its grid."""
    all_of_session = list(bids.m0_scans_of(cache.bids_dir, scan.subject, scan.session))
    name = Path(scan.path).name
    named = [one for one in all_of_session if name in str(cache.sidecar(one).get("IntendedFor"))]
    found = named or all_of_session
    if len(found) > 1:
        raise InputFault(
            file=found[0].path,
            found=f"{len(found)} M0 scans: {', '.join(Path(one.path).name for one in found)}",
            expected=f"one for {name}",
            remedy="name the series in IntendedFor of its M0 scan",
        )
    if not found:
        return None
    own, other = cache.facts(found[0].path), cache.facts(scan.path)
    if (
        own.fault
        or own.missing
        or (own.shape[:3], own.voxel_mm) != (other.shape[:3], other.voxel_mm)
    ):
        grid = f"grid {own.shape[:3]}, voxels {own.voxel_mm} mm"
        raise InputFault(
            file=found[0].path,
            found=own.fault or own.missing or grid,
            expected=f"the grid of the series: {other.shape[:3]}, {other.voxel_mm} mm",
            remedy="convert both again; an M0 scan of another matrix can't be divided by",
        )
    return found[0]


def _voxel_ratio(
    scan: bids.Scan, sidecar: Mapping[str, Any], cache: scans.Cache, file: str
) -> float:
    """Return the volume of a voxel as acquired over one of the grid; 1 where it isn't told."""
    return asl_protocol.voxel_ratio(
        sidecar.get("AcquisitionVoxelSize"), cache.facts(scan.path).voxel_mm, file=file
    )


def _scanner_map(scan: bids.Scan, folder: str, cache: scans.Cache) -> str:
    """Return the map that the scanner made of the session, if the data set has it."""
    place = Path("derivatives", folder, f"sub-{scan.subject}", f"ses-{scan.session}", "perf")
    known = cache.bids_dir / place
    names = sorted(path.name for path in known.glob("*_cbf.nii*")) if folder else []
    return str(place / names[0]) if names else ""


def _told(
    found: asl_context.Series,
    besides: Sequence[str],
    cache: scans.Cache,
    *,
    equation: str,
    m0_source: str,
) -> dict[str, Any]:
    numbers = {
        name: getattr(found, name).tolist()
        for name in ("controls", "labels", "differences", "m0", "cbf")
    }
    prints = [scans.fingerprint(cache.bids_dir / path) for path in besides if path]
    return numbers | {
        "equation": equation,
        "layout": found.layout,
        "groups": [],
        "offsets_s": [[[0.0]]],
        "m0_source": m0_source,
        "m0_scan": "",
        "one_contrast": False,
        "constants": {},
        "scanner_map": "",
        "fingerprint": " ".join(prints),
    }
