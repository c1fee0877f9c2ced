"""The phase of a multi-echo gradient echo: whether a field map can be made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sonolesion.core import bids
from sonolesion.core.errors import InputFault
from sonolesion.ingest import scans

# BIDS 1.10: a phase is in radians, or in units of its own whose range tells what they are.
UNITS = {"rad", "arbitrary", None}
TIME_TOLERANCE_S = 1e-6


def read(
    magnitudes: Sequence[str],
    echo_times_s: Sequence[float],
    phases: Sequence[bids.Scan],
    cache: scans.Cache,
) -> dict[str, Any]:
    """Return what the step that makes the field map is told, or why there is none.

    Parameters
    ----------
    magnitudes : sequence of str
        Echoes in their order, relative to the data set.
    echo_times_s : sequence of float
        Theirs [s].
    phases : sequence of Scan
        Phase files of the same run.

    Returns
    -------
    dict
        ``magnitude``, ``phase``, ``echo_times_s`` [s], ``fingerprint`` and ``note``; the note
        alone where the phase can't be used; {} where there is none.
    """
    if not phases:
        return {}
    by_echo = {scan.entities.get("echo", "1").lstrip("0"): scan for scan in phases}
    wanted = [bids.entities_of(path.rpartition("/")[2])[0].get("echo", "1") for path in magnitudes]
    own = [by_echo.get(echo.lstrip("0")) for echo in wanted]
    faults = [
        f"echo {echo}: {_fault(scan, time_s, magnitudes[0], cache)}"
        for echo, time_s, scan in zip(wanted, echo_times_s, own, strict=True)
        if _fault(scan, time_s, magnitudes[0], cache)
    ]
    if len(magnitudes) < 2:
        faults.append("one echo tells no field")
    if faults:
        return {"note": f"phase not used ({'; '.join(faults)})"}
    paths = [scan.path for scan in own if scan is not None]
    files = [*magnitudes, *paths]
    return {
        "magnitude": list(magnitudes),
        "phase": paths,
        "echo_times_s": list(echo_times_s),
        "fingerprint": f"{scans.joint_fingerprint(cache.used, files)} {list(echo_times_s)}",
        "note": "with phase",
    }


def _fault(scan: bids.Scan | None, echo_time_s: float, magnitude: str, cache: scans.Cache) -> str:
    """Return why a phase file can't be used; "" if it can."""
    if scan is None:
        return "no phase file"
    facts, alike = cache.facts(scan.path), cache.facts(magnitude)
    if facts.fault or facts.missing:
        return facts.fault or facts.missing
    if (facts.shape, facts.voxel_mm) != (alike.shape, alike.voxel_mm):
        return "another grid than the magnitude"
    try:
        sidecar = cache.sidecar(scan)
    except InputFault as fault:
        return f"its sidecar: {fault.found}"
    unit, time_s = sidecar.get("Units"), sidecar.get("EchoTime")
    if unit not in UNITS:
        return f"Units {unit!r}, expected rad or arbitrary"
    if not isinstance(time_s, int | float) or abs(time_s - echo_time_s) > TIME_TOLERANCE_S:
        return f"EchoTime {time_s!r}, that of the magnitude is {echo_time_s:g} s"
    return ""
