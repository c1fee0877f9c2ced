"""Resting-state runs on the page: what was done to each, its quality, maps and networks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonolesion.report import connectome_visits, panels, wording
from sonolesion.report.diffusion_scans import METHODS, Picture
from sonolesion.report.records import (
    STATES,
    File,
    Intervention,
    LedgerRow,
    Reader,
    Visit,
    find,
    number,
)

# Pictures of a visit: suffix, entities of the name, title.
PICTURES: tuple[tuple[str, dict[str, str], str], ...] = (
    (
        "bold",
        {"desc": "carpet"},
        "Head motion (FD), change from frame to frame (DVARS), and every voxel over time, by "
        "tissue; dropped frames red",
    ),
    ("boldmap", {"stat": "tsnr"}, "Temporal signal-to-noise ratio: mean over the spread in time"),
    ("relmat", {"desc": "connectome"}, "Correlation of regions before and after denoising"),
    ("boldmap", {"desc": "seeds"}, "What goes with each seed"),
    ("boldmap", {"stat": "activity"}, "Slow fluctuations and local agreement"),
    ("boldmap", {"desc": "lag"}, "Lag of the slow fluctuations, motion alone regressed"),
    ("bold", {"desc": "distortion"}, "Mean before and after distortion correction, T1w in red"),
)
UNNAMED = {"desc": "", "stat": "", "atlas": "", "seed": "", "task": "rest"}
MAPS = ("alff_median", "falff_median", "reho_median")
# A fact of a run, and the standard error of a Fisher z above which it is marked: two of these
# exceed most correlations of regions.
PRECISION, LARGE_ERROR = "One correlation", 0.3
ERROR = "FisherZStandardError"


@dataclass(frozen=True)
class Session:
    """One visit's run; `missing` says why there is none, `warned` names facts that are marked."""

    session: str
    days: float | None
    facts: tuple[tuple[str, str], ...]
    regions: tuple[tuple[str, str, tuple[str, ...]], ...]
    pictures: tuple[Picture, ...]
    mark: str
    missing: str
    warned: tuple[str, ...]


@dataclass(frozen=True)
class Resting:
    """Everything the page says of resting state.

    Attributes
    ----------
    sessions : tuple of Session
        Every visit.
    networks : tuple of (str, tuple of (str, str))
        Network, and within and between it at each visit that has a run.
    headers : tuple of str
        These visits.
    lesion_networks : tuple of Picture
        Of each treatment and visit.
    connectomes : tuple of Picture
        Of the first visit, and how each other differs; empty with fewer than two.
    outgrown : tuple of str
        Lesions that reach beyond the places left out of every mask, in words.
    """

    sessions: tuple[Session, ...]
    networks: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    headers: tuple[str, ...]
    lesion_networks: tuple[Picture, ...]
    connectomes: tuple[Picture, ...]
    outgrown: tuple[str, ...]

    @property
    def there(self) -> bool:
        """Return whether any visit has a corrected run."""
        return any(one.facts for one in self.sessions)

    @property
    def marks(self) -> list[str]:
        """Return what is wrong with runs that were too short, by visit."""
        return [f"ses-{one.session}: {one.mark}" for one in self.sessions if one.mark]


def collect(
    files: Sequence[File],
    reader: Reader,
    measures: Iterable[Mapping[str, str]],
    ledger: Sequence[LedgerRow],
    visits: Sequence[Visit],
    treatments: Sequence[Intervention],
    *,
    size: Mapping[str, int],
) -> Resting:
    """Read what the steps left; `size` as for `panels.shrink`."""
    rows = [row for row in measures if row["modality"] == "bold"]
    sessions = [_session(files, reader, rows, ledger, visit, size) for visit in visits]
    with_run = [one.session for one in sessions if one.facts]
    return Resting(
        tuple(sessions),
        tuple(_networks(rows, with_run)),
        tuple(f"ses-{name}" for name in with_run),
        tuple(_lesion_networks(files, reader, visits, treatments, size)),
        tuple(connectome_visits.pictures(files, reader, visits, size=size)),
        tuple(_outgrown(files, reader, visits, treatments)),
    )


def _session(
    files: Sequence[File],
    reader: Reader,
    rows: Sequence[Mapping[str, str]],
    ledger: Sequence[LedgerRow],
    visit: Visit,
    size: Mapping[str, int],
) -> Session:
    told = [
        reader.json(file.path) if file else {}
        for file in (
            find(files, suffix, ".json", ses=visit.session, **(UNNAMED | {"desc": desc}))
            for suffix, desc in (
                ("bold", "preproc"), ("timeseries", "confounds"), ("bold", "denoised")
            )
        )
    ]  # fmt: skip
    pictures = []
    for suffix, wanted, title in PICTURES:
        file = find(files, suffix, ".png", ses=visit.session, **(UNNAMED | wanted))
        if file is not None:
            pictures.append(Picture(title, panels.shrink(reader.content(file.path), **size)))
    own = [row for row in rows if row["session_id"].removeprefix("ses-") == visit.session]
    whole = told[0] and told[1] and told[2]
    return Session(
        visit.session,
        visit.day,
        tuple(facts(*told)) if told[0] else (),
        tuple(regions(own)),
        tuple(pictures),
        str(told[1].get("Mark", "")),
        "" if whole else _missing(ledger, visit.session),
        (PRECISION,) if is_uncertain(told[2]) else (),
    )


def facts(
    preproc: Mapping[str, Any], noise: Mapping[str, Any], denoised: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """Return what was done to a run, in words; later steps may be missing."""
    method = str(preproc["DistortionMethod"])
    found = [
        (
            "Volumes",
            f"{preproc['NumberOfVolumes']} used, {preproc['VolumesDiscarded']} before the steady "
            f"state left out; every {preproc['RepetitionTime']:g} s",
        ),
        (
            "Slice timing",
            "corrected" if preproc["SliceTimingCorrected"] else
            str(preproc["SliceTimingNote"]) or "not corrected",
        ),
        ("Distortion", f"{METHODS.get(method, method)}: {preproc['DistortionChoice']}"),
    ]  # fmt: skip
    if noise:
        found += _noise_facts(noise)
    if denoised:
        left = denoised["Freedom"]
        found.append(
            (
                "Denoising",
                f"{denoised['Strategy']}, {_band(denoised)}; degrees of freedom left "
                f"{left['left']:.1f} of {left['frames']} (dropped frames {left['dropped']}, "
                f"band {left['filtered']:.1f}, confounds {left['regressed']:.1f})",
            )
        )
    if ERROR in denoised:
        found.append((PRECISION, _precision(denoised)))
    return found


def _noise_facts(noise: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return how the head lay still, and how much of the run is of use."""
    ratios = "; ".join(f"{k.replace('_', ' ')} {v:.0f}" for k, v in noise["TSNR"].items())
    return [
        (
            "Head motion",
            f"FD mean {noise['MeanFD_mm']:.2f} mm, largest {noise['MaxFD_mm']:.2f} mm",
        ),
        (
            "Clean data",
            f"{noise['CleanMinutes']:.1f} min kept, {noise['CensoredMinutes']:.1f} min dropped",
        ),
        ("Temporal signal-to-noise", ratios),
        (
            "Places of lesions left out",
            f"{wording.plural(len(noise['Targets_mm']), 'sphere')} of "
            f"{noise['ExclusionRadius_mm']:g} mm, {noise['VoxelsExcluded']} voxels",
        ),
    ]


def is_uncertain(denoised: Mapping[str, Any]) -> bool:
    """Return whether a single correlation of a run is too uncertain to be read alone.

    Examples
    --------
    >>> is_uncertain({"FisherZStandardError": 0.33}), is_uncertain({"FisherZStandardError": 0.19})
    (True, False)
    """
    error = denoised.get(ERROR, 0.0)
    return error is None or error > LARGE_ERROR


def _precision(denoised: Mapping[str, Any]) -> str:
    error = denoised[ERROR]
    if error is None:
        return "no standard error of its Fisher z: at most 2 degrees of freedom are left"
    return (
        f"standard error of its Fisher z about {error:.2f}"
        + f", above {LARGE_ERROR:g}: one edge alone says little" * is_uncertain(denoised)
    )


def _band(denoised: Mapping[str, Any]) -> str:
    low, high = denoised["HighPass_Hz"], denoised["LowPass_Hz"]
    return f"from {low:g} Hz" + (f" to {high:g} Hz" if high else ", no upper end")


def _missing(ledger: Sequence[LedgerRow], session: str) -> str:
    """Return why a visit has no complete run."""
    own = [row for row in ledger if row.session == session and row.state != "ran"]
    steps = [r for r in own if r.stage == "functional" and r.state != "unused"]
    told = next((row for row in steps if row.reason), None)
    if told is not None:
        return f"{STATES[told.state].label}: {told.reason}"
    refused = next((r for r in own if r.modality == "bold" and r.state == "blocked"), None)
    return f"blocked: {refused.reason}" if refused else "no resting-state run at this visit"


def regions(rows: Iterable[Mapping[str, str]]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return region, side, and the medians of ALFF, fALFF and ReHo of a visit."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        if row["map"] == "activity":
            side = "" if row["side"] in ("", "n/a") else row["side"]
            cell = found.setdefault((row["region"], side), {})
            cell[row["statistic"]] = wording.number(number(row["value"]), decimals=2)
    return [
        (region.replace("_", " "), side, tuple(cell.get(name, "–") for name in MAPS))
        for (region, side), cell in found.items()
    ]


def _networks(
    rows: Sequence[Mapping[str, str]], sessions: Sequence[str]
) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """Return each network with the means within and between it, visit by visit."""
    cells = {
        (row["region"], row["session_id"].removeprefix("ses-"), row["statistic"]): row["value"]
        for row in rows
        if row["map"] == "connectivity"
    }
    names = list(dict.fromkeys(region for region, _, _ in cells))
    return [
        (
            name.partition(":")[2],
            tuple(
                (
                    _value(cells.get((name, session, "fc_within"))),
                    _value(cells.get((name, session, "fc_between"))),
                )
                for session in sessions
            ),
        )
        for name in names
    ]


def _value(cell: str | None) -> str:
    return "–" if cell is None else wording.number(number(cell), decimals=2)


def _lesion_networks(
    files: Sequence[File],
    reader: Reader,
    visits: Sequence[Visit],
    treatments: Sequence[Intervention],
    size: Mapping[str, int],
) -> Iterable[Picture]:
    for item in treatments:
        for visit in visits:
            for name in (f"{item.id}network", f"{item.id}normativenetwork"):
                at = {"ses": visit.session, "desc": name, "stat": ""}
                picture = find(files, "boldmap", ".png", **at)
                told = find(files, "boldmap", ".json", **at)
                if picture is None or told is None:
                    continue
                record = reader.json(told.path)
                if record["outcome"] == "measured":
                    title = f"{item.id}, ses-{visit.session}, {_whose(record)}"
                    yield Picture(title, panels.shrink(reader.content(picture.path), **size))


def _outgrown(
    files: Sequence[File],
    reader: Reader,
    visits: Sequence[Visit],
    treatments: Sequence[Intervention],
) -> Iterable[str]:
    for item in treatments:
        for visit in visits:
            at = {"ses": visit.session, "desc": f"{item.id}network", "stat": ""}
            file = find(files, "boldmap", ".json", **at)
            words = beyond(reader.json(file.path)) if file else ""
            if words:
                yield f"ses-{visit.session}, {item.id}: {words}"


def beyond(record: Mapping[str, Any]) -> str:
    """Return how far a lesion outgrows the exclusion, and what to do; "" if it does not.

    Examples
    --------
    >>> beyond({"ExclusionRadius_mm": 15.0, "OutsideExclusion_mm3": 0.0, "ExclusionReach_mm": 9.1})
    ''
    """
    volume = record.get("OutsideExclusion_mm3", 0.0)
    if not volume:
        return ""
    # Rounded up: a sphere of what is said holds all of it.
    reach_mm = math.ceil(10 * record["ExclusionReach_mm"]) / 10
    return (
        f"the lesion reaches {wording.number(volume, decimals=1)} mm³ beyond the places left out "
        f"of every mask, up to {reach_mm:.1f} mm from the plan: raise "
        f"functional.exclusion.radius_mm (now {record['ExclusionRadius_mm']:g} mm) and run again; "
        "all visits are then done anew with the one larger mask"
    )


def _whose(record: Mapping[str, Any]) -> str:
    """Return in whose brain a lesion's network was read."""
    if "People" in record:
        return f"in {wording.plural(record['People'], 'healthy person', 'healthy people')}"
    return f"in the own run of {record['Baseline']}"
