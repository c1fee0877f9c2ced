"""Masks that a person corrected: which visit each belongs to, and whether it changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sonolesion.core.errors import ConfigError
from sonolesion.ingest.scans import fingerprint

NAME = re.compile(
    r"sub-(?P<subject>[A-Za-z0-9]+)_ses-(?P<session>[A-Za-z0-9]+)_space-acpc_"
    r"(label-lesion_desc-(?P<mask>[A-Za-z0-9]+)_mask|"
    r"seg-lesionzones_desc-(?P<zones>[A-Za-z0-9]+)_dseg)\.nii(\.gz)?"
)
EXPECTED = "sub-S_ses-T_space-acpc_label-lesion_desc-I_mask.nii.gz or …_seg-lesionzones_desc-I_dseg"
Key = tuple[str, str, str]


class Correction(NamedTuple):
    """A file, and the visit it belongs to: subject, session, intervention; None if not told."""

    file: str
    key: Key | None
    fingerprint: str


class Stray(NamedTuple):
    """A corrected mask that no visit takes: whose, why, and what to mend."""

    subject: str
    session: str
    reason: str
    remedy: str


def folder(named: str, output: Path, bids_dir: Path) -> Path:
    """Return the folder of corrected masks; raise `ConfigError` if it lies in the raw data."""
    place = Path(output, named)
    inside = bids_dir.resolve() in [place.resolve(), *place.resolve().parents]
    if inside and bids_dir.resolve() / "derivatives" not in place.resolve().parents:
        raise ConfigError(
            file="lesion.corrections_dir",
            found=f"{place}, a folder of the raw data",
            expected="a folder of its own, such as corrections in the output folder",
            remedy="move the corrected masks: raw data hold what was acquired",
        )
    return place


def read(place: Path) -> list[Correction]:
    """Return every NIfTI file of the folder, by its path in it; none if there is no folder."""
    found = []
    for path in sorted(_files(place)):
        match = NAME.fullmatch(path.name)
        key = None
        if match:
            key = (match["subject"], match["session"], match["mask"] or match["zones"])
        found.append(Correction(str(path.relative_to(place)), key, fingerprint(path)))
    return found


def _files(place: Path) -> Iterator[Path]:
    for base, folders, names in os.walk(place):
        folders[:] = [name for name in folders if name[0] != "."]
        for name in names:
            if name.endswith((".nii", ".nii.gz")) and name[0] != ".":
                yield Path(base, name)


def attach(
    subject: str, interventions: Mapping[str, Mapping[str, Any]], found: list[Correction]
) -> None:
    """Tell each follow-up of a subject its corrected masks, and a text of their content."""
    for name, planned in interventions.items():
        for session, told in planned["follow_ups"].items():
            own = [item for item in found if item.key == (subject, session, name)]
            told["correction"] = {
                "files": [item.file for item in own],
                "fingerprint": " ".join(item.fingerprint for item in own),
            }


def strays(found: list[Correction], planned: Mapping[str, Mapping[str, Any]]) -> Iterator[Stray]:
    """Yield the masks that no visit takes, so that none is left out without a word.

    Parameters
    ----------
    planned : mapping
        Subject → interventions, as the plan holds them.
    """
    known = {
        (subject, session, name)
        for subject, own in planned.items()
        for name, told in own.items()
        for session, visit in told["follow_ups"].items()
        if visit["contrasts"]
    }
    for item in found:
        if item.key is None:
            reason = f"{item.file} is no name of a corrected mask"
            yield Stray("", "", reason, f"name it {EXPECTED}")
        elif item.key not in known:
            subject, session, name = item.key
            reason = f"{item.file}: no lesion of {name} is looked for at this visit"
            yield Stray(subject, session, reason, "mend the name, or remove the file")
