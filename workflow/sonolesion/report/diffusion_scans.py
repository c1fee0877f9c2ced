"""Each visit's diffusion tensor scan: whether there is one, what was done to it, its pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonolesion.report import panels, wording
from sonolesion.report.records import STATES, File, LedgerRow, Reader, Visit, find, number

METHODS = {
    "opposed": "scan with opposite phase encoding",
    "b0_map": "B0 map",
    "gre_map": "B0 map of the gradient echo",
    "registration": "registration to the T1w along the phase encoding",
    "none": "not corrected",
}
VERDICTS = ("PairVerdict", "PolarityVerdict", "MapVerdict", "RegistrationVerdict")
GRADIENTS = {
    "kept": "directions as given",
    "undecidable": "undecidable, used as given",
    "wrong": "refused: another reading fits beyond doubt",
}
# Pictures of a visit: suffix, entities of the name, title.
PICTURES: tuple[tuple[str, dict[str, str], str], ...] = (
    (
        "dwimap",
        {"model": "tensor"},
        "Colour FA (red left–right, green front–back, blue up–down), FA, MD, free water, residual",
    ),
    (
        "dwi",
        {"desc": "distortion"},
        "Unweighted volume before and after distortion correction, with edges of the T1w",
    ),
    (
        "dwi",
        {"desc": "motion"},
        "Head motion [mm, °], residual of each volume [%], slices that lost signal",
    ),
)
THOUSAND = 1000.0


@dataclass(frozen=True)
class Picture:
    """A picture with its title."""

    title: str
    uri: str


@dataclass(frozen=True)
class Scan:
    """A visit: what was scanned, its gradient table, its distortion; `missing` says why not."""

    session: str
    days: float | None
    scan: str
    gradients: str
    distortion: str
    missing: str


@dataclass(frozen=True)
class Session:
    """One visit's corrected scan: what was done (name, words), FA and MD of regions, pictures."""

    session: str
    days: float | None
    facts: tuple[tuple[str, str], ...]
    regions: tuple[tuple[str, str, str, str], ...]
    pictures: tuple[Picture, ...]


def overview(
    files: Sequence[File], reader: Reader, ledger: Sequence[LedgerRow], visits: Sequence[Visit]
) -> list[Scan]:
    """Say of each visit whether it has a tensor scan, and what was decided about it."""
    found = []
    for visit in visits:
        gate = find(files, "qc", ".json", ses=visit.session, desc="gradients")
        done = find(files, "dwi", ".json", ses=visit.session, desc="preproc")
        judged = reader.json(gate.path) if gate else {}
        told = reader.json(done.path) if done else {}
        found.append(
            Scan(
                session=visit.session,
                days=visit.day,
                scan=_scheme(judged.get("scheme", {})),
                gradients=_gradients(judged),
                distortion=_distortion(told),
                missing="" if told else _missing(ledger, visit.session),
            )
        )
    return found


def _scheme(told: Mapping[str, Any]) -> str:
    shells = [f"{n} at b {b}" for b, n in told.get("shells_s_mm2", {}).items()]
    if not shells:
        return "–"
    return (
        f"{told['n_directions']} directions ({', '.join(shells)} s/mm²), "
        f"{told['n_unweighted']} unweighted; harmonics up to order {told['lmax']}"
    )


def _gradients(judged: Mapping[str, Any]) -> str:
    if not judged:
        return "–"
    outcome = str(judged["outcome"])
    told = GRADIENTS.get(outcome, outcome)
    return told if outcome == "kept" else f"{told} ({judged['reason']})"


def _distortion(told: Mapping[str, Any]) -> str:
    if not told:
        return "–"
    method = str(told["DistortionMethod"])
    verdicts = [str(told[name]) for name in VERDICTS if name in told]
    return "; ".join([METHODS.get(method, method), *verdicts])


def _missing(ledger: Sequence[LedgerRow], session: str) -> str:
    """Return why a visit has no tensor."""
    own = [row for row in ledger if row.session == session and row.state != "ran"]
    steps = [r for r in own if r.stage == "diffusion" and r.state != "unused"]
    told = next((row for row in steps if row.reason), None)
    if told is not None:
        return f"{STATES[told.state].label}: {told.reason}"
    refused = next((r for r in own if r.modality == "dwi" and r.state == "blocked"), None)
    return f"blocked: {refused.reason}" if refused else "no DTI at this visit"


def session(
    files: Sequence[File],
    reader: Reader,
    rows: Sequence[Mapping[str, str]],
    visit: Visit,
    size: Mapping[str, int],
) -> Session | None:
    """Read one visit; None if it has no corrected scan."""
    sidecar = find(files, "dwi", ".json", ses=visit.session, desc="preproc")
    if sidecar is None:
        return None
    pictures = []
    for suffix, wanted, title in PICTURES:
        blank = {"desc": "", "model": ""}
        file = find(files, suffix, ".png", ses=visit.session, **{**blank, **wanted})
        if file is not None:
            pictures.append(Picture(title, panels.shrink(reader.content(file.path), **size)))
    return Session(
        visit.session,
        visit.day,
        tuple(facts(reader.json(sidecar.path))),
        tuple(regions(rows, visit.session)),
        tuple(pictures),
    )


def facts(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what was done to a scan, in words."""
    return [
        ("Denoising", str(told["Denoising"])),
        ("Gibbs ringing", str(told["Unringing"])),
        (
            "Head motion",
            f"up to {told['LargestTranslation_mm']:.1f} mm and {told['LargestRotation_deg']:.1f}°",
        ),
        (
            "Residual of a volume, median",
            f"{_percent(told['MedianResidualBefore'])} before, "
            f"{_percent(told['MedianResidualAfter'])} after correction",
        ),
        (
            "Lost signal",
            f"{wording.plural(told['OutlierSlices'], 'slice')}; "
            f"{wording.plural(len(told['VolumesLeftOut']), 'volume')} left out",
        ),
    ]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100.0 * value:.1f} %"


def regions(rows: Iterable[Mapping[str, str]], session: str) -> list[tuple[str, str, str, str]]:
    """Return region, side, FA and MD [10⁻³ mm²/s] of a visit."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        if row["map"] == "tensor" and row["session_id"].removeprefix("ses-") == session:
            side = "" if row["side"] in ("", "n/a") else row["side"]
            cell = found.setdefault((row["region"], side), {})
            value = number(row["value"])
            if row["statistic"] == "fa_median":
                cell["fa"] = wording.number(value, decimals=2)
            if row["statistic"] == "md_median":
                scaled = None if value is None else value * THOUSAND
                cell["md"] = wording.number(scaled, decimals=2)
    return [
        (region.replace("_", " "), side, cell.get("fa", "–"), cell.get("md", "–"))
        for (region, side), cell in found.items()
    ]
