"""What an atlas file holds: labels, regions' names and sides, and the coding of its voxels."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault

Volume = NDArray[np.float32]
BACKGROUND = {"unknown", "background", "unlabeled", "clear label", "???"}
SIDES = {"l": "left", "lh": "left", "left": "left", "r": "right", "rh": "right", "right": "right"}
FIRST = re.compile(r"^(?:7Networks_)?(LH|RH|L|R|Left|Right)[ _-]+(?=\S)", re.IGNORECASE)
LAST = re.compile(r"[ _-]+(LH|RH|L|R|Left|Right)$", re.IGNORECASE)
# Highest value of a byte: probability 1 in a packed atlas.
FULL_BYTE = 255.0


def parse_labels(text: str, *, suffix: str, file: str) -> dict[int, str]:
    r"""Read the names of an atlas' labels; the background is left out.

    Parameters
    ----------
    text : str
        Content of the table.
    suffix : str
        ``.json`` (a list ``labels``, the index is the place), ``.tsv``, ``.csv`` (columns
        ``index`` and ``name``) or ``.txt`` (a name a line, counted from 1; or pairs of lines, a
        name and ``index red green blue alpha``).
    file : str
        What to name in errors.

    Raises
    ------
    InputFault
        If nothing can be read.

    Examples
    --------
    >>> parse_labels("CL-rh\nCL-lh\n", suffix=".txt", file="labels.txt")
    {1: 'CL-rh', 2: 'CL-lh'}
    """
    readers = {".json": _from_json, ".tsv": _from_table, ".csv": _from_table, ".txt": _from_lines}
    try:
        found = readers[suffix](text)
    except (KeyError, ValueError, IndexError, TypeError, AttributeError) as fault:
        raise InputFault(
            file=file,
            found=f"a table of labels that can't be read ({fault})",
            expected="JSON with labels, a TSV or CSV with index and name, or a name a line",
            remedy="mend the table, or name another in atlases.own",
        ) from fault
    return {index: name for index, name in found.items() if name.lower() not in BACKGROUND}


def _from_json(text: str) -> dict[int, str]:
    return {index: str(name).strip() for index, name in enumerate(json.loads(text)["labels"])}


def _from_table(text: str) -> dict[int, str]:
    lines = [line for line in text.splitlines() if line.strip()]
    mark = "\t" if "\t" in lines[0] else ","
    header = [cell.strip() for cell in lines[0].split(mark)]
    index, name = header.index("index"), header.index("name")
    cells = [line.split(mark, maxsplit=len(header) - 1) for line in lines[1:]]
    return {int(row[index]): row[name].strip() for row in cells}


def _from_lines(text: str) -> dict[int, str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    coloured = re.compile(r"^(\d+)( \d+){4}$")
    if len(lines) > 1 and coloured.match(lines[1]):
        pairs = zip(lines[::2], lines[1::2], strict=True)
        return {int(colour.split()[0]): name for name, colour in pairs}
    return dict(enumerate(lines, start=1))


def split_side(label: str) -> tuple[str, str]:
    """Return the name of a region without its side, and the side ("" if the label has none).

    Examples
    --------
    >>> split_side("LH-Medio_Dorsal"), split_side("THA-VPl-rh"), split_side("Brain-Stem")
    (('Medio_Dorsal', 'left'), ('THA-VPl', 'right'), ('Brain-Stem', ''))
    """
    for pattern in (FIRST, LAST):
        found = pattern.search(label)
        if found:
            rest = label[: found.start()] + label[found.end() :]
            return rest.strip(), SIDES[found[1].lower()]
    return label, ""


def word(name: str) -> str:
    """Return a name as one word for the tables: letters, digits, ``_ . + -``.

    Examples
    --------
    >>> word("Substantia-Nigra-pars-reticulata "), word("Visual Cortex(BA_17/18)")
    ('Substantia-Nigra-pars-reticulata', 'Visual_Cortex_BA_17_18')
    """
    return re.sub(r"_+", "_", re.sub(r"[^A-Za-z0-9.+-]+", "_", name)).strip("_")


def unpack(packed: NDArray[Any], index: int) -> Volume:
    """Return the probability of one region of a packed atlas.

    Parameters
    ----------
    packed : ndarray of uint8, shape (X, Y, Z, 4)
        The two most probable labels of a voxel (red, green) and their probabilities (blue,
        alpha), 255 meaning 1.
    index : int
        Label.

    Returns
    -------
    ndarray of shape (X, Y, Z)
        Probability, 0 to 1.
    """
    first = np.where(packed[..., 0] == index, packed[..., 2], 0).astype(np.float32)
    second = np.where(packed[..., 1] == index, packed[..., 3], 0).astype(np.float32)
    return np.asarray((first + second) / FULL_BYTE, dtype=np.float32)


def require_packed(packed: NDArray[Any], *, n_labels: int, file: str) -> None:
    """Raise `InputFault` unless the voxels can be labels and probabilities.

    The first label is the likelier one, and the two probabilities sum to at most 1.
    """
    first, second = packed[..., 2].astype(int), packed[..., 3].astype(int)
    highest = int(packed[..., :2].max())
    sound = bool((first >= second).all() and (first + second <= FULL_BYTE).all())
    if not sound or highest >= n_labels:
        raise InputFault(
            file=file,
            found=f"labels up to {highest}, probabilities {'in' if sound else 'out of'} order",
            expected=f"labels below {n_labels}, the first likelier, both summing to at most 255",
            remedy="check the coding and the table of labels of this atlas",
        )


def box_of(volume: NDArray[Any]) -> tuple[slice, slice, slice]:
    """Return the slices that hold every voxel that is not zero, and one voxel around."""
    out = []
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        found = np.flatnonzero(volume.any(axis=others))
        low, high = (int(found[0]), int(found[-1])) if found.size else (0, 0)
        out.append(slice(max(0, low - 1), min(volume.shape[axis], high + 2)))
    return out[0], out[1], out[2]
