"""What was found at each visit: numbers of the measures, or why there are none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sonolesion.report import wording
from sonolesion.report.records import (
    MISSING,
    STATES,
    Intervention,
    LedgerRow,
    Range,
    Visit,
    number,
)

Row = Mapping[str, str]
# How `method` begins where not the automatic search outlined the lesion.
BADGES = {"corrected": "corrected by hand", "learned": "learned model"}
AUTOMATIC = "automatic"
# Volumes by definition, in the order of a table.
REGIONS = {
    "core": "I: core",
    "lesion": "I + II: lesion",
    "all_zones": "I – III: with oedema",
    "oedema": "III: oedema alone",
}


@dataclass(frozen=True)
class Finding:
    """The lesion of one treatment at one visit.

    Attributes
    ----------
    status : str
        ``measured``, ``not_visible``, or a key of `records.STATES` that says why not.
    values : mapping of str to float
        Statistics of the lesion; volumes in mm³, lengths in mm; ``oedema`` is a volume.
    method : str
        Contrasts that were used, and which zones the lesion holds.
    source : str
        ``automatic``, or a key of `BADGES`.
    regions : mapping of str to Range
        Volumes of the regions that were measured; one that is not visible has none.
    alone : mapping of str to Range
        What each contrast shows alone; without a value where it shows nothing.
    small : frozenset of str
        Regions smaller than the scans resolve.
    coverage : float or None
        Share of the lesion inside every scan.
    """

    session: str
    intervention: str
    days: float | None
    status: str
    values: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
    remedy: str = ""
    method: str = ""
    source: str = AUTOMATIC
    regions: Mapping[str, Range] = field(default_factory=dict)
    alone: Mapping[str, Range] = field(default_factory=dict)
    small: frozenset[str] = frozenset()
    coverage: float | None = None

    @property
    def badge(self) -> str:
        """Who outlined the lesion, if not the automatic search; else empty."""
        return BADGES.get(self.source, "")

    @property
    def word(self) -> str:
        """The status as a reader sees it."""
        if self.status == "measured":
            return "visible"
        known = STATES.get(self.status)
        return "not visible" if self.status == "not_visible" else known.label if known else "?"

    @property
    def sentence(self) -> str:
        """One plain sentence about the visit."""
        return sentence(self)

    def value(self, statistic: str) -> float | None:
        """Return a statistic of the lesion, or None."""
        return self.values.get(statistic)

    def ranged(self, statistic: str) -> Range:
        """Return a statistic of the lesion with the ends of its interval."""
        return _ranged(self.values, statistic)


def collect(
    measures: Iterable[Mapping[str, str]],
    ledger: Sequence[LedgerRow],
    visits: Sequence[Visit],
    treatment: Intervention,
) -> list[Finding]:
    """Return the finding of each visit that a treatment covers, in order of time."""
    rows = [row for row in measures if row["intervention_id"] == treatment.id]
    return [
        _finding(rows, ledger, visit, treatment) for visit in visits if treatment.covers(visit.day)
    ]


def _finding(
    rows: Iterable[Mapping[str, str]],
    ledger: Sequence[LedgerRow],
    visit: Visit,
    treatment: Intervention,
) -> Finding:
    own = [row for row in rows if row["session_id"].removeprefix("ses-") == visit.session]
    days = None if visit.day is None else visit.day - treatment.day
    volume = next((row for row in own if _is(row, "lesion", "volume")), None)
    if volume is None or volume["status"] not in {"measured", "not_visible"}:
        state, reason, remedy = why(ledger, visit.session)
        return Finding(visit.session, treatment.id, days, state, {}, reason, remedy)
    values = {
        name: float(row["value"]) for row in own if (name := _name(row)) and row["value"] != MISSING
    }
    method = volume["method"].replace(MISSING, "")
    return Finding(
        visit.session,
        treatment.id,
        days,
        volume["status"],
        values,
        method=method,
        source=_source(method),
        regions={name: _volume(own, "lesion", name) for name in REGIONS if _has(own, name)},
        alone=_alone(own),
        small=frozenset(
            row["region"]
            for row in own
            if row["map"] == "lesion" and row.get("below_resolution") == "true"
        ),
        coverage=number(volume.get("coverage")),
    )


def _has(rows: Sequence[Row], region: str) -> bool:
    return any(_is(row, region, "volume") for row in rows)


def _volume(rows: Iterable[Row], kind: str, region: str, modality: str = "") -> Range:
    """Return the volume of a region of a map, and the ends of its interval."""
    numbers = {
        row["statistic"]: value
        for row in rows
        if (row["map"], row["region"]) == (kind, region)
        and modality in {"", row.get("modality", "")}
        and (value := number(row["value"])) is not None
    }
    return _ranged(numbers, "volume")


def _alone(rows: Sequence[Row]) -> dict[str, Range]:
    own = [row for row in rows if row["map"] == "contrast_lesion"]
    names = dict.fromkeys(row["modality"] for row in own)
    return {name: _volume(own, "contrast_lesion", "lesion", name) for name in names}


def _ranged(numbers: Mapping[str, float], statistic: str) -> Range:
    ends = (numbers.get(f"{statistic}_{end}") for end in ("low", "high"))
    return Range(numbers.get(statistic), *ends)


def _source(method: str) -> str:
    begins = (name for name, words in BADGES.items() if method.startswith(words))
    return next(begins, AUTOMATIC)


def why(ledger: Sequence[LedgerRow], session: str) -> tuple[str, str, str]:
    """Return (state, reason, remedy) of the gravest ledger row that explains a missing result."""
    own = [
        row for row in ledger if row.session in {session, ""} and row.state not in {"ran", "unused"}
    ]
    lesion = [row for row in own if row.session == session and row.stage == "lesion"]
    order = list(STATES)
    # A step that was not reached points to the one that stopped it: look at all of the visit.
    candidates = [row for row in own if row.stage in {"anatomy", "lesion", "ingest", ""}] or own
    graded = sorted(candidates, key=lambda row: (row.session != session, order.index(row.state)))
    told = [row for row in graded if row.reason] or lesion or graded
    if not told:
        return "absent", "no lesion step was planned for this visit", ""
    return told[0].state, told[0].reason, told[0].remedy


def why_no(
    ledger: Sequence[LedgerRow], step: str, session: str, treatment: str
) -> tuple[str, str, str]:
    """Return (state, reason, remedy) of a lesion step of a visit that left no result."""
    own = [r for r in ledger if (r.stage, r.step, r.session) == ("lesion", step, session)]
    # The ledger names no treatment; the log of a step does.
    exact = [row for row in own if row.log.endswith(f"_{session}_{treatment}.log")]
    row = next(iter(exact or own), None)
    if row is None:
        return "absent", "the step was not planned for this visit", ""
    if row.state == "not_reached":
        state, reason, remedy = why(ledger, session)
        return (state, reason, remedy) if reason else (row.state, row.reason, row.remedy)
    if row.state == "ran":
        return "absent", "the step ran, its file is not there", "run again"
    return row.state, row.reason, row.remedy


def sentence(finding: Finding) -> str:
    """Write one plain sentence about a visit."""
    if finding.status == "measured":
        return _seen(finding)
    if finding.status == "not_visible":
        return _unseen(finding)
    remedy = f" To mend: {finding.remedy}." if finding.remedy else ""
    reason = f": {finding.reason.rstrip('.')}" if finding.reason else ""
    return f"No lesion result ({finding.word}){reason}.{remedy}"


def _test(value: Mapping[str, float]) -> str:
    p = value.get("detection_p")
    return f" ({wording.p_value(p)})" if p is not None else ""


def _unseen(finding: Finding) -> str:
    result = "This is a result, not a missing value."
    if finding.source == "corrected":
        return f"The person who corrected the outline sees no lesion. {result}"
    by = " by the learned model" if finding.source == "learned" else ""
    return f"Lesion looked for{by} and not visible{_test(finding.values)}. {result}"


def _seen(finding: Finding) -> str:
    value = finding.values
    begin = {
        "corrected": "Lesion outlined by hand",
        "learned": "Lesion outlined by a learned model",
    }.get(finding.source, f"Lesion visible{_test(value)}")
    text = f"{begin}, {wording.volume_range(finding.ranged('volume'))}"
    text += f", oedema {wording.volume(value['oedema'])}" if "oedema" in value else ""
    if "error_3d" in value:
        text += f"; its centroid lies {wording.number(value['error_3d'], decimals=1)} mm from the"
        text += f" planned target{_directions(value)}"
    return text + "."


def _directions(value: Mapping[str, float]) -> str:
    words = {
        "error_ml": ("lateral", "medial"),
        "error_ap": ("anterior", "posterior"),
        "error_dv": ("dorsal", "ventral"),
    }
    parts = [
        f"{wording.number(abs(value[name]), decimals=1)} {positive if value[name] > 0 else other}"
        for name, (positive, other) in words.items()
        if name in value
    ]
    return f" ({', '.join(parts)})" if parts else ""


def _is(row: Mapping[str, str], region: str, statistic: str) -> bool:
    return (row["map"], row["region"], row["statistic"]) == ("lesion", region, statistic)


def _name(row: Mapping[str, str]) -> str:
    """Return the name under which a finding holds a row; "" if it doesn't."""
    if _is(row, "oedema", "volume"):
        return "oedema"
    told = row["region"] == "lesion" or row["statistic"].startswith("detection")
    return row["statistic"] if told and row["map"] == "lesion" else ""
