"""Which files of a modality are used together, and what the steps need to know of them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from sonolesion.core import bids, gradients
from sonolesion.core.config import Settings
from sonolesion.core.errors import InputFault
from sonolesion.ingest import asl, bold, phase, preflight, protocol, scans, tensor
from sonolesion.maths import gradient_table
from sonolesion.maths.shells import choose_shell

TENSOR = "tensor"
PARTS = ("file", "found", "expected", "remedy")
ENTITIES_WITHIN = {"echo", "part"}  # what tells the files of one multi-echo scan apart


@dataclass(frozen=True)
class Use:
    """How a usable scan is read.

    Attributes
    ----------
    files : tuple of str
        Raw volumes, relative to the data set: one, or the echoes in their order.
    contrasts : tuple of str
        Contrasts of the lesion that come of it.
    params : dict
        What its step is told besides: ``echo_times_s``, or the paths ``b_values`` and ``vectors``.
    fingerprint : str
        Changes with the content of everything that is read, tables included.
    protocol : dict
        What the scanner was set to, as `protocol.facts` returns it.
    note : str
        What a reader of the inventory should know.
    refused : dict
        What can't be made of the scan, though the contrasts can → the fault.
    phase : dict
        Of a multi-echo scan, what `phase.read` found.
    """

    files: tuple[str, ...]
    contrasts: tuple[str, ...] = ()
    params: dict[str, Any] = field(default_factory=dict, hash=False)
    fingerprint: str = ""
    protocol: dict[str, Any] = field(default_factory=dict, hash=False)
    note: str = ""
    refused: dict[str, InputFault] = field(default_factory=dict, hash=False)
    phase: dict[str, Any] = field(default_factory=dict, hash=False)


def grouped(modality: str, candidates: Sequence[bids.Scan]) -> list[list[bids.Scan]]:
    """Return the scans that belong together: the echoes of one run, else each file alone.

    A scan without contrast agent is taken where there is one with it too.
    """
    plain = [scan for scan in candidates if "ce" not in scan.entities]
    if modality == "bold":
        plain = bold.resting(candidates)
    groups: dict[str, list[bids.Scan]] = {}
    for scan in plain or candidates:
        own = {k: v for k, v in scan.entities.items() if k not in ENTITIES_WITHIN}
        key = json.dumps(own, sort_keys=True) if modality == "MEGRE" else scan.path
        groups.setdefault(key, []).append(scan)
    return list(groups.values())


def read(
    modality: str,
    group: Sequence[bids.Scan],
    settings: Settings,
    cache: scans.Cache,
    *,
    echoes: Mapping[str, Any],
) -> Use:
    """Check the scans of one run and say how they are used.

    Parameters
    ----------
    echoes : mapping
        What the step that makes a field map is told of the session's multi-echo scan; empty if
        there is none with phase.

    Raises
    ------
    InputFault
        If they can't be used.
    """
    phases = [scan for scan in group if scan.entities.get("part") == "phase"]
    if modality == "MEGRE":
        group = [scan for scan in group if scan.entities.get("part", "mag") == "mag"] or group
    sidecars = [cache.sidecar(scan) for scan in group]
    for scan, sidecar in zip(group, sidecars, strict=True):
        _require_sound(modality, scan, sidecar, settings, cache)
    files = tuple(scan.path for scan in group)
    use = Use(
        files=files,
        contrasts=bids.CONTRASTS_OF.get(modality, ()),
        fingerprint=scans.joint_fingerprint(cache.used, files),
        protocol=protocol.facts(
            sidecars[0], cache.used[files[0]].voxel_mm, group[0].entities, settings.ingest.protocol
        ),
    )
    if modality == "dwi":
        return _diffusion(use, group[0], sidecars[0], settings, cache, echoes)
    if modality == "bold":
        told = bold.params(group[0], sidecars[0], settings, cache, echoes=echoes)
        return replace(use, params=told, note=bold.note(told))
    if modality == "asl":
        told = asl.params(group[0], sidecars[0], settings.perfusion, cache)
        return replace(use, params={"asl": told}, note=asl.note(told))
    if modality != "MEGRE":
        return use
    use = _echoes(use, group, sidecars, cache)
    told = phase.read(use.files, use.params["echo_times_s"], phases, cache)
    note = "; ".join([use.note, *([told["note"]] if told else [])])
    return replace(use, phase=told, note=note)


def _require_sound(
    modality: str,
    scan: bids.Scan,
    sidecar: Mapping[str, Any],
    settings: Settings,
    cache: scans.Cache,
) -> None:
    faults = list(preflight.faults(modality, cache.facts(scan.path), sidecar, settings.ingest))
    if faults:
        raise InputFault(
            file=scan.path,
            found="; ".join(fault.reason for fault in faults),
            expected="",
            remedy="; ".join(dict.fromkeys(fault.remedy for fault in faults)),
        )


def _diffusion(
    use: Use,
    scan: bids.Scan,
    sidecar: Mapping[str, Any],
    settings: Settings,
    cache: scans.Cache,
    echoes: Mapping[str, Any],
) -> Use:
    """Add the gradient table to a diffusion scan that a trace can be made of, and a tensor."""
    b_values, vectors = cache.beside(scan, ".bval"), cache.beside(scan, ".bvec")
    if not b_values:
        raise InputFault(
            file=scan.path,
            found="no .bval file",
            expected="one number a volume beside the scan",
            remedy="convert scan and table again, together",
        )
    tables = [path for path in (b_values, vectors) if path]
    table = _table(scan, b_values, vectors, settings, cache)
    shells = _shells(table, vectors, settings)
    shell = choose_shell(
        table.b_values, table.vectors, file=b_values, **settings.diffusion.shells.model_dump()
    )
    prints = [use.fingerprint, *(scans.fingerprint(cache.bids_dir / path) for path in tables)]
    told: dict[str, Any] = {}
    refused: dict[str, InputFault] = {}
    try:
        told = tensor.params(scan, table, sidecar, settings, cache, echoes=echoes)
    except InputFault as fault:
        refused[TENSOR] = fault
    notes = [f"b {shell.b_low:.0f} and {shell.b_high:.0f} s/mm², {len(shell.weighted)} volumes"]
    notes += [tensor.note(told)] if told else ["no tensor"] * bool(refused)
    return Use(
        files=use.files,
        contrasts=use.contrasts,
        params={"b_values": b_values, "vectors": tables[1:]} | ({"tensor": told} if told else {}),
        fingerprint=" ".join(prints),
        protocol=use.protocol | {"BValue": round(shell.b_high), "Shells": shells},
        note="; ".join(notes),
        refused=refused,
    )


def _table(
    scan: bids.Scan, b_values: str, vectors: str, settings: Settings, cache: scans.Cache
) -> gradients.Table:
    """Read the table of a scan; refuse another form, unit, or length of the directions."""
    limits = settings.diffusion.table
    try:
        table = gradients.read(
            cache.bids_dir / b_values,
            cache.bids_dir / vectors if vectors else None,
            n_volumes=cache.used[scan.path].shape[3],
        )
    except InputFault as fault:
        told = fault.as_dict() | {"file": os.path.relpath(fault.file, cache.bids_dir)}
        raise InputFault(**{name: told[name] for name in PARTS}) from fault
    gradient_table.require_unit(
        table.b_values,
        b_min_s_mm2=limits.b_min_s_mm2,
        b_max_s_mm2=limits.b_max_s_mm2,
        file=b_values,
    )
    gradient_table.require_lengths(
        table.vectors, norm_tolerance=limits.norm_tolerance, file=vectors
    )
    return table


def _shells(table: gradients.Table, vectors: str, settings: Settings) -> list[int]:
    """Return the b-values of a scan's shells, ascending [s/mm²]."""
    limits = settings.diffusion.table
    _, found = gradient_table.weighting(
        table.b_values,
        table.vectors,
        vectors_file=vectors,
        b0_max_s_mm2=limits.b0_max_s_mm2,
        shell_width_s_mm2=limits.shell_width_s_mm2,
        max_shells=limits.max_shells,
        norm_tolerance=limits.norm_tolerance,
    )
    return [round(b) for b, _ in found]


def _echoes(
    use: Use,
    group: Sequence[bids.Scan],
    sidecars: Sequence[Mapping[str, Any]],
    cache: scans.Cache,
) -> Use:
    """Add the echo times to a multi-echo scan; one echo alone gives no R2*."""
    _require_magnitude(group)
    _require_one_grid(use.files, cache)
    times = [_echo_time(scan, sidecar) for scan, sidecar in zip(group, sidecars, strict=True)]
    order = sorted(range(len(times)), key=lambda n: int(group[n].entities.get("echo", 1)))
    times = [times[n] for n in order]
    if any(late <= early for early, late in pairwise(times)):
        raise InputFault(
            file=group[0].path,
            found=f"echo times {', '.join(map(str, times))} s",
            expected="times that grow with the number of the echo",
            remedy="mend EchoTime in the JSON files, or the echo numbers in the names",
        )
    several = len(times) > 1
    return Use(
        files=tuple(use.files[n] for n in order),
        contrasts=use.contrasts if several else use.contrasts[:1],
        params={"echo_times_s": times},
        fingerprint=" ".join([use.fingerprint, *map(str, times)]),
        protocol=use.protocol | {"EchoTime": times if several else times[0]},
        note=f"{len(times)} echoes" if several else "one echo: T2starw, no R2*",
    )


def _require_magnitude(group: Sequence[bids.Scan]) -> None:
    if group[0].entities.get("part", "mag") != "mag":
        raise InputFault(
            file=group[0].path,
            found="no magnitude",
            expected="part-mag, or files without part",
            remedy="convert the magnitude too",
        )


def _require_one_grid(files: Sequence[str], cache: scans.Cache) -> None:
    first = cache.used[files[0]]
    for path in files[1:]:
        facts = cache.used[path]
        if (facts.shape, facts.voxel_mm) != (first.shape, first.voxel_mm):
            raise InputFault(
                file=path,
                found=f"grid {facts.shape}, voxels {facts.voxel_mm} mm",
                expected=f"the grid of echo 1: {first.shape}, {first.voxel_mm} mm",
                remedy="convert the echoes again; echoes of two scans are not mixed",
            )


def _echo_time(scan: bids.Scan, sidecar: Mapping[str, Any]) -> float:
    value = sidecar["EchoTime"]
    if (
        not isinstance(value, int | float)
        or value <= 0
        or not scan.entities.get("echo", "1").isdigit()
    ):
        raise InputFault(
            file=scan.path,
            found=f"EchoTime {value!r}, echo {scan.entities.get('echo', 'not numbered')}",
            expected="seconds above 0, and a number",
            remedy="mend the JSON file or the name",
        )
    return float(value)


def origins(use: Use, *, code_of: str, section: Mapping[str, Any]) -> dict[str, str]:
    """Return contrast → a text that changes with all that its native image is made of.

    Parameters
    ----------
    code_of : str
        Code hash of the step that makes it; "" for a scan that is used as it is.
    section : mapping
        Settings of that step's stage.
    """
    if not code_of:
        return dict.fromkeys(use.contrasts, use.fingerprint)
    made_by = json.dumps([code_of, section], sort_keys=True)
    digest = hashlib.sha256(made_by.encode()).hexdigest()[:12]
    return dict.fromkeys(use.contrasts, f"{use.fingerprint} {digest}")
