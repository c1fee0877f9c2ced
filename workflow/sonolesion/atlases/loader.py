"""Read an atlas, whatever its coding, one region at a time."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.atlases import decoding
from sonolesion.atlases.space import Matrix, apply, space_of_grid
from sonolesion.atlases.table import mask_files
from sonolesion.core import atlas_labels, images
from sonolesion.core.bids import entities_of
from sonolesion.core.errors import InputFault

Order = Literal[0, 1]
PERCENT = 100.0
DIMENSIONS = {"labels": 3, "probabilistic": 4, "packed": 3, "masks": 3}


@dataclass(frozen=True)
class Region:
    """One region of an atlas, cropped to where it is.

    Attributes
    ----------
    label, name, side : str
        As the atlas has it; without its side, as one word; ``left``, ``right`` or "".
    volume : ndarray of float32, shape (X, Y, Z)
        Share of each voxel that belongs to it, 0 to 1.
    affine : ndarray of shape (4, 4)
        Voxel indices to millimetres of the atlas' own space.
    order : int
        How to read between voxels: 0 where voxels are boxes of one label, 1 for probabilities.
    """

    label: str
    name: str
    side: str
    volume: NDArray[np.float32]
    affine: Matrix
    order: Order


def regions(row: Mapping[str, Any]) -> Iterator[Region]:
    """Yield the regions of an atlas that have a voxel.

    Parameters
    ----------
    row : mapping
        A row of `table.chosen` without fault.

    Raises
    ------
    InputFault
        If the file can't be read, is not of the coding that the row states, or lies on the grid
        of another template than the row states.
    """
    coding = row["coding"]
    if coding == "masks":
        yield from _masks(row)
        return
    if coding not in DIMENSIONS:
        raise InputFault(
            file=row["file"],
            found=f"an atlas of {coding}",
            expected="regions with an extent",
            remedy="read it with loader.coordinates",
        )
    header = images.header(row["file"])
    require_place(row, row["file"], header)
    read = {"labels": _labelled, "probabilistic": _probabilistic, "packed": _packed}[coding]
    yield from read(row["file"], labels(row))


def coordinates(row: Mapping[str, Any]) -> list[tuple[str, tuple[float, float, float]]]:
    """Return the points of an atlas of coordinates: name, and place in its own space [mm]."""
    with Path(row["file"]).open(encoding="utf-8", newline="") as file:
        lines = [{key.lower(): cell for key, cell in line.items()} for line in csv.DictReader(file)]
    number = next(iter(lines[0]))
    return [
        (
            atlas_labels.word(f"{line[number]}_{line['name']}" if "name" in line else line[number]),
            (float(line["x"]), float(line["y"]), float(line["z"])),
        )
        for line in lines
    ]


def labels(row: Mapping[str, Any]) -> dict[int, str]:
    """Return label → name; {} if the atlas has no table."""
    return atlas_labels.read_labels(row["labels"]) if row["labels"] else {}


def require_place(row: Mapping[str, Any], path: str, header: Any) -> None:
    """Raise `InputFault` if a file is plainly of another space or coding than stated.

    What can be told: the ``space-`` of its name, a grid that one template alone has, a missing
    orientation, and the number of its dimensions.
    """
    wanted = DIMENSIONS[row["coding"]]
    shape = tuple(n for n in header.shape if n > 1)
    named = entities_of(Path(path).name)[0].get("space", row["space"])
    grid = space_of_grid(header.shape, np.asarray(header.affine))
    packed = header.get_data_dtype().names is not None
    found = ""
    if len(shape) != wanted or packed != (row["coding"] == "packed"):
        found = f"{'x'.join(map(str, header.shape))} voxels of {header.get_data_dtype()}"
    elif header.header["sform_code"] == 0 and header.header["qform_code"] == 0:
        found = "no orientation (sform and qform codes are 0)"
    elif named != row["space"]:
        found = f"a name that says space-{named}"
    elif grid and grid != row["carried_as"]:
        found = f"the grid of {grid}"
    if found:
        raise InputFault(
            file=path,
            found=found,
            expected=f"an atlas of coding {row['coding']} in {row['space']}",
            remedy=f"give the right file for {row['name']}, or describe this one in atlases.own",
        )


def _region(label: str, volume: NDArray[Any], affine: Matrix, order: Order) -> Region | None:
    """Crop a region to its voxels; None if it has none."""
    if not volume.any():
        return None
    box = decoding.box_of(volume)
    return _cropped(label, volume[box], _moved(affine, box), order)


def _moved(affine: Matrix, box: Sequence[slice]) -> Matrix:
    """Return the affine of a volume cropped to a box."""
    moved = affine.copy()
    moved[:3, 3] = apply(affine, np.array([part.start for part in box], dtype=float))
    return moved


def _cropped(label: str, part: NDArray[Any], affine: Matrix, order: Order) -> Region:
    name, side = atlas_labels.split_side(label)
    share = np.asarray(part, dtype=np.float32)
    return Region(label, atlas_labels.word(name), side, share, affine, order)


def _labelled(path: str, names: Mapping[int, str]) -> Iterator[Region]:
    """Read a volume of labels; without a table a label is called by its number."""
    image = images.load(path, dtype=np.int32)
    data = image.data.reshape(image.data.shape[:3])
    present = [int(value) for value in np.unique(data) if value != 0]
    if names and not set(present) & set(names):
        raise InputFault(
            file=path,
            found=f"labels {present[:5]}, none of which is in its table",
            expected="the table of labels of this atlas",
            remedy="check the table of labels",
        )
    for value, box in enumerate(ndimage.find_objects(np.maximum(data, 0)), start=1):
        label = names.get(value, "" if names else f"label_{value}")
        if box and label:
            yield _cropped(label, data[box] == value, _moved(image.affine, box), 0)


def _probabilistic(path: str, names: Mapping[int, str]) -> Iterator[Region]:
    """Read a 4-D volume of percentages; the table's index is the volume's place, from 0."""
    image = images.load(path, dtype=np.uint8)
    if max(names, default=0) >= image.data.shape[3]:
        raise InputFault(
            file=path,
            found=f"{image.data.shape[3]} volumes for labels up to {max(names)}",
            expected="a volume for each label, counted from 0",
            remedy="check the table of labels",
        )
    for index, label in sorted(names.items()):
        region = _region(label, image.data[..., index], image.affine, 1)
        if region:
            yield replace(region, volume=region.volume / np.float32(PERCENT))


def _packed(path: str, names: Mapping[int, str]) -> Iterator[Region]:
    """Read a volume whose voxels hold two labels and two probabilities."""
    header = images.header(path)
    raw = np.asarray(header.dataobj)
    packed = np.stack([raw[part] for part in raw.dtype.names or ()], axis=-1)
    decoding.require_packed(packed, n_labels=max(names, default=0) + 1, file=path)
    for index, label in sorted(names.items()):
        region = _region(label, decoding.unpack(packed, index), np.asarray(header.affine), 1)
        if region:
            yield region


def _masks(row: Mapping[str, Any]) -> Iterator[Region]:
    """Read a folder with a mask a file: ``hemi-`` and ``desc-``, or left and right folders."""
    folder = Path(row["file"])
    for path in mask_files(folder):
        entities = entities_of(path.name)[0]
        if not path.name.split(".")[0].endswith("_mask") and "desc" in entities:
            continue
        header = images.header(path)
        require_place(row, str(path), header)
        stem = entities.get("desc", path.name.split(".")[0])
        parent = path.parent.name.lower()
        of_folder = next(
            (s for s in ("left", "right") if s in parent and path.parent != folder), ""
        )
        side = entities.get("hemi", of_folder)
        image = images.load(path)
        region = _region(f"{side} {stem}".strip(), image.data > 0, image.affine, 0)
        if region:
            yield region
