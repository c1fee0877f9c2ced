"""Masks of several raters: which file is whose, and of which case."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sonolesion.core.bids import entities_of
from sonolesion.core.errors import InputFault
from sonolesion.core.tables import MISSING, read_tsv

Case = tuple[str, str, str]
COLUMNS = ("rater", "participant_id", "session_id", "mask")
# What a folder may hold of a case: the first that is there counts. An output folder holds the
# automatic lesion beside the final one, which a person may have corrected.
KINDS = ("probseg", "mask", "dseg")
AUTOMATIC = ("auto", "learned")
# Folders of an output folder that hold other people's masks, or none.
PASSED_OVER = {"corrections", "work", "logs", "sourcedata"}


class Outline(NamedTuple):
    """A rater's mask of a case (subject, session, intervention or "")."""

    rater: str
    case: Case
    path: Path

    @property
    def has_labels(self) -> bool:
        """Whether the file holds labels, not probabilities."""
        return entities_of(self.path.name)[1] != "probseg"


def from_folder(folder: Path, *, rater: str) -> list[Outline]:
    """Return the masks of a rater's folder, at any depth, one a case.

    Raises
    ------
    InputFault
        If the folder holds none, or two of one case.
    """
    found: dict[Case, dict[str, Path]] = {}
    for path in _files(folder):
        told = _case(path.name)
        if told is None:
            continue
        case, kind = told
        if kind in found.setdefault(case, {}):
            raise InputFault(
                file=path,
                found=f"a second {kind} of {' '.join(case)} beside {found[case][kind]}",
                expected="one mask of each case in a rater's folder",
                remedy="give each rater a folder, or list the masks in a table",
            )
        found[case][kind] = path
    if not found:
        raise InputFault(
            file=folder,
            found="no mask",
            expected="files named sub-S_ses-T_..._mask.nii.gz or ..._dseg.nii.gz",
            remedy="name them like the output mask, or list them in a table",
        )
    return [
        Outline(rater, case, next(kinds[kind] for kind in KINDS if kind in kinds))
        for case, kinds in sorted(found.items())
    ]


def _files(folder: Path) -> Iterator[Path]:
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(n for n in folders if n not in PASSED_OVER and n[0] != ".")
        yield from (Path(base, n) for n in sorted(names) if n.endswith((".nii", ".nii.gz")))


def _case(name: str) -> tuple[Case, str] | None:
    """Return case and kind of a file that outlines a lesion; None of any other file."""
    entities, kind = entities_of(name)
    if not {"sub", "ses"} <= set(entities) or kind not in KINDS:
        return None
    if entities.get("label", "lesion") != "lesion" or entities.get("seg", "") not in {
        "",
        "lesionzones",
    }:
        return None
    intervention = entities.get("desc", "")
    if kind == "probseg":
        if not intervention.endswith(AUTOMATIC):
            return None
        for ending in AUTOMATIC:
            intervention = intervention.removesuffix(ending)
    elif intervention in {"brain"}:
        return None
    return (entities["sub"], entities["ses"], intervention), kind


def from_table(table: Path) -> list[Outline]:
    """Return the masks listed in a table; paths count from the table's folder.

    Raises
    ------
    InputFault
        If the table can't be read, or lists a case of a rater twice.
    """
    found: dict[tuple[str, Case], Outline] = {}
    for number, row in enumerate(read_tsv(table, required=COLUMNS), start=2):
        treatment = row.get("intervention_id", MISSING)
        case = (
            row["participant_id"].removeprefix("sub-"),
            row["session_id"].removeprefix("ses-"),
            "" if treatment == MISSING else treatment,
        )
        key = (row["rater"], case)
        if key in found:
            raise InputFault(
                file=f"{table} line {number}",
                found=f"a second mask of {' '.join(case)} by {row['rater']}",
                expected="one row a case and rater",
                remedy="remove one, or name another rater",
            )
        found[key] = Outline(row["rater"], case, Path(table.parent, row["mask"]))
    return list(found.values())


def names_of(folders: Sequence[Path]) -> list[str]:
    """Return a name for each rater: the folder's, with its parents where names are alike."""
    parts = [folder.resolve().parts for folder in folders]
    depth = 1
    while depth < max(map(len, parts), default=1):
        names = ["-".join(part[-depth:]) for part in parts]
        if len(set(names)) == len(names):
            return names
        depth += 1
    return ["-".join(part[1:]) for part in parts]


def by_case(outlines: Sequence[Outline]) -> dict[Case, dict[str, Outline]]:
    """Return case → rater → outline, of the cases that two raters or more outlined."""
    found: dict[Case, dict[str, Outline]] = {}
    for one in outlines:
        found.setdefault(one.case, {})[one.rater] = one
    return {case: own for case, own in sorted(found.items()) if len(own) > 1}


def require_shared(cases: dict[Case, dict[str, Outline]]) -> dict[Case, dict[str, Outline]]:
    """Return the cases; raise `InputFault` if no two raters share one."""
    if not cases:
        raise InputFault(
            file="raters' masks",
            found="no case that two raters outlined",
            expected="masks named alike: sub-S_ses-T_space-acpc_label-lesion_desc-I_mask.nii.gz",
            remedy="mend the names, or list the masks in a table",
        )
    return cases
