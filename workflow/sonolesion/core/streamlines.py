"""Streamlines on disk: .trx and .tck, RAS+ millimetres of the acpc space."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.streamlines.tractogram import Tractogram
from nibabel.streamlines.tractogram_file import DataError, HeaderError
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault

# The same streamlines give the same bytes: no date of writing in the archive.
ZIP_DATE = (1980, 1, 1, 0, 0, 0)
FOREIGN = (HeaderError, DataError)


@dataclass(frozen=True)
class Streamlines:
    """Streamlines of a file.

    Attributes
    ----------
    points : ndarray of float32, shape (P, 3)
        Points of all streamlines, one after another, RAS+ [mm].
    offsets : ndarray of int64, shape (S + 1,)
        Streamline ``s`` is ``points[offsets[s]:offsets[s + 1]]``.
    groups : dict
        Name of a bundle → numbers of its streamlines; {} where the format has none.
    """

    points: NDArray[np.float32]
    offsets: NDArray[np.int64]
    groups: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)


def save(
    path: str | Path,
    streamlines: Streamlines,
    *,
    affine: NDArray[np.float64],
    shape: tuple[int, int, int],
) -> None:
    """Write streamlines as .trx (with groups) or .tck (without).

    Parameters
    ----------
    path : path-like
        Its ending tells the format.
    streamlines : Streamlines
    affine, shape
        Grid that viewers show them on; the points themselves stay in millimetres.

    Raises
    ------
    InputFault
        With any other ending.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    ending = Path(path).suffix
    if ending == ".trx":
        _save_trx(Path(path), streamlines, affine, shape)
    elif ending == ".tck":
        lines = np.split(streamlines.points, streamlines.offsets[1:-1]) if _any(streamlines) else []
        tractogram = Tractogram(lines, affine_to_rasmm=np.eye(4))
        nib.streamlines.save(tractogram, str(path))
    else:
        raise _unknown(path)


def load(path: str | Path) -> Streamlines:
    """Read streamlines of a .trx, .tck or .trk file, RAS+ [mm].

    Raises
    ------
    InputFault
        If the file can't be read.
    """
    try:
        if Path(path).suffix == ".trx":
            return _load_trx(Path(path))
        found = nib.streamlines.load(str(path)).streamlines
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, *FOREIGN) as fault:
        raise InputFault(
            file=path,
            found=f"an unreadable file ({fault})",
            expected="a .trx, .tck or .trk file",
            remedy="write the streamlines again",
        ) from fault
    # Values of an ArraySequence may hold gaps; a copy has none.
    counts = [len(line) for line in found]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    points = np.asarray(found.copy().get_data(), dtype=np.float32).reshape(-1, 3)
    return Streamlines(points, offsets)


def _any(streamlines: Streamlines) -> bool:
    return len(streamlines.offsets) > 1


def _save_trx(
    path: Path, streamlines: Streamlines, affine: NDArray[np.float64], shape: tuple[int, int, int]
) -> None:
    """Write the archive of the TRX specification: header, positions, offsets, groups."""
    header = {
        "DIMENSIONS": [int(n) for n in shape],
        "NB_STREAMLINES": len(streamlines.offsets) - 1,
        "NB_VERTICES": len(streamlines.points),
        "VOXEL_TO_RASMM": affine.tolist(),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        _put(archive, "header.json", json.dumps(header).encode())
        _put(archive, "positions.3.float32", streamlines.points.astype("<f4").tobytes())
        _put(archive, "offsets.uint64", streamlines.offsets.astype("<u8").tobytes())
        for name, numbers in sorted(streamlines.groups.items()):
            _put(archive, f"groups/{name}.uint32", np.asarray(numbers).astype("<u4").tobytes())


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, ZIP_DATE), content)


def _load_trx(path: Path) -> Streamlines:
    with zipfile.ZipFile(path) as archive:
        header = json.loads(archive.read("header.json"))
        parts = {name.split("/")[-1].split(".")[0]: name for name in archive.namelist()}
        points = _array(archive, parts["positions"]).reshape(-1, 3).astype(np.float32)
        offsets = _array(archive, parts["offsets"]).astype(np.int64)
        groups = {
            Path(name).name.split(".")[0]: _array(archive, name).astype(np.int64)
            for name in archive.namelist()
            if name.startswith("groups/") and not name.endswith("/")
        }
    # Some writers leave out the last offset.
    if len(offsets) == header["NB_STREAMLINES"]:
        offsets = np.append(offsets, header["NB_VERTICES"])
    return Streamlines(points, offsets, groups)


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    return np.frombuffer(archive.read(name), dtype=np.dtype(name.split(".")[-1]).newbyteorder("<"))


def _unknown(path: str | Path) -> InputFault:
    return InputFault(
        file=path,
        found=f"the ending {Path(path).suffix!r}",
        expected=".trx or .tck",
        remedy="name the file accordingly",
    )
