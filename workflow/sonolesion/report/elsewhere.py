"""Change away from the plan: what was found at each visit, or that nothing was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.report import findings, panels, wording
from sonolesion.report.findings import Finding
from sonolesion.report.records import STATES, File, Intervention, LedgerRow, Reader, find, number

STEP, MAP = "offtarget", "offtarget"
KINDS = {
    "haemorrhage": "haemorrhage",
    "restricted_diffusion": "restricted diffusion",
    "t2_hyperintensity": "T2 hyperintensity",
    "other": "other change",
}
# Kinds whose clusters are flagged in the page of the study, which has rows of measures alone.
GRAVE = ("haemorrhage", "restricted_diffusion")


@dataclass(frozen=True)
class Cluster:
    """One place that changed; `changes` are (contrast, change in units of noise)."""

    number: int
    kind: str
    safety: bool
    volume: str
    side: str
    place: str
    from_plan_mm: float | None
    p: float
    peak: float
    changes: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Search:
    """What one visit shows away from the plan; `status` as in `findings`."""

    session: str
    day: float | None
    status: str
    headline: str
    used: tuple[str, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    picture: str = ""

    @property
    def safety(self) -> bool:
        """Whether any cluster is flagged for safety."""
        return any(cluster.safety for cluster in self.clusters)


def read(
    files: Sequence[File],
    reader: Reader,
    ledger: Sequence[LedgerRow],
    found: Sequence[Finding],
    treatment: Intervention,
    target_mm: NDArray[np.float64] | None,
    *,
    width: int,
    quality: int,
) -> list[Search]:
    """Return what each visit of a treatment shows away from the plan."""
    searches = []
    for finding in found:
        wanted = {"ses": finding.session, "desc": treatment.id}
        file = find(files, "offtarget", ".json", **wanted)
        if file is None:
            searches.append(_not_made(ledger, finding, treatment))
            continue
        search = _search(reader.json(file.path), finding, target_mm)
        drawn = find(files, "offtarget", ".png", **wanted)
        if drawn is not None and search.clusters:
            picture = panels.shrink(reader.content(drawn.path), width=width, quality=quality)
            search = replace(search, picture=picture)
        searches.append(search)
    return searches


def _search(
    told: Mapping[str, Any], finding: Finding, target_mm: NDArray[np.float64] | None
) -> Search:
    return Search(
        session=finding.session,
        day=finding.days,
        status=str(told["outcome"]),
        headline=headline(told),
        used=tuple(told["contrasts_used"]),
        clusters=tuple(
            _cluster(one, n, target_mm, told["looks"])
            for n, one in enumerate(told["clusters"], start=1)
        ),
    )


def headline(told: Mapping[str, Any]) -> str:
    """Write one sentence on a visit's record."""
    if told["outcome"] == "not_examined":
        return "Not examined: none of the contrasts that are needed is there at both visits."
    kinds = ", ".join(_kind(kind) for kind in told["kinds_not_examined"])
    unlooked = f" Not examined, for want of contrasts: {kinds}." if kinds else ""
    if not told["clusters"]:
        least = told.get("smallest_p")
        test = f"; the smallest {wording.p_value(least)}" if least is not None else ""
        return f"None found{test}. This is a result, not a missing value.{unlooked}"
    counts = Counter(one["kind"] for one in told["clusters"])
    total = sum(one["volume_mm3"] for one in told["clusters"])
    listed = ", ".join(f"{_kind(kind)} ({counts[kind]})" for kind in KINDS if counts[kind])
    places = wording.plural(len(told["clusters"]), "place")
    return f"{places} of change, {wording.volume(total)} in all: {listed}.{unlooked}"


def from_rows(rows: Iterable[Mapping[str, str]], finding: Finding) -> tuple[str, bool]:
    """Return what the rows of measures say of a visit, in few words, and whether it is grave."""
    own = {
        row["region"].removeprefix("offtarget_"): row
        for row in rows
        if row["map"] == MAP
        and row["intervention_id"] == finding.intervention
        and row["session_id"].removeprefix("ses-") == finding.session
        and row["statistic"] == "clusters"
    }
    whole = own.pop("offtarget", None)
    if whole is None:
        return "elsewhere: no result", False
    if number(whole["value"]) is None:
        return "elsewhere: not examined", False
    counts = {kind: int(number(row["value"]) or 0) for kind, row in own.items()}
    seen = [f"{_kind(kind)} ({counts[kind]})" for kind in KINDS if counts.get(kind)]
    return f"elsewhere: {', '.join(seen) or 'none found'}", any(counts.get(k) for k in GRAVE)


def _not_made(ledger: Sequence[LedgerRow], finding: Finding, treatment: Intervention) -> Search:
    state, reason, remedy = findings.why_no(ledger, STEP, finding.session, treatment.id)
    mend = f" To mend: {remedy}." if remedy else ""
    text = f"No result ({STATES[state].label}): {reason}.{mend}"
    return Search(finding.session, finding.days, state, text)


def _cluster(
    one: Mapping[str, Any],
    index: int,
    target_mm: NDArray[np.float64] | None,
    looks: Mapping[str, Mapping[str, Any]],
) -> Cluster:
    centre = np.asarray(one["centroid_mm"], dtype=float)
    away = None if target_mm is None else float(np.linalg.norm(centre - target_mm))
    return Cluster(
        number=index,
        kind=_looks_like(one, looks),
        safety=bool(one["safety"]),
        volume=wording.volume(one["volume_mm3"]),
        side="right" if centre[0] > 0 else "left",
        place=", ".join(wording.number(float(c), decimals=0) for c in centre),
        from_plan_mm=away,
        p=one["p"],
        peak=one["peak_z"],
        changes=tuple(one["mean_z"].items()),
    )


def _looks_like(one: Mapping[str, Any], looks: Mapping[str, Mapping[str, Any]]) -> str:
    """Name a cluster; one of opposite signs by what it is the opposite of."""
    against = [seen.removesuffix(" -") for seen in one["seen_by"] if seen.endswith(" -")]
    known = [_kind(looks[name]["kind"]) for name in against if name in looks]
    if one["kind"] != "other" or not known:
        return _kind(one["kind"])
    return f"opposite of {' and '.join(known)}"


def _kind(word: str) -> str:
    return KINDS.get(word, word.replace("_", " "))
