"""The same slices at every visit, one strip a contrast, baseline first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.bids import LESION_CONTRASTS, MODALITY_OF
from sonolesion.report import panels, wording
from sonolesion.report.findings import Finding
from sonolesion.report.panels import Frame
from sonolesion.report.records import (
    STATES,
    File,
    Intervention,
    LedgerRow,
    Reader,
    Visit,
    find,
    state_of,
)

# Shown at once are the first; a page of seven would be long.
CONTRASTS = LESION_CONTRASTS
SHOWN = ("T1w", "T2w", "FLAIR")
TITLES = {
    "trace": "Diffusion, trace",
    "ADC": "Diffusion, ADC",
    "T2starw": "T2*-weighted",
    "R2starmap": "R2*",
}
IMAGE, TABLE = ".nii.gz", ".json"
HALF = 0.5
# Grey limits in quartile ranges about the brain's median: a lesion brighter than all tissue
# still shows its structure.
GREY_SPREADS = 2.5


@dataclass(frozen=True)
class Look:
    """How the pictures look; the values are settings of the report."""

    half_width_mm: float
    pixel_mm: float
    picture_quality: int
    check_width_px: int
    panel_width_px: int
    radiological: bool


@dataclass(frozen=True)
class Outline:
    """SVG paths of the contours in one picture."""

    lesion: tuple[str, ...] = ()
    oedema: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tile:
    """One picture, or the reason why there is none."""

    picture: str = ""
    outline: Outline = Outline()
    missing: str = ""


@dataclass(frozen=True)
class Row:
    """One plane at all visits; the cross marks the planned target."""

    frame: Frame
    tiles: tuple[Tile, ...]
    cross: tuple[float, float] | None
    off_plane_mm: float | None


@dataclass(frozen=True)
class Strip:
    """One contrast at all visits."""

    contrast: str
    rows: tuple[Row, ...]

    @property
    def title(self) -> str:
        """The contrast in words."""
        return TITLES.get(self.contrast, self.contrast)

    @property
    def at_once(self) -> bool:
        """Whether it is unfolded when the page opens."""
        return self.contrast in SHOWN


@dataclass(frozen=True)
class Head:
    """What stands above a column; the day counts from the treatment [d]."""

    session: str
    day: float | None
    word: str


@dataclass(frozen=True)
class Film:
    """All strips of one treatment."""

    heads: tuple[Head, ...]
    strips: tuple[Strip, ...]
    reason: str


@dataclass(frozen=True)
class Archive:
    """Where pictures come from, and what explains a missing one."""

    files: Sequence[File]
    reader: Reader
    inventory: Sequence[Mapping[str, str]]
    ledger: Sequence[LedgerRow]


def shoot(
    archive: Archive,
    visits: Sequence[Visit],
    found: Sequence[Finding],
    treatment: Intervention,
    *,
    look: Look,
) -> Film:
    """Cut the same three planes through every contrast of every visit.

    The planes go through the centroid of the first visible lesion, or else the target.
    """
    target = target_mm(archive.files, archive.reader, treatment)
    centre, reason = _centre(found, target)
    shown = [v for v in visits if v.session == treatment.baseline or treatment.covers(v.day)]
    if centre is None or not shown:
        return Film((), (), reason)
    frames = [
        Frame(plane, centre, look.half_width_mm, look.pixel_mm, look.radiological)
        for plane in panels.PLANES
    ]
    outlines = [_outlines(archive, visit, treatment, frames) for visit in shown]
    brain = _brain(archive)
    strips = []
    for contrast in CONTRASTS:
        columns = [_column(archive, v, contrast, frames, look, brain) for v in shown]
        if any(tile.picture for column in columns for tile in column):
            rows = [
                _row(frame, [c[n] for c in columns], [o[n] for o in outlines], target)
                for n, frame in enumerate(frames)
            ]
            strips.append(Strip(contrast, tuple(rows)))
    by_session = {finding.session: finding for finding in found}
    heads = tuple(_head(v, treatment, by_session.get(v.session)) for v in shown)
    return Film(heads, tuple(strips), reason)


def target_mm(
    files: Sequence[File], reader: Reader, treatment: Intervention
) -> panels.FloatArray | None:
    """Return the planned target in acpc [mm], or None if it could not be placed."""
    file = find(files, "target", TABLE, desc=treatment.id, ses="")
    if file is None:
        return None
    return np.asarray(reader.json(file.path)["target_mm"], dtype=np.float64)


def _centre(
    found: Sequence[Finding], target: panels.FloatArray | None
) -> tuple[panels.FloatArray | None, str]:
    for finding in found:
        centroid = [finding.values.get(f"centroid_{axis}") for axis in "xyz"]
        known = [value for value in centroid if value is not None]
        if finding.status == "measured" and len(known) == len(centroid):
            where = f"the centroid of the lesion at ses-{finding.session}"
            return np.asarray(known), f"The planes pass through {where}."
    if target is not None:
        return target, "The planes pass through the planned target: there is no measured lesion."
    return None, "No pictures: there is neither a visible lesion nor a planned target to show."


def _outlines(
    archive: Archive,
    visit: Visit,
    treatment: Intervention,
    frames: Sequence[Frame],
) -> list[Outline]:
    """Return the contours of lesion and oedema in each frame."""

    def lines(label: str, suffix: str) -> list[tuple[str, ...]]:
        wanted = {"ses": visit.session, "label": label, "desc": treatment.id}
        file = find(archive.files, suffix, IMAGE, **wanted)
        if file is None:
            return [()] * len(frames)
        volume = archive.reader.volume(file.path)
        return [tuple(panels.contours(panels.cut(volume, f), level=HALF)) for f in frames]

    both = zip(lines("lesion", "mask"), lines("oedema", "probseg"), strict=True)
    return [Outline(lesion, oedema) for lesion, oedema in both]


def _brain(archive: Archive) -> NDArray[np.bool_] | None:
    file = find(archive.files, "mask", IMAGE, ses="", space="acpc", desc="brain")
    return None if file is None else np.asarray(archive.reader.volume(file.path).data > 0)


def _column(
    archive: Archive,
    visit: Visit,
    contrast: str,
    frames: Sequence[Frame],
    look: Look,
    brain: NDArray[np.bool_] | None,
) -> list[Tile]:
    file = find(archive.files, contrast, IMAGE, ses=visit.session, space="acpc", desc="preproc")
    if file is None:
        return [Tile(missing=_absence(archive, visit, contrast))] * len(frames)
    volume = archive.reader.volume(file.path)
    inside = volume.data > 0 if brain is None else brain
    limits = panels.window(volume.data, inside, spreads=GREY_SPREADS)
    greys = [panels.grey(panels.cut(volume, frame), limits) for frame in frames]
    return [Tile(panels.embed(picture, quality=look.picture_quality)) for picture in greys]


def _row(
    frame: Frame,
    tiles: Sequence[Tile],
    outlines: Sequence[Outline],
    target: panels.FloatArray | None,
) -> Row:
    drawn = tuple(
        replace(tile, outline=outline) if tile.picture else tile
        for tile, outline in zip(tiles, outlines, strict=True)
    )
    if target is None:
        return Row(frame, drawn, None, None)
    return Row(frame, drawn, frame.pixel_of(target), frame.distance_mm(target))


def _absence(archive: Archive, visit: Visit, contrast: str) -> str:
    """Say why a contrast of a visit can't be shown."""
    modality = MODALITY_OF[contrast]
    own = [r for r in archive.ledger if r.session == visit.session and r.modality == modality]
    for state in ("failed", "stale", "not_reached"):
        if any(row.state == state for row in own):
            return STATES[state].label
    for row in archive.inventory:
        session = row["session_id"].removeprefix("ses-")
        if (session, row["modality"]) == (visit.session, modality):
            state = state_of(row["state"])
            words = {"absent": "not acquired", "ran": "no current picture"}
            return words.get(state) or STATES[state].label
    return "not acquired"


def _head(visit: Visit, treatment: Intervention, finding: Finding | None) -> Head:
    day = None if visit.day is None else visit.day - treatment.day
    if finding is None:
        return Head(visit.session, day, "baseline")
    seen = finding.status == "measured"
    word = wording.volume(finding.value("volume")) if seen else finding.word
    return Head(visit.session, day, word)
