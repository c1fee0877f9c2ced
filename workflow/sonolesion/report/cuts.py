"""What the lesion of a treatment cut: bundles, parcels and connections, over visits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonolesion.report import bundle_words, wording
from sonolesion.report.records import (
    STATES,
    File,
    Intervention,
    LedgerRow,
    Range,
    Reader,
    Visit,
    find,
    number,
)

Row = Mapping[str, str]
WORDS = {"not_visible": "lesion not visible", "absent": "too few streamlines"}
PARCELS_SHOWN = 12


@dataclass(frozen=True)
class Cell:
    """Share of a bundle's or parcel's streamlines that is cut; `word` where there is none."""

    share: Range
    word: str = ""

    @property
    def text(self) -> str:
        """Share with its interval, or why there is none."""
        return self.word or wording.share(self.share)


@dataclass(frozen=True)
class Line:
    """One bundle or parcel: a cell a visit."""

    name: str
    side: str
    streamlines: str
    safety: bool
    cells: tuple[Cell, ...]

    @property
    def most(self) -> float:
        """Largest cut share at any visit; 0 where none is known."""
        return max((cell.share.value or 0.0 for cell in self.cells), default=0.0)


@dataclass(frozen=True)
class Warned:
    """A safety bundle at a visit, in words; `grave` if the lesion cuts it."""

    grave: bool
    text: str


@dataclass(frozen=True)
class Connection:
    """A connection between two parcels."""

    parcels: tuple[str, str]
    before: int
    left: int
    share: Range


@dataclass(frozen=True)
class Cuts:
    """What the lesion of one treatment cut; a column a visit.

    Attributes
    ----------
    visits : tuple of (session, days, reason)
        Visits after the treatment; the reason why one has no result, else "".
    parcels : tuple of Line
        Those cut at any visit, the most cut first.
    spared, thin : int
        Parcels of which nothing is cut, and those with too few streamlines.
    connections : tuple of Connection
        The most cut of the first visit with a visible lesion.
    holds : str
        What the intervals of parcels and connections hold.
    """

    intervention: Intervention
    visits: tuple[tuple[str, float | None, str], ...]
    bundles: tuple[Line, ...]
    warnings: tuple[Warned, ...]
    parcels: tuple[Line, ...]
    spared: int
    thin: int
    connections: tuple[Connection, ...]
    holds: str

    @property
    def shown_parcels(self) -> tuple[Line, ...]:
        """Parcels that are shown at once."""
        return self.parcels[:PARCELS_SHOWN]

    @property
    def more_parcels(self) -> tuple[Line, ...]:
        """Parcels that are folded."""
        return self.parcels[PARCELS_SHOWN:]

    @property
    def there(self) -> bool:
        """Whether any bundle or parcel has a result."""
        return bool(self.bundles or self.parcels)


def collect(
    files: Sequence[File],
    reader: Reader,
    rows: Sequence[Row],
    ledger: Sequence[LedgerRow],
    visits: Sequence[Visit],
    item: Intervention,
) -> Cuts:
    """Read what the steps left of one treatment."""
    own = [row for row in rows if row["intervention_id"] == item.id]
    after = [visit for visit in visits if item.covers(visit.day)]
    sessions = [visit.session for visit in after]
    sidecar = find(files, "tractogram", ".json", ses="", desc="bundles")
    told = reader.json(sidecar.path)["Bundles"] if sidecar else {}
    bundles = lines(own, "disconnection", sessions, item.side, told)
    parcels = lines(own, "disconnectome", sessions, item.side, {})
    thin = sum(any(cell.word == WORDS["absent"] for cell in line.cells) for line in parcels)
    cut = sorted((p for p in parcels if p.most > 0), key=lambda line: -line.most)
    lost = _lost(files, reader, item, sessions)
    return Cuts(
        intervention=item,
        visits=tuple((v.session, _days(v, item), _reason(own, ledger, v.session)) for v in after),
        bundles=tuple(bundles),
        warnings=tuple(warnings(bundles, sessions)),
        parcels=tuple(cut),
        spared=len(parcels) - len(cut) - thin,
        thin=thin,
        connections=tuple(_connections(lost)),
        holds=holds(lost.get("interval", {})),
    )


def _days(visit: Visit, item: Intervention) -> float | None:
    return None if visit.day is None else visit.day - item.day


def lines(
    rows: Iterable[Row], kind: str, sessions: Sequence[str], side: str, told: Mapping[str, Any]
) -> list[Line]:
    """Return bundles or parcels of a treatment, those of the treated side first.

    Parameters
    ----------
    kind : str
        ``disconnection`` (bundles) or ``disconnectome`` (parcels).
    side : str
        Treated.
    told : mapping
        ``Bundles`` of the tractogram's sidecar, if there is one.
    """
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row["map"] == kind and row["modality"] == "dwi":
            found.setdefault((row["region"].partition(":")[2], row["side"]), []).append(row)
    made = []
    for (name, where), own in found.items():
        entry = told.get(f"{name}_{where}", {})
        title = bundle_words.bundle(name) if kind == "disconnection" else name.replace("_", " ")
        cells = tuple(_cell(own, session) for session in sessions)
        safety = bool(entry.get("safety"))
        made.append(Line(title, where, own[0]["method"].partition(" ")[0], safety, cells))
    return sorted(made, key=lambda line: line.side != side)


def _cell(rows: Iterable[Row], session: str) -> Cell:
    own = {r["statistic"]: r for r in rows if r["session_id"].removeprefix("ses-") == session}
    first = own.get("cut_streamlines")
    if first is None:
        return Cell(Range(), "no result")
    if first["status"] != "measured":
        return Cell(Range(), WORDS.get(first["status"], first["status"].replace("_", " ")))
    ends = (f"cut_streamlines{end}" for end in ("", "_low", "_high"))
    return Cell(Range(*(number(own[end]["value"]) if end in own else None for end in ends)))


def warnings(bundles: Iterable[Line], sessions: Sequence[str]) -> list[Warned]:
    """Say of each safety bundle what the lesion cuts of it; cut ones first."""
    told = []
    for line in bundles:
        if not line.safety:
            continue
        words = [f"{c.text} at ses-{s}" for s, c in zip(sessions, line.cells, strict=True)]
        told.append(Warned(line.most > 0, f"{line.name}, {line.side}: {'; '.join(words)}"))
    return sorted(told, key=lambda one: not one.grave)


def _reason(rows: Iterable[Row], ledger: Iterable[LedgerRow], session: str) -> str:
    """Return why a visit has no result; "" if it has one."""
    if any(row["session_id"].removeprefix("ses-") == session for row in rows
           if row["map"] == "disconnection"):  # fmt: skip
        return ""
    steps = [r for r in ledger if r.stage == "tracts" and r.session in (session, "") and r.reason]
    if not steps:
        return "no result"
    return f"{STATES[steps[0].state].label}: {steps[0].reason}"


def _lost(
    files: Sequence[File], reader: Reader, item: Intervention, sessions: Sequence[str]
) -> Mapping[str, Any]:
    """Return the record of the first visit with a visible lesion; {} if there is none."""
    for session in sessions:
        desc = f"{item.id}disconnectome"
        file = find(files, "relmat", ".json", ses=session, desc=desc)
        told = reader.json(file.path) if file else {}
        if told.get("outcome") == "measured":
            return {**told, "session": session}
    return {}


def _connections(told: Mapping[str, Any]) -> list[Connection]:
    return [
        Connection(
            (str(row["parcel_a"]).replace("_", " "), str(row["parcel_b"]).replace("_", " ")),
            int(row["streamlines"]),
            int(row["left"]),
            Range(*(number(row[f"cut_streamlines{end}"]) for end in ("", "_low", "_high"))),
        )
        for row in told.get("connections_most_cut", ())
    ]


def holds(told: Mapping[str, Any]) -> str:
    """Say what the intervals hold, and what they do not; "" if that is not known."""
    if not told:
        return ""
    share = f"{100 * told['Share']:g}{wording.NARROW_SPACE}%"
    return (
        f"{share} interval over {told['Draws']} draws of: {', '.join(told['Holds'])}; "
        f"not in it: {', '.join(told['HoldsNot'])}"
    )
