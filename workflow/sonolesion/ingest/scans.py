"""Facts about each raw scan, read from its header, sidecar and last bytes; cached."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import os
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from sonolesion.core import images
from sonolesion.core.bids import Scan, entities_of
from sonolesion.core.errors import InputFault
from sonolesion.core.tables import write_text

GZIP_TRAILER_BYTES = 8
CORNERS = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1)


@dataclass(frozen=True)
class Facts:
    """What a header says; `fault` holds the message if it could not be read.

    `missing` tells what the file lacks of the voxels that its header promises.

    Attributes
    ----------
    fingerprint : str
        Changes with the content, not with the time stamp.
    affine_difference_mm : float or None
        Largest distance between qform and sform over the corners; None unless both are set.
    shear : float
        Largest cosine between two voxel axes.
    step, step_unit : float, str
        Time between volumes, in its unit; 0 of a single volume.
    """

    size: int
    mtime_ns: int
    fingerprint: str
    shape: list[int] = field(default_factory=list)
    voxel_mm: list[float] = field(default_factory=list)
    unit: str = "mm"
    step: float = 0.0
    step_unit: str = ""
    oriented: bool = True
    affine_difference_mm: float | None = None
    shear: float = 0.0
    fault: str = ""
    missing: str = ""


# What was written down by another version is read again.
FIELDS = {one.name for one in fields(Facts)}


@dataclass(frozen=True)
class SideFile:
    """A file beside scans, and what its name says."""

    path: Path
    entities: frozenset[tuple[str, str]]
    suffix: str


class Cache:
    """Facts by path, kept between runs; a file is read again when size or time changed."""

    def __init__(self, file: Path, bids_dir: Path) -> None:
        self.file, self.bids_dir = file, bids_dir
        self.known: dict[str, Any] = {}
        self.used: dict[str, Facts] = {}
        self.listed: dict[tuple[str, str], list[SideFile]] = {}
        if file.exists():
            self.known = json.loads(file.read_text(encoding="utf-8"))

    def facts(self, path: str) -> Facts:
        """Return the facts of a scan, from the cache where they still hold."""
        status = (self.bids_dir / path).stat()
        old = self.known.get(path, {})
        known = old.keys() == FIELDS
        if known and (old["size"], old["mtime_ns"]) == (status.st_size, status.st_mtime_ns):
            self.used[path] = Facts(**old)
        else:
            self.used[path] = read_facts(self.bids_dir / path)
        return self.used[path]

    def sidecar(self, scan: Scan) -> dict[str, Any]:
        """Return the metadata of a scan, from the data set's top down to its own JSON file.

        Raises
        ------
        InputFault
            If a JSON file that applies is broken.

        Notes
        -----
        BIDS inheritance principle: a file applies if its entities are a subset of the scan's.
        """
        content: dict[str, Any] = {}
        for path in self._applying(scan, ".json"):
            content |= images.read_json(path)
        return content

    def beside(self, scan: Scan, extension: str) -> str:
        """Return the file of an extension that applies to a scan, the nearest one; "" if none."""
        paths = list(self._applying(scan, extension))
        return str(paths[-1].relative_to(self.bids_dir)) if paths else ""

    def _applying(self, scan: Scan, extension: str) -> Iterator[Path]:
        """Yield the files that apply to a scan, from the data set's top down."""
        folder, name = os.path.split(scan.path)
        suffix = entities_of(name)[1]
        parts = folder.split("/")
        for depth in range(len(parts) + 1):
            for file in self._side_files("/".join(parts[:depth]), extension):
                if file.suffix == suffix and file.entities <= scan.entities.items():
                    yield file.path

    def _side_files(self, folder: str, extension: str) -> list[SideFile]:
        """Return the files of an extension in a folder, which is listed once."""
        if (folder, extension) not in self.listed:
            self.listed[folder, extension] = _side_files(self.bids_dir / folder, extension)
        return self.listed[folder, extension]

    def write(self) -> None:
        """Keep the facts of the scans that were asked for."""
        content = {path: asdict(facts) for path, facts in sorted(self.used.items())}
        write_text(json.dumps(content, separators=(",", ":")) + "\n", self.file)


def fingerprint(path: Path) -> str:
    """Return a short text that changes with the file's content.

    A gzip file carries the checksum and length of its content in its last eight bytes; other
    files are hashed whole.
    """
    size = path.stat().st_size
    if path.suffix != ".gz" or size < GZIP_TRAILER_BYTES:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    with path.open("rb") as file:
        file.seek(-GZIP_TRAILER_BYTES, 2)
        checksum, length = struct.unpack("<II", file.read())
    return f"{checksum:08x}-{length}-{size}"


def read_facts(path: Path) -> Facts:
    """Read the header of a scan; an unreadable one is a fact too."""
    status = path.stat()
    common = (status.st_size, status.st_mtime_ns, fingerprint(path))
    try:
        nifti = images.header(path)
    except InputFault as fault:
        return Facts(*common, fault=fault.found)
    header = nifti.header
    affine = np.asarray(nifti.affine, dtype=float)
    axes = affine[:3, :3] / np.maximum(np.linalg.norm(affine[:3, :3], axis=0), 1e-12)
    shear = np.abs(np.triu(axes.T @ axes, k=1)).max()
    qform_code, sform_code = int(header["qform_code"]), int(header["sform_code"])
    difference = None
    if qform_code > 0 and sform_code > 0:
        difference = _largest_shift_mm(header, np.array(nifti.shape[:3]))
    return Facts(
        *common,
        shape=[int(n) for n in nifti.shape],
        voxel_mm=[round(float(mm), 4) for mm in header.get_zooms()[:3]],
        unit=header.get_xyzt_units()[0],
        step=round(float(header["pixdim"][4]), 6) if len(nifti.shape) > 3 else 0.0,
        step_unit=header.get_xyzt_units()[1],
        oriented=qform_code > 0 or sform_code > 0,
        affine_difference_mm=difference,
        shear=round(float(shear), 5),
        missing=_missing(path, nifti),
    )


def _missing(path: Path, nifti: Any) -> str:
    """Return what a file lacks of the voxels that its header promises; "" if nothing."""
    shape = [int(n) for n in nifti.shape]
    start, item = int(nifti.dataobj.offset), int(nifti.header.get_data_dtype().itemsize)
    wanted = start + item * math.prod(shape)
    there = _length(path, wanted)
    if there >= wanted:
        return ""
    voxels = max(there - start, 0) // item
    whole = voxels // math.prod(shape[:3])
    part = f"{whole} of {shape[3]} volumes" if len(shape) > 3 else f"{voxels} voxels"
    return f"{part}, where the header promises {'x'.join(map(str, shape))} voxels"


def _length(path: Path, wanted: int) -> int:
    """Return the bytes that a file holds, unpacked; of a sound gzip file, those it tells of.

    A gzip file ends with its length modulo 2³². Only where that is not what is wanted is it
    unpacked: it may be broken off, or consist of several parts.
    """
    if path.suffix != ".gz":
        return path.stat().st_size
    with path.open("rb") as file:
        file.seek(-min(GZIP_TRAILER_BYTES // 2, path.stat().st_size), 2)
        if int.from_bytes(file.read(), "little") == wanted % 2**32:
            return wanted
    length = 0
    try:
        with gzip.open(path) as unpacked:
            while part := unpacked.read(images.CHUNK_BYTES):
                length += len(part)
    except (OSError, EOFError, zlib.error):
        pass
    return length


def _largest_shift_mm(header: Any, shape: np.ndarray[Any, Any]) -> float:
    corners = np.vstack([CORNERS * (shape - 1)[:, None], np.ones((1, CORNERS.shape[1]))])
    shift = (header.get_qform() - header.get_sform()) @ corners
    return round(float(np.linalg.norm(shift[:3], axis=0).max()), 4)


def _side_files(folder: Path, extension: str) -> list[SideFile]:
    """Return the files of an extension in a folder, those that say more of a scan last."""
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    split = [(name, *entities_of(name)) for name in names if name.endswith(extension)]
    return [
        SideFile(folder / name, frozenset(entities.items()), suffix)
        for name, entities, suffix in sorted(split, key=lambda item: len(item[1]))
    ]


def joint_fingerprint(facts: Mapping[str, Facts], paths: Sequence[str]) -> str:
    """Return the fingerprints of several scans as one text."""
    return " ".join(facts[path].fingerprint for path in paths)
