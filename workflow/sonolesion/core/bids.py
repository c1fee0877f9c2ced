"""BIDS names: what a file name says, and which labels are safe in a path."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sonolesion.core.errors import InputFault

LABEL = re.compile(r"[A-Za-z0-9]+")
# Words that stand behind an intervention's id in names of its files, and so can't end an id.
RESERVED = (
    "auto", "learned", "overlap", "offtarget", "disconnection", "disconnectome", "normative",
    "network",
)  # fmt: skip
INTERVENTION = re.compile(LABEL.pattern + "".join(f"(?<!{word})" for word in RESERVED))
# Suffixes of the raw files each modality is made of, by data type folder.
MODALITIES = {
    "T1w": ("anat", "T1w"),
    "T2w": ("anat", "T2w"),
    "FLAIR": ("anat", "FLAIR"),
    "MEGRE": ("anat", "MEGRE"),
    "dwi": ("dwi", "dwi"),
    "asl": ("perf", "asl"),
    "bold": ("func", "bold"),
    "svs": ("mrs", "svs"),
}
# Contrasts that the lesion is read from, by the modality that they are made of. The first of a
# modality is registered; the others are maps on its grid, carried by its transform.
CONTRASTS_OF = {
    "T1w": ("T1w",),
    "T2w": ("T2w",),
    "FLAIR": ("FLAIR",),
    "dwi": ("trace", "ADC"),
    "MEGRE": ("T2starw", "R2starmap"),
}
# Modalities that stages read besides, from which no lesion is outlined.
MEASURED: tuple[str, ...] = ("asl", "bold")
LESION_CONTRASTS = tuple(name for names in CONTRASTS_OF.values() for name in names)
MODALITY_OF = {name: modality for modality, names in CONTRASTS_OF.items() for name in names}
# Modalities of one 3-D file that is registered as it is.
STRUCTURAL = tuple(modality for modality, names in CONTRASTS_OF.items() if names == (modality,))


@dataclass(frozen=True)
class Scan:
    """A raw NIfTI file of the data set.

    Attributes
    ----------
    path : str
        Path relative to the data set.
    entities : dict
        Entities of the name, such as ``{"sub": "01", "ses": "3d", "acq": "spc"}``.
    modality : str
        Key of `MODALITIES`, or "" if no stage knows the suffix.
    """

    path: str
    subject: str
    session: str
    modality: str
    entities: dict[str, str] = field(hash=False)


def require_label(label: str, *, file: object, what: str) -> str:
    """Return `label`, or raise `InputFault` if it is not letters and digits alone."""
    if not LABEL.fullmatch(label):
        raise InputFault(
            file=file,
            found=f"{what} {label!r}",
            expected="letters and digits only",
            remedy="rename it: it becomes part of file names",
        )
    return label


def label_of(*words: str) -> str:
    """Return words as one label of a name.

    Examples
    --------
    >>> label_of("anterior_insula", "left"), label_of("harvard_oxford")
    ('anteriorInsulaLeft', 'harvardOxford')
    """
    first, *rest = "_".join(words).split("_")
    return first + "".join(part.capitalize() for part in rest)


def entities_of(name: str) -> tuple[dict[str, str], str]:
    """Split a BIDS file name into its entities and its suffix.

    Examples
    --------
    >>> entities_of("sub-01_ses-3d_T1w.nii.gz")
    ({'sub': '01', 'ses': '3d'}, 'T1w')
    """
    *pairs, suffix = name.split(".")[0].split("_")
    split = (pair.partition("-") for pair in pairs)
    return {entity: value for entity, _, value in split}, suffix


def subject_folders(bids_dir: str | Path) -> list[str]:
    """Return the names of the folders ``sub-*``, sorted; other folders are not raw data."""
    with os.scandir(bids_dir) as entries:
        return sorted(e.name for e in entries if e.name.startswith("sub-") and e.is_dir())


def session_folders(bids_dir: str | Path, subject_folder: str) -> list[str]:
    """Return the names of the folders ``ses-*`` of a subject, sorted."""
    with os.scandir(Path(bids_dir, subject_folder)) as entries:
        return sorted(e.name for e in entries if e.name.startswith("ses-") and e.is_dir())


def scans_of(bids_dir: str | Path, subject: str, session: str) -> Iterator[Scan]:
    """Yield the NIfTI files of a session whose suffix a modality knows, sorted by path."""
    folder = f"sub-{subject}/ses-{session}"
    known = {pair: modality for modality, pair in MODALITIES.items()}
    for datatype in sorted({datatype for datatype, _ in MODALITIES.values()}):
        place = Path(bids_dir, folder, datatype)
        if not place.is_dir():
            continue
        for name in sorted(os.listdir(place)):
            entities, suffix = entities_of(name)
            modality = known.get((datatype, suffix))
            if modality and name.endswith((".nii", ".nii.gz")):
                path = f"{folder}/{datatype}/{name}"
                yield Scan(path, subject, session, modality, entities)


def field_maps_of(bids_dir: str | Path, subject: str, session: str, suffix: str) -> Iterator[Scan]:
    """Yield the NIfTI files of a session's folder ``fmap`` with a suffix, sorted by path."""
    return _files_of(bids_dir, subject, session, "fmap", suffix)


def run_scans_of(bids_dir: str | Path, subject: str, session: str, suffix: str) -> Iterator[Scan]:
    """Yield the NIfTI files of a session's folder ``func`` with a suffix, sorted by path."""
    return _files_of(bids_dir, subject, session, "func", suffix)


def m0_scans_of(bids_dir: str | Path, subject: str, session: str) -> Iterator[Scan]:
    """Yield the M0 scans of a session, which calibrate its arterial spin labelling."""
    return _files_of(bids_dir, subject, session, "perf", "m0scan")


def _files_of(
    bids_dir: str | Path, subject: str, session: str, datatype: str, suffix: str
) -> Iterator[Scan]:
    folder = f"sub-{subject}/ses-{session}/{datatype}"
    place = Path(bids_dir, folder)
    for name in sorted(os.listdir(place)) if place.is_dir() else ():
        entities, found = entities_of(name)
        if found == suffix and name.endswith((".nii", ".nii.gz")):
            yield Scan(f"{folder}/{name}", subject, session, "", entities)
